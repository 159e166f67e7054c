"""Days, names and numbers in words, for every format that people read."""

from collections.abc import Sequence
from textwrap import wrap
from typing import Final

from backupgen.analysis.schedule_report import ScheduleReport
from backupgen.diagnostics.wording import counted, few
from backupgen.report.lines import Line, visible
from backupgen.report.schedule.chart import Block, Chart
from backupgen.report.schedule.clock import DAY

_MOST_RANGES: Final = 4
_LEAST_WIDTH: Final = 40


def verdict(report: ScheduleReport) -> str:
    """Return the result of the proof in one line."""
    data = f" (tzdata {visible(report.tzdata)})" if report.tzdata else ""
    if report.clashes:
        return f"{counted(len(report.clashes), 'conflict')}: operations that exclude each other can meet{data}"
    if report.reservations:
        reasons = counted(len(report.reservations), "reservation")
        return f"no proof: no conflict was found, but with {reasons}{data}"
    if report.waits:
        covered = counted(len(report.waits), "wait")
        return f"proved: no two operations that exclude each other ever meet, but for {covered} with time enough{data}"
    return f"proved: no two operations that exclude each other ever meet{data}"


def frequency(per_year: float) -> str:
    """Return for instance `52.2 times a year`."""
    return f"{per_year:,.1f} times a year" if per_year >= 1 else f"{per_year:.2g} times a year"


def spelled_hours(left_out: Sequence[int]) -> str:
    """Return hours of the day, neighbours joined: `01-03, 14`."""
    found: list[list[int]] = []
    for hour in sorted(left_out):
        if found and found[-1][-1] == hour - 1:
            found[-1].append(hour)
        else:
            found.append([hour])
    return ", ".join(f"{part[0]:02}-{part[-1]:02}" if len(part) > 1 else f"{part[0]:02}" for part in found)


def some(names: Sequence[str], most: int) -> str:
    """Return the names, the last of too many as a number: `a, b and 3 more`."""
    return few([visible(name) for name in names], most if len(names) <= most else most - 1)


def wrapped(text: str, width: int, indent: str = "", style: str = "") -> list[Line]:
    """Break a text into lines between words; all but the first are indented by two columns more."""
    lines = wrap(
        text,
        max(width, _LEAST_WIDTH),
        initial_indent=indent,
        subsequent_indent=f"{indent}  ",
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [[(line, style)] for line in lines]


def shortened(text: str, width: int) -> str:
    """Cut out the middle of a text that is wider; names differ at their ends."""
    if len(text) <= width:
        return text
    tail = (width - 1) // 2
    return f"{text[: width - 1 - tail]}…{text[len(text) - tail :]}"


def heading(block: Block, chart: Chart) -> str:
    """Say which days a block stands for: `Mon 2026-03-30 to Sat 2026-04-04 (6 days alike)`."""
    walls = [chart.clock.wall(start) for start in block.alike]
    names = [chart.clock.moment(start).rpartition(" ")[0] for start in block.alike]
    ranges: list[str] = []
    first = 0
    for last, wall in enumerate(walls):
        if last + 1 == len(walls) or walls[last + 1].toordinal() != wall.toordinal() + 1:
            ranges.append(names[first] if first == last else f"{names[first]} to {names[last]}")
            first = last + 1
    days = ", ".join(ranges[:_MOST_RANGES]) + (", …" if len(ranges) > _MOST_RANGES else "")
    alike = f" ({len(block.alike)} days alike)" if len(block.alike) > 1 else ""
    begin = f"{walls[0]:%H:%M}"
    start = "" if begin == "00:00" else f", from {begin} on"
    length = block.end - block.start
    return f"{days}{alike}{start}{'' if length == DAY else f', {_length(length)}'}"


def _length(seconds: int) -> str:
    """Return a day's length in hours: `25h`, `23h30m`."""
    hours, minutes = divmod(seconds // 60, 60)
    return f"{hours}h{f'{minutes:02}m' if minutes else ''}"


def idle(block: Block, most: int) -> str:
    """Say which operations do not run; empty if all do."""
    return f"not running: {some(block.idle, most)}" if block.idle else ""


def counting(chart: Chart, report: ScheduleReport) -> str:
    """Say which operations have no row of their own; empty if all have."""
    if not chart.counted:
        return ""
    rows = len(report.rows)
    return (
        f"{rows - chart.counted:,} of {rows:,} operations have a row of their own: first those that exclude others,"
        " then those in a conflict, then those that may wait; the rest is counted together"
    )
