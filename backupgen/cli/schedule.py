"""`backupgen schedule`: when everything runs, what is proved about it, and the slots of `auto` written down."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from backupgen.cli import clock, exits, terminal
from backupgen.cli.compiling import schedule_file
from backupgen.cli.instants import InstantError, at_wall_clock, parse_instant
from backupgen.cli.showing import exit_code, note_findings
from backupgen.diagnostics import Finding, NodePath, has_errors

_LATEST: Final = 237_623_846_400
"""9500-01-01: up to 400 years can pass until two operations meet, and Python's calendar ends with 9999."""

if TYPE_CHECKING:
    from backupgen.pipeline import Scheduled
    from backupgen.schedule import Zone


@dataclass(frozen=True, slots=True)
class ScheduleOptions:
    """The flags of `schedule`."""

    fleet: Path
    out: Path
    start: str | None
    days: int
    format: str
    pin: bool


def schedule(options: ScheduleOptions) -> int:
    """Show the schedule, or pin the slots that were chosen. Returns the exit code."""
    now = clock.now()
    judged = schedule_file(options.fleet, options.out, now)
    scheduled, findings = judged.scheduled, judged.findings
    if scheduled is None:
        note_findings(findings, judged.sources)
        return exit_code(findings, readable=judged.readable)
    if options.pin:
        note_findings(findings, judged.sources, targets=len(scheduled.fleet.targets))
        return _pin(options, judged.raw, scheduled, findings)
    try:
        return _show(options, scheduled, now, findings, judged.sources)
    except InstantError as error:
        terminal.note(f"{error}\n")
        return exits.USAGE


def _show(
    options: ScheduleOptions,
    scheduled: "Scheduled",
    now: int,
    findings: tuple[Finding, ...],
    sources: Mapping[str, str],
) -> int:
    from backupgen.analysis.schedule import schedule_report
    from backupgen.report.schedule import SCHEDULE_FORMATS
    from backupgen.rules import SCHEDULE_CONFLICT, RuleContext
    from backupgen.schedule import load_zone

    zone = load_zone(scheduled.fleet.timezone)
    start, since = _from(options.start, zone, now)
    context = RuleContext(scheduled.fleet, scheduled.timetable, scheduled.outcome, since)
    report = schedule_report(scheduled.document, context, start, _days_later(start, options.days, zone))
    color, width = terminal.colored(sys.stdout), terminal.width(sys.stdout)
    terminal.result(
        SCHEDULE_FORMATS[options.format](replace(report, file=str(options.fleet), color=color, width=width))
    )
    # The report tells of the conflicts itself.
    note_findings(
        (finding for finding in findings if finding.info is not SCHEDULE_CONFLICT),
        sources,
        targets=len(scheduled.fleet.targets),
    )
    return exit_code(findings)


def _from(text: str | None, zone: "Zone", now: int) -> tuple[int, int]:
    """Return from when on runs are shown, and conflicts looked for: by default today, and from now on."""
    if text is not None:
        start = parse_instant(text, zone)
        if not 0 <= start < _LATEST:
            raise InstantError(f"`{text}` is out of range, expected a time from 1970 to 9499")
        return start, start
    today = zone.wall(now).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    return at_wall_clock(today, zone), now


def _days_later(start: int, days: int, zone: "Zone") -> int:
    """Return the same time of day some days later: 23 or 25 hours, where the clocks change."""
    wall: datetime = zone.wall(start).replace(tzinfo=None)
    return at_wall_clock(wall + timedelta(days=days), zone)


def _pin(options: ScheduleOptions, raw: bytes, scheduled: "Scheduled", findings: tuple[Finding, ...]) -> int:
    """Write the chosen slots into fleet.yaml, in place of `auto`."""
    from backupgen.adapters.files import replace_fleet
    from backupgen.schedule import format_slot

    if has_errors(findings):
        terminal.note(f"nothing was written to {options.fleet}\n")
        return exits.FOUND
    values: dict[NodePath, str] = {}
    without: list[NodePath] = []
    for target in scheduled.fleet.targets:
        if target.job.name in scheduled.timetable.chosen:
            values[*target.job.path, "at"] = format_slot(scheduled.timetable.chosen[target.job.name])
            if "every" in scheduled.document.data["targets"][target.name]:
                without.append((*target.job.path, "every"))
    if not values:
        terminal.note(f"{options.fleet} has no `at: auto`\n")
        return exits.CLEAN
    mark = b"\xef\xbb\xbf" if raw.startswith(b"\xef\xbb\xbf") else b""
    reason = replace_fleet(options.fleet, raw, mark + scheduled.document.edited(values, without).encode())
    if reason:
        terminal.note(f"{options.fleet} cannot be written: {reason}\n")
        return exits.USAGE
    terminal.result("".join(f'{path[1]}: at: "{slot}"\n' for path, slot in values.items()))
    terminal.note(f"{options.fleet}: {len(values)} slots pinned; nothing else in it has changed\n")
    return exits.CLEAN
