"""`backupgen next`: when a schedule fires, as Kubernetes has it."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice, takewhile
from typing import TYPE_CHECKING, Final

from backupgen.cli import clock, exits, terminal
from backupgen.cli.instants import InstantError, parse_instant

if TYPE_CHECKING:
    from backupgen.schedule import CronExpr, Zone

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
        start = clock.now() if options.start is None else parse_instant(options.start, zone)
    except (_RefusedError, InstantError) as error:
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
        raise _RefusedError(
            "`auto` is chosen by the compiler, expected a slot\n`backupgen schedule` tells what it chose"
        )
    return schedule, zone


def _utc(instant: int) -> str:
    return datetime.fromtimestamp(instant, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _local(instant: int, zone: "Zone") -> str:
    local = zone.wall(instant)
    return f"{_DAYS[local.weekday()]} {local.isoformat(sep=' ')}"
