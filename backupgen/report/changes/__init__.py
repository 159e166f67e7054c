"""`diff`: changes to text, in every format. Pure; a format's module is imported when it is asked for."""

from collections.abc import Callable
from typing import Final

from backupgen.report.changes.model import ChangeReport
from backupgen.report.lazy import format_in

ChangeRenderer = Callable[[ChangeReport], str]


CHANGE_FORMATS: Final[dict[str, ChangeRenderer]] = {
    "text": format_in("changes.text"),
    "json": format_in("changes.json_"),
    "markdown": format_in("changes.markdown"),
}
"""The formats of `diff --format`."""

__all__ = ["CHANGE_FORMATS", "ChangeRenderer", "ChangeReport"]
