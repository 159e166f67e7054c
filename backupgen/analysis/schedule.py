"""From a judged fleet to what there is to say about its schedule."""

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import combinations, takewhile
from typing import Final

from backupgen.analysis.schedule_report import Clash, Crowding, Overlap, Row, Run, ScheduleReport, Verdict, Wait
from backupgen.conventions.roles import PodRole
from backupgen.diagnostics import NodePath
from backupgen.rules import RuleContext, reservations
from backupgen.rules.bg301_schedule_conflict import advice, locks_of, next_meeting
from backupgen.schedule import CALENDAR_END, TZDATA_VERSION, Operation, Yielded, load_zone, next_firings
from backupgen.schedule import windows_meet as _meet
from backupgen.source import Document

LISTED: Final = 40
"""Up to so many operations, pairs that can run at the same time are looked for: nobody reads a thousand of them."""
_SOON: Final = 8 * 86_400


def schedule_report(document: Document, context: RuleContext, start: int, end: int) -> ScheduleReport:
    """Say what a fleet does between two instants (epoch seconds), and what its proof or its conflicts are.

    `context.since` is from when on conflicts are looked for.
    """
    fleet, proof = context.fleet, context.proof
    operations = tuple(context.operations.values())
    yielded = {item.operation: item for item in proof.yielded} if proof else {}
    roles = {operation.job.name: operation.role for operation in fleet.operations()}
    rows = tuple(
        _row(document, context, operation, roles[operation.name], yielded.get(operation.name), start, end)
        for operation in operations
    )
    few = operations if len(operations) <= LISTED else ()
    pairs = [pair for pair in combinations(few, 2) if _shares(*pair)]
    overlaps = tuple(_overlaps(context, pairs))
    return ScheduleReport(
        fleet=fleet.name,
        timezone=fleet.timezone,
        start=start,
        end=end,
        rows=rows,
        clashes=tuple(_clashes(document, context)),
        reservations=reservations(context),
        waits=tuple(Wait(wait.waiter, wait.holder, wait.seconds) for wait in (proof.waits if proof else ())),
        crowdings=tuple(_crowdings(context, start)),
        pairs=len(pairs),
        overlapping=len(overlaps),
        overlapping_on_time=sum(overlap.on_time for overlap in overlaps),
        overlaps=overlaps,
        tzdata=TZDATA_VERSION,
    )


def _row(
    document: Document,
    context: RuleContext,
    operation: Operation,
    kind: PodRole,
    yielded: Yielded | None,
    start: int,
    end: int,
) -> Row:
    job = context.jobs[operation.name]
    hours = yielded.hours if yielded else 0
    return Row(
        name=operation.name,
        kind=kind,
        repository=operation.repository,
        node=operation.node,
        written=str(job.slot),
        cron=str(operation.schedule),
        timezone=operation.zone,
        deadline=operation.deadline,
        start_within=operation.start_within,
        grace=operation.grace,
        lock=operation.use.lock,
        suspended=job.suspend,
        left_out=tuple(hour for hour in range(24) if hours >> hour & 1),
        causes=yielded.causes if yielded else (),
        line=_line(document, (*job.path, "at")),
        next_start=next(next_firings(operation.schedule, load_zone(operation.zone), start - 1), None),
        runs=tuple(_runs(operation, start, end)),
    )


def _runs(operation: Operation, start: int, end: int) -> Iterator[Run]:
    """The windows that touch the time from `start` to `end`, late starts included."""
    late = operation.start_within
    earliest = start - operation.hold - late
    for slot in next_firings(operation.schedule, load_zone(operation.zone), earliest):
        if slot >= min(end, CALENDAR_END):
            return
        yield Run(slot, slot + operation.hold, slot + late + operation.hold)


def _line(document: Document, path: NodePath) -> int:
    return document.span(path).line


def _clashes(document: Document, context: RuleContext) -> Iterator[Clash]:
    for conflicts, remedies in advice(context):
        for conflict in conflicts:
            lines = [_line(document, (*context.jobs[name].path, "at")) for name in (conflict.one, conflict.other)]
            yield Clash(
                one=conflict.one,
                other=conflict.other,
                why=locks_of(conflict),
                first=next_meeting(context, [conflict]),
                per_year=conflict.per_year,
                lines=(lines[0], lines[1]),
                remedies=remedies,
            )


def _shares(one: Operation, other: Operation) -> bool:
    return one.repository == other.repository or (one.node == other.node != "")


def _overlaps(context: RuleContext, pairs: list[tuple[Operation, Operation]]) -> Iterator[Overlap]:
    conflicts = {frozenset((conflict.one, conflict.other)) for conflict in context.conflicts}
    waits = {frozenset((wait.waiter, wait.holder)) for wait in (context.proof.waits if context.proof else ())}
    for one, other in pairs:
        if _meet(one.worst, other.worst):
            names = frozenset((one.name, other.name))
            verdict: Verdict = "conflict" if names in conflicts else "wait" if names in waits else "shared"
            yield Overlap(one.name, other.name, _meet(one.nominal, other.nominal), verdict)


def _crowdings(context: RuleContext, start: int) -> Iterator[Crowding]:
    for crowd in context.proof.crowded if context.proof else ():
        limit = context.schedule_input.limits.get(crowd.pool, 1)
        first = _next_crowd([context.operations[name] for name in crowd.operations], limit, start)
        yield Crowding(
            f"{crowd.pool.kind} {crowd.pool.name}", limit, crowd.worst, crowd.operations, first or crowd.first
        )


def _next_crowd(operations: Iterable[Operation], limit: int, start: int) -> int | None:
    """Return when more than `limit` of them run at once, within the next few days; most crowds come every day."""
    changes: Counter[int] = Counter()
    for operation in operations:
        free = start
        slots = next_firings(operation.schedule, load_zone(operation.zone), start - operation.hold)
        for slot in takewhile(lambda slot: slot < start + _SOON, slots):
            # A job does not run beside itself.
            changes[max(slot, free)] += 1
            free = max(slot + operation.hold, free)
            changes[free] -= 1
    running = 0
    for instant in sorted(changes):
        running += changes[instant]
        if running > limit:
            return instant
    return None
