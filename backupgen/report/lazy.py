"""Formats whose modules are imported when they are asked for: a run needs one of them, and none of the others."""

from collections.abc import Callable
from importlib import import_module
from typing import TypeVar

Report = TypeVar("Report")


def format_in(module: str) -> Callable[[Report], str]:
    """Return the function `render` of a module of this package, by the module's name in it: `schedule.svg`."""

    def render(report: Report) -> str:
        renderer: Callable[[Report], str] = import_module(f"backupgen.report.{module}").render
        return renderer(report)

    return render
