"""`backupgen schedule`: when everything runs, what is proved about it, and the slots of `auto` written down."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from backupgen.cli import clock, exits, terminal
from backupgen.cli.command import Fleet, OneOf, Out, Templates, command
from backupgen.report.schedule import SCHEDULE_FORMATS

_LATEST: Final = 237_623_846_400
"""9500-01-01: up to 400 years can pass until two operations meet, and Python's calendar ends with 9999."""

if TYPE_CHECKING:
    from backupgen.cli.compiling import Judged
    from backupgen.diagnostics import NodePath
    from backupgen.pipeline import Scheduled
    from backupgen.schedule import Zone


@command(40)
def schedule(
    fleet: Fleet = Path("fleet.yaml"),
    out: Out = Path("out"),
    templates: Templates = None,
    start: Annotated[
        str | None, typer.Option("--from", metavar="T", help="Since when, such as 2026-03-29; today, if left out.")
    ] = None,
    days: Annotated[int, typer.Option("--days", metavar="N", min=1, max=366, help="How many days to show.")] = 1,
    form: Annotated[str, OneOf(SCHEDULE_FORMATS), typer.Option("--format", help="How to show them.")] = "table",
    *,
    pin: Annotated[
        bool, typer.Option("--pin", help="Write the slots that were chosen for `at: auto` into the fleet instead.")
    ] = False,
) -> int:
    """Show when everything runs, and what is proved about it.

    Windows reach from the slot to deadline and grace period, and further, if a run starts late. Exits with 1 if there
    is a conflict.
    """
    from dataclasses import replace

    from backupgen.analysis.schedule import schedule_report
    from backupgen.cli.compiling import schedule_file
    from backupgen.cli.instants import InstantError
    from backupgen.cli.showing import exit_code, note_findings
    from backupgen.rules import SCHEDULE_CONFLICT, RuleContext
    from backupgen.schedule import load_zone

    now = clock.now()
    judged = schedule_file(fleet, out, now, templates)
    scheduled = judged.scheduled
    if scheduled is None:
        note_findings(judged.findings, judged.sources)
        return exit_code(judged.findings, readable=judged.readable)
    targets = len(scheduled.fleet.targets)
    if pin:
        note_findings(judged.findings, judged.sources, targets=targets)
        return _pin(fleet, judged, scheduled)
    zone = load_zone(scheduled.fleet.timezone)
    try:
        begin, since = _from(start, zone, now)
    except InstantError as error:
        terminal.note(f"{error}\n")
        return exits.USAGE
    context = RuleContext(
        scheduled.fleet, scheduled.schedule_input, scheduled.outcome, since, own_scripts=scheduled.own_scripts
    )
    report = schedule_report(scheduled.document, context, begin, _days_later(begin, days, zone))
    color, width = terminal.colored(sys.stdout), terminal.width(sys.stdout)
    terminal.result(SCHEDULE_FORMATS[form](replace(report, file=str(fleet), color=color, width=width)))
    # The report tells of the conflicts itself.
    others = (finding for finding in judged.findings if finding.info is not SCHEDULE_CONFLICT)
    note_findings(others, judged.sources, targets=targets)
    return exit_code(judged.findings)


def _from(text: str | None, zone: "Zone", now: int) -> tuple[int, int]:
    """Return from when on runs are shown, and conflicts looked for: by default today, and from now on."""
    from backupgen.cli.instants import InstantError, at_wall_clock, parse_instant

    if text is not None:
        start = parse_instant(text, zone)
        if not 0 <= start < _LATEST:
            raise InstantError(f"`{text}` is out of range, expected a time from 1970 to 9499")
        return start, start
    today = zone.wall(now).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    return at_wall_clock(today, zone), now


def _days_later(start: int, days: int, zone: "Zone") -> int:
    """Return the same time of day some days later: 23 or 25 hours, where the clocks change."""
    from datetime import timedelta

    from backupgen.cli.instants import at_wall_clock

    wall = zone.wall(start).replace(tzinfo=None)
    return at_wall_clock(wall + timedelta(days=days), zone)


def _pin(fleet: Path, judged: "Judged", scheduled: "Scheduled") -> int:
    """Write the chosen slots into fleet.yaml, in place of `auto`."""
    from backupgen.adapters.files import replace_fleet
    from backupgen.diagnostics import has_errors
    from backupgen.schedule import ALL_HOURS, format_slot

    if has_errors(judged.findings):
        terminal.note(f"nothing was written to {fleet}\n")
        return exits.FOUND
    values: dict[NodePath, str] = {}
    without: list[NodePath] = []
    for target in scheduled.fleet.targets:
        if target.job.name in scheduled.schedule_input.chosen:
            chosen = scheduled.schedule_input.chosen[target.job.name]
            slot = chosen.without_hours(ALL_HOURS & ~target.between) or chosen
            values[*target.job.path, "at"] = format_slot(slot)
            written = scheduled.document.data["targets"][target.name]
            without += [(*target.job.path, key) for key in ("every", "between") if key in written]
    if not values:
        terminal.note(f"{fleet} has no `at: auto`\n")
        return exits.CLEAN
    mark = b"\xef\xbb\xbf" if judged.raw.startswith(b"\xef\xbb\xbf") else b""
    reason = replace_fleet(fleet, judged.raw, mark + scheduled.document.edited(values, without).encode())
    if reason:
        terminal.note(f"{fleet} cannot be written: {reason}\n")
        return exits.USAGE
    terminal.result("".join(f'{path[1]}: at: "{slot}"\n' for path, slot in values.items()))
    terminal.note(f"{fleet}: {len(values)} slots pinned; nothing else in it has changed\n")
    return exits.CLEAN
