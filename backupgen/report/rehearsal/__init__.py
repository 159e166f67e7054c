"""`rehearse`: the outcome to text, in every format. Pure; a format's module is imported when it is asked for."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from backupgen.rehearsal.outcome import Rehearsal
from backupgen.report.lazy import format_in


@dataclass(frozen=True, slots=True)
class RehearsalReport:
    """The outcome, ready to be shown."""

    rehearsal: Rehearsal
    color: bool = False


RehearsalRenderer = Callable[[RehearsalReport], str]


REHEARSAL_FORMATS: Final[dict[str, RehearsalRenderer]] = {
    "text": format_in("rehearsal.text"),
    "json": format_in("rehearsal.json_"),
}
"""The formats of `rehearse --format`."""
