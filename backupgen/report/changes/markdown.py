"""`diff --format markdown`: a comment on a pull request."""

import re
from collections.abc import Iterator
from typing import Final

from backupgen.diff.compare import Action, Change
from backupgen.report.changes.model import ChangeReport, title
from backupgen.report.changes.values import field_lines
from backupgen.report.visible import visible

_SIGNS: Final = {Action.ADDED: "+", Action.REMOVED: "-", Action.CHANGED: "!"}
_MOST: Final = 50_000
"""Characters. GitHub takes 65,536 in a comment."""
_WIDTH: Final = 160


def render(report: ChangeReport) -> str:
    """Return the changes as Markdown, cut where a comment would become too long."""
    parts = [f"### Backups {visible(report.summary())}"]
    if report.impact:
        parts.append(_cut([f"- {_escaped(visible(one.message))}" for one in report.impact], _MOST // 2))
    if report.changes:
        lines = _cut([line for change in report.changes for line in _lines(change)], _MOST // 2)
        # A fence must be longer than any in the text, which would end it.
        fence = "`" * max(3, *(len(run) + 1 for run in re.findall("`+", lines)), 3)
        block = f"{fence}diff\n{lines}\n{fence}"
        parts.append(f"<details><summary>Objects</summary>\n\n{block}\n\n</details>")
    return "\n\n".join(parts) + "\n"


def _lines(change: Change) -> Iterator[str]:
    yield f"{_SIGNS[change.action]} {visible(title(change))}"
    for field in change.fields:
        for mark, text in field_lines(field, _WIDTH):
            yield f"{'!' if mark == '~' else mark}     {text}".rstrip()


def _escaped(message: str) -> str:
    """Keep the code spans of a message; outside of them, nothing may become markup or a mention."""
    spans = re.split("(`[^`]*`)", message)
    return "".join(
        part if number % 2 else re.sub(r"([<>&@*_\[\]\\`#|~])", r"\\\1", part) for number, part in enumerate(spans)
    )


def _cut(lines: list[str], most: int) -> str:
    size = 0
    for number, line in enumerate(lines):
        size += len(line) + 1
        if size > most:
            return "\n".join([*lines[:number], f"… and {len(lines) - number} more lines"])
    return "\n".join(lines)
