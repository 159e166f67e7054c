"""From offsets in a text to lines and columns."""

import re
from bisect import bisect_right
from functools import cached_property
from typing import Final

from backupgen.diagnostics import Span

_BREAK: Final = re.compile(r"\r\n|\n|\r")


class LineIndex:
    """The lines of a text. A line ends at LF, CRLF or CR, as in every editor; a column counts characters, from 1."""

    def __init__(self, text: str) -> None:
        self._text = text

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *(match.end() for match in _BREAK.finditer(self._text))]

    def position(self, offset: int) -> tuple[int, int]:
        """Return the 1-based line and column of the character at `offset` (0-based, at most the text's length)."""
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    def span(self, start: int, end: int) -> Span:
        """Return the span from `start` to before `end`, both 0-based offsets."""
        return Span(*self.position(start), *self.position(end))

    def line_start(self, offset: int) -> int:
        """Return the offset at which the line of the character at `offset` starts."""
        return self._starts[bisect_right(self._starts, offset) - 1]

    def line_text(self, offset: int) -> str:
        """Return the line, without its line break, that the character at `offset` lies in."""
        line = bisect_right(self._starts, offset)
        end = self._starts[line] if line < len(self._starts) else len(self._text)
        return self._text[self._starts[line - 1] : end].rstrip("\r\n")
