"""`rehearse --format text`: for people. A table of the steps, then the logs of those that failed."""

from collections.abc import Iterator, Sequence
from typing import Final

from backupgen.diagnostics.wording import counted
from backupgen.rehearsal.outcome import Step, Verdict
from backupgen.report.lines import Line, paint, visible
from backupgen.report.rehearsal.rehearsal_report import RehearsalReport

_STYLES: Final = {Verdict.OK: "green", Verdict.FAILED: "bold red", Verdict.NOT_RUN: "yellow"}
_HEAD: Final = ("", "step", "name", "exit", "time", "metrics", "snapshots", "")
_RIGHT: Final = frozenset({3, 4, 5})
"""The columns of numbers."""
_MOST_LOG: Final = 40
"""Lines of a failed step's log."""


def render(report: RehearsalReport) -> str:
    """Return the table, the logs of what failed, what was not as in the cluster, and a summary."""
    rehearsal = report.rehearsal
    lines = [*_table(rehearsal.steps), []]
    for step in rehearsal.steps:
        if step.verdict is Verdict.FAILED and step.log:
            lines += [*_log(step), []]
    if rehearsal.differences:
        lines.append([("not as in the cluster", "bold")])
        lines += [[(f"  * {visible(one)}", "")] for one in rehearsal.differences]
        lines.append([])
    lines.append([(_summary(report), "bold red" if rehearsal.failed else "bold green")])
    return paint(lines, color=report.color)


def _table(steps: Sequence[Step]) -> Iterator[Line]:
    rows = [_HEAD, *(_cells(step) for step in steps)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    for number, row in enumerate(rows):
        cells = [
            cell.rjust(width) if column in _RIGHT else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        if number == 0:
            yield [("  ".join(cells).rstrip(), "bold")]
        else:
            yield [(cells[0], _STYLES[steps[number - 1].verdict]), ("  " + "  ".join(cells[1:]).rstrip(), "")]


def _cells(step: Step) -> tuple[str, ...]:
    codes = ",".join(map(str, step.exit_codes))
    ran = step.verdict is not Verdict.NOT_RUN
    metrics = "" if step.metrics is None else str(step.metrics)
    remark = "; ".join(part for part in (step.reason, *step.notes) if part)
    time = f"{step.seconds:.1f} s" if ran else ""
    return (step.verdict.value, step.phase, visible(step.name), codes, time, metrics, step.snapshots, visible(remark))


def _log(step: Step) -> Iterator[Line]:
    yield [(visible(f"{step.phase} {step.name}: {step.reason}"), "bold red")]
    lines = step.log.rstrip("\n").split("\n")
    if len(lines) > _MOST_LOG:
        yield [(f"  … {counted(len(lines) - _MOST_LOG, 'earlier line')}", "")]
    yield from ([(f"  {visible(line)}", "")] for line in lines[-_MOST_LOG:])
    for title in step.notifications:
        yield [(f"  notified: {visible(title)}", "")]


def _summary(report: RehearsalReport) -> str:
    rehearsal = report.rehearsal
    counts = [(sum(1 for step in rehearsal.steps if step.verdict is verdict), verdict.value) for verdict in Verdict]
    said = ", ".join(f"{number} {word}" for number, word in counts if number)
    return f"{visible(rehearsal.fleet)} rehearsed in {rehearsal.seconds:.0f} s: {said}"
