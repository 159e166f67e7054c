"""BG415: the deadline ends a job before it has tried as often as it may."""

from collections.abc import Iterator
from typing import Final

from backupgen.conventions.units import format_duration
from backupgen.diagnostics import CodeInfo, Finding, Severity
from backupgen.rules.base import Rule, RuleContext, finding

INFO = CodeInfo(
    code="BG415",
    slug="deadline-below-retries",
    severity=Severity.WARNING,
    summary="A job's deadline comes before the last of its attempts could find the repository unreachable.",
    why="Retries that never happen protect against nothing, and an outage is reported as a hang.",
    fix="Lengthen the deadline, or lower `retries`.",
    bad="deadline: 3m\nretries: 5",
    good="deadline: 3m\nretries: 1",
)

PROBE: Final = 60
"""Within so many seconds the repository has to answer (`RESTIC_PROBE_TIMEOUT` in templates/scripts/lib.sh)."""
_FIRST_WAIT: Final = 10
_LONGEST_WAIT: Final = 360
"""How long the Job controller waits before another attempt: twice as long each time (Kubernetes' documentation)."""


def check(context: RuleContext) -> Iterator[Finding]:
    """Report each such job at its deadline."""
    for job in context.fleet.jobs():
        budget = budget_of(job.retries)
        if job.ends_itself < budget:
            attempts = "in its only attempt" if not job.retries else f"in each of {job.retries + 1} attempts"
            message = (
                f"a run of `{job.name}` ends itself after {format_duration(job.ends_itself)}, but needs up to "
                f"{format_duration(budget)} to find the repository unreachable {attempts}"
            )
            fits = max(
                (retries for retries in range(job.retries) if budget_of(retries) <= job.ends_itself), default=None
            )
            help_ = "lengthen the deadline" + ("" if fits is None else f", or write `retries: {fits}`")
            yield finding(INFO, message, (*job.path, "deadline"), help_)


def budget_of(retries: int) -> int:
    """How many seconds a job needs to find out in each of its attempts that the repository does not answer."""
    capped = max(retries - 6, 0)  # 10, 20, … 320 s, then 360 s
    waits = sum(_FIRST_WAIT << number for number in range(retries - capped)) + capped * _LONGEST_WAIT
    return (retries + 1) * PROBE + waits


RULE = Rule(INFO, check)
