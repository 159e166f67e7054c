"""What a request wants, whatever else is placed: which candidates meet nothing that excludes it, and which are better.

Requests that differ in their names only want the same, so each question is answered once for all of them.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cache, cached_property
from itertools import groupby
from typing import Final, NamedTuple

from backupgen.schedule.cadence import DAY, HOUR, number_of, own_order, slot_of
from backupgen.schedule.cron import CronExpr
from backupgen.schedule.firings import Pattern, firings
from backupgen.schedule.load import covered_minutes
from backupgen.schedule.locks import Operation, exclusion
from backupgen.schedule.proof import prove
from backupgen.schedule.starts import HORIZON, blocked, follows_a_rule, met_minutes, possible, uneven
from backupgen.schedule.windows import Timing, meeting_spans, within
from backupgen.schedule.yielding import Stuck, leave_out, local_hours
from backupgen.schedule.zones import CYCLE_DAYS, DAY_MINUTES, load_zone

_LEAST_BAD: Final = 120
"""How many candidates are compared where each of them conflicts."""

_HOUR_BITS: Final = (1 << 60) - 1


class Request(NamedTuple):
    """An operation that wants a slot."""

    operation: Operation
    """Its `schedule` is ignored."""
    every: int
    """Seconds between runs, one of CADENCES."""
    skip: int = 0
    """Hours in which it does not start, as a bit set."""
    before: CronExpr | None = None
    """The slot that it had. Kept, unless it is none of the cadence, or something is in its way."""


class Wish:
    """The candidates of all requests that differ in their names only."""

    def __init__(self, request: Request, rivals: Sequence[Operation]) -> None:
        self.operation, self.every, self.skip = request.operation, request.every, request.skip
        self._rivals = rivals
        self._excluded = meeting_spans({other.worst for other in rivals}, request.operation.worst.minutes)
        self._hours: dict[int, int] = {}
        zones = {self.operation.zone, *(other.zone for other in rivals)}
        self._horizon = HORIZON if all(map(follows_a_rule, zones)) else CYCLE_DAYS
        self.possible = possible(self.every, self.skip)
        if not self.possible:
            raise ValueError(f"operation {request.operation.name!r} may start in no hour")
        self.allowed = self._without_conflict() or self._waiting() or self._least_bad()
        """The candidates that come into question: those that meet nothing, if there are any."""

    @cached_property
    def levels(self) -> tuple[int, ...]:
        """The allowed candidates by how good they are, the best first: few hours lost, an even pace."""
        odd = uneven(self.every, self.operation.zone)
        found = []
        for bits in self._by_hours():
            found += [part for part in (bits & ~odd, bits & odd) if part]
        return tuple(found)

    def timing(self, number: int) -> Timing:
        """Return a candidate's nominal windows, as far as it is certain that they are left after yielding."""
        schedule = slot_of(number, self.every).without_hours(self.skip | self.lost(number))
        return Timing.of(schedule or slot_of(number, self.every), self.operation.zone, self.operation.hold)

    def lost(self, number: int) -> int:
        """Return the hours that a candidate leaves out to give way for certain: it cannot wait instead."""
        return 0 if self.operation.needs is not None else self._hours.get(number, 0)

    @cached_property
    def family(self) -> object:
        """What it has in common with wishes that differ in their deadlines only."""
        return replace(self.operation, name="", deadline=1, schedule=slot_of(0, DAY), needs=None), self.every, self.skip

    @cached_property
    def groups(self) -> tuple[tuple[int, int], ...]:
        """The allowed candidates by the hours in which they do not start."""
        if self.operation.needs is not None or not self._hours:
            return ((self.skip, self.allowed),)
        found: dict[int, int] = {}
        for number in bits_of(self.allowed):
            hours = self.skip | self.lost(number)
            found[hours] = found.get(hours, 0) | 1 << number
        return tuple(found.items())

    @cached_property
    def least(self) -> float:
        """How many minutes within the horizon its windows cover at least, whichever candidate it gets."""
        asked = [lowest(self.allowed)]
        if self.every < DAY:
            step = 1 if self._hours else 60
            asked += [number for number in bits_of(self.allowed) if number % step < 1]
        # A run that a change of clocks takes away is one of a year.
        return min(covered_minutes(self.timing(number)) for number in asked) * 0.99

    def keeps(self, schedule: CronExpr | None) -> int | None:
        """Return the number of the slot that a request had, if it may keep that; else None."""
        number = None if schedule is None else number_of(schedule, self.every)
        return number if number is not None and self.allowed >> number & 1 else None

    def _without_conflict(self) -> int:
        if self.operation.may_yield and self.every <= HOUR:
            return self._yielding()
        met = blocked(self.every, self.operation.zone, self._excluded, self.skip, self._horizon)
        return self.possible & ~met

    def _yielding(self) -> int:
        free = 0
        met = met_minutes(self.operation.zone, self._excluded, self.skip, self._horizon)
        for number in bits_of(self.possible):
            starts = met & _starts(number, self.every)
            hours = sum(1 << hour for hour in range(24) if starts >> 60 * hour & _HOUR_BITS) if starts else 0
            if not hours:
                free |= 1 << number
            elif not isinstance(leave_out(self._rest(number), hours), Stuck):
                free |= 1 << number
                self._hours[number] = hours
        return free

    def _waiting(self) -> int:
        """Return candidates that meet what excludes them, but may wait for it."""
        if self.operation.needs is None:
            return 0
        found = 0
        for number in self._sample():
            beside = replace(self.operation, schedule=self._rest(number))
            if not isinstance(prove([beside, *self._rivals], {}), tuple):
                found |= 1 << number
        return found

    def _least_bad(self) -> int:
        met = {number: _runs(self._met(number)) for number in self._sample()}
        least = min(met.values())
        return sum(1 << number for number, runs in met.items() if runs == least)

    def _sample(self) -> list[int]:
        candidates = (number for number in own_order("", self.every) if self.possible >> number & 1)
        return [number for number, _ in zip(candidates, range(_LEAST_BAD), strict=False)]

    def _rest(self, number: int) -> CronExpr:
        slot = slot_of(number, self.every)
        return slot.without_hours(self.skip) or slot

    def _met(self, number: int) -> list[Pattern]:
        return within(firings(self._rest(number), load_zone(self.operation.zone)), self._excluded)

    def _by_hours(self) -> Iterator[int]:
        """Group the allowed candidates by how many hours they leave out, the fewest first."""
        if self.every >= DAY or not (self.skip or self._hours):
            yield self.allowed
            return
        numbers = sorted(bits_of(self.allowed), key=self._left_out)
        for _, group in groupby(numbers, self._left_out):
            yield sum(1 << number for number in group)

    def _left_out(self, number: int) -> int:
        hours = slot_of(number, self.every).hours & self.skip
        return (hours | self._hours.get(number, 0)).bit_count()


class Wishes:
    """The wishes of a fleet beside operations with slots of their own."""

    def __init__(self, explicit: Sequence[Operation]) -> None:
        self._explicit: dict[str, list[Operation]] = {}
        for operation in explicit:
            self._explicit.setdefault(operation.repository, []).append(operation)
        self._known: dict[tuple[Operation, int, int], Wish] = {}

    def of(self, request: Request) -> Wish:
        """Return what a request wants. Raises ValueError if it may start in no hour."""
        key = (replace(request.operation, name="", schedule=slot_of(0, DAY)), request.every, request.skip)
        if key not in self._known:
            self._known[key] = Wish(request, self._rivals(request.operation))
        return self._known[key]

    def effective(self, operation: Operation) -> Timing:
        """Return the nominal windows of an operation, without the hours that it certainly leaves out to give way."""
        hours = 0
        if operation.may_yield and operation.needs is None:
            spans = meeting_spans({other.worst for other in self._rivals(operation)}, operation.worst.minutes)
            hours = local_hours(within(operation.worst.slots, spans))
        schedule = leave_out(operation.schedule, hours) if hours else operation.schedule
        return operation.nominal if isinstance(schedule, Stuck) else replace(operation, schedule=schedule).nominal

    def _rivals(self, operation: Operation) -> list[Operation]:
        others = self._explicit.get(operation.repository, ())
        return [other for other in others if exclusion(operation.use, other.use) and other.name != operation.name]


@cache
def _starts(number: int, every: int) -> int:
    """Return the minutes of the day at which a candidate of an hourly or more frequent cadence starts."""
    return sum(1 << minute for minute in range(number, DAY_MINUTES, every // 60))


def lowest(bits: int) -> int:
    """Return the place of the lowest bit that is set."""
    return (bits & -bits).bit_length() - 1


def bits_of(bits: int) -> Iterator[int]:
    """Yield the places of the bits that are set, ascending."""
    text = format(bits, "b")[::-1]
    index = text.find("1")
    while index >= 0:
        yield index
        index = text.find("1", index + 1)


def _runs(patterns: Iterable[Pattern]) -> int:
    return sum(pattern.minutes.bit_count() * pattern.days.bit_count() for pattern in patterns)
