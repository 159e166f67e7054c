"""The source line that a finding points at, with its span underlined."""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from backupgen.diagnostics import Span
from backupgen.report.lines import visible

_BREAK: Final = re.compile(r"\r\n|\n|\r")
_PASSWORD: Final = re.compile(r"//[^/@\s]+@")
_TAB: Final = "    "
_ELLIPSIS: Final = "…"
_LEAST: Final = 20


@dataclass(frozen=True, slots=True)
class Excerpt:
    """One line as it is shown. `indent` and `carets` count terminal cells."""

    line: str
    indent: int
    carets: int


@lru_cache(maxsize=16)
def source_lines(text: str) -> tuple[str, ...]:
    """Return the lines of a text, split at LF, CRLF and CR only, as spans count them."""
    return tuple(_BREAK.split(text))


def cut(line: str, span: Span, width: int) -> Excerpt:
    """Return the part of the span's first line that fits into `width` cells, with the start of the span in it."""
    # A password in a URL is what the finding may be about; a log must not keep it.
    line = _PASSWORD.sub(lambda match: f"//{'*' * (len(match[0]) - 3)}@", line)
    shown = [_shown(character) for character in line]
    first = min(span.column - 1, len(shown))
    last = min(span.end_column - 1, len(shown)) if span.end_line == span.line else len(line.rstrip())
    last = max(last, first)
    left, right = _window([_cells(text) for text in shown], first, last, max(width, _LEAST))
    head = _ELLIPSIS if left else ""
    tail = _ELLIPSIS if right < len(shown) else ""
    text = head + "".join(shown[left:right]) + tail
    indent = len(head) + sum(map(_cells, shown[left:first]))
    carets = sum(map(_cells, shown[first : min(last, right)]))
    return Excerpt(text.rstrip(), indent, max(carets, 1))


def _window(widths: list[int], first: int, last: int, width: int) -> tuple[int, int]:
    """Return which characters to show: all if they fit, else those around the span, its start above all."""
    if sum(widths) <= width:
        return 0, len(widths)
    room = width - 2 * len(_ELLIPSIS)
    right = first
    while right < last and sum(widths[first : right + 1]) <= room:
        right += 1
    room -= sum(widths[first:right])
    left, kept_for_right = first, room // 2
    while left > 0 and widths[left - 1] <= room - kept_for_right:
        left -= 1
        room -= widths[left]
    while right < len(widths) and widths[right] <= room:
        room -= widths[right]
        right += 1
    while left > 0 and widths[left - 1] <= room:
        left -= 1
        room -= widths[left]
    return left, right


def _shown(character: str) -> str:
    return _TAB if character == "\t" else visible(character)


def _cells(text: str) -> int:
    return sum(_width(character) for character in text) if not text.isascii() else len(text)


def _width(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
