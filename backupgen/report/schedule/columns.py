"""Columns of text, as narrow as they have to be.

rich draws tables too, but takes half a second for a thousand rows, and its layout is not ours to keep stable.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from itertools import zip_longest
from textwrap import wrap
from typing import Final

from backupgen.report.lines import Line

Cell = tuple[str, str]
"""A text and its style."""

_GAP: Final = "  "
_WORD: Final = re.compile(r"[^\s-]+-?|-")
"""What is not broken: texts are, at blanks and behind hyphens."""


class Columns:
    """Titles and rows. The columns named in `folding` may be folded between words, the others keep their width."""

    def __init__(self, titles: Sequence[str], rows: Sequence[Sequence[Cell]], folding: Collection[str]) -> None:
        self._table = [[(title, "bold") for title in titles], *rows]
        columns = [[row[number][0] for row in self._table] for number in range(len(titles))]
        self._widths = [max(map(len, texts)) for texts in columns]
        self._least = [
            max(len(word) for text in texts for word in _WORD.findall(text)) if title in folding else width
            for title, texts, width in zip(titles, columns, self._widths, strict=True)
        ]

    @property
    def least(self) -> int:
        """The width below which no folding helps."""
        return sum(self._least) + len(_GAP) * (len(self._least) - 1)

    def lines(self, width: int) -> Iterator[Line]:
        """Yield the titles and the rows, folded as far as the width demands it and words allow it."""
        widths = self._folded(width)
        for row in self._table:
            yield from _row(row, widths)

    def _folded(self, width: int) -> list[int]:
        widths = list(self._widths)
        for _ in range(sum(widths) + len(_GAP) * (len(widths) - 1) - max(width, self.least)):
            slack = [one - least for one, least in zip(widths, self._least, strict=True)]
            widths[slack.index(max(slack))] -= 1
        return widths


def _row(row: Sequence[Cell], widths: Sequence[int]) -> Iterator[Line]:
    folded = [[text] if len(text) <= size else wrap(text, size) for (text, _), size in zip(row, widths, strict=True)]
    for parts in zip_longest(*folded, fillvalue=""):
        last = max((number for number, part in enumerate(parts) if part), default=0)
        yield [
            (part if number == last else f"{part:<{widths[number]}}{_GAP}", style)
            for number, (part, (_, style)) in enumerate(zip(parts[: last + 1], row, strict=False))
        ]
