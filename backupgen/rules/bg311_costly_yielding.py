"""BG311: to give way costs a backup many more runs than meet what it gives way to."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from backupgen.conventions.units import format_duration
from backupgen.diagnostics import CodeInfo, Finding, Severity
from backupgen.rules.base import Rule, RuleContext, finding
from backupgen.rules.wording import SHOWN, slots_of, some
from backupgen.schedule import Operation, Yielded, load_zone, longest_gap, share_met

INFO = CodeInfo(
    code="BG311",
    slug="costly-yielding",
    severity=Severity.WARNING,
    summary="To give way costs a backup a third of its runs, or hours in a row on days on which nothing is in its way.",
    why="Cron leaves out an hour on every day or on none: a rare or long retention costs hours each day.",
    fix="Shorten the retention's deadline, or split the target's day with `at` so that it keeps clear by itself.",
    bad='retention: {at: "0 3 1 * *", deadline: 4h30m, …}\n…\ntargets: {photos: {at: ":20", …}}',
    good='retention: {at: "0 3 1 * *", deadline: 1h, …}\n…\ntargets: {photos: {at: ":20", …}}',
)

_MUCH: Final = 1 / 3
"""Of all runs."""
_GAP: Final = 5 * 3600
_GROWN: Final = 3
"""How many times longer the longest gap has become."""


def check(context: RuleContext) -> Iterator[Finding]:
    """Report one finding for all backups that give way to the same operations in the same hours."""
    if context.proof is None:
        return
    groups: dict[tuple[tuple[str, ...], int], list[Yielded]] = {}
    for item in context.proof.yielded:
        if _is_costly(context, item):
            groups.setdefault((item.causes, item.hours), []).append(item)
    for (causes, hours), items in groups.items():
        names = [item.operation for item in items]
        message = (
            f"{_hours(hours)} left out of every day of {some(names)} to give way to {some(causes)}, "
            f"which {_share(context, items[0])} of the runs could meet: the longest gap is {_gap(context, items[0])}"
        )
        help_ = "shorten its `deadline`, or the targets' own; it keeps these hours closed on the days on which it runs"
        found = finding(INFO, message, (*context.jobs[causes[0]].path, "at"), help_)
        yield replace(found, related=slots_of(context, names[:SHOWN]))


def _hours(hours: int) -> str:
    count = hours.bit_count()
    return "1 hour is" if count == 1 else f"{count} hours are"


def _is_costly(context: RuleContext, item: Yielded) -> bool:
    before, after = _written(context, item), context.operations[item.operation]
    lost = 1 - after.schedule.hours.bit_count() / before.schedule.hours.bit_count()
    zone = load_zone(before.zone)
    gaps = longest_gap(before.schedule, zone) or 0, longest_gap(after.schedule, zone) or 0
    return lost >= _MUCH or (gaps[1] > _GAP and gaps[1] >= _GROWN * gaps[0])


def _written(context: RuleContext, item: Yielded) -> Operation:
    return next(each for each in context.schedule_input.operations if each.name == item.operation)


def _share(context: RuleContext, item: Yielded) -> str:
    operation = _written(context, item)
    share = sum(share_met(operation.worst, context.operations[cause].worst) for cause in item.causes)
    return f"{100 * share:.2g} %"


def _gap(context: RuleContext, item: Yielded) -> str:
    operation = context.operations[item.operation]
    return format_duration(longest_gap(operation.schedule, load_zone(operation.zone)) or 0)


RULE = Rule(INFO, check)
