"""What fleet.yaml may not use although it is valid YAML, as findings."""

from typing import Any, Final

from backupgen.diagnostics import CodeInfo, Finding, Related, Spot
from backupgen.source import codes
from backupgen.source.build import Builder, ParseListener
from backupgen.source.lines import LineIndex

_SHARE: Final = "put what targets share under `defaults:`"
_CORE_TAG: Final = "tag:yaml.org,2002:"


class Collector(ParseListener):
    """Turns what the builder meets into findings."""

    def __init__(self, text: str, file: str, lines: LineIndex) -> None:
        self.findings: list[Finding] = []
        self._text = text
        self._file = file
        self._lines = lines
        self._documents = 0
        self._anchors: dict[str, tuple[int, list[Related]]] = {}

    def spot(self, start: int, end: int) -> Spot:
        """Return the spot from `start` to before `end`, offsets in characters."""
        size = len(self._text)
        return Spot(file=self._file, span=self._lines.span(min(start, size), min(end, size)))

    def add(self, info: CodeInfo, message: str, start: int, end: int, remedy: str = "") -> None:
        """Add a finding at the characters from `start` to before `end`."""
        self.findings.append(Finding(info, message, self.spot(start, end), remedy))

    def document(self, event: Any, start: int) -> None:
        """Refuse a second document, and directives."""
        self._documents += 1
        if self._documents == 2:
            message = "a second document starts here, expected one document in the file"
            remedy = "remove the `---`, or keep each fleet in a file of its own"
            self.add(codes.SEVERAL_DOCUMENTS, message, start, start + 3, remedy)
        if event.tags or event.version not in {None, (1, 2)}:
            message = "a directive line asks for another reading of the file, expected plain YAML 1.2"
            self.add(codes.SYNTAX_ERROR, message, start, start + 1, "remove the line that starts with `%`")

    def duplicate(self, key: str, start: int, end: int, first: tuple[int, int]) -> None:
        """Refuse a key that stands twice."""
        message = f"key `{key}` stands twice in the same mapping"
        related = (Related("first defined here", self.spot(*first)),)
        self.findings.append(
            Finding(
                codes.DUPLICATE_KEY, message, self.spot(start, end), "rename or remove one of them", related=related
            )
        )

    def merge(self, start: int, end: int) -> None:
        """Refuse a merge key."""
        self.add(codes.ANCHOR_OR_ALIAS, "merge key `<<` is not supported", start, end, _SHARE)

    def key(self, value: object, start: int, end: int) -> None:
        """Refuse a key that is not a string."""
        if isinstance(value, dict | list):
            kind = "mapping" if isinstance(value, dict) else "list"
            message = f"a {kind} is used as a key, expected a string"
            remedy = "put the value in quotes if it starts with a brace or bracket, as a template expression does"
        elif start == end:
            message, remedy = "the key is empty, expected a string", "write the key before the colon"
        else:
            written = self._text[start:end]
            message = f"key `{written}` is {_kind(value)}, expected a string"
            remedy = f'write it in quotes: `"{written}":`'
        self.add(codes.KEY_NOT_STRING, message, start, end, remedy)

    def anchor(self, name: str, start: int) -> None:
        """Remember an anchor, to refuse it with all its uses."""
        self._anchors[name] = (max(self._text.find(f"&{name}", start), start), [])

    def alias(self, name: str, start: int, end: int) -> None:
        """Refuse an alias, or count it among the uses of its anchor."""
        if name in self._anchors:
            self._anchors[name][1].append(Related("used here", self.spot(start, end)))
            return
        message = f"alias `*{name}` has no anchor, and aliases are not supported"
        remedy = f'if the value merely starts with `*`, write it in quotes: `"{self._text[start:end]}"`'
        self.add(codes.ANCHOR_OR_ALIAS, message, start, end, remedy)

    def tag(self, tag: str, start: int) -> None:
        """Refuse an explicit tag."""
        shown = tag.replace(_CORE_TAG, "!!")
        message = f"tag `{shown}` is not supported, expected a plain value"
        end = start + (len(shown) if self._text.startswith(shown, start) else 1)
        remedy = "remove the tag; write the value in quotes if it is to be a string or starts with `!`"
        self.add(codes.EXPLICIT_TAG, message, start, end, remedy)

    def judge_root(self, builder: Builder) -> None:
        """Add the findings about a stream as a whole, read to its end."""
        if self._documents == 0 or (builder.roots[0] is None and builder.starts[0] == builder.ends[0]):
            remedy = "write the fleet; the README has one of ten lines"
            self.add(codes.EMPTY_FILE, "the file holds no document, expected a fleet", 0, 0, remedy)
        elif not isinstance(builder.roots[0], dict):
            start, end = builder.starts[0], builder.ends[0]
            message = f"the outermost level is {_kind(builder.roots[0])}, expected a mapping"
            remedy = "write `key: value` lines at the outermost level"
            self.add(codes.ROOT_NOT_MAPPING, message, start, max(end, start + 1), remedy)

    def finish(self) -> list[Finding]:
        """Return all findings, one for each anchor with its uses among them."""
        for name, (start, uses) in self._anchors.items():
            spot = self.spot(start, start + len(name) + 1)
            message = f"anchor `&{name}` is not supported"
            self.findings.append(Finding(codes.ANCHOR_OR_ALIAS, message, spot, _SHARE, related=tuple(uses)))
        self._anchors = {}
        return self.findings


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return "a truth value"
    if isinstance(value, int | float):
        return "a number"
    if value is None:
        return "null"
    return "a list" if isinstance(value, list) else "a string"
