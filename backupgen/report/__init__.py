"""Findings to text, in every format of `check`. Pure; a format's module is imported when it is asked for."""

from collections.abc import Callable
from importlib import import_module
from typing import Final

from backupgen.report.model import Report, arrange

Renderer = Callable[[Report], str]


def _format(module: str) -> Renderer:
    def render(report: Report) -> str:
        renderer: Renderer = import_module(f"backupgen.report.{module}").render
        return renderer(report)

    return render


FORMATS: Final[dict[str, Renderer]] = {
    "text": _format("text"),
    "concise": _format("concise"),
    "json": _format("json_"),
    "github": _format("github"),
    "sarif": _format("sarif"),
    "junit": _format("junit"),
}
"""The formats of `check --format`."""

__all__ = ["FORMATS", "Renderer", "Report", "arrange"]
