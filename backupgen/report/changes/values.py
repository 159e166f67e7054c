"""One changed field as lines of text: values shortened, long texts line by line."""

import json
import re
from collections.abc import Iterator
from difflib import unified_diff
from itertools import takewhile
from typing import Any, Final

from backupgen.diff.fields import FieldChange, Item
from backupgen.report.lines import visible

Piece = tuple[str, str]
"""A sign, and the text behind it: `-` goes, `+` comes, a space stays, `~` introduces."""

_NO_STRING: Final = re.compile(r"[-+.0-9].*|true|false|null|[\[{\"'].*", re.DOTALL)
"""Text that would be taken for something else without quotes."""
_POD: Final = re.compile(r"^spec\.(jobTemplate\.spec\.)?template\.spec\.")
"""The way to a pod's fields, which everybody knows."""
_MOST_LINES: Final = 40
_LEAST: Final = 24
_BEFORE: Final = 12
"""How much is shown in front of the first difference of two long values."""


def field_lines(field: FieldChange, width: int) -> Iterator[Piece]:
    """Yield the lines for a field, each of at most about `width` characters."""
    path = _POD.sub("…", visible(field.path))
    if isinstance(field.old, str) and isinstance(field.new, str) and "\n" in field.old + field.new:
        yield "~", path
        yield from _text(field.old.splitlines(), field.new.splitlines(), width)
    elif isinstance(field.steps[-1], Item) and field.steps[-1].name in (field.old, field.new):
        yield "+" if field.old is None else "-", path
    elif field.old is None:
        yield "+", _one_line(path, field.new, width)
    elif field.new is None:
        yield "-", _one_line(path, field.old, width)
    elif len(path) + len(_flat(field.old)) + len(_flat(field.new)) + 6 <= width:
        yield "~", f"{path}: {_flat(field.old)} -> {_flat(field.new)}"
    elif isinstance(field.old, list) and isinstance(field.new, list):
        yield "~", path
        yield from _text([_flat(item) for item in field.old], [_flat(item) for item in field.new], width)
    else:
        yield "~", path
        old, new = _flat(field.old), _flat(field.new)
        start = _start(old, new, max(width, _LEAST))
        yield "-", _cut(f"…{old[start:]}" if start else old, width)
        yield "+", _cut(f"…{new[start:]}" if start else new, width)


def changed_lines(old: str, new: str) -> tuple[int, int]:
    """Return how many lines go and how many come."""
    signs = [line[:1] for line in unified_diff(old.splitlines(), new.splitlines(), n=0, lineterm="")][2:]
    return signs.count("-"), signs.count("+")


def _text(old: list[str], new: list[str], width: int) -> Iterator[Piece]:
    lines = list(unified_diff(old, new, n=1, lineterm=""))[3:]
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


def _start(old: str, new: str, width: int) -> int:
    """From where on two values are shown so that their first difference is seen."""
    same = sum(1 for _ in takewhile(bool, map(str.__eq__, old, new)))
    return same - _BEFORE if max(len(old), len(new)) > width and same > width // 2 else 0


def _cut(text: str, width: int) -> str:
    room = max(width, _LEAST)
    return text if len(text) <= room else f"{text[: room - 1]}…"
