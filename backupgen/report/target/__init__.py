"""`explain TARGET`: a target as it is meant, in every format. Pure; a format is imported when it is asked for."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from backupgen.analysis.target_report import TargetReport


def _text(report: "TargetReport") -> str:
    from backupgen.report.target.target_text import render

    return render(report)


def _json(report: "TargetReport") -> str:
    from backupgen.report.target.target_json import render

    return render(report)


TARGET_FORMATS: Final[Mapping[str, "Callable[[TargetReport], str]"]] = {
    "text": _text,
    "json": _json,
}
"""The formats of `explain --format`."""
