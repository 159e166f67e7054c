"""The formats of `backupgen schedule`. Pure; a format's module is imported when it is asked for."""

from collections.abc import Callable
from importlib import import_module
from typing import Final

from backupgen.report.schedule.model import ScheduleReport

Renderer = Callable[[ScheduleReport], str]


def _format(module: str) -> Renderer:
    def render(report: ScheduleReport) -> str:
        renderer: Renderer = import_module(f"backupgen.report.schedule.{module}").render
        return renderer(report)

    return render


FORMATS: Final[dict[str, Renderer]] = {
    "table": _format("table"),
    "json": _format("json_"),
    "svg": _format("svg"),
    "ics": _format("ics"),
}
"""The formats of `schedule --format`."""

__all__ = ["FORMATS", "Renderer", "ScheduleReport"]
