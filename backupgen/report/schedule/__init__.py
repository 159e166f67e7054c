"""`schedule`: when everything runs, in every format. Pure; a format is imported when it is asked for."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from backupgen.analysis.schedule_report import ScheduleReport


def _table(report: "ScheduleReport") -> str:
    from backupgen.report.schedule.table import render

    return render(report)


def _json(report: "ScheduleReport") -> str:
    from backupgen.report.schedule.schedule_json import render

    return render(report)


def _svg(report: "ScheduleReport") -> str:
    from backupgen.report.schedule.svg import render

    return render(report)


def _ics(report: "ScheduleReport") -> str:
    from backupgen.report.schedule.ics import render

    return render(report)


SCHEDULE_FORMATS: Final[Mapping[str, "Callable[[ScheduleReport], str]"]] = {
    "table": _table,
    "json": _json,
    "svg": _svg,
    "ics": _ics,
}
"""The formats of `schedule --format`."""
