"""What would end a conflict. Each remedy is proved on its own before it is named.

A remedy changes one thing so that an operation excludes nobody any more: its other conflicts end as well, and no new
one begins. Whether the change is wanted is for people to say, so different kinds are offered.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from itertools import islice
from typing import Any, Final

from backupgen.schedule.cron import CronExpr, parse_cron
from backupgen.schedule.firings import Pattern, firings
from backupgen.schedule.locks import Operation, Pool, Use, exclusion
from backupgen.schedule.occupancy import Occupancy
from backupgen.schedule.proof import Conflict, prove
from backupgen.schedule.waiting import waits
from backupgen.schedule.windows import Timing, meet, meeting_spans, within
from backupgen.schedule.yielding import Stuck, leave_out, local_hours
from backupgen.schedule.zones import DAY_MINUTES, load_zone

_STEP: Final = 5
"""Minutes between the times of day that are tried."""
_TRIES: Final = 12
"""How many free slots are looked at for one that is not crowded."""
_LEAST_DEADLINE: Final = 120
"""Seconds; and at least a quarter of what it is: nobody cuts a deadline further to please a schedule."""
_LEAST_START: Final = 10
"""Seconds. With less the CronJob controller may miss the start."""


class Lever(StrEnum):
    """What a remedy changes: a key of fleet.yaml."""

    SLOT = "at"
    DEADLINE = "deadline"
    START_WITHIN = "start_within"
    YIELDS = "yields"
    SKIP = "skip"
    LOCK_WAIT = "lock_wait"
    """Of the repository, and so of all its operations."""


@dataclass(frozen=True, slots=True)
class Remedy:
    """One change that is enough."""

    operation: str
    lever: Lever
    value: CronExpr | int
    """The new slot; seconds; for `skip` the hours as a bit set; for `yields` nothing, it is true."""

    def applied(self, operation: Operation) -> Operation:
        """Return an operation as it would be."""
        if self.lever is not Lever.LOCK_WAIT and operation.name != self.operation:
            return operation
        if isinstance(self.value, CronExpr):
            return replace(operation, schedule=self.value)
        if self.lever is Lever.SKIP:
            return replace(operation, schedule=operation.schedule.without_hours(self.value) or operation.schedule)
        if self.lever is Lever.YIELDS:
            return replace(operation, may_yield=True)
        # The others are called as the operation's own fields.
        change: dict[str, Any] = {self.lever.value: self.value}
        return replace(operation, **change)


class Adviser:
    """Finds remedies for the conflicts of one fleet."""

    def __init__(self, operations: Sequence[Operation], limits: Mapping[Pool, int]) -> None:
        self._operations = {operation.name: operation for operation in operations}
        self._limits = limits

    def remedies(self, conflicts: Sequence[Conflict]) -> Iterator[Remedy]:
        """Yield what would end these conflicts, which all have one operation in common.

        For each operation that all of them share one change of each kind at most: another slot, the closest one; a
        shorter deadline, the longest one; a shorter start window; to yield; hours to skip; a longer wait for locks.
        Yields nothing where no single change of these would do.
        """
        ones = dict.fromkeys(conflict.one for conflict in conflicts)
        others = dict.fromkeys(conflict.other for conflict in conflicts)
        for shared in (ones, others):
            if len(shared) == 1:
                operation = self._operations[next(iter(shared))]
                rivals = self._rivals(operation)
                yield from (remedy for remedy in self._candidates(operation, rivals) if self._ends(remedy, rivals))

    def roomy_slot(self, name: str) -> CronExpr | None:
        """Return the closest slot at which an operation excludes nobody and finds room; None if none was found."""
        operation = self._operations[name]
        rivals = self._rivals(operation)
        fixed = {other.worst for other in rivals if not _gives_way(operation, other)}
        for slot in self._with_room(operation, _free_slots(operation, fixed)):
            if self._ends(Remedy(name, Lever.SLOT, slot), rivals):
                return slot
        return None

    def _rivals(self, operation: Operation) -> list[Operation]:
        """The operations that exclude this one where they meet."""
        return [
            other
            for other in self._operations.values()
            if other.repository == operation.repository
            and other.name != operation.name
            and exclusion(other.use, operation.use)
        ]

    def _candidates(self, operation: Operation, rivals: Sequence[Operation]) -> Iterator[Remedy]:
        """Yield changes that are enough as far as the windows of those go that do not give way."""
        fixed = {other.worst for other in rivals if not _gives_way(operation, other)}
        slots = list(islice(_free_slots(operation, fixed), _TRIES))
        if slots:
            yield Remedy(operation.name, Lever.SLOT, next(self._with_room(operation, slots), slots[0]))
        shortest = max(_LEAST_DEADLINE, operation.deadline // 4, operation.needs or 0)
        for lever, least, now in (
            (Lever.DEADLINE, shortest, operation.deadline),
            (Lever.START_WITHIN, _LEAST_START, operation.start_within),
        ):
            value = _longest(partial(_suffices, operation, lever, fixed), least, now)
            if value is not None:
                yield Remedy(operation.name, lever, value)
        if operation.use is Use.BACKUP:
            if not operation.may_yield:
                yield Remedy(operation.name, Lever.YIELDS, 1)
            hours = local_hours(_met(operation, fixed))
            if operation.schedule.without_hours(hours) is not None:
                yield Remedy(operation.name, Lever.SKIP, hours)
        patience = _patience(operation, rivals)
        if patience > operation.lock_wait:
            yield Remedy(operation.name, Lever.LOCK_WAIT, patience)

    def _with_room(self, operation: Operation, slots: Iterable[CronExpr]) -> Iterator[CronExpr]:
        """Yield the slots at which its repository and its node have room for it."""
        occupied = {pool: self._beside(operation, pool) for pool in operation.pools()}
        for slot in slots:
            nominal = replace(operation, schedule=slot).nominal
            if all(busy.most(nominal) < self._limits.get(pool, 1) for pool, busy in occupied.items()):
                yield slot

    def _beside(self, operation: Operation, pool: Pool) -> Occupancy:
        occupied = Occupancy()
        for other in self._operations.values():
            if other.name != operation.name and pool in other.pools():
                occupied.add(other.nominal)
        return occupied

    def _ends(self, remedy: Remedy, rivals: Sequence[Operation]) -> bool:
        """Prove that the operation excludes nobody any more."""
        involved = (self._operations[remedy.operation], *rivals)
        outcome = prove([remedy.applied(operation) for operation in involved], self._limits)
        if not isinstance(outcome, tuple):
            return True
        return all(remedy.operation not in (conflict.one, conflict.other) for conflict in outcome)


def _gives_way(operation: Operation, other: Operation) -> bool:
    """Whether the other may leave out the hours in which it meets the operation, as far as that can be said of any."""
    yields = other.use is Use.BACKUP and other.may_yield and not isinstance(leave_out(other.schedule, 0), Stuck)
    return yields and operation.use is Use.EXCLUSIVE


def _met(operation: Operation, fixed: set[Timing]) -> list[Pattern]:
    """Return the operation's slots from which it meets one of the windows."""
    slots = firings(operation.schedule, load_zone(operation.zone))
    return within(slots, meeting_spans(fixed, operation.worst.minutes))


def _suffices(operation: Operation, lever: Lever, fixed: set[Timing], seconds: int) -> bool:
    return not _met(Remedy(operation.name, lever, seconds).applied(operation), fixed)


def _longest(suffices: Callable[[int], bool], least: int, now: int) -> int | None:
    """Return the longest round time, in seconds, from `least` to below `now` that suffices; None if there is none.

    What is less than a value that suffices does so too.
    """
    step = 60 if least >= 60 else 10
    low, high = -(-least // step), (now - 1) // step
    if low > high or not suffices(low * step):
        return None
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if suffices(middle * step) else (low, middle - 1)
    return low * step


def _free_slots(operation: Operation, fixed: set[Timing]) -> Iterator[CronExpr]:
    """Yield the slots near its own at which an operation meets none of the windows."""
    for slot in _slots_near(operation.schedule):
        if not _met(replace(operation, schedule=slot), fixed):
            yield slot


def _slots_near(schedule: CronExpr) -> Iterator[CronExpr]:
    """Yield other times of the same days, or other minutes of the same hours, the closest first."""
    if schedule.minutes.bit_count() != 1 or not schedule.hours:
        return
    minute, hour = schedule.minutes.bit_length() - 1, schedule.hours.bit_length() - 1
    once = schedule.hours.bit_count() == 1
    now, total = (hour * 60 + minute, DAY_MINUTES) if once else (minute, 60)
    fields = schedule.canonical().split()
    for distance in range(_STEP, total, _STEP):
        for time in (now + distance, now - distance):
            if 0 <= time < total:
                hours = str(time // 60) if once else fields[1]
                yield parse_cron(" ".join([str(time % 60), hours, *fields[2:]]))


def _patience(operation: Operation, rivals: Sequence[Operation]) -> int:
    """Return the longest wait in one run of the operation and of those that it meets, in whole minutes."""
    involved = [operation, *(other for other in rivals if meet(operation.worst, other.worst))]
    if any(one.needs is None or one.use is Use.FILE_COPY for one in involved):
        return 0
    pairs = [(0, index) for index in range(1, len(involved))]
    total: dict[int, int] = {}
    for (waiter, _), seconds in waits(involved, pairs).items():
        total[waiter] = total.get(waiter, 0) + seconds
    return max(-(-seconds // 60) * 60 for seconds in total.values()) if total else 0
