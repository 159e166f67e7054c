"""`rehearse`: the outcome to text, in every format. Pure; a format is imported when it is asked for."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from backupgen.report.rehearsal.rehearsal_report import RehearsalReport


def _text(report: "RehearsalReport") -> str:
    from backupgen.report.rehearsal.rehearsal_text import render

    return render(report)


def _json(report: "RehearsalReport") -> str:
    from backupgen.report.rehearsal.rehearsal_json import render

    return render(report)


REHEARSAL_FORMATS: Final[Mapping[str, "Callable[[RehearsalReport], str]"]] = {
    "text": _text,
    "json": _json,
}
"""The formats of `rehearse --format`."""
