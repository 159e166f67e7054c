"""`diff --format markdown`: a comment on a pull request."""

import re
from collections.abc import Iterator
from itertools import accumulate
from typing import Final

from backupgen.report.changes.change_report import ChangeReport
from backupgen.report.changes.grouping import HEADINGS, GroupedImpact, group_impacts
from backupgen.report.changes.objects import object_lines
from backupgen.report.lines import visible

_MOST: Final = 60_000
"""Characters. GitHub takes 65,536 in a comment."""
_MOST_MEANING: Final = 30_000
_WIDTH: Final = 160
_MARKUP: Final = re.compile(r"([<>&*_\[\]\\`|~])")
_LINKED: Final = re.compile(r"([@#])")


def render(report: ChangeReport) -> str:
    """Return the changes as Markdown, cut where a comment would become too long."""
    parts = [f"### Backups {_escaped(visible(report.summary()))}"]
    sections = [
        f"**{HEADINGS[level].capitalize()}**\n\n" + "\n".join(_item(one) for one in of_level)
        for level, of_level in group_impacts(report.impact).items()
    ]
    parts += _cut_at_items("\n\n".join(sections))
    if report.changes:
        room = _MOST - sum(map(len, parts))
        lines = _cut(list(_lines(report)), room)
        fence = _fence(lines)
        block = f"{fence}diff\n{lines}\n{fence}"
        parts.append(f"<details><summary>Objects</summary>\n\n{block}\n\n</details>")
    return "\n\n".join(parts) + "\n"


def _item(one: GroupedImpact) -> str:
    text = f"- {_escaped(visible(one.message))}"
    if not one.commands:
        return text
    commands = "\n".join(map(visible, one.commands))
    fence = _fence(commands)
    indented = "\n".join(f"  {line}" for line in (f"{fence}sh", *commands.split("\n"), fence))
    return f"{text}\n{indented}"


def _cut_at_items(text: str) -> list[str]:
    """The text as a part of the comment, or what of it has room; nothing, if there is none."""
    if len(text) <= _MOST_MEANING:
        return [text] if text else []
    items = re.split(r"\n(?=- )", text)
    fitting = _fitting(items, _MOST_MEANING)
    return ["\n".join([*items[:fitting], f"- … and {len(items) - fitting} more; `backupgen diff` names them"])]


def _fence(text: str) -> str:
    """A fence must be longer than any in the text, which would end it."""
    return "`" * max(3, *(len(run) + 1 for run in re.findall("`+", text)), 3)


def _lines(report: ChangeReport) -> Iterator[str]:
    for is_title, (sign, text) in object_lines(report.changes, _WIDTH):
        yield f"{'!' if sign == '~' else sign} {'' if is_title else '    '}{text}".rstrip()


def _escaped(message: str) -> str:
    """Keep the code spans of a message; outside of them, nothing may become markup, a mention or a reference.

    A mention is found in the finished text, so a backslash does not prevent it; a space of no width does.
    """
    spans = re.split("(`[^`]*`)", message)
    return "".join(
        part if number % 2 else _LINKED.sub(r"\1&#8203;", _MARKUP.sub(r"\\\1", part))
        for number, part in enumerate(spans)
    )


def _cut(lines: list[str], most: int) -> str:
    fitting = _fitting(lines, most)
    more = [f"… and {len(lines) - fitting} more lines; `backupgen diff` shows them"] if fitting < len(lines) else []
    return "\n".join([*lines[:fitting], *more])


def _fitting(parts: list[str], most: int) -> int:
    """How many of the first parts have room, one a line."""
    return sum(1 for size in accumulate(len(part) + 1 for part in parts) if size <= most)
