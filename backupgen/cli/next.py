"""`backupgen next`: when a schedule fires, as Kubernetes has it."""

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from itertools import islice, takewhile
from typing import TYPE_CHECKING, Final

from backupgen.cli import exits, terminal

if TYPE_CHECKING:
    from backupgen.schedule import CronExpr, Zone

_START: Final = re.compile(
    r"(?:19|[2-9]\d)\d\d-\d\d-\d\d(?:[Tt ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:[Zz]|[+-]\d\d:\d\d)?)?", re.ASCII
)
_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_END: Final = 253_402_214_400
"""9999-12-31: Python's calendar ends that day, in some zone."""


@dataclass(frozen=True, slots=True)
class NextOptions:
    """The arguments of `next`."""

    expression: str
    zone: str
    start: str | None
    count: int
    format: str


class _RefusedError(Exception):
    """An argument that cannot be used: what is wrong, and what to write."""


def next_(options: NextOptions) -> int:
    """Print the next runs of a schedule. Returns the exit code: 1, if there is none."""
    from backupgen.schedule.firings import next_firings

    try:
        schedule, zone = _read(options)
        start = _start(options.start, zone)
    except _RefusedError as error:
        terminal.note(f"{error}\n")
        return exits.USAGE
    # A run at the start itself counts.
    runs = takewhile(lambda at: at < _END, next_firings(schedule, zone, start - 1))
    instants = list(islice(runs, options.count))
    if options.format == "json":
        terminal.result(json.dumps([_utc(at) for at in instants]) + "\n")
    else:
        terminal.result("".join(f"{_local(at, zone)}  {_utc(at)}\n" for at in instants))
    if not instants:
        terminal.note(f"`{options.expression}` never fires\n")
    return exits.CLEAN if instants else exits.FOUND


def _read(options: NextOptions) -> "tuple[CronExpr, Zone]":
    from backupgen.schedule import Auto, CronError, ZoneError, load_zone, parse_slot

    try:
        schedule = parse_slot(options.expression)
        zone = load_zone(options.zone)
    except (CronError, ZoneError) as error:
        raise _RefusedError(f"{error.message}\n{error.hint}".rstrip()) from None
    if isinstance(schedule, Auto):
        raise _RefusedError("`auto` is chosen by the compiler, expected a slot\n`backupgen check` tells what it chose")
    return schedule, zone


def _start(text: str | None, zone: "Zone") -> int:
    """Return the epoch second to start from; a time without an offset is meant in the zone, at its first occurrence."""
    if text is None:
        return int(datetime.now(UTC).timestamp())
    try:
        parsed = datetime.fromisoformat(text.upper()) if _START.fullmatch(text) else None
    except ValueError:
        parsed = None
    if parsed is None:
        expected = "one from 1900 on, such as `2026-03-29`, `2026-03-29T02:30` or `2026-03-29T02:30Z`"
        raise _RefusedError(f"`{text}` is no time, expected {expected}")
    if parsed.tzinfo is not None:
        return _ceil(parsed)
    wall = _ceil(parsed.replace(tzinfo=UTC))
    # In a fold two offsets fit, and the larger one comes first; in a gap none does, and the one before it is kept.
    offsets = [zone.data.offset(wall - 86400), zone.data.offset(wall + 86400)]
    fitting = [wall - offset for offset in offsets if zone.data.offset(wall - offset) == offset]
    return min(fitting) if fitting else wall - offsets[0]


def _ceil(time: datetime) -> int:
    """Return the first whole second that is not before a time, counted from 1970."""
    second = timedelta(seconds=1)
    since = time - datetime(1970, 1, 1, tzinfo=UTC)
    return since // second + bool(since % second)


def _utc(instant: int) -> str:
    return datetime.fromtimestamp(instant, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _local(instant: int, zone: "Zone") -> str:
    local = datetime.fromtimestamp(instant, timezone(timedelta(seconds=zone.data.offset(instant))))
    return f"{_DAYS[local.weekday()]} {local.isoformat(sep=' ')}"
