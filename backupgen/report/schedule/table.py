"""`schedule --format table`: for people. The verdict, the operations, the chart, and what meets what."""

from collections.abc import Collection, Iterator, Sequence
from typing import Final, NamedTuple

from backupgen.analysis.schedule_report import Row, ScheduleReport
from backupgen.conventions.units import format_duration
from backupgen.report.lines import Line, paint, visible
from backupgen.report.schedule.clock import DAY, Clock
from backupgen.report.schedule.columns import Cell, Columns
from backupgen.report.schedule.gantt import gantt
from backupgen.report.schedule.meetings import meetings
from backupgen.report.schedule.wording import some, spelled_hours, verdict, wrapped

_FOLDING: Final = ("operation", "repository", "remarks")
_DISPENSABLE: Final = ("kind", "lock", "deadline")
"""What a narrow terminal does not show, in this order: names and the chart tell the first two."""
_MOST_NAMES: Final = 10
_NEAR: Final = 6 * DAY


class _Cells(NamedTuple):
    """A row of the table of operations."""

    operation: Cell
    kind: Cell
    repository: Cell
    slot: Cell
    next: Cell
    deadline: Cell
    lock: Cell
    remarks: Cell


_TITLES: Final = _Cells._fields


def render(report: ScheduleReport) -> str:
    """Return the schedule as text. Colours only repeat what is said without them."""
    clock = Clock(report.timezone)
    span = f"{clock.moment(report.start)} to {clock.moment(report.end)}"
    lines: list[Line] = [
        [(verdict(report), "bold green" if report.proved else "bold red")],
        [(visible(f"{report.fleet}, {span}, {report.timezone}"), "")],
        [],
        *_operations(report, clock),
        *_giving_way(report),
        *gantt(report),
        *meetings(report, clock),
    ]
    return paint(lines, color=report.color)


def _operations(report: ScheduleReport, clock: Clock) -> Iterator[Line]:
    rows = [_cells(row, report, clock) for row in report.rows]
    same = len({row.repository for row in report.rows}) < 2
    unneeded = {"repository"} if same else set()
    if not any(row.remarks[0] for row in rows):
        unneeded.add("remarks")
    table = _table(rows, unneeded)
    missing: list[str] = []
    for title in _DISPENSABLE:
        if table.least > report.width:
            missing.append(title)
            table = _table(rows, unneeded.union(missing))
    yield from table.lines(report.width)
    if missing:
        yield [(f"for want of room without: {', '.join(missing)}", "dim")]


def _table(rows: Sequence[_Cells], without: Collection[str]) -> Columns:
    kept = [(number, title) for number, title in enumerate(_TITLES) if title not in without]
    return Columns([title for _, title in kept], [[row[number] for number, _ in kept] for row in rows], _FOLDING)


def _cells(row: Row, report: ScheduleReport, clock: Clock) -> _Cells:
    if row.suspended:
        upcoming = "suspended"
    else:
        upcoming = "never" if row.next_start is None else _moment(row.next_start, report, clock)
    return _Cells(
        (visible(row.name), ""),
        (row.kind, ""),
        (visible(row.repository), ""),
        (visible(row.cron), ""),
        (upcoming, "yellow" if row.suspended or row.next_start is None else ""),
        (format_duration(row.deadline), ""),
        (row.lock, "yellow" if row.lock == "exclusive" else ""),
        (visible("; ".join(_remarks(row, report))), "dim"),
    )


def _moment(instant: int, report: ScheduleReport, clock: Clock) -> str:
    """Return the weekday and the time; with the date too, if it is not one of the next days."""
    full = clock.moment(instant)
    weekday, _, time = full.split()
    return f"{weekday} {time}" if instant - report.start < _NEAR else full


def _remarks(row: Row, report: ScheduleReport) -> Iterator[str]:
    if row.written == "auto":
        yield "auto"
    if row.timezone != report.timezone:
        yield f"slot in {row.timezone}"
    if row.node:
        yield f"on {row.node}"


def _giving_way(report: ScheduleReport) -> Iterator[Line]:
    """Say which hours are left out, and for whom: once for all that do so alike."""
    groups: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for row in report.rows:
        if row.left_out:
            zone = "" if row.timezone == report.timezone else f" in {row.timezone}"
            groups.setdefault((f"{spelled_hours(row.left_out)}{zone}", row.causes), []).append(row.name)
    for (hours, causes), names in groups.items():
        why = f"left out to give way to {some(causes, _MOST_NAMES)}"
        yield from wrapped(visible(f"hours {hours} {why}: {some(names, _MOST_NAMES)}"), report.width)
