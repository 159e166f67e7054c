"""Windows of time as bit sets over the cycle: which slots of one schedule fall into the windows of another.

Slots are whole minutes, windows are half open, and the cycle is closed: its last day is followed by its first.
"""

from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

from backupgen.schedule.cron import CronExpr
from backupgen.schedule.days import first_day, rotate
from backupgen.schedule.firings import Pattern, firings, shift
from backupgen.schedule.tzfile import DAY
from backupgen.schedule.zones import CYCLE_DAYS, CYCLE_SECONDS, CYCLE_START, DAY_MINUTES, load_zone

_DAY_BITS = (1 << DAY_MINUTES) - 1


class Timing(NamedTuple):
    """Windows of one length that begin at each firing of a schedule."""

    schedule: CronExpr
    zone: str
    minutes: int
    """How many whole-minute instants a window covers, from its own slot on: its length rounded up."""

    @classmethod
    def of(cls, schedule: CronExpr, zone: str, seconds: int) -> "Timing":
        """Make the windows [slot, slot + seconds)."""
        return cls(schedule, zone, -(-seconds // 60))

    @property
    def slots(self) -> tuple[Pattern, ...]:
        """The windows' beginnings."""
        return firings(self.schedule, load_zone(self.zone))


class Span(NamedTuple):
    """All instants at `minutes` of the UTC day on `days` of the cycle."""

    minutes: int
    days: int


class Meetings(NamedTuple):
    """When windows of two schedules begin to overlap."""

    first: int
    """Epoch seconds, within the cycle."""
    per_year: float
    """The mean over the 400 years; an instant at which several pairs begin to overlap counts once."""


def reach(timing: Timing, before: int, after: int) -> tuple[Span, ...]:
    """Return all minutes from `before` minutes ahead of a slot to `after` minutes past it, both included.

    `after` may be negative, down to -before. The spans may overlap.
    """
    return _reach(timing.schedule, timing.zone, before, after)


@cache
def _reach(schedule: CronExpr, zone: str, before: int, after: int) -> tuple[Span, ...]:
    parts: dict[int, tuple[int, int]] = {}
    for pattern in firings(schedule, load_zone(zone)):
        wide = smear(pattern.minutes, before + after)
        for day in range(-before // DAY_MINUTES, (DAY_MINUTES - 1 + after) // DAY_MINUTES + 1):
            minutes = shift(wide, -before - DAY_MINUTES * day) & _DAY_BITS
            if minutes:
                days = rotated(pattern.days, day)
                known = parts.get(id(days), (0, days))[0]
                parts[id(days)] = (known | minutes, days)
    return tuple(Span(minutes, days) for minutes, days in parts.values())


def disjoint(spans: Iterable[Span]) -> list[Span]:
    """Return the same instants with none in two spans."""
    found: list[Span] = []
    for span in spans:
        pieces = [span]
        for known in found:
            pieces = [part for piece in pieces for part in _without(piece, known)]
        found += pieces
    return found


def _without(span: Span, known: Span) -> list[Span]:
    both = span.minutes & known.minutes
    if not both or not span.days & known.days:
        return [span]
    parts = (Span(span.minutes & ~both, span.days), Span(both, span.days & ~known.days))
    return [part for part in parts if part.minutes and part.days]


def meeting_spans(timings: Iterable[Timing], length: int) -> tuple[Span, ...]:
    """Return all minutes at which a window of `length` minutes would begin that overlaps any of the windows."""
    minutes: dict[int, int] = {}
    days: dict[int, int] = {}
    for timing in timings:
        for span in reach(timing, length - 1, timing.minutes - 1):
            minutes[id(span.days)] = minutes.get(id(span.days), 0) | span.minutes
            days[id(span.days)] = span.days
    return tuple(Span(bits, days[key]) for key, bits in minutes.items())


@cache
def rotated(days: int, by: int) -> int:
    """`days.rotate`, giving the same object for the same question."""
    return rotate(days, by)


def smear(bits: int, by: int) -> int:
    """Return a bit set with the `by` places above each bit set too."""
    width = 1
    while width <= by:
        step = min(width, by + 1 - width)
        bits |= bits << step
        width += step
    return bits


def within(slots: Iterable[Pattern], spans: tuple[Span, ...]) -> list[Pattern]:
    """Return the slots that lie in any of the spans; no instant is in two of the results."""
    found = []
    for slot in slots:
        atoms: dict[int, int] = {0: slot.minutes}
        for span in spans:
            if slot.minutes & span.minutes:
                atoms = _split(atoms, slot, span)
        found += [Pattern(minutes, days, slot.offset) for days, minutes in atoms.items() if days]
    return found


def _split(atoms: dict[int, int], slot: Pattern, span: Span) -> dict[int, int]:
    """Refine minutes that are grouped by the days on which they are inside a span."""
    both = slot.days & span.days
    if not both:
        return atoms
    refined: dict[int, int] = {}
    for days, minutes in atoms.items():
        for key, part in ((days | both, minutes & span.minutes), (days, minutes & ~span.minutes)):
            if part:
                refined[key] = refined.get(key, 0) | part
    return refined


def meet(one: Timing, other: Timing) -> bool:
    """Whether any two windows of the two schedules overlap."""
    return bool(meeting_slots(one, other))


def meeting_slots(one: Timing, other: Timing) -> tuple[Pattern, ...]:
    """Return the slots of `one` whose windows overlap some window of `other`."""
    return _meeting_slots(one, other)


@cache
def _meeting_slots(one: Timing, other: Timing) -> tuple[Pattern, ...]:
    return tuple(within(one.slots, reach(other, one.minutes - 1, other.minutes - 1)))


def share_met(one: Timing, other: Timing) -> float:
    """Return which part of the runs of `one` meets some window of `other`, over the whole cycle."""
    met, runs = sum(map(_count, meeting_slots(one, other))), sum(map(_count, one.slots))
    return met / runs if runs else 0.0


def begins_inside(one: Timing, other: Timing) -> bool:
    """Whether any window of `one` begins inside a window of `other`."""
    return bool(within(one.slots, reach(other, 0, other.minutes - 1)))


def _beginnings(one: Timing, other: Timing) -> tuple[list[Pattern], list[Pattern], list[Pattern]]:
    """Return the slots of each inside the other's windows, where overlaps begin, and their common slots."""
    of_one = within(one.slots, reach(other, 0, other.minutes - 1))
    of_other = within(other.slots, reach(one, 0, one.minutes - 1))
    return of_one, of_other, within(one.slots, reach(other, 0, 0))


@cache
def meetings(one: Timing, other: Timing) -> Meetings | None:
    """Say when windows of the two schedules first overlap, and how often; None if they never do."""
    of_one, of_other, common = _beginnings(one, other)
    if not of_one and not of_other:
        return None
    count = sum(map(_count, of_one)) + sum(map(_count, of_other)) - sum(map(_count, common))
    return Meetings(_next([*of_one, *of_other], CYCLE_START - 1), count / 400)


def next_meeting(one: Timing, other: Timing, after: int) -> int | None:
    """Return the first instant later than `after` at which windows begin to overlap; None if they never do.

    Epoch seconds. Outside the cycle the answer is as if the cycle repeated.
    """
    of_one, of_other, _ = _beginnings(one, other)
    return _next([*of_one, *of_other], after) if of_one or of_other else None


def _count(pattern: Pattern) -> int:
    return pattern.minutes.bit_count() * pattern.days.bit_count()


def _next(patterns: list[Pattern], after: int) -> int:
    cycles, second = divmod(after + 1 - CYCLE_START, CYCLE_SECONDS)
    day, minute = second // DAY, -(-(second % DAY) // 60)
    found = min(_ahead(pattern, day, minute) for pattern in patterns)
    return CYCLE_START + cycles * CYCLE_SECONDS + found * 60


def _ahead(pattern: Pattern, day: int, minute: int) -> int:
    """Return a pattern's first instant from a day and minute of the cycle on, in minutes since the cycle's start."""
    today = pattern.minutes >> minute << minute
    if today and pattern.days >> day & 1:
        return day * DAY_MINUTES + first_day(today)
    later = pattern.days >> day + 1
    if later:
        return (day + 1 + first_day(later)) * DAY_MINUTES + first_day(pattern.minutes)
    return (CYCLE_DAYS + first_day(pattern.days)) * DAY_MINUTES + first_day(pattern.minutes)
