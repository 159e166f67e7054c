"""BG307: a run may start so late that it may start at any time."""

from collections.abc import Iterator
from typing import Final

from backupgen.conventions.units import format_duration
from backupgen.diagnostics import CodeInfo, Finding, Severity
from backupgen.rules.base import Rule, RuleContext, finding

INFO = CodeInfo(
    code="BG307",
    slug="late-start",
    severity=Severity.WARNING,
    summary="A run may start so late that the next slot has come.",
    why="It may then run at any time, so the proof has to leave room around the clock, or finds none.",
    fix="Shorten `start_within`: minutes are enough to survive a restart of the controller.",
    bad='at: ":20"\nstart_within: 1h',
    good='at: ":20"\nstart_within: 5m',
)

_USUAL: Final = 120
_SHORTEST: Final = 10
"""Kubernetes looks for due CronJobs every ten seconds."""


def check(context: RuleContext) -> Iterator[Finding]:
    """Report each such operation at its start window."""
    for name, cadence in context.cadences.items():
        operation = context.operations[name]
        if operation.start_within >= cadence:
            late, every = format_duration(operation.start_within), format_duration(cadence)
            message = f"`{name}` may start {late} late, and its next run is due after {every}"
            help_ = f"write for example `{format_duration(min(_USUAL, max(_SHORTEST, cadence // 2)))}`"
            yield finding(INFO, message, (*context.jobs[name].path, "start_within"), help_)


RULE = Rule(INFO, check)
