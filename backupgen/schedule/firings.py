"""When a schedule fires: at every UTC minute whose wall clock in the zone matches, over the whole cycle, as bit sets.

What falls into a gap is skipped, what falls into a fold fires twice: Kubernetes' rule, measured.

`10 2,14 * * *` in Berlin is two patterns, and more for the days of the changes. Each is a product of two sets:

    minutes: bit N is minute N of the UTC day      days: bit N is day N of the cycle, from 2026-10-01 on

       10 70                    730 790             0   25                178
    ....:.#......................:...#.......       ....##################...........######...   offset  +60
    ....#.:......................#...:.......       ####..................###########......###   offset +120

Where the product of one schedule, widened by the length of its windows, has a bit in common with that of another, the
two meet: a shift and an AND of big integers each, whatever the number of runs.
"""

from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from typing import NamedTuple

from backupgen.schedule.cron import CronExpr
from backupgen.schedule.days import ALL_DAYS, day_list, first_day, matching_days, rotate
from backupgen.schedule.tzfile import DAY
from backupgen.schedule.zones import CYCLE_DAYS, CYCLE_START_DAY, DAY_MINUTES, Zone, load_zone

_SPARSE = 6000
"""Up to this many firing days, walking over them is cheaper than shifting whole masks."""


class Pattern(NamedTuple):
    """Firings at each of `minutes` (bit set over the UTC day) on each of `days` (bit set over the cycle)."""

    minutes: int
    days: int
    offset: int
    """Local time minus UTC at these firings, in minutes."""


def firings(schedule: CronExpr, zone: Zone) -> tuple[Pattern, ...]:
    """All firings over the cycle; no instant is in two patterns. Empty for a schedule that never fires."""
    days = (schedule.days, schedule.months, schedule.weekdays, schedule.both_days)
    return _firings(schedule.minutes, schedule.hours, days, zone.name)


@cache
def _firings(minutes: int, hours: int, days: tuple[int, int, int, bool], zone: str) -> tuple[Pattern, ...]:
    local = local_minutes(minutes, hours)
    found = []
    for index, regime in enumerate(load_zone(zone).regimes):
        span = (1 << regime.end) - (1 << regime.start)
        for carry in (-1, 0, 1):
            utc = shift(local, -regime.offset - DAY_MINUTES * carry) & span
            if utc:
                utc_days = _utc_days(days, zone, index, carry)
                if utc_days:
                    found.append(Pattern(utc, utc_days, regime.offset))
    return tuple(found)


@cache
def local_minutes(minutes: int, hours: int) -> int:
    """Return the matching minutes of a local day, as a bit set."""
    return sum(minutes << 60 * hour for hour in range(24) if hours >> hour & 1)


def shift(bits: int, by: int) -> int:
    """Return a bit set moved up by `by` places, or down if that is negative."""
    return bits << by if by >= 0 else bits >> -by


@cache
def _utc_days(days: tuple[int, int, int, bool], zone: str, regime: int, carry: int) -> int:
    return _rotated_match(days, carry) & load_zone(zone).regimes[regime].days


@cache
def _rotated_match(days: tuple[int, int, int, bool], carry: int) -> int:
    month_days, months, weekdays, both = days
    probe = CronExpr("", 1, 1, month_days, months, weekdays, both, both)
    return rotate(matching_days(probe), carry)


def ever_fires(schedule: CronExpr, zone: Zone) -> bool:
    """Say whether there is any firing at all; `0 0 31 2 *` has none."""
    return any(pattern.days for pattern in firings(schedule, zone))


def firings_per_year(schedule: CronExpr, zone: Zone) -> float:
    """Return the mean number of runs in a calendar year, over the 400 years."""
    return sum(p.minutes.bit_count() * p.days.bit_count() for p in firings(schedule, zone)) / 400


def next_firings(schedule: CronExpr, zone: Zone, after: int) -> Iterator[int]:
    """Iterate over the firings later than `after`, in order, in epoch seconds; at any distance, without end.

    Yields nothing for a schedule that never fires.
    """
    bits = local_minutes(schedule.minutes, schedule.hours)
    minutes = [minute for minute in range(DAY_MINUTES) if bits >> minute & 1]
    local_days = matching_days(schedule)
    if not minutes or not local_days:
        return
    # A UTC day sees parts of the local days around it.
    near = format(local_days | rotate(local_days, 1) | rotate(local_days, -1), "b").zfill(CYCLE_DAYS)[::-1]
    day = after // DAY
    while True:
        ahead = near.find("1", (day - CYCLE_START_DAY) % CYCLE_DAYS)
        if ahead < 0:
            ahead = near.find("1") + CYCLE_DAYS
        day += ahead - (day - CYCLE_START_DAY) % CYCLE_DAYS
        yield from (instant for instant in _on_utc_day(day, minutes, local_days, zone) if instant > after)
        day += 1


def _on_utc_day(day: int, minutes: list[int], local_days: int, zone: Zone) -> Iterator[int]:
    start, offset = day * DAY, zone.data.offset(day * DAY)
    pieces = [(change.at, change.before) for change in zone.data.transitions(start + 1, start + DAY)]
    pieces.append((start + DAY, zone.data.offset(start + DAY - 1)))
    for end, offset in pieces:
        for local_day in range((start + offset) // DAY, (end - 1 + offset) // DAY + 1):
            if local_days >> (local_day - CYCLE_START_DAY) % CYCLE_DAYS & 1:
                instants = (local_day * DAY + minute * 60 - offset for minute in minutes)
                yield from (instant for instant in instants if start <= instant < end)
        start = end


def longest_gap(schedule: CronExpr, zone: Zone) -> int | None:
    """Return the longest time between two consecutive firings, in seconds; None if it never fires."""
    gaps = _gaps_of(schedule, zone.name)
    return gaps[1] * 60 if gaps else None


def shortest_gap(schedule: CronExpr, zone: Zone) -> int | None:
    """Return the shortest time between two consecutive firings, in seconds; None if it never fires."""
    gaps = _gaps_of(schedule, zone.name)
    return gaps[0] * 60 if gaps else None


@cache
def _gaps_of(schedule: CronExpr, zone: str) -> tuple[int, int] | None:
    # Not by the patterns: hashing their masks of 146,097 days costs more than a look-up may.
    return _gaps(firings(schedule, load_zone(zone)))


@cache
def _gaps(patterns: tuple[Pattern, ...]) -> tuple[int, int] | None:
    """Return the shortest and the longest gap in minutes."""
    kinds = day_kinds(patterns)
    if not kinds:
        return None
    gaps = {gap for minutes, _ in kinds for gap in _inner_gaps(minutes)}
    gaps.update(_outer_gaps([(first_day(minutes), minutes.bit_length() - 1, days) for minutes, days in kinds]))
    return min(gaps), max(gaps)


@cache
def day_kinds(patterns: tuple[Pattern, ...]) -> tuple[tuple[int, int], ...]:
    """Group the firing days by their firing minutes: pairs of minutes and days; each day is in one group."""
    kinds = {0: ALL_DAYS}
    for minutes, days, _ in patterns:
        split: dict[int, int] = {}
        for known, known_days in kinds.items():
            for key, part in ((known | minutes, known_days & days), (known, known_days & ~days)):
                if part:
                    split[key] = split.get(key, 0) | part
        kinds = split
    return tuple((minutes, days) for minutes, days in kinds.items() if minutes)


def _inner_gaps(minutes: int) -> set[int]:
    gaps = set()
    rest = minutes & (minutes - 1)
    previous = first_day(minutes)
    while rest:
        current = first_day(rest)
        gaps.add(current - previous)
        previous = current
        rest &= rest - 1
    return gaps


def _outer_gaps(kinds: list[tuple[int, int, int]]) -> set[int]:
    """Return the gaps between firing days, of kinds given as first minute, last minute, days."""
    if sum(days.bit_count() for _, _, days in kinds) <= _SPARSE:
        return _walk(kinds)
    firing = 0
    for _, _, days in kinds:
        firing |= days
    gaps = set()
    for _, last, days in kinds:
        waiting, distance = days, 0
        while waiting:
            waiting, distance = rotate(waiting, 1), distance + 1
            for first, _, others in kinds:
                if waiting & others:
                    gaps.add(distance * DAY_MINUTES + first - last)
            waiting &= ~firing
    return gaps


def _walk(kinds: list[tuple[int, int, int]]) -> set[int]:
    visits = sorted((day, first, last) for first, last, days in kinds for day in day_list(days))
    day, first, _ = visits[0]
    visits.append((day + CYCLE_DAYS, first, 0))
    gaps = set()
    for (day, _, last), (later, first, _) in pairwise(visits):
        gaps.add((later - day) * DAY_MINUTES + first - last)
    return gaps
