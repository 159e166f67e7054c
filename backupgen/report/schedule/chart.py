"""What a Gantt chart shows, before anything is drawn: days, rows, windows, and where they meet.

Days that look alike are drawn once. With more operations than there is room for, those that exclude others come first,
then those in a conflict, then those that may wait, then the rest as listed. What has no row is counted by kind.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, NamedTuple

from backupgen.analysis.schedule_report import Row, Run, ScheduleReport
from backupgen.conventions.roles import PodRole
from backupgen.diagnostics.wording import counted
from backupgen.report.lines import visible
from backupgen.report.schedule.clock import Clock
from backupgen.report.schedule.intervals import Interval, Step, common, depths, merged

_ROLES: Final = (PodRole.BACKUP, PodRole.RETENTION, PodRole.RESTORE_TEST, PodRole.MIRROR)


class Meetings(NamedTuple):
    """Where the worst-case windows of an operation overlap with those of others."""

    when: tuple[Interval, ...]
    others: tuple[str, ...]


_NONE: Final = Meetings((), ())


@dataclass(frozen=True, slots=True)
class Lane:
    """The row of an operation on one day."""

    row: Row
    runs: tuple[Run, ...]
    """Those that touch the day."""
    clashes: Meetings
    waits: Meetings
    closed: tuple[Interval, ...]
    """When an exclusive operation of the same repository may run."""

    @property
    def label(self) -> str:
        """The operation's name, in parentheses if it is suspended."""
        name = visible(self.row.name)
        return f"({name})" if self.row.suspended else name


@dataclass(frozen=True, slots=True)
class Others:
    """Operations that have no row of their own."""

    kind: PodRole
    number: int
    steps: tuple[Step, ...]
    """How many of them run at once, if they start on time."""
    clashes: tuple[Interval, ...]

    @property
    def most(self) -> int:
        """How many of them run at once at most."""
        return max((step.depth for step in self.steps), default=0)

    @property
    def label(self) -> str:
        """How many these are, and how many of them run at once at most."""
        return f"{counted(self.number, self.kind)}, up to {self.most}"


@dataclass(frozen=True, slots=True)
class Block:
    """A day, and all that look like it. Instants are those of the first; nothing but runs lies outside of it."""

    start: int
    end: int
    alike: tuple[int, ...]
    """The beginnings of these days, its own included."""
    lanes: tuple[Lane, ...]
    others: tuple[Others, ...]
    idle: tuple[str, ...]
    """The operations that would have a row, but do not run."""


@dataclass(frozen=True, slots=True)
class Chart:
    """Blocks, in the order of their first days."""

    clock: Clock
    blocks: tuple[Block, ...]
    days: int
    """How many days there are."""
    undrawn: int
    """How many of them have no block, for there would be too many."""
    counted: int
    """How many operations are counted only."""

    @property
    def labels(self) -> list[str]:
        """What stands before the rows."""
        found = [lane.label for block in self.blocks for lane in block.lanes]
        return found + [others.label for block in self.blocks for others in block.others]

    @property
    def longest(self) -> int:
        """The seconds of the longest block."""
        return max((block.end - block.start for block in self.blocks), default=1)


def draw(report: ScheduleReport, most_rows: int, most_blocks: int) -> Chart:
    """Arrange a report as a chart of at most so many rows of operations and so many blocks."""
    clock = Clock(report.timezone)
    bounds = clock.days(report.start, report.end)
    days = [
        _Day(start, end, runs) for (start, end), runs in zip(pairwise(bounds), _by_day(report, bounds), strict=True)
    ]
    alike: dict[object, list[_Day]] = {}
    for day in days:
        alike.setdefault(day.look(clock), []).append(day)
    groups = list(alike.values())
    chosen = _chosen(report, most_rows)
    return Chart(
        clock=clock,
        blocks=tuple(_block(group, chosen, report) for group in groups[:most_blocks]),
        days=len(days),
        undrawn=sum(map(len, groups[most_blocks:])),
        counted=len(report.rows) - len(chosen),
    )


class _Day(NamedTuple):
    """A day with the runs that touch it, by the operation's index."""

    start: int
    end: int
    runs: dict[int, list[Run]]

    def look(self, clock: Clock) -> object:
        """Return what is equal for days that look alike, to the minute on the wall."""
        begin = self.start
        runs = tuple(
            (index, tuple((start - begin, end - begin, latest - begin) for start, end, latest in runs))
            for index, runs in self.runs.items()
        )
        earliest = min((runs[0].start for runs in self.runs.values()), default=begin)
        changes = tuple((at - begin, by) for at, by in clock.changes(min(earliest, begin), self.end))
        return self.end - begin, changes, runs


def _by_day(report: ScheduleReport, bounds: Sequence[int]) -> list[dict[int, list[Run]]]:
    """Return the runs whose worst-case windows touch each day, by the index of their operation."""
    found: list[dict[int, list[Run]]] = [{} for _ in bounds[1:]]
    for index, row in enumerate(report.rows):
        for run in row.runs:
            first = max(bisect_right(bounds, run.start) - 1, 0)
            for day in range(first, bisect_left(bounds, run.latest_end, hi=len(found))):
                found[day].setdefault(index, []).append(run)
    return found


def _chosen(report: ScheduleReport, most: int) -> frozenset[int]:
    """Return the indexes of the operations that have a row of their own."""
    clashing = {name for clash in report.clashes for name in (clash.one, clash.other)}
    waiting = {name for wait in report.waits for name in (wait.waiter, wait.holder)}
    ranked = sorted(
        range(len(report.rows)),
        key=lambda index: (
            report.rows[index].lock != "exclusive",
            report.rows[index].name not in clashing,
            report.rows[index].name not in waiting,
        ),
    )
    return frozenset(ranked[:most])


def _block(group: Sequence[_Day], chosen: frozenset[int], report: ScheduleReport) -> Block:
    day = group[0]
    rows = report.rows
    reach = {rows[index].name: _reach(runs, day) for index, runs in day.runs.items()}
    clashes = _meetings(((clash.one, clash.other) for clash in report.clashes), reach)
    waits = _meetings(((wait.waiter, wait.holder) for wait in report.waits), reach)
    closed = _closed((rows[index] for index in day.runs), reach)
    return Block(
        start=day.start,
        end=day.end,
        alike=tuple(other.start for other in group),
        lanes=tuple(
            Lane(
                row=row,
                runs=tuple(runs),
                clashes=clashes.get(row.name, _NONE),
                waits=waits.get(row.name, _NONE),
                closed=closed.get(row.repository, ()),
            )
            for row, runs in ((rows[index], runs) for index, runs in day.runs.items() if index in chosen)
        ),
        others=tuple(_others(day, chosen, rows, clashes)),
        idle=tuple(rows[index].name for index in sorted(chosen - day.runs.keys())),
    )


def _reach(runs: Iterable[Run], day: _Day) -> list[Interval]:
    """Return when any of the runs may go on, within a day."""
    return merged(Interval(max(run.start, day.start), min(run.latest_end, day.end)) for run in runs)


def _meetings(pairs: Iterable[tuple[str, str]], reach: dict[str, list[Interval]]) -> dict[str, Meetings]:
    found: dict[str, list[Interval]] = {}
    others: dict[str, list[str]] = {}
    for one, other in pairs:
        met = list(common(reach.get(one, ()), reach.get(other, ())))
        for name, beside in ((one, other), (other, one)) if met else ():
            found.setdefault(name, []).extend(met)
            others.setdefault(name, []).append(beside)
    return {name: Meetings(tuple(merged(when)), tuple(others[name])) for name, when in found.items()}


def _closed(rows: Iterable[Row], reach: dict[str, list[Interval]]) -> dict[str, tuple[Interval, ...]]:
    """Return, by repository, when exclusive operations may run."""
    found: dict[str, list[Interval]] = {}
    for row in rows:
        if row.lock == "exclusive":
            found.setdefault(row.repository, []).extend(reach[row.name])
    return {repository: tuple(merged(when)) for repository, when in found.items()}


def _others(day: _Day, chosen: frozenset[int], rows: Sequence[Row], clashes: dict[str, Meetings]) -> Iterator[Others]:
    """Count the operations without a row of their own, by kind."""
    counted = [(index, row) for index, row in enumerate(rows) if index not in chosen]
    for kind in _ROLES:
        members = [(index, row.name) for index, row in counted if row.kind == kind]
        if members:
            nominal = (
                Interval(max(run.start, day.start), min(run.end, day.end))
                for index, _ in members
                for run in day.runs.get(index, ())
            )
            met = [when for _, name in members for when in clashes.get(name, _NONE).when]
            yield Others(
                kind=kind,
                number=len(members),
                steps=tuple(depths(one for one in nominal if one.start < one.end)),
                clashes=tuple(merged(met)),
            )
