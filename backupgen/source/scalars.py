"""Plain (unquoted) scalars after the YAML 1.2 core schema.

Source: YAML 1.2.2, section 10.3.2. Two departures, both towards "what is written is meant": a number with leading zeros
(`0777`, which readers take for 777 or 511) and one beyond a double's range (`123e4567`, a snapshot's id) stay strings.
"""

import math
import re
from typing import Final

Scalar = str | int | float | bool | None

LEADS: Final = frozenset("-+.0123456789~nNtTfF")
"""Every non-empty plain scalar that is no string starts with one of these."""

_WORDS: Final[dict[str, Scalar]] = {
    "": None,
    "~": None,
    "null": None,
    "Null": None,
    "NULL": None,
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
    ".nan": math.nan,
    ".NaN": math.nan,
    ".NAN": math.nan,
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
}
_DECIMAL: Final = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_PREFIXED: Final = re.compile(r"0(?:o[0-7]+|x[0-9a-fA-F]+)")
_FLOAT: Final = re.compile(r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_LONGEST_INTEGER: Final = 4000
"""Python refuses to convert more than 4300 decimal digits, and no setting is that long."""


def resolve(text: str) -> Scalar:
    """Return the value of a plain scalar: `None`, a bool, an int, a float, or the text itself."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in LEADS:
        return text
    if _DECIMAL.fullmatch(text):
        return int(text) if len(text) <= _LONGEST_INTEGER else text
    if _PREFIXED.fullmatch(text):
        return int(text, 0)
    if _FLOAT.fullmatch(text):
        number = float(text)
        return number if math.isfinite(number) else text
    return text
