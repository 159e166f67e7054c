"""fleet.yaml as text becomes a `Document`: plain data, and the line and column of every key and value."""

from array import array
from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any

from backupgen.diagnostics import Checked, Finding, NodePath, Span, Spot
from backupgen.source import codes
from backupgen.source.build import DEEPEST, Builder, TooDeepError
from backupgen.source.edit import edit
from backupgen.source.encoding import decode
from backupgen.source.events import YAMLError, open_events
from backupgen.source.lines import LineIndex
from backupgen.source.oddities import Collector
from backupgen.source.positions import Offsets, Positions


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML document without a fault."""

    data: dict[str, Any]
    """Plain data: dicts with string keys, lists, strings, numbers, bools and `None`; nothing occurs twice."""
    file: str
    """The name to show in findings."""
    text: str
    """The text, without a byte order mark."""
    _positions: Positions = field(repr=False, compare=False)

    def span(self, path: NodePath, *, on_key: bool = False) -> Span:
        """Return where the node at `path` stands, or its key; where it does not exist, the key of its nearest parent.

        Lines and columns are 1-based, columns count characters. A block collection and an empty value have the span of
        their key; an item of a block sequence that is a collection has the span of its first token.
        """
        return self._positions.span(path, on_key=on_key)

    def holds(self, path: NodePath) -> bool:
        """Whether there is a node at `path`."""
        try:
            _inside(self.data, path)
        except (KeyError, IndexError, TypeError):
            return False
        return True

    def locate(self, finding: Finding) -> Finding:
        """Return the finding with the file and span of every spot that names only a path."""
        return replace(
            finding,
            spot=self._locate_spot(finding.spot),
            related=tuple(replace(other, spot=self._locate_spot(other.spot)) for other in finding.related),
        )

    def edited(self, values: Mapping[NodePath, str], without: Iterable[NodePath] = ()) -> str:
        """Return the text with other strings in it, and without some keys; every other character stays.

        `values` maps the paths of scalars to strings, `without` are paths of keys whose values are scalars. Raises
        KeyError for a path that leads to no key, ValueError if the result would not mean what was asked for.
        """
        text = edit(self.text, self._positions, values, without)
        read = read_document(text.encode(), self.file)
        if read.value is None or read.value.data != _changed(self.data, values, without):
            raise ValueError("the edited text does not mean what was asked for")
        return text

    def _locate_spot(self, spot: Spot) -> Spot:
        if spot.span is not None or spot.file not in {None, self.file}:
            return spot
        return replace(spot, file=self.file, span=self.span(spot.path, on_key=spot.on_key))


def _changed(data: dict[str, Any], values: Mapping[NodePath, str], without: Iterable[NodePath]) -> dict[str, Any]:
    changed = deepcopy(data)
    for *folder, key in without:
        del _inside(changed, folder)[key]
    for (*folder, key), value in values.items():
        _inside(changed, folder)[key] = value
    return changed


def _inside(data: Any, path: Iterable[str | int]) -> Any:
    for part in path:
        data = data[part]
    return data


def read_document(raw: bytes, file: str) -> Checked[Document]:
    """Read the bytes of fleet.yaml, shown as `file` in findings.

    Never raises for any bytes: what is wrong with them becomes findings, all with file and span, in the order of the
    text; the value is `None` then. Plain scalars are read after the YAML 1.2 core schema (`scalars.resolve`).
    """
    decoded = decode(raw, file)
    if decoded.value is None:
        return Checked(None, decoded.findings)
    text = decoded.value
    lines = LineIndex(text)
    collector = Collector(text, file, lines)
    builder = Builder(collector)
    try:
        builder.run(open_events(text))
    except TooDeepError as error:
        message = f"collections are nested more than {DEEPEST} deep"
        collector.add(codes.TOO_DEEP, message, error.start, error.start + 1)
    except YAMLError as error:
        from backupgen.source import syntax

        collector.findings.extend(syntax.explain(error, text, file, lines, builder.last_scalar))
    else:
        collector.judge_root(builder)
    findings = tuple(sorted(collector.finish(), key=_place))
    if findings:
        return Checked(None, findings)
    offsets = Offsets(array("Q", builder.starts), array("Q", builder.ends), builder.after)
    data = builder.roots[0]
    return Checked(Document(data, file, text, Positions(data, offsets, lines)))


def _place(finding: Finding) -> tuple[int, int]:
    span = finding.spot.span
    return (span.line, span.column) if span else (0, 0)
