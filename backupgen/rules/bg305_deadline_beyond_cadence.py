"""BG305: a run may take longer than the time until the next one."""

from collections.abc import Iterator
from typing import Final

from backupgen.conventions.units import format_duration
from backupgen.diagnostics import CodeInfo, Finding, Severity
from backupgen.rules.base import Rule, RuleContext, finding

INFO = CodeInfo(
    code="BG305",
    slug="deadline-beyond-cadence",
    severity=Severity.WARNING,
    summary="A deadline is not shorter than the time between two runs.",
    why="A run that takes that long holds back the next one, which then starts late or not at all.",
    fix="Shorten the deadline, let it run less often, or waive it where such a run is a rare one.",
    bad='at: ":20"\ndeadline: 2h',
    good='at: ":20"\ndeadline: 50m',
)

_SHORTEST: Final = 60
"""The language takes no deadline below a minute."""


def check(context: RuleContext) -> Iterator[Finding]:
    """Report each such operation at its deadline."""
    for name, cadence in context.cadences.items():
        operation = context.operations[name]
        if operation.deadline >= cadence:
            deadline, every = format_duration(operation.deadline), format_duration(cadence)
            message = f"a run of `{name}` may take {deadline}, and the next one is due after {every}"
            help_ = f"write a deadline below `{every}`" if cadence > _SHORTEST else "let it run less often"
            yield finding(INFO, message, (*context.jobs[name].path, "deadline"), help_)


RULE = Rule(INFO, check)
