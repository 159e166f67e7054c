"""Findings to text, in every format of `check`. Pure; a format's module is imported when it is asked for."""

from collections.abc import Callable
from typing import Final

from backupgen.report.lazy import format_in
from backupgen.report.model import Report, arrange

Renderer = Callable[[Report], str]


FORMATS: Final[dict[str, Renderer]] = {
    "text": format_in("text"),
    "concise": format_in("concise"),
    "json": format_in("json_"),
    "github": format_in("github"),
    "sarif": format_in("sarif"),
    "junit": format_in("junit"),
}
"""The formats of `check --format`."""

__all__ = ["FORMATS", "Renderer", "Report", "arrange"]
