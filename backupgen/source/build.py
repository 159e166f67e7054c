"""From YAML events to plain Python data and the offsets of every node, in one pass and without recursion."""

from typing import TYPE_CHECKING, Any, Final

from backupgen.source.events import NextEvent
from backupgen.source.scalars import LEADS, resolve

if TYPE_CHECKING:
    from collections.abc import Callable

DEEPEST: Final = 64
"""How many collections may lie in each other. A fleet needs about ten."""

_UNNAMED: Final = "\0"
"""Stands for a key that is not a string, so that reading can go on; no YAML text holds a NUL."""


class TooDeepError(Exception):
    """Collections are nested deeper than `DEEPEST`; `start` is the offset of the first one that is too deep."""

    def __init__(self, start: int) -> None:
        super().__init__(start)
        self.start = start


class ParseListener:
    """What `Builder` meets and does not judge. The default lets everything pass; offsets are in characters."""

    def document(self, event: Any, start: int) -> None:
        """Note that a document starts at `start`."""

    def duplicate(self, key: str, start: int, end: int, first: tuple[int, int]) -> None:
        """Note that the key at `start` to `end` stands at `first` already."""

    def merge(self, start: int, end: int) -> None:
        """Note a merge key, `<<`."""

    def key(self, value: object, start: int, end: int) -> None:
        """Note a key that is not a string; `value` is what it is, a `dict` or `list` for a collection."""

    def anchor(self, name: str, start: int) -> None:
        """Note an anchor on the node at `start`."""

    def alias(self, name: str, start: int, end: int) -> None:
        """Note an alias."""

    def tag(self, tag: str, start: int) -> None:
        """Note an explicit tag on the node at `start`."""


class Builder:
    """Builds the data of every document of a stream.

    `roots` holds one value a document. Nodes are numbered in the order of the text, keys included: `starts` and `ends`
    hold their offsets, `after` the number that follows a collection's last node. A block collection has no end of its
    own (the parser's mark may lie lines later), so there `ends` equals `starts`.
    """

    def __init__(self, listener: ParseListener) -> None:
        self.roots: list[Any] = []
        self.starts: list[int] = []
        self.ends: list[int] = []
        self.after: dict[int, int] = {}
        self.last_scalar: Any = None
        self._listener = listener
        self._node: Any = self.roots
        self._key: str | None = None
        self._number = -1
        self._stack: list[tuple[Any, str | None, int]] = []
        self._repeated: set[int] = set()
        self._handlers: dict[str, Callable[[Any], None]] = {
            "MappingStartEvent": self._start_mapping,
            "SequenceStartEvent": self._start_sequence,
            "MappingEndEvent": self._end,
            "SequenceEndEvent": self._end,
            "AliasEvent": self._alias,
            "DocumentStartEvent": self._document,
        }

    def run(self, next_event: NextEvent) -> None:
        """Consume events up to the end of the stream. Raises what `next_event` raises, and `TooDeepError`."""
        handlers = self._handlers
        scalar = self._scalar
        while True:
            event = next_event()
            kind = type(event).__name__
            if kind == "ScalarEvent":
                scalar(event)
            elif kind == "StreamEndEvent":
                return
            elif kind in handlers:
                handlers[kind](event)

    def _scalar(self, event: Any) -> None:
        self.last_scalar = event
        self.starts.append(event.start_mark.index)
        self.ends.append(event.end_mark.index)
        value = event.value
        if event.anchor is not None or event.tag is not None:
            self._decoration(event)
        if event.implicit[0] and (not value or value[0] in LEADS):
            value = resolve(value)
        node = self._node
        if type(node) is list:
            node.append(value)
        elif self._key is not None:
            node[self._key] = value
            self._key = None
        elif type(value) is str and value not in node and value != "<<":
            self._key = value
        else:
            self._key = self._odd_key(value, plain=event.implicit[0])

    def _odd_key(self, value: Any, *, plain: bool) -> str:
        number = len(self.starts) - 1
        start, end = self.starts[-1], self.ends[-1]
        if type(value) is not str:
            self._listener.key(value, start, end)
            return f"{_UNNAMED}{number}"
        if value == "<<" and plain:
            self._listener.merge(start, end)
            return f"{_UNNAMED}{number}"
        if value in self._node:
            first = self._key_number(value)
            self._listener.duplicate(value, start, end, (self.starts[first], self.ends[first]))
            self._repeated.add(number)
        return value

    def _key_number(self, key: str) -> int:
        """Return the number of the node at which `key` stood first in the present mapping."""
        position = list(self._node).index(key)
        number = self._number + 1
        while True:
            if number not in self._repeated:
                if position == 0:
                    return number
                position -= 1
            number = self.after.get(number, number + 1)
            number = self.after.get(number, number + 1)

    def _start_mapping(self, event: Any) -> None:
        self._start(event, {})

    def _start_sequence(self, event: Any) -> None:
        self._start(event, [])

    def _start(self, event: Any, child: Any) -> None:
        start = event.start_mark.index
        if len(self._stack) >= DEEPEST:
            raise TooDeepError(start)
        if event.anchor is not None or event.tag is not None:
            self._decoration(event)
        node = self._node
        key_after: str | None = None
        if type(node) is list:
            node.append(child)
        elif self._key is not None:
            node[self._key] = child
        else:
            self._listener.key(child, start, start + 1)
            key_after = f"{_UNNAMED}{len(self.starts)}"
        self._stack.append((node, key_after, self._number))
        self._node, self._key, self._number = child, None, len(self.starts)
        self.starts.append(start)
        self.ends.append(-1 if event.flow_style else start)

    def _end(self, event: Any) -> None:
        number = self._number
        self.after[number] = len(self.starts)
        if self.ends[number] < 0:
            self.ends[number] = event.end_mark.index
        self._node, self._key, self._number = self._stack.pop()

    def _document(self, event: Any) -> None:
        self._listener.document(event, event.start_mark.index)

    def _decoration(self, event: Any) -> None:
        if event.anchor is not None:
            self._listener.anchor(event.anchor, event.start_mark.index)
        if event.tag is not None:
            self._listener.tag(str(event.tag), event.start_mark.index)

    def _alias(self, event: Any) -> None:
        start, end = event.start_mark.index, event.end_mark.index
        self._listener.alias(event.anchor, start, end)
        self.starts.append(start)
        self.ends.append(end)
        node = self._node
        if type(node) is list:
            node.append(None)
        elif self._key is not None:
            node[self._key] = None
            self._key = None
        else:
            self._key = f"{_UNNAMED}{len(self.starts)}"
