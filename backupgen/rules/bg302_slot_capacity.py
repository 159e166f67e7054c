"""BG302: more at once than a repository or a node is meant to take."""

from collections.abc import Collection, Iterator
from dataclasses import replace

from backupgen.diagnostics import CodeInfo, Finding, NodePath, Severity
from backupgen.rules.base import Rule, RuleContext, finding
from backupgen.rules.wording import SHOWN, change, slots_of, some, windows
from backupgen.schedule import Adviser, Crowd, Lever, Operation, Remedy, crowded, firings_per_year, load_zone

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

_A_MONTH_APART = 12.5
"""Runs a year."""


def check(context: RuleContext) -> Iterator[Finding]:
    """Report each crowd once, at the operation with the longest window in it.

    Who is meant to be crowded, by a waiver, is told of on its own, and hides no crowd that the others make.
    """
    if context.proof is None:
        return
    homeless = {name for shortage in context.schedule_input.shortages for name in shortage.without_room}
    meant = {waiver.scope for waiver in context.waivers if waiver.slug == INFO.slug}
    adviser = Adviser(context.schedule_input.operations, context.schedule_input.limits)
    for crowd in context.proof.crowded:
        for name in crowd.operations:
            if context.jobs[name].path in meant:
                yield _finding(context, crowd, name, adviser)
    others = [operation for operation in context.operations.values() if _counts(context, operation, meant)]
    for crowd in crowded(others, context.schedule_input.limits):
        if homeless.isdisjoint(crowd.operations):  # BG310 tells of those
            yield _finding(context, crowd, _longest(context, crowd), adviser)


def _counts(context: RuleContext, operation: Operation, meant: Collection[NodePath]) -> bool:
    """Whether a crowd with it is worth a word: not that of a suspended job, nor of one that runs once a month."""
    job = context.jobs[operation.name]
    often = firings_per_year(operation.schedule, load_zone(operation.zone)) > _A_MONTH_APART
    return often and not job.suspend and job.path not in meant


def _longest(context: RuleContext, crowd: Crowd) -> str:
    return max(crowd.operations, key=lambda name: context.operations[name].hold)


def _finding(context: RuleContext, crowd: Crowd, name: str, adviser: Adviser) -> Finding:
    others = [other for other in crowd.operations if other != name]
    limit = context.schedule_input.limits.get(crowd.pool, 1)
    message = (
        f"`{name}` and {some(others)} overlap: up to {crowd.worst} at once, "
        f"`parallel` of the {crowd.pool.kind} `{crowd.pool.name}` is {limit}"
    )
    help_ = "choose another minute or a shorter deadline"
    slot = adviser.roomy_slot(name)
    if slot is not None:
        help_ = f"there is room at {change(context, Remedy(name, Lever.SLOT, slot))}; or shorten its deadline"
    found = finding(INFO, message, (*context.jobs[name].path, "at"), help_)
    cause = windows(context, (name, others[0]), late=False)
    return replace(found, related=slots_of(context, others[:SHOWN]), cause=cause)


RULE = Rule(INFO, check)
