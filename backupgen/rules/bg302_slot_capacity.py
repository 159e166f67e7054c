"""BG302: more at once than a repository or a node is meant to take."""

from collections.abc import Iterator
from dataclasses import replace

from backupgen.diagnostics import CodeInfo, Finding, Severity
from backupgen.rules.base import Rule, RuleContext, finding
from backupgen.rules.wording import SHOWN, change, slots_of, some
from backupgen.schedule import Adviser, Crowd, Lever, Pool, Remedy

INFO = CodeInfo(
    code="BG302",
    slug="slot-capacity",
    severity=Severity.WARNING,
    summary="More backups of a repository, or jobs on a node, overlap than its `parallel` allows.",
    why="They do not exclude each other, but share the disk and the network: each takes longer than alone.",
    fix="Move the slot, shorten the deadline, raise `parallel`, or waive it where it is meant.",
    bad='a: {at: ":00", deadline: 30m, …}\nb: {at: ":10", deadline: 30m, …}',
    good='a: {at: ":00", deadline: 25m, …}\nb: {at: ":30", deadline: 25m, …}',
)


def check(context: RuleContext) -> Iterator[Finding]:
    """Report each crowd once, at one of the operations with the longest window in it."""
    proof = context.proof
    if proof is None:
        return
    adviser = Adviser(context.timetable.operations, context.timetable.limits)
    hold = {operation.name: operation.hold for operation in proof.operations}
    homeless = {name for shortage in context.timetable.shortages for name in shortage.without_room}
    reported: set[tuple[Pool, int]] = set()
    for crowd in proof.crowded:
        longest = max(hold[group[0]] for group in crowd.taking_part)
        if hold[crowd.operation] == longest and (crowd.pool, crowd.crowd) not in reported:
            reported.add((crowd.pool, crowd.crowd))
            if homeless.isdisjoint(name for group in crowd.taking_part for name in group):  # BG310 speaks of those
                yield _finding(context, crowd, adviser)


def _finding(context: RuleContext, crowd: Crowd, adviser: Adviser) -> Finding:
    others = crowd.others
    limit = context.timetable.limits.get(crowd.pool, 1)
    message = (
        f"`{crowd.operation}` overlaps {some(others)}: up to {crowd.worst} at once, "
        f"`parallel` of the {crowd.pool.kind} `{crowd.pool.name}` is {limit}"
    )
    help_ = "a window reaches from the slot to `deadline` + `grace` later; choose another minute or a shorter deadline"
    slot = adviser.roomy_slot(crowd.operation)
    if slot is not None:
        help_ = (
            f"there is room at {change(context, Remedy(crowd.operation, Lever.SLOT, slot))}; or shorten its deadline"
        )
    found = finding(INFO, message, (*context.jobs[crowd.operation].path, "at"), help_)
    return replace(found, related=slots_of(context, others[:SHOWN]))


RULE = Rule(INFO, check)
