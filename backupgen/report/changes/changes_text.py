"""`diff --format text`: for people. First what it means, then the objects, field by field."""

from collections.abc import Iterator
from textwrap import wrap
from typing import Final

from backupgen.diff.impact import Level
from backupgen.report.changes.change_report import ChangeReport
from backupgen.report.changes.grouping import HEADINGS, GroupedImpact, group_impacts
from backupgen.report.changes.objects import object_lines
from backupgen.report.lines import Line, paint, visible

_STYLES: Final = {"+": "green", "-": "red", "~": "yellow", " ": ""}
_LEVELS: Final = {Level.RISK: "red", Level.ACTION: "yellow", Level.NOTE: ""}
_MOST: Final = 100
_MOST_COMMANDS: Final = 20


def render(report: ChangeReport) -> str:
    """Return the changes and their summary."""
    lines: list[Line] = []
    for level, of_level in group_impacts(report.impact).items():
        lines.append([(HEADINGS[level], f"bold {_LEVELS[level]}".strip())])
        lines += [line for one in of_level[:_MOST] for line in _grouped(one, _LEVELS[level], report.width)]
        if len(of_level) > _MOST:
            lines.append([(f"  … and {len(of_level) - _MOST} more", "")])
        lines.append([])
    if report.changes:
        lines += [[("objects", "bold")], *_objects(report), []]
    lines.append([(visible(report.summary()), "bold" if report.changes else "bold green")])
    return paint(lines, color=report.color)


def _grouped(one: GroupedImpact, style: str, width: int) -> Iterator[Line]:
    texts = wrap(visible(one.message), width - 4, break_long_words=False, break_on_hyphens=False)
    for number, text in enumerate(texts):
        yield [("    " if number else "  * ", ""), (text, style)]
    for command in one.commands[:_MOST_COMMANDS]:
        yield [(f"      {visible(command)}", "bold")]
    if len(one.commands) > _MOST_COMMANDS:
        yield [(f"      … and {len(one.commands) - _MOST_COMMANDS} more; `--format json` has them all", "")]


def _objects(report: ChangeReport) -> Iterator[Line]:
    for is_title, (sign, text) in object_lines(report.changes, report.width - 8):
        if is_title:
            yield [(f"  {sign} {text}", f"bold {_STYLES[sign]}")]
        else:
            yield [(f"      {sign} {text}".rstrip(), _STYLES[sign])]
