"""`schedule --format svg`: the Gantt chart as a picture, for READMEs and pull requests.

One file without scripts, fonts or links. Colours follow the reader's colour scheme; patterns repeat what they say.
"""

from collections.abc import Iterator
from typing import Final

from backupgen.analysis.schedule_report import Clash, Run, ScheduleReport
from backupgen.conventions.roles import PodRole
from backupgen.diagnostics.wording import counted
from backupgen.report.lines import visible
from backupgen.report.schedule.chart import Block, Chart, Lane, Meetings, Others, draw
from backupgen.report.schedule.clock import HOUR, Clock
from backupgen.report.schedule.intervals import Interval
from backupgen.report.schedule.svg_style import PATTERNS, STYLE
from backupgen.report.schedule.wording import counting, frequency, heading, idle, shortened, some, verdict

MOST_ROWS: Final = 60
_MOST_BLOCKS: Final = 14
_MOST_CLASHES: Final = 5
_MOST_NAMES: Final = 8
_LONGEST_NAME: Final = 40

_WIDTH: Final = 1000
_PAD: Final = 20
_CHARACTER: Final = 7.3
"""The width of a character of the names."""
_LINE: Final = 20
_ROW: Final = 22
_BAR: Final = 14
_LETTER: Final = 6
"""The width of a letter of other texts, about."""
_MOST_LETTERS: Final = (_WIDTH - 2 * _PAD) // _LETTER
_HATCHED: Final = ' fill="url(#hatch)"'
_LEAST: Final = 2
"""A window is at least so wide, however short it is."""
_BETWEEN_LABELS: Final = 26
_EVERY: Final = (1, 2, 3, 4, 6, 12)


def render(report: ScheduleReport) -> str:
    """Return the picture, 1000 units wide and as high as it needs, with a line break at the end."""
    return "\n".join(_Picture(report).lines()) + "\n"


class _Picture:
    """Draws from top to bottom; `_top` is where the next line goes."""

    def __init__(self, report: ScheduleReport) -> None:
        self._report = report
        self._chart = draw(report, MOST_ROWS, _MOST_BLOCKS)
        longest = min(max(map(len, self._chart.labels), default=0), _LONGEST_NAME)
        self._left = _PAD + 12 + longest * _CHARACTER
        self._scale = (_WIDTH - _PAD - self._left) / self._chart.longest
        self._top = _PAD + 0.0
        self._drawn: set[str] = set()

    def lines(self) -> Iterator[str]:
        body = list(self._body())
        height = self._top + _PAD - 8
        what = f"When the backups of {self._report.fleet} run"
        yield (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height:g}" width="{_WIDTH}"'
            f' height="{height:g}" role="img" aria-labelledby="title desc">'
        )
        yield f'<title id="title">{_text(what)}</title>'
        yield f'<desc id="desc">{_text(_description(self._report, self._chart))}</desc>'
        yield f"<style>{STYLE}</style>"
        yield f"<defs>{''.join(PATTERNS)}</defs>"
        yield f'<rect class="card" x="0.5" y="0.5" width="{_WIDTH - 1}" height="{height - 1:g}" rx="8"/>'
        yield from body
        yield "</svg>"

    def _body(self) -> Iterator[str]:
        report = self._report
        yield self._write(f"{report.fleet}: {_span(report, self._chart.clock)}", "title", 26)
        yield self._write(verdict(report), "good" if report.proved else "bad")
        for clash in report.clashes[:_MOST_CLASHES]:
            yield self._write(_clash(clash, self._chart.clock), "")
        if len(report.clashes) > _MOST_CLASHES:
            yield self._write(f"and {counted(len(report.clashes) - _MOST_CLASHES, 'more conflict')}", "")
        for block in self._chart.blocks:
            yield from self._block(block)
        if self._chart.undrawn:
            yield self._write(f"{counted(self._chart.undrawn, 'more day')} of other looks not drawn", "bad")
        yield from self._legend()
        if self._chart.counted:
            yield self._write(counting(self._chart, report), "soft")

    def _write(self, text: str, style: str, height: float = _LINE) -> str:
        self._top += height
        return _written(_PAD, self._top - 6, shortened(visible(text), _MOST_LETTERS), style)

    def _block(self, block: Block) -> Iterator[str]:
        self._top += 10
        notes = self._chart.clock.notes(block.start, block.end)
        yield self._write("; ".join((heading(block, self._chart), *notes)), "day")
        self._top += _LINE
        rows = len(block.lanes) + len(block.others)
        for number in range(0, rows, 2):
            y = self._top + number * _ROW
            yield f'<rect class="stripe" x="{_PAD - 8}" y="{y:g}" width="{_WIDTH - 2 * _PAD + 16}" height="{_ROW}"/>'
        yield from self._axis(block, rows * _ROW)
        for lane in block.lanes:
            yield from self._lane(lane, block)
            self._top += _ROW
        for others in block.others:
            yield from self._others(others, block)
            self._top += _ROW
        if block.idle:
            yield self._write(idle(block, _MOST_NAMES), "soft")

    def _axis(self, block: Block, height: float) -> Iterator[str]:
        every = next((every for every in _EVERY if every * HOUR * self._scale >= _BETWEEN_LABELS), _EVERY[-1])
        last = -float(_BETWEEN_LABELS)
        for tick in self._chart.clock.ticks(block.start, block.end):
            x = self._x(tick.at, block)
            yield f'<line class="grid" x1="{x:g}" y1="{self._top:g}" x2="{x:g}" y2="{self._top + height:g}"/>'
            if (tick.hour % every == 0 or tick.again) and x - last >= _BETWEEN_LABELS - 1:
                last = x
                yield _written(x, self._top - 5, f"{tick.hour:02}{chr(39) if tick.again else ''}", "hour")

    def _x(self, instant: int, block: Block) -> float:
        """Return where an instant lies; those outside of the block lie on its edge."""
        inside = min(max(instant, block.start), block.end)
        return round(self._left + (inside - block.start) * self._scale, 1)

    def _bar(self, when: Interval, block: Block, style: str, extra: str = "") -> str:
        self._drawn.add(style)
        x, end = self._x(when.start, block), self._x(when.end, block)
        y = self._top + (_ROW - _BAR) / 2
        width = round(max(end - x, _LEAST), 1)
        return f'<rect class="{style}" x="{x:g}" y="{y:g}" width="{width:g}" height="{_BAR}"{extra}/>'

    def _lane(self, lane: Lane, block: Block) -> Iterator[str]:
        row = lane.row
        label = shortened(lane.label, _LONGEST_NAME)
        yield _written(_PAD, self._top + 15, label, "name soft" if row.suspended else "name")
        for when in lane.closed if row.lock != "exclusive" else ():
            yield self._bar(when, block, "closed")
        kind = row.kind if row.kind is PodRole.RESTORE_TEST else row.lock
        faint = " suspended" if row.suspended else ""
        for run in lane.runs:
            yield f"<g><title>{_text(f'{row.name}: {_times(run, block, self._chart.clock)}')}</title>"
            if run.end < run.latest_end and run.latest_end > block.start:
                yield self._bar(Interval(run.end, run.latest_end), block, f"{kind} late{faint}")
            if run.end > block.start and run.start < block.end:
                nominal = Interval(run.start, run.end)
                yield self._bar(nominal, block, f"{kind}{faint}")
                if row.lock == "exclusive":
                    yield self._bar(nominal, block, "over", _HATCHED)
            yield "</g>"
        yield from self._meetings(lane.waits, block, "wait", "may wait, with time enough, for or beside")
        yield from self._meetings(lane.clashes, block, "clash", "conflict with")

    def _meetings(self, meetings: Meetings, block: Block, style: str, what: str) -> Iterator[str]:
        clock = self._chart.clock
        names = some(meetings.others, _MOST_NAMES)
        for when in meetings.when:
            times = f"{clock.wall(when.start):%H:%M} to {clock.wall(when.end):%H:%M}"
            yield f"<g><title>{_text(f'{what} {names}, {times}')}</title>{self._bar(when, block, style)}</g>"

    def _others(self, others: Others, block: Block) -> Iterator[str]:
        """Draw how many run at once, as steps."""
        yield _written(_PAD, self._top + 15, others.label, "name")
        base = self._top + _ROW - 2
        path = []
        for start, end, count in others.steps:
            height = (_ROW - 4) * count / others.most
            path.append(f"M{self._x(start, block):g} {base:g}v{-height:.1f}H{self._x(end, block):g}V{base:g}z")
        style = others.kind if others.kind is PodRole.RESTORE_TEST else _LOCKS[others.kind]
        yield f'<path class="{style}" d="{"".join(path)}"/>'
        for when in others.clashes:
            yield self._bar(when, block, "clash")

    def _legend(self) -> Iterator[str]:
        """Explain what was drawn."""
        self._top += 16
        x = float(_PAD)
        for style, text in _LEGEND:
            if self._drawn.isdisjoint((style, f"{style} suspended")):
                continue
            size = 50 + len(text) * _LETTER
            if x + size > _WIDTH:
                x = float(_PAD)
                self._top += _LINE
            for one, extra in ((style, ""), ("over", _HATCHED)) if style == "exclusive" else ((style, ""),):
                yield f'<rect class="{one}" x="{x:g}" y="{self._top:g}" width="24" height="{_BAR}"{extra}/>'
            yield _written(x + 30, self._top + 11, text, "soft")
            x += size
        self._top += _LINE


_LOCKS: Final = {"backup": "shared", "retention": "exclusive", "mirror": "none"}
_LEGEND: Final = (
    ("shared", "runs, from its slot to its deadline and grace"),
    ("shared late", "may still run, if it starts late"),
    ("exclusive", "runs, and excludes others"),
    ("closed", "closed to others of the repository"),
    ("restore-test", "restore test"),
    ("none", "takes no lock"),
    ("wait", "may wait for a lock, with time enough"),
    ("clash", "conflict"),
)


def _span(report: ScheduleReport, clock: Clock) -> str:
    return f"{clock.moment(report.start)} to {clock.moment(report.end)}, {report.timezone}"


def _clash(clash: Clash, clock: Clock) -> str:
    when = (
        f"next {clock.moment(clash.first)}, {frequency(clash.per_year)}" if clash.first is not None else "never again"
    )
    return f"{clash.one} can meet {clash.other}: {when}"


def _times(run: Run, block: Block, clock: Clock) -> str:
    """Say when a run begins and ends on the wall, with the distance in days from the block's first."""
    start, end, latest = (_time(instant, block, clock) for instant in run)
    late = f", at the latest until {latest}" if run.latest_end > run.end else ""
    return f"{start} to {end}{late}"


def _time(instant: int, block: Block, clock: Clock) -> str:
    wall = clock.wall(instant)
    days = wall.toordinal() - clock.wall(block.start).toordinal()
    return f"{wall:%H:%M}" + (f" ({days:+} {'day' if abs(days) == 1 else 'days'})" if days else "")


def _description(report: ScheduleReport, chart: Chart) -> str:
    operations = counted(len(report.rows), "operation")
    days = counted(chart.days, "day")
    return f"{operations} on {days}, {_span(report, chart.clock)}. {verdict(report)}."


def _text(text: str) -> str:
    """Escape what XML takes for markup, and what it does not take at all."""
    # Not by xml.sax.saxutils, which imports HTTP and TLS: every compile draws.
    return visible(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _written(x: float, y: float, text: str, style: str) -> str:
    return f'<text class="{style}" x="{x:g}" y="{y:g}">{_text(text)}</text>'
