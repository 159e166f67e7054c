"""Sets of days of the 400-year cycle, as integers: bit N is the Nth day of the cycle, which is closed."""

from collections.abc import Sequence
from datetime import date
from functools import cache
from typing import Final

from backupgen.schedule.cron import CronExpr
from backupgen.schedule.tzfile import EPOCH_DAY
from backupgen.schedule.zones import CYCLE_DAYS, CYCLE_START_DAY

ALL_DAYS: Final = (1 << CYCLE_DAYS) - 1

_LENGTHS: Final = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_FIRST_DATE: Final = date.fromordinal(EPOCH_DAY + CYCLE_START_DAY)
_FIRST_YEAR: Final = _FIRST_DATE.year
_FIRST_WEEKDAY: Final = _FIRST_DATE.isoweekday() % 7


def rotate(days: int, by: int) -> int:
    """Return the days that follow the given ones by `by` days (any sign), around the end of the cycle."""
    by %= CYCLE_DAYS
    if not by or days == ALL_DAYS:
        return days
    return (days << by | days >> (CYCLE_DAYS - by)) & ALL_DAYS


def matching_days(schedule: CronExpr) -> int:
    """Return the local calendar days on which a schedule's day and month fields match."""
    return _matching(schedule.days, schedule.months, schedule.weekdays, schedule.both_days)


@cache
def _matching(days: int, months: int, weekdays: int, both: bool) -> int:  # noqa: FBT001 -- a cache key
    by_date, by_weekday = _by_date(days, months), _by_weekday(weekdays)
    return by_date & by_weekday if both else by_date | by_weekday & _by_date((1 << 32) - 2, months)


@cache
def _by_date(days: int, months: int) -> int:
    if months == (1 << 13) - 2 and days == (1 << 32) - 2:
        return ALL_DAYS
    common = _year(days, months, 28)
    leap = _year(days, months, 29)
    years = range(_FIRST_YEAR, _FIRST_YEAR + 400)
    text = "".join(
        leap if date(year, 3, 1).toordinal() - date(year, 2, 1).toordinal() == 29 else common for year in years
    )
    # The text begins with 1 January, the cycle with a day of that year.
    return rotate(int(text[::-1], 2), date(_FIRST_YEAR, 1, 1).toordinal() - _FIRST_DATE.toordinal())


def _year(days: int, months: int, february: int) -> str:
    """Return a year's days in order, `1` for those that match."""
    month_days = format(days >> 1, "031b")[::-1]
    lengths = (_LENGTHS[0], february, *_LENGTHS[2:])
    return "".join(
        month_days[:length] if months >> month & 1 else "0" * length for month, length in enumerate(lengths, start=1)
    )


@cache
def _by_weekday(weekdays: int) -> int:
    if weekdays == 0b1111111:
        return ALL_DAYS
    week = sum(1 << (weekday - _FIRST_WEEKDAY) % 7 for weekday in range(7) if weekdays >> weekday & 1)
    return ALL_DAYS // 0b1111111 * week


def day_list(days: int) -> list[int]:
    """Return the indexes of the days of a set, ascending."""
    text = format(days, "b")[::-1]
    found, index = [], text.find("1")
    while index >= 0:
        found.append(index)
        index = text.find("1", index + 1)
    return found


def first_day(days: int) -> int:
    """Return the index of the earliest day of a set that is not empty."""
    return (days & -days).bit_length() - 1


def condense(masks: Sequence[int], limit: int = 400) -> tuple[list[int], Sequence[int]]:
    """Group the days of the cycle into kinds that the given sets do not tell apart.

    Returns the sets as bit sets of kinds, and the first day of each kind, ascending. With more than `limit` kinds each
    day stays a kind of its own.
    """
    kinds = [ALL_DAYS]
    for mask in masks:
        parts = ((kind & mask, kind & ~mask) for kind in kinds)
        kinds = [part for pair in parts for part in pair if part]
        if len(kinds) > limit:
            return list(masks), range(CYCLE_DAYS)
    ordered = sorted((first_day(kind), kind) for kind in kinds)
    condensed = [sum(1 << index for index, (_, kind) in enumerate(ordered) if kind & mask) for mask in masks]
    return condensed, [day for day, _ in ordered]
