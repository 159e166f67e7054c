"""`rehearse`: the outcome to text, in every format. Pure; a format's module is imported when it is asked for."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Final

from backupgen.rehearsal.outcome import Rehearsal


@dataclass(frozen=True, slots=True)
class RehearsalReport:
    """The outcome, ready to be shown."""

    rehearsal: Rehearsal
    color: bool = False


RehearsalRenderer = Callable[[RehearsalReport], str]


def _format(module: str) -> RehearsalRenderer:
    def render(report: RehearsalReport) -> str:
        renderer: RehearsalRenderer = import_module(f"backupgen.report.rehearsal.{module}").render
        return renderer(report)

    return render


REHEARSAL_FORMATS: Final[dict[str, RehearsalRenderer]] = {"text": _format("text"), "json": _format("json_")}
"""The formats of `rehearse --format`."""
