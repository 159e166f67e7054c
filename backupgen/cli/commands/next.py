"""`backupgen next`: when a schedule fires, as Kubernetes has it."""

from itertools import islice, takewhile
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from backupgen.cli import clock, exits, terminal
from backupgen.cli.command import command
from backupgen.cli.completing import zone_names

if TYPE_CHECKING:
    from backupgen.schedule import CronExpr, Zone


class _RefusedError(Exception):
    """An argument that cannot be used: what is wrong, and what to write."""


@command(90)
def next_(
    expression: Annotated[str, typer.Argument(metavar="EXPR", help="A slot as in `at:`, or a cron expression.")],
    zone_name: Annotated[
        str, typer.Option("--tz", metavar="ZONE", help="The time zone that it is meant in.", autocompletion=zone_names)
    ] = "UTC",
    start: Annotated[
        str | None, typer.Option("--from", metavar="T", help="Since when, such as 2026-03-29T02:00; now, if left out.")
    ] = None,
    count: Annotated[int, typer.Option("--count", metavar="N", min=1, max=100_000, help="How many runs.")] = 10,
    form: Annotated[Literal["text", "json"], typer.Option("--format", help="How to print them.")] = "text",
) -> int:
    """Print when a schedule fires next, as Kubernetes has it.

    In local time and in UTC. Exits with 1 if it never fires.
    """
    import json

    from backupgen.cli.instants import InstantError, parse_instant
    from backupgen.schedule import CALENDAR_END, next_firings

    try:
        schedule, zone = _read(expression, zone_name)
        since = clock.now() if start is None else parse_instant(start, zone)
    except (_RefusedError, InstantError) as error:
        terminal.note(f"{error}\n")
        return exits.USAGE
    # A run at the start itself counts.
    runs = takewhile(lambda at: at < CALENDAR_END, next_firings(schedule, zone, since - 1))
    instants = list(islice(runs, count))
    if form == "json":
        terminal.result(json.dumps([_utc(at) for at in instants]) + "\n")
    else:
        terminal.result("".join(f"{_local(at, zone)}  {_utc(at)}\n" for at in instants))
    if zone.irregular:
        terminal.note(
            f"in {zone.name} Kubernetes departs from its own rule: {zone.irregular}; around such a change it may lose "
            "a run of these, or repeat one\n"
        )
    if not instants:
        terminal.note(f"`{expression}` never fires\n")
    return exits.CLEAN if instants else exits.FOUND


def _read(expression: str, zone_name: str) -> "tuple[CronExpr, Zone]":
    from backupgen.schedule import Auto, CronError, ZoneError, load_zone, parse_slot

    try:
        schedule = parse_slot(expression)
        zone = load_zone(zone_name)
    except (CronError, ZoneError) as error:
        raise _RefusedError(f"{error.message}\n{error.hint}".rstrip()) from None
    if isinstance(schedule, Auto):
        raise _RefusedError(
            "`auto` is chosen by the compiler, expected a slot\n`backupgen schedule` tells what it chose"
        )
    return schedule, zone


def _utc(instant: int) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(instant, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _local(instant: int, zone: "Zone") -> str:
    from backupgen.schedule import WEEKDAYS

    local = zone.wall(instant)
    return f"{WEEKDAYS[local.weekday()]} {local.isoformat(sep=' ')}"
