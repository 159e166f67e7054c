"""BG306: a schedule that fires so seldom that nobody would miss it in time."""

from collections.abc import Iterator
from typing import Final

from backupgen.diagnostics import CodeInfo, Finding, Severity
from backupgen.rules.base import Rule, RuleContext, finding
from backupgen.schedule import load_zone, longest_gap, longest_gaps

_MONTH: Final = 31 * 86_400 + 3600
"""Monthly runs are at most so far apart, with the hour of a clock change."""

INFO = CodeInfo(
    code="BG306",
    slug="rarely-fires",
    severity=Severity.WARNING,
    summary="A schedule fires less often than monthly.",
    why="Its alert waits for two missed runs, as every alert does: until then nobody hears that nothing runs any more.",
    fix="Let it run more often, or waive it where somebody looks after it by hand.",
    bad='at: "0 12 29 2 *"',
    good='at: "0 12 1 * *"',
)


def check(context: RuleContext) -> Iterator[Finding]:
    """Report each such operation at its slot."""
    for name, operation in context.operations.items():
        zone = load_zone(operation.zone)
        gap, two = (
            longest_gap(operation.schedule, zone),
            longest_gaps(operation.schedule, zone, context.jobs[name].missed_slots + 1),
        )
        if gap is not None and two is not None and gap > _MONTH:
            message = (
                f"`{operation.schedule}` leaves up to {gap // 86_400} days between two runs of `{name}`, so that an "
                f"alert about missed runs comes after {two // 86_400} days at the earliest"
            )
            yield finding(INFO, message, (*context.jobs[name].path, "at"), "let it run once a month at least")


RULE = Rule(INFO, check)
