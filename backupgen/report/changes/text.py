"""`diff --format text`: for people. First what it means, then the objects, field by field."""

from collections.abc import Iterator
from typing import Final

from backupgen.diff.compare import Action, Change
from backupgen.diff.impact import Impact
from backupgen.report.changes.model import ChangeReport, title
from backupgen.report.changes.values import field_lines
from backupgen.report.styled import Line, paint
from backupgen.report.visible import visible

_SIGNS: Final = {Action.ADDED: "+", Action.REMOVED: "-", Action.CHANGED: "~"}
_STYLES: Final = {"+": "green", "-": "red", "~": "yellow", " ": ""}
_MOST: Final = 100
_GRAVE: Final = frozenset({"target-removed", "suspended", "job-removed"})


def render(report: ChangeReport) -> str:
    """Return the changes and their summary."""
    lines: list[Line] = []
    if report.impact:
        shown = [_impact(one) for one in report.impact[:_MOST]]
        rest: list[Line] = [[(f"  … and {len(report.impact) - _MOST} more", "")]] if len(report.impact) > _MOST else []
        lines += [[("what it means", "bold")], *shown, *rest, []]
    if report.changes:
        lines += [
            [("objects", "bold")],
            *(line for change in report.changes for line in _change(change, report.width)),
            [],
        ]
    lines.append([(visible(report.summary()), "bold" if report.changes else "bold green")])
    return paint(lines, color=report.color)


def _impact(one: Impact) -> Line:
    return [("  * ", ""), (visible(one.message), "red" if one.kind in _GRAVE else "")]


def _change(change: Change, width: int) -> Iterator[Line]:
    sign = _SIGNS[change.action]
    yield [(f"  {sign} {visible(title(change))}", f"bold {_STYLES[sign]}")]
    for field in change.fields:
        for mark, text in field_lines(field, width - 8):
            yield [(f"      {mark} {text}".rstrip(), _STYLES[mark])]
