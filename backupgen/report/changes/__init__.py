"""`diff`: changes to text, in every format. Pure; a format's module is imported when it is asked for."""

from collections.abc import Callable
from importlib import import_module
from typing import Final

from backupgen.report.changes.model import ChangeReport

ChangeRenderer = Callable[[ChangeReport], str]


def _format(module: str) -> ChangeRenderer:
    def render(report: ChangeReport) -> str:
        renderer: ChangeRenderer = import_module(f"backupgen.report.changes.{module}").render
        return renderer(report)

    return render


CHANGE_FORMATS: Final[dict[str, ChangeRenderer]] = {
    "text": _format("text"),
    "json": _format("json_"),
    "markdown": _format("markdown"),
}
"""The formats of `diff --format`."""

__all__ = ["CHANGE_FORMATS", "ChangeRenderer", "ChangeReport"]
