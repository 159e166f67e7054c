"""BG310: not every `auto` slot found room."""

from collections.abc import Iterator
from dataclasses import replace

from backupgen.conventions.units import format_duration
from backupgen.diagnostics import CodeInfo, Finding, NodePath, Severity
from backupgen.rules.base import Rule, RuleContext, finding
from backupgen.rules.wording import SHOWN, slots_of, some
from backupgen.schedule import Pool, PoolKind, Shortage, firings_per_year, load_zone

INFO = CodeInfo(
    code="BG310",
    slug="no-room",
    severity=Severity.WARNING,
    summary="A repository or a node has no room for every `at: auto`.",
    why="The compiler then chooses the least crowded slots: more run at once than `parallel` allows.",
    fix="Raise `parallel`, shorten deadlines, or let targets run less often.",
    bad="a: {at: auto, deadline: 28m, …}\nb: {at: auto, deadline: 28m, …}\nc: {at: auto, deadline: 28m, …}",
    good="a: {at: auto, deadline: 15m, …}\nb: {at: auto, deadline: 15m, …}\nc: {at: auto, deadline: 15m, …}",
)

_DAYS_PER_YEAR = 365.2425


def check(context: RuleContext) -> Iterator[Finding]:
    """Report each repository and each node that is too small."""
    for shortage in context.schedule_input.shortages:
        names = shortage.without_room
        chosen = sum(1 for name in context.schedule_input.chosen if shortage.pool in context.operations[name].pools())
        kind, pool = shortage.pool.kind, shortage.pool.name
        message = (
            f"the {kind} `{pool}` has no room for {len(names)} of {chosen} `auto` slots ({some(names)}): "
            f"up to {shortage.needed} would run at once, `parallel` is {shortage.limit}{_why(context, shortage)}"
        )
        help_ = f"`parallel: {shortage.needed}` would do, or shorter deadlines"
        if shortage.anew:
            help_ = "there is room for all if others move: remove `out/.backupgen-slots.yaml` and render; or " + help_
        found = finding(INFO, message, _path(context, shortage.pool), help_)
        yield replace(found, related=slots_of(context, names[:SHOWN]))


def _why(context: RuleContext, shortage: Shortage) -> str:
    """Whether there is no packing, or whether none was found; a search that is not exhaustive says so."""
    if shortage.impossible:
        return _missing(context, shortage)
    if shortage.anew:
        return "; they find none beside the slots that others have already"
    return "; none was found, in a search that does not try every arrangement"


def _missing(context: RuleContext, shortage: Shortage) -> str:
    """How much time a day there is too little, if it is not only too fragmented."""
    wanted = 0.0
    for operation in context.operations.values():
        if shortage.pool in operation.pools():
            runs = firings_per_year(operation.schedule, load_zone(operation.zone)) / _DAYS_PER_YEAR
            wanted += runs * operation.hold
    missing = round(wanted - shortage.limit * 86_400)
    if missing <= 0:
        return ""
    return f"; the deadlines add up to {format_duration(missing // 60 * 60)} a day more than there is"


def _path(context: RuleContext, pool: Pool) -> NodePath:
    if pool.kind is PoolKind.NODE:
        return ("nodes", pool.name, "parallel")
    return (*context.fleet.repository(pool.name).path, "parallel")


RULE = Rule(INFO, check)
