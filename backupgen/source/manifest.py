"""Manifests that other people wrote: several documents a file, anchors and merge keys, and a position for every node.

Kubernetes' own readers take all of that; what `plain` reads is ours and uses none of it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from backupgen.diagnostics import NodePath, Span
from backupgen.source.build import Builder, ParseListener, TooDeepError
from backupgen.source.events import YAMLError, open_events
from backupgen.source.lines import LineIndex
from backupgen.source.plain import PlainError, fault_in
from backupgen.source.positions import Offsets, Positions

LARGEST: Final = 2 << 20
"""Characters of a document. The API server takes no object of more than 1.5 MiB (etcd's limit)."""
_MOST_ALIASES: Final = 1000
_MOST_MERGED: Final = 100_000
"""How many entries merge keys may copy: a few lines of YAML can ask for any number."""
_START: Final = re.compile(r"^---(?=\s|\Z)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Manifest:
    """One document. Where aliases are used, a collection stands in it several times, or even in itself."""

    data: Any
    _positions: Positions = field(repr=False, compare=False)
    _before: int = field(repr=False, compare=False)
    """How many lines of the file stand before the document."""

    def span(self, path: NodePath, *, on_key: bool = False) -> Span:
        """Return where the node at `path` stands, or its key, in the file; what an alias or a merge brings, at that."""
        span = self._positions.span(path, on_key=on_key)
        return Span(span.line + self._before, span.column, span.end_line + self._before, span.end_column)


def documents(text: str) -> Iterator[tuple[int, int]]:
    """Yield the offsets at which each document of a text starts and ends, its `---` included."""
    starts = [0, *(match.start() for match in _START.finditer(text) if match.start() > 0)]
    yield from zip(starts, [*starts[1:], len(text)], strict=True)


def read_manifest(text: str, start: int = 0, end: int | None = None) -> Manifest | None:
    """Read one document of a text, which stands from `start` to before `end`; None, if it is empty.

    Scalars are read as in fleet.yaml (`scalars.resolve`). Keys that are no strings are there under names that no text
    can hold. Raises PlainError where it is no YAML, has a duplicate key, or is larger than any manifest.
    """
    part = text[start:end]
    if len(part) > LARGEST:
        raise PlainError(*_place(text, start, 0), f"larger than any manifest: {len(part)} characters")
    builder = _Builder(_Strictness())
    try:
        builder.run(open_events(part))
        builder.merge()
    except TooDeepError as error:
        raise PlainError(*_place(text, start, error.start), "nested too deep") from None
    except _RefusedError as error:
        raise PlainError(*_place(text, start, error.start), str(error)) from None
    except UnicodeEncodeError as error:
        raise PlainError(*_place(text, start, error.start), "lone surrogate") from None
    except YAMLError as error:
        offset, message = fault_in(part, error)
        raise PlainError(*_place(text, start, offset), message) from None
    if not builder.roots:
        return None
    data = builder.roots[0]
    offsets = Offsets(builder.starts, builder.ends, builder.after)
    before = _index(text).position(start)[0] - 1 if start else 0
    return Manifest(data, Positions(data, offsets, LineIndex(part)), before)


def _place(text: str, start: int, offset: int) -> tuple[int, int]:
    return _index(text).position(min(start + offset, len(text)))


@lru_cache(maxsize=1)
def _index(text: str) -> LineIndex:
    """The lines of a file, counted once for all of its documents."""
    return LineIndex(text)


class _RefusedError(Exception):
    def __init__(self, message: str, start: int) -> None:
        super().__init__(message)
        self.start = start


class _Strictness(ParseListener):
    """Refuses what Kubernetes' readers refuse too."""

    def duplicate(self, key: str, start: int, end: int, first: tuple[int, int]) -> None:  # noqa: ARG002 (interface)
        raise _RefusedError(f"duplicate key `{key}`", start)


class _Builder(Builder):
    """A builder for which an alias is the node that it names, and which then fills in what merge keys name."""

    def __init__(self, listener: ParseListener) -> None:
        super().__init__(listener)
        self._anchored: dict[str, Any] = {}
        self._merges: list[tuple[dict[str, Any], str]] = []
        self._aliases = 0

    def merge(self) -> None:
        """Add the entries that merge keys name, behind a mapping's own, which win."""
        left = _MOST_MERGED
        for mapping, key in self._merges:
            named = mapping[key]
            for source in named if isinstance(named, list) else [named]:
                entries = list(source.items()) if isinstance(source, dict) else []
                left -= len(entries)
                if left < 0:
                    raise _RefusedError("merge keys copy too much", 0)
                for name, value in entries:
                    mapping.setdefault(name, value)

    def _scalar(self, event: Any) -> None:
        super()._scalar(event)
        if event.anchor is not None:
            self._anchored[event.anchor] = self._latest()

    def _start(self, event: Any, child: Any) -> None:
        super()._start(event, child)
        if event.anchor is not None:
            self._anchored[event.anchor] = child

    def _alias(self, event: Any) -> None:
        is_value = type(self._node) is list or self._key is not None
        super()._alias(event)
        self._aliases += 1
        if event.anchor not in self._anchored:
            raise _RefusedError(f"alias `*{event.anchor}` has no anchor", event.start_mark.index)
        if self._aliases > _MOST_ALIASES:
            raise _RefusedError("too many aliases", event.start_mark.index)
        if is_value:
            node = self._node
            node[-1 if type(node) is list else next(reversed(node))] = self._anchored[event.anchor]

    def _latest(self) -> Any:
        """Return the scalar that was read last: an item, a key whose value comes next, or a value."""
        node = self._node
        if type(node) is list:
            return node[-1]
        return node[next(reversed(node))] if self._key is None else self._key

    def _odd_key(self, value: Any, *, plain: bool) -> str:
        key = super()._odd_key(value, plain=plain)
        if value == "<<" and plain:
            self._merges.append((self._node, key))
        return key
