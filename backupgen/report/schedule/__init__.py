"""The formats of `backupgen schedule`. Pure; a format's module is imported when it is asked for."""

from collections.abc import Callable
from typing import Final

from backupgen.report.lazy import format_in
from backupgen.report.schedule.model import ScheduleReport

ScheduleRenderer = Callable[[ScheduleReport], str]


SCHEDULE_FORMATS: Final[dict[str, ScheduleRenderer]] = {
    "table": format_in("schedule.table"),
    "json": format_in("schedule.json_"),
    "svg": format_in("schedule.svg"),
    "ics": format_in("schedule.ics"),
}
"""The formats of `schedule --format`."""

__all__ = ["SCHEDULE_FORMATS", "ScheduleRenderer", "ScheduleReport"]
