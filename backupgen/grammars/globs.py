"""Patterns of file names, matched in time that grows with name times pattern, whatever stands in them.

As Go's `filepath.Match`: the text between two `*` is looked for from the left, and what was found is never given up
again. A regular expression would try every combination.
"""

import re
from collections.abc import Sequence
from typing import Final

Member = str | re.Pattern[str] | None
"""What one character has to be: itself, one of a class, or (None) any."""


class Glob:
    """A pattern of parts between its `*`."""

    def __init__(self, chunks: Sequence[Sequence[Member]]) -> None:
        self._chunks: Final = [tuple(chunk) for chunk in chunks]

    def matches(self, name: str) -> bool:
        """Whether the whole name matches."""
        first, last = self._chunks[0], self._chunks[-1]
        if len(self._chunks) == 1:
            return len(name) == len(first) and _fits(first, name, 0)
        end = len(name) - len(last)
        if len(first) > end or not _fits(first, name, 0) or not _fits(last, name, end):
            return False
        at = len(first)
        for chunk in self._chunks[1:-1]:
            at = _find(chunk, name, at, end)
            if at < 0:
                return False
        return True


def wildcards(pattern: str) -> Glob:
    """A pattern in which `*` alone is special, and stands for any characters."""
    return Glob([list(part) for part in pattern.split("*")])


def _find(chunk: Sequence[Member], name: str, start: int, end: int) -> int:
    """Where the first match of a chunk from a place on ends; -1: there is none before the end."""
    if all(isinstance(member, str) for member in chunk):
        text = "".join(member for member in chunk if isinstance(member, str))
        found = name.find(text, start, end)
        return found + len(text) if found >= 0 else -1
    return next((at + len(chunk) for at in range(start, end - len(chunk) + 1) if _fits(chunk, name, at)), -1)


def _fits(chunk: Sequence[Member], name: str, at: int) -> bool:
    return all(_is(member, name[at + place]) for place, member in enumerate(chunk))


def _is(member: Member, character: str) -> bool:
    if isinstance(member, re.Pattern):
        return member.fullmatch(character) is not None
    return member is None or character == member
