"""Positions. Lines and columns are 1-based everywhere; the parser's 0-based marks are converted once, in `source`."""

from dataclasses import dataclass, field

NodePath = tuple[str | int, ...]
"""The way from the document's root to a node: mapping keys and sequence indexes."""


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A stretch of a text file. The end column is exclusive; an empty span points between two characters."""

    line: int
    column: int
    end_line: int
    end_column: int


@dataclass(frozen=True, slots=True, order=True)
class Spot:
    """Where a finding points.

    A stage that works on the fleet names a `path` and leaves `span` empty; `source.Document.locate` fills `file` and
    `span`. A stage that reads text itself (the YAML reader, the comparison with `out/`) gives `file` and `span`.
    """

    path: NodePath = field(default=(), compare=False)
    on_key: bool = False
    """Point at the mapping key rather than at its value (an unknown key, a missing field's parent)."""
    file: str | None = None
    span: Span | None = None
