"""Fast reading of generated YAML to plain data, without positions."""

from typing import Any, NoReturn

from backupgen.source.build import Builder, ParseListener, TooDeepError
from backupgen.source.encoding import forbidden_characters
from backupgen.source.events import YAMLError, open_events
from backupgen.source.lines import LineIndex


class PlainError(Exception):
    """The text is no YAML, or uses what generated YAML never does. `line` and `column` are 1-based."""

    def __init__(self, line: int, column: int, message: str) -> None:
        super().__init__(f"{line}:{column}: {message}")
        self.line = line
        self.column = column
        self.message = message


def load_all(text: str) -> tuple[object, ...]:
    """Return the documents of `text` as dicts with string keys, lists, strings, numbers, bools and `None`.

    Plain scalars are read as in fleet.yaml (`scalars.resolve`), quoted and block scalars are always strings. An empty
    document is `None`. Raises `PlainError` at the first syntax error, duplicate key, anchor, alias, tag, key that is no
    string, and beyond 64 levels.
    """
    text = text.removeprefix("\ufeff")
    builder = Builder(_Refusal(text))
    try:
        builder.run(open_events(text))
    except TooDeepError as error:
        _refuse(text, error.start, "nested too deep")
    except UnicodeEncodeError as error:
        _refuse(text, error.start, "lone surrogate")
    except YAMLError as error:
        _refuse(text, *fault_in(text, error))
    return tuple(builder.roots)


def fault_in(text: str, error: YAMLError) -> tuple[int, str]:
    """Return the offset at which a parser has given up on a text, and why."""
    mark: Any = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if mark is not None:
        return mark.index, str(getattr(error, "problem", None) or "not valid YAML")
    character = next(forbidden_characters(text), None)
    if character is None:
        return 0, "not valid YAML"
    return character.start(), f"character U+{ord(character[0]):04X} is not allowed in YAML"


def _refuse(text: str, offset: int, message: str) -> NoReturn:
    raise PlainError(*LineIndex(text).position(min(offset, len(text))), message) from None


class _Refusal(ParseListener):
    def __init__(self, text: str) -> None:
        self._text = text

    def duplicate(self, key: str, start: int, end: int, first: tuple[int, int]) -> None:  # noqa: ARG002 (interface)
        _refuse(self._text, start, f"duplicate key `{key}`")

    def merge(self, start: int, end: int) -> None:  # noqa: ARG002 (interface)
        _refuse(self._text, start, "merge key")

    def key(self, value: object, start: int, end: int) -> None:  # noqa: ARG002 (interface)
        _refuse(self._text, start, "key that is not a string")

    def anchor(self, name: str, start: int) -> None:
        _refuse(self._text, start, f"anchor `&{name}`")

    def alias(self, name: str, start: int, end: int) -> None:  # noqa: ARG002 (interface)
        _refuse(self._text, start, f"alias `*{name}`")

    def tag(self, tag: str, start: int) -> None:
        _refuse(self._text, start, f"tag `{tag}`")
