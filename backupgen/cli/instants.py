"""Instants as people write and read them."""

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from backupgen.schedule import Zone

_FORM: Final = re.compile(
    r"(?:19|[2-8]\d)\d\d-\d\d-\d\d(?:[Tt ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:[Zz]|[+-]\d\d:\d\d)?)?", re.ASCII
)


class InstantError(ValueError):
    """A text that is no time; the message says what was expected."""


def parse_instant(text: str, zone: "Zone") -> int:
    """Return the epoch second of a time; one without an offset is meant in the zone, at its first occurrence.

    Raises InstantError.
    """
    try:
        parsed = datetime.fromisoformat(text.upper()) if _FORM.fullmatch(text) else None
    except ValueError:
        parsed = None
    if parsed is None:
        expected = "one from 1900 to 8999, such as `2026-03-29`, `2026-03-29T02:30` or `2026-03-29T02:30Z`"
        raise InstantError(f"`{text}` is not a time, expected {expected}")
    if parsed.tzinfo is not None:
        return _ceil(parsed)
    return at_wall_clock(parsed, zone)


def at_wall_clock(wall: datetime, zone: "Zone") -> int:
    """Return the first instant at which clocks in a zone show a time without an offset."""
    return zone.instant(_ceil(wall.replace(tzinfo=UTC)))


def _ceil(time: datetime) -> int:
    """Return the first whole second that is not before a time, counted from 1970."""
    second = timedelta(seconds=1)
    since = time - datetime(1970, 1, 1, tzinfo=UTC)
    return since // second + bool(since % second)
