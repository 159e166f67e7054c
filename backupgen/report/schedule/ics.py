"""`schedule --format ics`: a calendar after RFC 5545, one event a run."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from backupgen.analysis.schedule_report import Row, ScheduleReport
from backupgen.conventions.units import format_duration
from backupgen.report.lines import visible

_MOST_OCTETS: Final = 75
"""In a line without its break (RFC 5545, section 3.1)."""


def render(report: ScheduleReport) -> str:
    """Return the runs as a calendar: from the slot to when the last process has ended if it starts on time.

    The same run has the same UID, whatever part of the schedule is shown. What is suspended is tentative.
    """
    fleet = _text(report.fleet)
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//backupgen//schedule//EN",
        "CALSCALE:GREGORIAN",
        f"NAME:Backups of {fleet}",
        f"X-WR-CALNAME:Backups of {fleet}",
    ]
    for row in report.rows:
        lines += _events(row, report)
    lines.append("END:VCALENDAR")
    return "".join(f"{folded}\r\n" for line in lines for folded in _fold(line))


def _events(row: Row, report: ScheduleReport) -> Iterator[str]:
    name, fleet = _text(row.name), _text(report.fleet)
    stamp = _instant(report.start)
    same = (
        f"SUMMARY:{name}{' (suspended)' if row.suspended else ''}",
        f"DESCRIPTION:{_text(_description(row))}",
        f"CATEGORIES:{row.kind.upper()}",
        f"STATUS:{'TENTATIVE' if row.suspended else 'CONFIRMED'}",
        "TRANSP:TRANSPARENT",
        "END:VEVENT",
    )
    for run in row.runs:
        start = _instant(run.start)
        yield "BEGIN:VEVENT"
        yield f"UID:{name}-{start}@{fleet}.backupgen"
        yield f"DTSTAMP:{stamp}"
        yield f"DTSTART:{start}"
        yield f"DTEND:{_instant(run.end)}"
        yield from same


def _description(row: Row) -> str:
    grace, late = format_duration(row.grace), format_duration(row.start_within)
    return "\n".join(
        (
            f"Repository: {row.repository}",
            f"Lock: {row.lock}",
            f"Deadline: {format_duration(row.deadline)}, and {grace} to end",
            f"Starts up to {late} late",
            f"Schedule: {row.cron} ({row.timezone})",
        )
    )


def _instant(instant: int) -> str:
    return datetime.fromtimestamp(instant, UTC).strftime("%Y%m%dT%H%M%SZ")


def _text(text: str) -> str:
    """Escape a value of the type TEXT, which takes no control characters but line breaks."""
    shown = visible(text, keep="\n")
    return shown.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def _fold(line: str) -> Iterator[str]:
    """Cut a line between characters, so that no part has more octets than allowed. A blank begins all but the first."""
    if len(line) <= _MOST_OCTETS and line.isascii():
        yield line
        return
    part, octets = "", 0
    for character in line:
        size = len(character.encode())
        if octets + size > _MOST_OCTETS:
            yield part
            part, octets = " ", 1
        part += character
        octets += size
    yield part
