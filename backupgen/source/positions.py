"""Where the nodes of a document stand: compact offsets, turned into spans when asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from backupgen.diagnostics import NodePath, Span
from backupgen.source.lines import LineIndex


@dataclass(frozen=True, slots=True)
class Offsets:
    """The offsets of every node, numbered in the order of the text, keys included (see `build.Builder`)."""

    starts: Sequence[int]
    ends: Sequence[int]
    after: dict[int, int]


class Positions:
    """Finds the span of a node by its path. The children of a collection are listed when first needed."""

    def __init__(self, data: Any, offsets: Offsets, lines: LineIndex) -> None:
        self._data = data
        self._offsets = offsets
        self._lines = lines
        self._children: dict[int, list[int]] = {}
        self._keys: dict[int, dict[str | int, int]] = {}

    def span(self, path: NodePath, *, on_key: bool) -> Span:
        """Return the span of the node at `path`, or of its key.

        A path that leaves the document falls back to the key of the last node that exists. A block collection, an empty
        value and an item of a block sequence have the span of their key or, without one, of their first token.
        """
        number, key, data = 0, -1, self._data
        for part in path:
            found = self._child(number, data, part)
            if found is None:
                on_key = True
                break
            key, number = found
            data = data[part]
        if on_key and key >= 0:
            return self._of(key)
        if self._offsets.starts[number] == self._offsets.ends[number]:
            return self._of(key) if key >= 0 else self._first_token(number)
        return self._of(number)

    def entry(self, path: NodePath) -> tuple[tuple[int, int], tuple[int, int], bool]:
        """Return the offsets of a mapping's key and of its value, and whether the mapping is a flow one, in braces.

        Raises KeyError for a path that does not lead to the value of a key.
        """
        number, key, data, flow = 0, -1, self._data, False
        for part in path:
            flow = self._offsets.starts[number] != self._offsets.ends[number]
            found = self._child(number, data, part)
            if found is None:
                raise KeyError(path)
            key, number = found
            data = data[part]
        if key < 0:
            raise KeyError(path)
        offsets = self._offsets
        return (offsets.starts[key], offsets.ends[key]), (offsets.starts[number], offsets.ends[number]), flow

    def _of(self, number: int) -> Span:
        return self._lines.span(self._offsets.starts[number], self._offsets.ends[number])

    def _first_token(self, number: int) -> Span:
        start = self._offsets.starts[number]
        if number not in self._offsets.after:
            return self._lines.span(start, start)
        first = number + 1
        if self._offsets.starts[first] == start and self._offsets.ends[first] > start:
            return self._of(first)
        return self._lines.span(start, start + 1)

    def _child(self, number: int, data: Any, part: str | int) -> tuple[int, int] | None:
        """Return the numbers of a child's key (-1 in a sequence) and value; what is no child in the text has none."""
        if number not in self._offsets.after:
            return None
        if isinstance(data, dict):
            key = self._key_numbers(number, data).get(part)
            return None if key is None else (key, self._next_of(key))
        if isinstance(data, list) and isinstance(part, int) and 0 <= part < len(data):
            return -1, self._item_numbers(number)[part]
        return None

    def _next_of(self, number: int) -> int:
        return self._offsets.after.get(number, number + 1)

    def _item_numbers(self, number: int) -> list[int]:
        numbers = self._children.get(number)
        if numbers is None:
            numbers, child, end = [], number + 1, self._offsets.after[number]
            while child < end:
                numbers.append(child)
                child = self._next_of(child)
            self._children[number] = numbers
        return numbers

    def _key_numbers(self, number: int, data: dict[str, Any]) -> dict[str | int, int]:
        keys = self._keys.get(number)
        if keys is None:
            # What a merge key has added stands behind the mapping's own keys, and nowhere in the text.
            keys = dict(zip(data, self._item_numbers(number)[::2], strict=False))
            self._keys[number] = keys
        return keys
