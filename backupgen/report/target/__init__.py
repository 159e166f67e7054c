"""`explain TARGET`: a target as it is meant, in every format. Pure; a format's module is imported when it is needed."""

from collections.abc import Callable
from typing import Final

from backupgen.report.lazy import format_in
from backupgen.report.target.model import TargetReport

TargetRenderer = Callable[[TargetReport], str]

TARGET_FORMATS: Final[dict[str, TargetRenderer]] = {
    "text": format_in("target.text"),
    "json": format_in("target.json_"),
}
"""The formats of `explain --format`."""

__all__ = ["TARGET_FORMATS", "TargetRenderer", "TargetReport"]
