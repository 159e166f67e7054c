"""Go's literals, as its templates take them: numbers, characters and texts (Go's specification, strconv.Unquote)."""

import re
from typing import Final

_DIGITS: Final = "[0-9](?:_?[0-9])*"
_INTEGER: Final = re.compile(
    r"(?P<decimal>0|[1-9](?:_?[0-9])*)|0[xX](?P<hex>(?:_?[0-9a-fA-F])+)|0[bB](?P<binary>(?:_?[01])+)"
    r"|0[oO]?(?P<octal>(?:_?[0-7])+)"
)
_BASES: Final = {"decimal": 10, "hex": 16, "binary": 2, "octal": 8}
_FLOAT: Final = re.compile(
    rf"(?:(?:{_DIGITS})\.(?:{_DIGITS})?|\.{_DIGITS})(?:[eE][-+]?{_DIGITS})?|{_DIGITS}[eE][-+]?{_DIGITS}"
)
_HEX_FLOAT: Final = re.compile(
    r"0[xX](?:(?P<whole>(?:_?[0-9a-fA-F])+)(?:\.(?P<part>[0-9a-fA-F](?:_?[0-9a-fA-F])*)?)?|\.(?P<only>[0-9a-fA-F]+))"
    r"[pP][-+]?[0-9](?:_?[0-9])*"
)
_SIMPLE: Final = frozenset("abfnrtv\\")
_CODES: Final = {"x": (2, 16), "u": (4, 16), "U": (8, 16)}


def is_number(text: str) -> bool:
    """Whether it is a number that Go's templates can hold: of 64 bits, with a sign, or imaginary."""
    if text.endswith("i"):
        split = re.fullmatch(r"(?P<real>[-+]?[^-+]+(?:[eEpP][-+][^-+]+)?)(?P<rest>[-+].+)i", text)
        if split is not None and _is_float(split["real"]):
            return _is_float(split["rest"])
        return _is_float(text[:-1]) or bool(re.fullmatch(r"[-+]?[0-9_]+", text[:-1]))
    return _is_integer(text) or (bool(re.search("[.eEpP]", text)) and _is_float(text))


def _is_integer(text: str) -> bool:
    match = _INTEGER.fullmatch(text.lstrip("+-") if text[:1] in {"+", "-"} else text)
    if match is None or match.lastgroup is None:
        return False
    digits = match[match.lastgroup].replace("_", "")
    if len(digits) > 64:
        return False
    number = int(digits, _BASES[match.lastgroup])
    return number <= (2**63 if text.startswith("-") else 2**63 - 1 if text.startswith("+") else 2**64 - 1)


def _is_float(text: str) -> bool:
    bare = text[1:] if text[:1] in {"+", "-"} else text
    if _HEX_FLOAT.fullmatch(bare):
        return True
    if _FLOAT.fullmatch(bare) or _INTEGER.fullmatch(bare):
        try:
            return float(bare.replace("_", "")) < float("inf")
        except ValueError:  # a hexadecimal integer
            return True
    return False


def is_text(literal: str) -> bool:
    """Whether a literal in its quotes is one of Go's: `"…"` or a raw one in backquotes."""
    if literal.startswith("`"):
        return True
    at, end = 1, len(literal) - 1
    while at < end:
        length = _character(literal, at, end, '"')
        if not length:
            return False
        at += length
    return True


def is_character(literal: str) -> bool:
    """Whether a literal in its quotes is one character, such as `'x'`."""
    end = len(literal) - 1
    return end > 1 and _character(literal, 1, end, "'") == end - 1


def _character(literal: str, at: int, end: int, quote: str) -> int:
    """How long the character is that begins at a place; 0: there is none."""
    if literal[at] == quote or literal[at] == "\n":
        return 0
    if literal[at] != "\\":
        return 1
    kind = literal[at + 1 : at + 2]
    if at + 1 >= end:
        return 0
    if kind in _SIMPLE or kind == quote:
        return 2
    size, base = _CODES.get(kind, (3, 8))
    first = at + 2 if kind in _CODES else at + 1
    digits = literal[first : min(first + size, end)]
    if len(digits) < size or not re.fullmatch("[0-7]+" if base == 8 else "[0-9a-fA-F]+", digits):
        return 0
    number = int(digits, base)
    valid = number <= 255 if kind not in {"u", "U"} else number <= 0x10FFFF and not 0xD800 <= number <= 0xDFFF
    return first + size - at if valid else 0
