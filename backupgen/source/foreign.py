"""YAML that other programs own, read as they read it: with anchors, aliases and merge keys, without positions."""

import re
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import yaml

from backupgen.source.plain import PlainError

_DEEPEST: Final = 500
_BRACKETS: Final = re.compile(r"[\[\]{}]")
_DATA: Final = frozenset({"data", "stringData"})
_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def load_foreign(text: str) -> object:
    """Return the one document of `text` as plain data; an empty one is None.

    Raises PlainError where it is no YAML, holds another number of documents, or a tag that is not YAML's own.
    """
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise PlainError(line, column, str(getattr(error, "problem", None) or "not valid YAML")) from None
    except (RecursionError, ValueError):
        raise PlainError(1, 1, "not valid YAML") from None


class Found(NamedTuple):
    """A mapping of a kind, somewhere in a text."""

    line: int
    column: int
    sealed: bool
    """Whether sops encrypted what it holds: it has sops' own entry, and no value of it is plain."""


def find_kind(text: str, kind: str) -> tuple[Found, ...] | None:
    """Find the mappings whose `kind` it is, at any depth of any document: in block or flow style, tagged or anchored.

    None: the text is neither YAML nor JSON. By events, not by nodes: who nests them deep enough would end the process.
    """
    if _depth(text) > _DEEPEST:
        return None
    search = _Search(kind)
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            search.take(event)
    except (yaml.YAMLError, RecursionError, ValueError):
        return tuple(search.found) or None
    return tuple(search.found)


def _depth(text: str) -> int:
    """How deep brackets lie in one another, wherever they stand: the reader's time grows with the square of it."""
    depth = deepest = 0
    for bracket in _BRACKETS.findall(text):
        depth = depth + 1 if bracket in "[{" else max(depth - 1, 0)
        deepest = max(deepest, depth)
    return deepest


@dataclass(slots=True)
class _Open:
    """A collection that is open."""

    is_mapping: bool
    key: str | None = None
    """Of a mapping: the key whose value comes next."""
    kind: str | None = None
    place: tuple[int, int] = (1, 1)
    """Where its `kind` stands."""
    sops: bool = False
    plain: bool = False
    """Whether it holds a value that is not encrypted."""
    holds_values: bool = False
    """Whether it is the `data` of what it lies in."""


class _Search:
    def __init__(self, kind: str) -> None:
        self.found: list[Found] = []
        self._kind = kind
        self._open: list[_Open] = []
        self._anchored: dict[str, str] = {}

    def take(self, event: Any) -> None:
        if isinstance(event, yaml.ScalarEvent):
            if event.anchor:
                self._anchored[event.anchor] = event.value
            self._value(event.value, event)
        elif isinstance(event, yaml.AliasEvent):
            self._value(self._anchored.get(event.anchor or ""), event)
        elif isinstance(event, yaml.CollectionStartEvent):
            key = self._open[-1].key if self._open else None
            self._value(None, event)
            is_mapping = isinstance(event, yaml.MappingStartEvent)
            self._open.append(_Open(is_mapping, holds_values=is_mapping and key in _DATA))
        elif isinstance(event, yaml.CollectionEndEvent):
            self._close(self._open.pop())

    def _value(self, value: str | None, event: Any) -> None:
        """Take a scalar; None: a collection, or an alias of one."""
        if not self._open or not self._open[-1].is_mapping:
            return
        into = self._open[-1]
        if into.key is None:
            into.key = value or ""
            return
        if into.key == "kind":
            into.kind, into.place = value, (event.start_mark.line + 1, event.start_mark.column + 1)
        elif into.key == "sops":
            into.sops = value is None
        elif into.key in _DATA and isinstance(event, yaml.AliasEvent):
            into.plain = True
        if into.holds_values and (value is None or (value and not value.startswith("ENC["))):
            into.plain = True
        into.key = None

    def _close(self, one: _Open) -> None:
        if one.holds_values and one.plain and self._open:
            self._open[-1].plain = True
        if one.kind == self._kind:
            self.found.append(Found(*one.place, sealed=one.sops and not one.plain))
