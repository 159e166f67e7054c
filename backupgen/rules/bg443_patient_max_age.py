"""BG443: a `max_age` by which a dead backup passes for long."""

from collections.abc import Iterator
from typing import Final

from backupgen.conventions.units import format_duration
from backupgen.diagnostics import CodeInfo, Finding, Severity
from backupgen.rules.base import Rule, RuleContext, finding

INFO = CodeInfo(
    code="BG443",
    slug="patient-max-age",
    severity=Severity.WARNING,
    summary="A `max_age` is many times as long as the time between two backups.",
    why="The restore test takes the newest snapshot for good until then, although backups ended long ago.",
    fix="Leave `max_age` out: it follows from the schedule. Or write one of a few runs.",
    bad='at: ":20"\nmax_age: 300d',
    good='at: ":20"\nmax_age: 6h',
)

_RUNS: Final = 30
"""So many missed runs are no holiday of a job, but its end."""
_WEEK: Final = 7 * 86_400
"""Somebody who is away for a week may want to be told afterwards."""


def check(context: RuleContext) -> Iterator[Finding]:
    """Report each such target that runs often enough to tell."""
    for target in context.fleet.targets:
        cadence = context.cadences.get(target.job.name)
        if target.max_age is None or cadence is None:
            continue
        if target.max_age > max(_RUNS * cadence, _WEEK):
            runs = target.max_age // cadence
            message = f"`{format_duration(target.max_age)}` is the time of {runs:,} runs of `{target.job.name}`"
            help_ = f"leave it out, or write at most `{format_duration(max(_RUNS * cadence, _WEEK))}`"
            yield finding(INFO, message, (*target.job.path, "max_age"), help_)


RULE = Rule(INFO, check)
