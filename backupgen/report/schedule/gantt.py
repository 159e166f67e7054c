"""The Gantt chart of the terminal: a row an operation, a block for all days that look alike.

A cell shows two halves of its time. Colours repeat what the characters say.
"""

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Final

from backupgen.analysis.schedule_report import ScheduleReport
from backupgen.diagnostics.wording import counted
from backupgen.report.lines import Line
from backupgen.report.schedule.chart import Block, Chart, Lane, Others, draw
from backupgen.report.schedule.clock import HOUR
from backupgen.report.schedule.intervals import Interval
from backupgen.report.schedule.wording import counting, heading, idle, shortened, wrapped

_MOST_ROWS: Final = 50
_MOST_BLOCKS: Final = 14
_MOST_IDLE: Final = 6
_LEAST_CELLS: Final = 25
_CELLS: Final = (300, 600, 900, 1200, 1800, 3600, 7200, 10_800, 14_400, 21_600)
"""How many seconds a cell may stand for."""
_TICKS: Final = (1, 2, 3, 4, 6, 12)
"""Every how many hours the axis may be labelled."""

_NOTHING, _LATE, _RUN = range(3)
_SHARED: Final = ((" ", "╶", "╺"), ("╴", "─", "╼"), ("╸", "╾", "━"))
"""The character of a cell by what its halves hold."""
_EXCLUSIVE: Final = ((" ", "▒", "▐"), ("▒", "▒", "▐"), ("▌", "▌", "█"))
_GUIDE: Final = "·"
_CLOSED: Final = "░"
_CLASH: Final = "X"
_WAIT: Final = "~"
_LEVELS: Final = "▁▂▃▄▅▆▇█"

_STYLES: Final = {"backup": "green", "retention": "yellow", "restore-test": "cyan", "mirror": "magenta"}
_FAINT: Final = "dim"
_CLASH_STYLE: Final = "bold red"
_WAIT_STYLE: Final = "bold cyan"

_LEGEND: Final = (
    ("╸━╺", "runs, from its slot to its deadline and grace", ""),
    ("╾─╴", "may still run, if it starts late", _FAINT),
    ("▌█▐", "runs, and excludes others", "yellow"),
    ("▒", "the same, if it starts late", "dim yellow"),
    (_CLOSED, "closed to others of the repository", _FAINT),
    (_CLASH, "conflict", _CLASH_STYLE),
    (_WAIT, "may wait for a lock, with time enough", _WAIT_STYLE),
)
"""Characters, what they mean, and their style."""


def gantt(report: ScheduleReport) -> Iterator[Line]:
    """Yield the lines of the chart and its legend; each fits into the report's width, if that is 40 or more."""
    chart = draw(report, _MOST_ROWS, _MOST_BLOCKS)
    room = max(report.width - _LEAST_CELLS - 1, report.width // 3)
    grid = _Grid(chart, min(max(map(len, chart.labels), default=0), room), report.width)
    for block in chart.blocks:
        yield []
        yield from grid.block(block)
        if block.idle:
            yield [(shortened(idle(block, _MOST_IDLE), report.width), _FAINT)]
    if chart.undrawn:
        more = f"{counted(chart.undrawn, 'more day')} of other looks not drawn: ask for fewer days at a time"
        yield from ([], [(more, "bold")])
    legend = list(_legend(chart, report, grid.drawn))
    yield from ([], *legend) if legend else ()


class _Grid:
    """The scale that all blocks share."""

    def __init__(self, chart: Chart, label: int, width: int) -> None:
        self._chart = chart
        self._label = label
        self.drawn: set[str] = set()
        """The characters in the rows of operations."""
        room = max(width - label - 1, _LEAST_CELLS)
        self._seconds = next((cell for cell in _CELLS if -(-chart.longest // cell) <= room), _CELLS[-1])
        self._every = next((every for every in _TICKS if every * HOUR >= 5 * self._seconds), _TICKS[-1])

    def block(self, block: Block) -> Iterator[Line]:
        """Yield a block's heading, axis and rows."""
        yield [(heading(block, self._chart), "bold")]
        yield from ([(note, "yellow")] for note in self._chart.clock.notes(block.start, block.end))
        axis, guides = self._axis(block)
        yield [(" " * (self._label + 1), ""), (axis, _FAINT)]
        for lane in block.lanes:
            yield [
                self._name(lane.label, _FAINT if lane.row.suspended else ""),
                *_pieces(self._lane(lane, block, guides)),
            ]
        for others in block.others:
            yield [self._name(others.label, ""), *_pieces(self._others(others, block, guides))]

    def _name(self, text: str, style: str) -> tuple[str, str]:
        return f"{shortened(text, self._label):<{self._label}} ", style

    def _count(self, block: Block) -> int:
        return -(-(block.end - block.start) // self._seconds)

    def _axis(self, block: Block) -> tuple[str, frozenset[int]]:
        """Return the labels of the hours, and the cells in which they begin."""
        labels, guides = "", []
        for tick in self._chart.clock.ticks(block.start, block.end):
            cell = (tick.at - block.start) // self._seconds
            if (tick.hour % self._every == 0 or tick.again) and (not labels or len(labels) < cell):
                labels = f"{labels:<{cell}}{tick.hour:02}{chr(39) if tick.again else ''}"
                guides.append(cell)
        return labels, frozenset(guides)

    def _lane(self, lane: Lane, block: Block, guides: frozenset[int]) -> list[tuple[str, str]]:
        """Return a row's cells, each a character and its style."""
        style = _STYLES[lane.row.kind]
        halves = self._halves(lane, block)
        table = _EXCLUSIVE if lane.row.lock == "exclusive" else _SHARED
        closed = self._cells(lane.closed, block)
        clashes, waits = self._cells(lane.clashes.when, block), self._cells(lane.waits.when, block)
        cells = []
        for cell in range(self._count(block)):
            left, right = halves[2 * cell : 2 * cell + 2]
            if cell in clashes:
                cells.append((_CLASH, _CLASH_STYLE))
            elif cell in waits:
                cells.append((_WAIT, _WAIT_STYLE))
            elif left or right:
                cells.append((table[left][right], style if _RUN in (left, right) else f"{_FAINT} {style}"))
            elif cell in closed:
                cells.append((_CLOSED, _FAINT))
            else:
                cells.append((_GUIDE if cell in guides else " ", _FAINT))
        self.drawn.update(character for character, _ in cells)
        return cells

    def _halves(self, lane: Lane, block: Block) -> list[int]:
        halves = [_NOTHING] * (2 * self._count(block))
        for what in (_LATE, _RUN):
            for run in lane.runs:
                stop = run.end if what == _RUN else run.latest_end
                for half in _touched(Interval(run.start, stop), block, self._seconds // 2):
                    halves[half] = what
        return halves

    def _cells(self, intervals: Iterable[Interval], block: Block) -> frozenset[int]:
        return frozenset(cell for one in intervals for cell in _touched(one, block, self._seconds))

    def _others(self, others: Others, block: Block, guides: frozenset[int]) -> list[tuple[str, str]]:
        levels = [0] * self._count(block)
        for start, end, count in others.steps:
            for cell in _touched(Interval(start, end), block, self._seconds):
                levels[cell] = max(levels[cell], count)
        clashes = self._cells(others.clashes, block)
        cells = []
        for cell, level in enumerate(levels):
            if cell in clashes:
                cells.append((_CLASH, _CLASH_STYLE))
            elif level:
                cells.append((_LEVELS[(len(_LEVELS) * level - 1) // others.most], _STYLES[others.kind]))
            else:
                cells.append((_GUIDE if cell in guides else " ", _FAINT))
        return cells


def _touched(interval: Interval, block: Block, size: int) -> range:
    """Return the parts of a block, each of so many seconds, that an interval touches."""
    start, end = max(interval.start, block.start), min(interval.end, block.end)
    return range((start - block.start) // size, -(-(end - block.start) // size))


def _pieces(cells: list[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Join neighbours of one style; leave out the blanks at the end."""
    while cells and cells[-1][0] == " ":
        cells.pop()
    for style, group in groupby(cells, key=lambda cell: cell[1]):
        yield "".join(character for character, _ in group), style


def _legend(chart: Chart, report: ScheduleReport, drawn: set[str]) -> Iterator[Line]:
    """Explain the characters that were drawn."""
    entries = [entry for entry in _LEGEND if drawn.intersection(entry[0])]
    entries += [(_LEVELS[:: len(_LEVELS) - 1], "how many of these run at once", "")] if chart.counted else []
    entries += [("(name)", "suspended", _FAINT)] if any(row.suspended for row in report.rows) else []
    width = 0
    line: list[tuple[str, str]] = []
    for sign, text, style in entries:
        size = len(sign) + len(text) + 4
        if line and width + size - 3 > report.width:
            yield line
            width, line = 0, []
        line += [(f"{'   ' if line else ''}{sign}", style), (f" {text}", "")]
        width += size
    if line:
        yield line
    yield from wrapped(counting(chart, report), report.width)
