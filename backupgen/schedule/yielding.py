"""Backups give way: the hours in which a slot would meet an exclusive operation leave the cron expression."""

from collections.abc import Iterable
from enum import StrEnum
from functools import cache
from typing import Final

from backupgen.schedule.cron import CronExpr
from backupgen.schedule.firings import Pattern
from backupgen.schedule.windows import Timing, meeting_slots
from backupgen.schedule.zones import DAY_MINUTES

_TWICE: Final = 2


class Stuck(StrEnum):
    """Why a backup that meets an exclusive operation does not give way to it."""

    FORBIDDEN = "forbidden"
    """It is not allowed to leave out hours."""
    SPARSE = "sparse"
    """It does not run in consecutive hours, or in two hours at most: more than an hourly run would be lost."""
    ALWAYS = "always"
    """It meets something in every hour in which it runs."""


@cache
def hours_meeting(backup: Timing, exclusive: Timing) -> int:
    """Return the wall-clock hours of the backup's slots that meet the other's windows, as a bit set."""
    return local_hours(meeting_slots(backup, exclusive))


def local_hours(patterns: Iterable[Pattern]) -> int:
    """Return the wall-clock hours in which any of the firings fall, as a bit set."""
    hours = 0
    for pattern in patterns:
        doubled = pattern.minutes | pattern.minutes << DAY_MINUTES
        local = doubled >> (-pattern.offset % DAY_MINUTES)
        for hour in range(24):
            if local >> 60 * hour & (1 << 60) - 1:
                hours |= 1 << hour
    return hours


@cache
def leave_out(schedule: CronExpr, hours: int) -> CronExpr | Stuck:
    """Return the schedule without these hours, or why that cannot be.

    Only a schedule that runs in more than two hours of a day, some of them consecutive, yields. One that runs twice a
    day would lose half of its backups, one that runs daily all of them: that is for its owner to decide.
    """
    following = schedule.hours << 1 | schedule.hours >> 23
    if schedule.hours.bit_count() <= _TWICE or not schedule.hours & following:
        return Stuck.SPARSE
    return schedule.without_hours(hours) or Stuck.ALWAYS
