"""One changed field as lines of text: values shortened, long texts line by line."""

import json
import re
from collections.abc import Iterator
from difflib import unified_diff
from typing import Any, Final

from backupgen.diff.fields import FieldChange
from backupgen.report.visible import visible

Piece = tuple[str, str]
"""A sign, and the text behind it: `-` goes, `+` comes, a space stays, `~` introduces."""

_NO_STRING: Final = re.compile(r"[-+.0-9].*|true|false|null|[\[{\"'].*", re.DOTALL)
"""Text that would be taken for something else without quotes."""
_MOST_LINES: Final = 40
_LEAST: Final = 24


def field_lines(field: FieldChange, width: int) -> Iterator[Piece]:
    """Yield the lines for a field, each of at most about `width` characters."""
    path = visible(field.path)
    if isinstance(field.old, str) and isinstance(field.new, str) and "\n" in field.old + field.new:
        yield "~", path
        yield from _text(field.old, field.new, width)
    elif field.old is None:
        yield "+", _one_line(path, field.new, width)
    elif field.new is None:
        yield "-", _one_line(path, field.old, width)
    elif len(path) + len(_flat(field.old)) + len(_flat(field.new)) + 6 <= width:
        yield "~", f"{path}: {_flat(field.old)} -> {_flat(field.new)}"
    else:
        yield "~", path
        yield "-", _cut(_flat(field.old), width)
        yield "+", _cut(_flat(field.new), width)


def _text(old: str, new: str, width: int) -> Iterator[Piece]:
    lines = list(unified_diff(old.splitlines(), new.splitlines(), n=1, lineterm=""))[3:]
    shown = lines if len(lines) <= _MOST_LINES else lines[: _MOST_LINES - 1]
    for line in shown:
        # The heads of hunks count lines that nobody sees; they only part what does not lie together.
        yield (" ", "…") if line.startswith("@@") else (line[:1], _cut(visible(line[1:]), width))
    if len(shown) < len(lines):
        yield " ", f"… and {len(lines) - len(shown)} more lines"
    if not lines:
        yield " ", "only the last line's end differs"


def _one_line(path: str, value: Any, width: int) -> str:
    return f"{path}: {_cut(_flat(value), width - len(path) - 2)}"


def _flat(value: Any) -> str:
    if isinstance(value, str) and value.isprintable() and value and not _NO_STRING.fullmatch(value):
        return value
    return visible(json.dumps(value, ensure_ascii=False))


def _cut(text: str, width: int) -> str:
    room = max(width, _LEAST)
    return text if len(text) <= room else f"{text[: room - 1]}…"
