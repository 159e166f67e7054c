"""Which candidates of a cadence may begin, asked of all of them at once: a bit set of their numbers.

A span says at which minutes of the UTC day, on which days, nobody may start. A probe is a schedule that fires at every
minute of the days on which the candidates of one day run: it tells which UTC minutes stand for which local ones.

Days are those of the first 28 years of the cycle: in these every weekday has met every date, every date every change of
clocks that follows a rule, and a set of days takes a tenth of the time. What is chosen is judged over the whole cycle.
"""

from collections.abc import Iterable
from functools import cache
from typing import Final

from backupgen.schedule.cadence import DAY, HOUR, MONTH, WEEK, slot_count
from backupgen.schedule.cron import parse_cron
from backupgen.schedule.firings import firings
from backupgen.schedule.windows import Span
from backupgen.schedule.zones import CYCLE_START, DAY_MINUTES, load_zone

HORIZON: Final = 28 * 1461 // 4
"""28 years, in days."""
_NEAR: Final = (1 << HORIZON) - 1
_DAY_BITS: Final = (1 << DAY_MINUTES) - 1
_HOUR_BITS: Final = (1 << 60) - 1

Probe = tuple[tuple[int, int, int], ...]
"""UTC minutes, days within the horizon, and the offset of local time there."""


def near(spans: Iterable[Span]) -> list[Span]:
    """Return what of the spans lies within the horizon."""
    found = [Span(minutes, days & _NEAR) for minutes, days in spans]
    return [span for span in found if span.days]


@cache
def follows_a_rule(zone: str) -> bool:
    """Whether a zone's clocks change by one rule from some time within the horizon on: not by a table that goes on."""
    explicit = load_zone(zone).data.explicit
    return not explicit or explicit[-1].at < CYCLE_START + HORIZON // 2 * 86_400


@cache
def _probes(every: int, zone: str, horizon: int) -> tuple[Probe, ...]:
    texts = {WEEK: [f"* * * * {day}" for day in range(7)], MONTH: [f"* * {day} * *" for day in range(1, 29)]}
    return tuple(
        tuple(
            (minutes, days & (1 << horizon) - 1, offset)
            for minutes, days, offset in firings(parse_cron(text), load_zone(zone))
        )
        for text in texts.get(every, ["* * * * *"])
    )


@cache
def minutes_of(hours: int) -> int:
    """Return the minutes of the hours of a bit set, as a bit set of the day's minutes."""
    return sum(_HOUR_BITS << 60 * hour for hour in range(24) if hours >> hour & 1)


def blocked(every: int, zone: str, spans: Iterable[Span], skip: int, horizon: int = HORIZON) -> int:
    """Return the candidates of which some start lies in a span within the horizon, a number of days.

    Starts in the hours of `skip` do not count.
    """
    listed, counted, found = list(spans), ~minutes_of(skip), 0
    for index, probe in enumerate(_probes(every, zone, horizon)):
        found |= (_met(probe, listed) & counted) << DAY_MINUTES * index
    return _folded(found, every)


def met_minutes(zone: str, spans: Iterable[Span], skip: int, horizon: int = HORIZON) -> int:
    """Return the local minutes of the day that lie in a span on any day, but for those in the hours of `skip`."""
    (probe,) = _probes(DAY, zone, horizon)
    return _met(probe, list(spans)) & ~minutes_of(skip)


def _met(probe: Probe, spans: list[Span]) -> int:
    found = 0
    for minutes, days, offset in probe:
        found |= _local(_inside(minutes, days, spans), offset)
    return found


def _inside(minutes: int, days: int, spans: Iterable[Span]) -> int:
    found = 0
    for span in spans:
        both = minutes & span.minutes & ~found
        if both and days & span.days:
            found |= both
    return found


def _local(minutes: int, offset: int) -> int:
    doubled = minutes | minutes << DAY_MINUTES
    return doubled >> (-offset % DAY_MINUTES) & _DAY_BITS


def _folded(starts: int, every: int) -> int:
    """Join the starts that belong to one candidate."""
    if every >= DAY:
        return starts
    step, found = every // 60, 0
    while starts:
        found |= starts
        starts >>= step
    return found & (1 << step) - 1


@cache
def possible(every: int, skip: int) -> int:
    """Return the candidates of which `skip` leaves something."""
    day = minutes_of(~skip & (1 << 24) - 1)
    days = slot_count(every) // DAY_MINUTES if every > DAY else 1
    return _folded(sum(day << DAY_MINUTES * index for index in range(days)), every)


@cache
def uneven(every: int, zone: str) -> int:
    """Return the candidates of which a change of clocks makes a run fall out or happen twice.

    One that runs every other hour or more often keeps its pace; a monthly one is apart by more than that anyway.
    """
    if every <= 2 * HOUR or every == MONTH:
        return 0
    found = 0
    for change in load_zone(zone).transitions[: 2 * 28]:
        wall = (change.at + min(change.before, change.offset)) // 60
        for minute in range(wall, wall + abs(change.offset - change.before) // 60):
            # 1970-01-01 was a Thursday.
            day = (minute // DAY_MINUTES + 4) % 7 if every == WEEK else 0
            found |= 1 << DAY_MINUTES * day + minute % DAY_MINUTES
    return _folded(found, every)
