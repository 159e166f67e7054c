"""How long some runs in a row can be missing: the longest time from a firing to the n-th one after it.

With n = 2 that is what tells one missed run from two. Twice the longest gap would be safe as well, but a schedule that
leaves out two night hours would then be called overdue after six hours instead of four.
"""

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from backupgen.schedule.cron import CronExpr
from backupgen.schedule.days import rotate
from backupgen.schedule.firings import Pattern, day_kinds, firings
from backupgen.schedule.zones import DAY_MINUTES, Zone, load_zone


class _Kind(NamedTuple):
    """The days of the cycle (bit set) that fire at the same minutes."""

    minutes: tuple[int, ...]
    days: int


class _Place(NamedTuple):
    """A firing: the kind of its day, its position among the day's firings, and the days that are meant."""

    kind: int
    position: int
    days: int


def longest_gaps(schedule: CronExpr, zone: Zone, count: int) -> int | None:
    """Return the longest time from a firing to the `count`-th one after it, in seconds; None if it never fires.

    Exact over the 400-year cycle, changes to and from daylight-saving time included.
    """
    return _of_schedule(schedule, zone.name, count)


@cache
def _of_schedule(schedule: CronExpr, zone: str, count: int) -> int | None:
    return _longest_gaps(firings(schedule, load_zone(zone)), count)


@cache
def _longest_gaps(patterns: tuple[Pattern, ...], count: int) -> int | None:
    kinds = [_Kind(_minutes(bits), days) for bits, days in day_kinds(patterns)]
    starts = [
        _Place(index, position, kind.days) for index, kind in enumerate(kinds) for position in range(len(kind.minutes))
    ]

    @cache
    def longest_from(place: _Place, left: int) -> int:
        return max(gap + (longest_from(after, left - 1) if left > 1 else 0) for gap, after in _next(kinds, place))

    longest = max((longest_from(start, count) for start in starts), default=None)
    return None if longest is None else longest * 60


def _minutes(bits: int) -> tuple[int, ...]:
    return tuple(minute for minute, bit in enumerate(reversed(f"{bits:b}")) if bit == "1")


def _next(kinds: list[_Kind], place: _Place) -> Iterator[tuple[int, _Place]]:
    """Each firing that can follow, and after how many minutes."""
    minutes = kinds[place.kind].minutes
    now, following = minutes[place.position], place.position + 1
    if following < len(minutes):
        yield minutes[following] - now, _Place(place.kind, following, place.days)
        return
    waiting, distance = place.days, 0
    while waiting:
        waiting, distance = rotate(waiting, 1), distance + 1
        for index, kind in enumerate(kinds):
            reached = waiting & kind.days
            if reached:
                yield distance * DAY_MINUTES + kind.minutes[0] - now, _Place(index, 0, reached)
                waiting &= ~reached
