"""`diff`: changes to text, in every format. Pure; a format is imported when it is asked for."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from backupgen.report.changes.change_report import ChangeReport


def _text(report: "ChangeReport") -> str:
    from backupgen.report.changes.changes_text import render

    return render(report)


def _json(report: "ChangeReport") -> str:
    from backupgen.report.changes.changes_json import render

    return render(report)


def _markdown(report: "ChangeReport") -> str:
    from backupgen.report.changes.changes_markdown import render

    return render(report)


CHANGE_FORMATS: Final[Mapping[str, "Callable[[ChangeReport], str]"]] = {
    "text": _text,
    "json": _json,
    "markdown": _markdown,
}
"""The formats of `diff --format`."""
