"""Slots that the compiler chooses: stable, deterministic, and clear of what was placed by hand.

Candidates come in an order that depends on the operation's own name only, and are judged against the operations that
have a slot of their own. So another `auto` operation never moves this one, and a slot placed by hand moves it only if
it is in the way.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from hashlib import sha256
from operator import itemgetter
from typing import Final, NamedTuple

from backupgen.schedule.cron import CronExpr, parse_cron
from backupgen.schedule.firings import Pattern, firings, longest_gap, shortest_gap
from backupgen.schedule.locks import Operation, Use, exclusion
from backupgen.schedule.windows import Span, Timing, reach, within
from backupgen.schedule.yielding import leave_out, local_hours
from backupgen.schedule.zones import load_zone

MINUTE: Final = 60
HOUR: Final = 3600
DAY: Final = 86_400
WEEK: Final = 7 * DAY
MONTH: Final = 30 * DAY

CADENCES: Final = (
    *(minutes * MINUTE for minutes in (15, 20, 30)),
    *(hours * HOUR for hours in (1, 2, 3, 4, 6, 8, 12)),
    DAY,
    WEEK,
    MONTH,
)
"""The distances between runs, in seconds, that a cron expression can keep; MONTH stands for monthly."""

_TRIES: Final = 240
"""How many candidates are judged at most. A free slot comes up within a few, unless hardly any is free."""


class _Cost(NamedTuple):
    """How bad a slot is; the fields in the order of their weight."""

    conflicts: int
    """Runs in the cycle that meet what excludes them, if yielding does not help."""
    hours: int
    """Hours of the day that yielding would leave out."""
    uneven: bool
    """A clock change makes a run fall out or happen twice."""
    crowded: int
    """Runs in the cycle that meet the nominal window of another backup."""


class Placer:
    """Chooses slots beside a fixed set of operations that have slots of their own."""

    def __init__(self, explicit: Sequence[Operation]) -> None:
        self._explicit: dict[str, list[Operation]] = {}
        for operation in explicit:
            self._explicit.setdefault(operation.repository, []).append(operation)
        self._taken: dict[tuple[str, Use, int, int], tuple[tuple[Span, ...], tuple[Span, ...]]] = {}
        self._costs: dict[Operation, dict[tuple[int, int], _Cost]] = {}

    def place(self, operation: Operation, every_seconds: int) -> CronExpr:
        """Choose a slot for an operation that runs every so many seconds, one of CADENCES.

        The operation's own `schedule` is ignored, and so are operations on other repositories. The slot meets nothing
        that excludes the operation and, if it is a backup, no other backup's nominal window; where there is no such
        slot, it is the least bad of those looked at. A backup that may yield leaves out hours later, in `prove`: the
        slot that loses the fewest is chosen. Raises ValueError for another cadence.
        """
        if every_seconds not in CADENCES:
            raise ValueError(f"no cron expression runs every {every_seconds} seconds")
        _, best = min(self._judged(operation, every_seconds), key=itemgetter(0))
        return _schedule(best, every_seconds)

    def _judged(self, operation: Operation, every: int) -> Iterator[tuple[_Cost, int]]:
        """Judge candidates in the operation's order, up to the first that costs nothing."""
        # Operations that differ only in their names find the same candidates judged already.
        costs = self._costs.setdefault(replace(operation, name=""), {})
        for index in _candidates(operation.name, every):
            if (every, index) not in costs:
                costs[every, index] = self._judge(replace(operation, schedule=_schedule(index, every)), every)
            yield costs[every, index], index
            if not any(costs[every, index]):
                return

    def _judge(self, operation: Operation, every: int) -> _Cost:
        excluded, busy = self._spans(operation)
        zone = load_zone(operation.zone)
        slots = firings(operation.schedule, zone)
        met = within(slots, excluded)
        hours = local_hours(met)
        yields = operation.may_yield and leave_out(operation.schedule, hours) is not None
        longest, shortest = longest_gap(operation.schedule, zone) or 0, shortest_gap(operation.schedule, zone) or 0
        return _Cost(
            conflicts=0 if yields else _runs(met),
            hours=hours.bit_count(),
            uneven=every != MONTH and not every - HOUR <= shortest <= longest <= every + HOUR,
            crowded=_runs(within(slots, busy)),
        )

    def _spans(self, operation: Operation) -> tuple[tuple[Span, ...], tuple[Span, ...]]:
        """Return the minutes at which a slot would meet what excludes it, and at which it would meet another backup."""
        worst, nominal = operation.worst.minutes, operation.nominal.minutes
        key = (operation.repository, operation.use, worst, nominal)
        if key not in self._taken:
            others = self._explicit.get(operation.repository, [])
            excluded = {other.worst for other in others if exclusion(operation.use, other.use)}
            backups = {other.nominal for other in others if other.use is operation.use is Use.BACKUP}
            self._taken[key] = _merged(excluded, worst), _merged(backups, nominal)
        return self._taken[key]


def place(operation: Operation, every_seconds: int, explicit: Sequence[Operation]) -> CronExpr:
    """Choose one slot; see Placer.place, which is cheaper for many operations beside the same explicit ones."""
    return Placer(explicit).place(operation, every_seconds)


def _merged(timings: Iterable[Timing], length: int) -> tuple[Span, ...]:
    """Return the minutes from which a window of `length` minutes would meet any of the windows, in any order."""
    minutes: dict[int, int] = {}
    days: dict[int, int] = {}
    for timing in timings:
        for span in reach(timing, length - 1, timing.minutes - 1):
            minutes[id(span.days)] = minutes.get(id(span.days), 0) | span.minutes
            days[id(span.days)] = span.days
    return tuple(Span(bits, days[key]) for key, bits in minutes.items())


def _runs(patterns: Iterable[Pattern]) -> int:
    return sum(pattern.minutes.bit_count() * pattern.days.bit_count() for pattern in patterns)


def _candidates(name: str, every: int) -> Iterator[int]:
    """Yield the numbers of a cadence's candidates in an order of the name's own."""
    total = _count(every)
    digest = sha256(f"{name}\0{every}".encode()).digest()
    index = int.from_bytes(digest[:8], "big") % total
    step = _coprime(int.from_bytes(digest[8:16], "big"), total)
    for _ in range(min(total, _TRIES)):
        yield index
        index = (index + step) % total


def _count(every: int) -> int:
    """How many slots of a cadence there are."""
    return 28 * DAY // MINUTE if every == MONTH else every // MINUTE


def _coprime(number: int, total: int) -> int:
    """Return a step below `total` that visits every candidate: no factor in common with it."""
    step = number % total or 1
    # The totals have no prime factors but 2, 3, 5 and 7.
    while any(step % prime == 0 and total % prime == 0 for prime in (2, 3, 5, 7)):
        step += 1
    return step


@cache
def _schedule(index: int, every: int) -> CronExpr:
    return parse_cron(_expression(index, every))


def _expression(index: int, every: int) -> str:
    hour, minute = divmod(index, 60)
    if every < HOUR:
        minutes = ",".join(str(start) for start in range(index, 60, every // MINUTE))
        return f"{minutes} * * * *"
    if every == HOUR:
        return f"{minute} * * * *"
    if every <= DAY:
        hours = ",".join(str(start) for start in range(hour, 24, every // HOUR))
        return f"{minute} {hours} * * *"
    day, hour = divmod(hour, 24)
    return f"{minute} {hour} * * {day}" if every == WEEK else f"{minute} {hour} {day + 1} * *"
