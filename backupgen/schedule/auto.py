"""Slots that the compiler chooses: conflict-free, within the capacity, and stable.

Where an operation goes depends on its name, on the slots that are written by hand, and on what else is there when it is
placed for the first time. From then on it keeps its slot, as long as nothing written by hand is in the way: whoever
calls this remembers what was chosen and hands it back. Without that memory no rule could be stable and mind the
capacity: a choice that no other target can change is one that does not look at them.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from itertools import islice
from typing import Final, NamedTuple

from backupgen.schedule.cadence import (
    CADENCES,
    HOUR,
    MONTH,
    digest_of,
    in_turn,
    number_of,
    own_order,
    slot_count,
    slot_of,
)
from backupgen.schedule.cron import CronExpr
from backupgen.schedule.firings import Pattern, firings, longest_gap, shortest_gap
from backupgen.schedule.locks import Operation, Pool, exclusion
from backupgen.schedule.occupancy import Occupancy
from backupgen.schedule.windows import Span, Timing, meeting_spans, within
from backupgen.schedule.yielding import Stuck, leave_out, local_hours
from backupgen.schedule.zones import load_zone

_TRIES: Final = 10_080
"""How many candidates are looked at in search of a free one: all there are, up to weekly ones."""
_TRIES_WITHOUT_ROOM: Final = 60
"""How many are compared where none is free."""


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


class Shortage(NamedTuple):
    """A repository or a node in which not all found room."""

    pool: Pool
    limit: int
    needed: int
    """The limit that would do."""
    without_room: tuple[str, ...]
    """The operations that make more than the limit run at once; sorted."""


class Placement(NamedTuple):
    """The slots of all requests."""

    slots: Mapping[str, CronExpr]
    """By the operation's name; the hours of `skip` are in it."""
    shortages: tuple[Shortage, ...]


class _Static(NamedTuple):
    """How bad a slot is, whatever else is placed; the fields in the order of their weight."""

    conflicts: int
    """Runs in the cycle that meet what excludes them, if yielding does not help."""
    hours: int
    """Hours of the day that are left out, by yielding or by `skip`."""
    uneven: bool
    """A clock change makes a run fall out or happen twice."""


class _Choice(NamedTuple):
    """A candidate and how bad it is there and then; the fields in the order of their weight."""

    conflicts: int
    over: int
    """By how much the fullest of its pools would exceed its limit."""
    hours: int
    uneven: bool
    rank: int
    """The place in the order in which candidates are looked at."""
    number: int


def place(requests: Sequence[Request], explicit: Sequence[Operation], limits: Mapping[Pool, int]) -> Placement:
    """Choose a slot for each request beside operations that have slots of their own.

    A slot meets nothing that excludes the operation, save for hours in which it yields, and finds room in the
    operation's repository and node (`limits`, 1 where it says nothing); where there is no such slot, it is the least
    bad of those looked at. The result does not depend on the order of the requests. Raises ValueError for another
    cadence.
    """
    for request in requests:
        if request.every not in CADENCES:
            raise ValueError(f"no cron expression runs every {request.every} seconds")
    if not requests:
        return Placement({}, ())
    judge = _Judge(explicit)
    spread = _Round(judge, explicit, limits, packed=False).place(requests)
    if not spread.shortages:
        return spread
    # Where chance leaves gaps that are too short for anybody, one beside the other leaves none.
    packed = _Round(judge, explicit, limits, packed=True).place(requests)
    return min(spread, packed, key=_missing)


def _missing(placement: Placement) -> tuple[int, int]:
    over = sum(shortage.needed - shortage.limit for shortage in placement.shortages)
    return over, sum(len(shortage.without_room) for shortage in placement.shortages)


class _Answers:
    """What is known of the candidates of all requests that differ in their names only."""

    def __init__(self, excluded: tuple[Span, ...], request: Request) -> None:
        self._excluded = excluded
        self._request = request
        self._known: dict[int, _Static | None] = {}
        few = slot_count(request.every) if request.every <= HOUR else 0
        judged = [static for index in range(few) if (static := self.of(index)) is not None]
        self.best = min(judged, default=_Static(0, 0, uneven=False))
        """Nothing is better than this: what is this good need not be compared."""

    def of(self, index: int) -> _Static | None:
        """Judge a candidate; None if `skip` leaves nothing of it."""
        if index not in self._known:
            self._known[index] = self._judge(index)
        return self._known[index]

    def _judge(self, index: int) -> _Static | None:
        operation, every, skip = self._request.operation, self._request.every, self._request.skip
        whole, schedule = slot_of(index, every), _rest(index, every, skip)
        if schedule is None:
            return None
        zone = load_zone(operation.zone)
        met = within(firings(schedule, zone), self._excluded)
        hours = local_hours(met)
        yields = operation.may_yield and not isinstance(leave_out(schedule, hours), Stuck)
        longest, shortest = longest_gap(whole, zone) or 0, shortest_gap(whole, zone) or 0
        return _Static(
            conflicts=0 if yields else _runs(met),
            hours=(hours | whole.hours & skip).bit_count(),
            uneven=every != MONTH and not every - HOUR <= shortest <= longest <= every + HOUR,
        )


class _Judge:
    """Judges candidates by what does not depend on the other requests; each question is answered once."""

    def __init__(self, explicit: Sequence[Operation]) -> None:
        self._explicit: dict[str, list[Operation]] = {}
        for operation in explicit:
            self._explicit.setdefault(operation.repository, []).append(operation)
        self._answers: dict[tuple[Operation, int, int], _Answers] = {}

    def answers(self, request: Request) -> _Answers:
        """Return the answers for a request."""
        key = (replace(request.operation, name=""), request.every, request.skip)
        if key not in self._answers:
            operation = request.operation
            others = self._explicit.get(operation.repository, [])
            excluding = {other.worst for other in others if exclusion(operation.use, other.use)}
            self._answers[key] = _Answers(meeting_spans(excluding, operation.worst.minutes), request)
        return self._answers[key]


class _Round:
    """One way through all requests."""

    def __init__(
        self, judge: _Judge, explicit: Sequence[Operation], limits: Mapping[Pool, int], *, packed: bool
    ) -> None:
        self._judge = judge
        self._limits = limits
        self._packed = packed
        self._occupied: dict[Pool, Occupancy] = {}
        self._full: dict[tuple[tuple[Pool, ...], int, int, str, int], set[int]] = {}
        self._short: dict[Pool, tuple[int, set[str]]] = {}
        for operation in explicit:
            for pool in operation.pools():
                self._occupy(pool, operation.nominal)

    def place(self, requests: Sequence[Request]) -> Placement:
        """Choose a slot for each: those that can keep theirs come first, or somebody who moves could take it."""
        slots: dict[str, CronExpr] = {}
        moving = []
        for request in sorted(requests, key=self._turn):
            kept = None if request.before is None else number_of(request.before, request.every)
            if kept is not None and self._is_free(request, kept):
                self._settle(request, kept, slots)
            else:
                moving.append(request)
        for request in moving:
            self._settle(request, self._choose(request), slots)
        shortages = (
            Shortage(pool, self._limits.get(pool, 1), needed, tuple(sorted(names)))
            for pool, (needed, names) in sorted(self._short.items())
        )
        return Placement(slots, tuple(shortages))

    def _settle(self, request: Request, index: int, slots: dict[str, CronExpr]) -> None:
        operation, timing = request.operation, _timing(request, index)
        slots[operation.name] = slot_of(index, request.every)
        for pool in operation.pools():
            needed = self._needed(pool, timing)
            if needed > self._limits.get(pool, 1):
                most, names = self._short.get(pool, (0, set()))
                self._short[pool] = max(most, needed), {*names, operation.name}
            self._occupy(pool, timing)

    def _turn(self, request: Request) -> tuple[int, int, bytes]:
        """Who comes first: to pack, those that run often, and of these the long ones."""
        often, length = (request.every, -request.operation.hold) if self._packed else (0, 0)
        return often, length, digest_of(request.operation.name, request.every)

    def _is_free(self, request: Request, index: int) -> bool:
        static = self._judge.answers(request).of(index)
        pools = tuple(request.operation.pools())
        return static is not None and not static.conflicts and not self._over(pools, _timing(request, index))

    def _choose(self, request: Request) -> int:
        # Operations that differ in their names only find the same candidates judged already.
        answers = self._judge.answers(request)
        pools = tuple(request.operation.pools())
        key = (pools, request.every, request.skip, request.operation.zone, request.operation.hold)
        # What is full stays full: each candidate is found so once, not once for each request.
        full = self._full.setdefault(key, set())
        best: _Choice | None = None
        for rank, index in enumerate(self._candidates(request)):
            if index in full or (static := answers.of(index)) is None:
                continue
            if self._over(pools, _timing(request, index)):
                full.add(index)
                continue
            if static <= answers.best:
                return index
            choice = _Choice(static.conflicts, 0, static.hours, static.uneven, rank, index)
            best = choice if best is None else min(best, choice)
        if best is None or best.conflicts:
            best = min(self._without_room(request, pools), default=best)
        if best is None:
            raise ValueError(f"operation {request.operation.name!r} may start in no hour")
        return best.number

    def _without_room(self, request: Request, pools: tuple[Pool, ...]) -> Iterator[_Choice]:
        answers = self._judge.answers(request)
        judged = ((index, answers.of(index)) for index in self._candidates(request))
        possible = ((index, static) for index, static in judged if static is not None)
        for rank, (index, static) in enumerate(islice(possible, _TRIES_WITHOUT_ROOM)):
            over = self._over(pools, _timing(request, index))
            yield _Choice(static.conflicts, over, static.hours, static.uneven, rank, index)

    def _candidates(self, request: Request) -> Iterator[int]:
        order = in_turn if self._packed else own_order
        return islice(order(request.operation.name, request.every), _TRIES)

    def _over(self, pools: tuple[Pool, ...], timing: Timing) -> int:
        return max((0, *(self._needed(pool, timing) - self._limits.get(pool, 1) for pool in pools)))

    def _needed(self, pool: Pool, timing: Timing) -> int:
        """Return how many run at once in a pool beside these windows, themselves included."""
        occupied = self._occupied.get(pool)
        if occupied is None or occupied.windows < self._limits.get(pool, 1):
            return 1
        return occupied.most(timing) + 1

    def _occupy(self, pool: Pool, timing: Timing) -> None:
        self._occupied.setdefault(pool, Occupancy()).add(timing)


def _timing(request: Request, index: int) -> Timing:
    schedule = _rest(index, request.every, request.skip) or slot_of(index, request.every)
    return Timing.of(schedule, request.operation.zone, request.operation.hold)


def _runs(patterns: Iterable[Pattern]) -> int:
    return sum(pattern.minutes.bit_count() * pattern.days.bit_count() for pattern in patterns)


@cache
def _rest(index: int, every: int, skip: int) -> CronExpr | None:
    """Return what `skip` leaves of a candidate; None for nothing."""
    return slot_of(index, every).without_hours(skip)
