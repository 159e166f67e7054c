"""The proof that operations which exclude each other never meet, over the whole cycle, or the witnesses against it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from backupgen.schedule.capacity import Crowd, crowded
from backupgen.schedule.cron import CronExpr
from backupgen.schedule.locks import Operation, Pool, Use, Why, exclusion
from backupgen.schedule.waiting import Pair, Wait, covered, waits
from backupgen.schedule.windows import meet, meetings, next_meeting
from backupgen.schedule.yielding import Stuck, hours_meeting, leave_out
from backupgen.schedule.zones import TZDATA_VERSION


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two operations on one repository that exclude each other and can run at the same time."""

    one: str
    other: str
    """Always an exclusive operation."""
    repository: str
    why: Why
    first: int
    """When they first meet in the cycle, epoch seconds: the later of the two slots."""
    per_year: float
    """How often they begin to meet, on average over the 400 years."""
    stuck: Stuck | None
    """Why `one`, if it is a backup, does not leave out the hours in which they meet; None if it is none."""


@dataclass(frozen=True, slots=True)
class Yielded:
    """A backup that leaves out hours."""

    operation: str
    hours: int
    """Bit set of wall-clock hours in the operation's zone."""
    causes: tuple[str, ...]
    """The exclusive operations to which it gives way."""


@dataclass(frozen=True, slots=True)
class ScheduleProof:
    """Operations of which no two that exclude each other ever meet without a provably sufficient wait."""

    operations: tuple[Operation, ...]
    """In the order given, with the schedules that are left after yielding."""
    yielded: tuple[Yielded, ...]
    waits: tuple[Wait, ...]
    crowded: tuple[Crowd, ...]
    """Not an error of exclusion, but more load at once than a repository or a node is meant to take."""
    tzdata: str
    """The time zone database that the proof holds for."""


def prove(operations: Sequence[Operation], limits: Mapping[Pool, int]) -> ScheduleProof | tuple[Conflict, ...]:
    """Prove that operations never exclude each other, letting backups yield where they may; or say which do.

    `limits` is how many operations a repository or a node takes at once, 1 where it says nothing. Names are unique.
    Raises ZoneError for an unknown zone.
    """
    given = list(operations)
    pairs = list(_meeting_pairs(given))
    waiting = covered(given, (pair for pair in pairs if _waits(given, pair)))
    effective, yielded, stuck = _yield(given, [pair for pair in pairs if pair not in waiting])
    met = [pair for pair in pairs if pair not in waiting and _meet(effective, pair)]
    if met:
        return tuple(_conflict(given, pair, stuck.get(pair[0])) for pair in met)
    remaining = [pair for pair in pairs if pair in waiting and _meet(effective, pair)]
    return ScheduleProof(
        operations=tuple(effective),
        yielded=yielded,
        waits=tuple(
            Wait(effective[waiter].name, effective[holder].name, seconds)
            for (waiter, holder), seconds in waits(effective, remaining).items()
        ),
        crowded=crowded(effective, limits),
        tzdata=TZDATA_VERSION,
    )


def first_meeting(one: Operation, other: Operation, after: int) -> int | None:
    """Return the first instant later than `after` at which two operations begin to meet in their worst case.

    Epoch seconds; None if they never meet. Does not ask whether they exclude each other.
    """
    return next_meeting(one.worst, other.worst, after)


def _meeting_pairs(operations: list[Operation]) -> Iterator[Pair]:
    """Return the pairs that exclude each other and meet, the exclusive one second, in the order of the operations."""
    exclusive: dict[str, list[int]] = {}
    for index, operation in enumerate(operations):
        if operation.use is Use.EXCLUSIVE:
            exclusive.setdefault(operation.repository, []).append(index)
    for index, operation in enumerate(operations):
        for other in exclusive.get(operation.repository, ()):
            if (operation.use is not Use.EXCLUSIVE or index < other) and _meet(operations, (index, other)):
                yield index, other


def _meet(operations: list[Operation], pair: Pair) -> bool:
    return meet(operations[pair[0]].worst, operations[pair[1]].worst)


def _waits(operations: list[Operation], pair: Pair) -> bool:
    return all(operations[index].use is not Use.FILE_COPY for index in pair)


def _yield(
    operations: list[Operation], pairs: list[Pair]
) -> tuple[list[Operation], tuple[Yielded, ...], dict[int, Stuck]]:
    """Return the operations after yielding, what they left out, and why those that did not could not."""
    effective = list(operations)
    yielded = []
    stuck: dict[int, Stuck] = {}
    causes: dict[int, list[int]] = {}
    for index, other in pairs:
        if operations[index].use is Use.BACKUP:
            causes.setdefault(index, []).append(other)
    for index, others in causes.items():
        backup = operations[index]
        hours = 0
        for other in others:
            hours |= hours_meeting(backup.worst, operations[other].worst)
        schedule = leave_out(backup.schedule, hours) if backup.may_yield else Stuck.FORBIDDEN
        if isinstance(schedule, CronExpr):
            effective[index] = replace(backup, schedule=schedule)
            names = tuple(operations[other].name for other in others)
            yielded.append(Yielded(backup.name, hours & backup.schedule.hours, names))
        else:
            stuck[index] = schedule
    return effective, tuple(yielded), stuck


def _conflict(operations: list[Operation], pair: Pair, stuck: Stuck | None) -> Conflict:
    one, other = operations[pair[0]], operations[pair[1]]
    why, when = exclusion(one.use, other.use), meetings(one.worst, other.worst)
    if why is None or when is None:  # pragma: no cover -- the pairs are those that exclude each other and meet
        raise AssertionError(f"{one.name!r} and {other.name!r} were said to meet")
    return Conflict(one.name, other.name, one.repository, why, when.first, when.per_year, stuck)
