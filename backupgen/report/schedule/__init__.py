"""The formats of `backupgen schedule`."""

from collections.abc import Callable
from typing import Final

from backupgen.report.schedule.model import ScheduleReport

SCHEDULE_FORMATS: Final[dict[str, Callable[[ScheduleReport], str]]] = {"table": repr, "json": repr}
