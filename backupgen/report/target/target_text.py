"""`explain --format text`: for people."""

from collections.abc import Iterator
from typing import Any, Final

from backupgen.analysis.target_report import Row, TargetReport, dotted
from backupgen.conventions.units import format_duration
from backupgen.report.lines import Line, paint, visible
from backupgen.report.schedule.clock import Clock
from backupgen.report.schedule.wording import some, spelled_hours, wrapped

_MOST_CAUSES: Final = 4
_LABEL: Final = 14
_WIDEST_KEY: Final = 34
_WIDEST_VALUE: Final = 28
_LONGEST: Final = 124
"""Of a value: the command of a tool is a program of its own."""


def render(report: TargetReport) -> str:
    """Return the target: when it runs, where its snapshots go, what is rendered, and every setting with its origin."""
    name = visible(report.target)
    lines: list[Line] = [[(name, "bold"), (f"  {visible(report.file)}:{report.span.line}:{report.span.column}", "")]]
    for title, part in (
        ("runs", _runs(report)),
        ("snapshots", _home(report)),
        ("objects", _objects(report)),
        ("settings", _settings(report)),
    ):
        lines += [[("", "")], [(title, "bold")], *part]
    return paint(lines, color=report.color)


def _fact(label: str, text: str, style: str = "") -> Line:
    return [(f"  {label:<{_LABEL}}", "cyan"), (visible(text), style)]


def _runs(report: TargetReport) -> Iterator[Line]:
    runs = report.runs
    clock = Clock(runs.timezone)
    chosen = ", chosen by the compiler" if runs.chosen else ""
    yield _fact("cron", f"{runs.cron}  in {runs.timezone}{chosen}")
    if runs.left_out:
        causes = some(runs.causes, _MOST_CAUSES)
        yield _fact("left out", f"{spelled_hours(runs.left_out)}: a run could meet {causes}")
    for name in runs.conflicts:
        yield _fact("conflict", f"it can meet {name}, `backupgen check` says when", "red")
    if runs.suspended:
        yield _fact("suspended", "it does not run, and raises no alert", "yellow")
    for label, at in zip(("next", "", ""), runs.next, strict=False):
        yield _fact(label, clock.exact(at))
    if not runs.next:
        yield _fact("next", "never", "red")
    late, worst = format_duration(runs.start_within), format_duration(runs.nominal + runs.start_within)
    yield _fact("window", f"{format_duration(runs.nominal)} from the slot; {worst}, when it starts {late} late")
    if runs.longest_gap is not None:
        yield _fact("longest gap", f"{format_duration(runs.longest_gap)} between two runs: so much can be lost")
    if runs.overdue_after is not None:
        yield _fact("overdue", f"{format_duration(runs.overdue_after)} after its last start")


def _home(report: TargetReport) -> Iterator[Line]:
    home = report.home
    pinned = f"id {home.id[:8]}…" if home.id else "no id yet: `backupgen bootstrap` makes it"
    yield _fact("repository", f"{home.name}: {home.url}, {pinned}")
    yield _fact("found by", f"--tag {home.tag} --host {home.host}")
    for label, path in zip(("paths", *("",) * len(home.paths)), home.paths, strict=False):
        yield _fact(label, path)
    yield _fact("lock", f"waits up to {format_duration(home.lock_wait)} for one that excludes it")


def _objects(report: TargetReport) -> Iterator[Line]:
    width = max(len(one.kind) for one in report.objects)
    names = [f"{one.namespace}/{one.name}" for one in report.objects]
    wide = max(map(len, names))
    for one, name in zip(report.objects, names, strict=True):
        yield [(f"  {one.kind:<{width}}  ", "cyan"), (visible(f"{name:<{wide}}  {one.file}"), "")]


def _settings(report: TargetReport) -> Iterator[Line]:
    told = [(row, visible(dotted(row.key)), visible(_flow(row.value))) for row in report.rows if row.value is not None]
    wide = min(max(len(key) for _, key, _ in told), _WIDEST_KEY)
    room = min(max(len(value) for _, _, value in told), _WIDEST_VALUE)
    for row, key, value in told:
        style = "" if row.origin in {"target", "defaults", "fleet"} else "dim"
        label, origin = (f"  {key:<{wide}}  ", "cyan"), (_origin(row, report.file), style)
        if len(value) <= room:
            yield [label, (f"{value:<{room}}  ", style), origin]
        else:
            yield [label, (_shortened(value), style)]
            yield [(f"  {'':<{wide}}  {'':<{room}}  ", ""), origin]
    unset = [dotted(row.key) for row in report.rows if row.value is None]
    if unset:
        yield [("", "")]
        yield from wrapped(f"not set: {', '.join(unset)}", report.width, "  ", "dim")


def _origin(row: Row, file: str) -> str:
    place = f"{visible(file)}:{row.span.line}:{row.span.column}" if row.span else ""
    match row.origin:
        case "target":
            return place
        case "defaults":
            return f"{place}, defaults"
        case "fleet":
            return f"{place}, the fleet's"
        case "built-in":
            return "built in"
        case "derived":
            return f"from {row.note}" + (f", {place}" if place else "")


def _flow(value: Any) -> str:
    """A value as YAML's flow style has it, with quotes only where the value would be read as another kind."""
    match value:
        case bool():
            return str(value).lower()
        case dict():
            return f"{{{', '.join(f'{key}: {_flow(one)}' for key, one in value.items())}}}"
        case list():
            return f"[{', '.join(map(_flow, value))}]"
        case str() if value == "" or value.isdigit() or value in {"true", "false", "null", "~"}:
            return f'"{value}"'
        case _:
            return str(value)


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
