"""One value as one YAML scalar that every reader reads back unchanged, be it a YAML 1.1 or a YAML 1.2 reader.

Strings stay plain only where no reader can take them for anything else; all others are double-quoted.
"""

import json
import re
from collections.abc import Callable

# Starts with a letter or a slash, so it is no number, date, indicator or document marker in either version; a colon is
# never last, and no comma or bracket occurs, so that it may stand in a flow collection as well.
_PLAIN = re.compile(
    r"[A-Za-z/][A-Za-z0-9_./@+=-]*(?::[A-Za-z0-9_./@+=-]+)*"
    r"|[1-9][0-9]*(?:\.[0-9]+)?(?:[KMGTPE]i|[kMGTPmhsd])"
)
# What YAML 1.1 resolves among the words that the pattern lets through (yaml.org/type/bool.html, null.html).
_RESOLVED = frozenset({"y", "yes", "n", "no", "on", "off", "true", "false", "null"})
# Beyond JSON's own escapes: what YAML readers refuse or take for a line break, and what shows text in another order.
_UNSAFE = re.compile(
    "[\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ud800-\udfff\ufeff\ufffe\uffff]"
)  # fmt: skip
# A literal block carries no other break, no control character and no space at a line's end that an editor would cut.
_NOT_LITERAL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ud800-\udfff\ufeff\ufffe\uffff]"
    r"|\A[ \t\n]|[ \t]$",
    re.MULTILINE,
)
_LINE_START = re.compile(r"^(?=.)", re.MULTILINE)


class Rendered(str):
    """Text that is in the language of the template already, and is not quoted again."""

    __slots__ = ()


def scalar(text: str) -> str:
    """Return `text` as a YAML scalar of one line, for block and flow collections, as a key or a value."""
    if _PLAIN.fullmatch(text) and text.lower() not in _RESOLVED:
        return text
    return double_quoted(text)


def double_quoted(text: str) -> str:
    """Return `text` as a double-quoted YAML scalar. JSON's escapes are YAML's as well (YAML 1.2, 5.7)."""
    quoted = json.dumps(text, ensure_ascii=False)
    return _UNSAFE.sub(_escape, quoted) if _UNSAFE.search(quoted) else quoted


def _escape(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"


def literal(text: str, indent: int) -> str:
    """Return `text` as a literal block scalar whose lines start after `indent` spaces.

    A text of one line, or one that no literal block carries unchanged, comes back as `scalar` gives it.
    """
    if "\n" not in text or _NOT_LITERAL.search(text):
        return scalar(text)
    chomping = "-" if not text.endswith("\n") else "+" if text.endswith("\n\n") else ""
    body = _LINE_START.sub(" " * indent, text)
    return f"|{chomping}\n{body.removesuffix(chr(10))}"


class _Strings(dict[str, str]):
    def __missing__(self, text: str) -> str:
        result = self[text] = scalar(text)
        return result


def yaml_finalizer() -> Callable[[object], str]:
    """Return the function that makes of every `{{ value }}` of a template a YAML scalar.

    Takes `str`, `int`, `bool` and `Rendered`, and raises `TypeError` for all else: a template that prints a list or
    nothing is wrong. Strings repeat a thousand times in a fleet, so the function keeps what it made of each.
    """
    strings = _Strings()

    def finalize(value: object) -> str:
        kind = type(value)
        if kind is str:
            return strings[value]  # type: ignore[index]  # mypy does not narrow by type()
        if isinstance(value, Rendered):
            return value
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, int):
            return str(int(value))
        if isinstance(value, str):
            return strings[str(value)]
        raise TypeError(f"`{value}` is no YAML scalar")

    return finalize


def json_finalizer() -> Callable[[object], str]:
    """Return the function that makes of every `{{ value }}` of a template a JSON value."""

    def finalize(value: object) -> str:
        if isinstance(value, Rendered):
            return value
        try:
            return json.dumps(value, ensure_ascii=False)
        except TypeError:
            raise TypeError(f"`{value}` is no JSON value") from None

    return finalize
