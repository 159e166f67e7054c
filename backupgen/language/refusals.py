"""How the language refuses a value: what was found, what was expected."""

import re

from pydantic_core import PydanticCustomError

_LONG = re.compile("`([^`]{81,})`")
"""What a message repeats and nobody would read to its end."""
RefusedError = PydanticCustomError
"""What a reader raises for a value that it does not take; `context` has the `message` and the `hint`."""


def refuse(message: str, hint: str = "") -> PydanticCustomError:
    """The error of a scalar type: `message` for the finding, `hint` for its help."""
    said = _LONG.sub(lambda match: f"`{match[1][:57]}...`", message)
    return PydanticCustomError("fleet_value", "{message}", {"message": said, "hint": hint})


def shown(value: object) -> str:
    """A scalar as a message quotes it: as YAML writes it, at most 60 characters."""
    match value:
        case bool():
            written = str(value).lower()
        case int() if value.bit_length() > 200:
            written = hex(value)
        case _:
            written = str(value)
    return written if len(written) <= 60 else f"{written[:57]}..."


def text_of(value: object, expected: str) -> str:
    """A value that has to be text. Raises RefusedError."""
    if isinstance(value, str):
        return value
    if value is None:
        raise refuse(f"there is no value here, expected {expected}")
    # In quotes, `true` would still not be a duration.
    helps = isinstance(value, int | float) and (expected == "text" or not isinstance(value, bool))
    raise refuse(f"expected {expected}, found {described(value)}", "write it in quotes" if helps else "")


def described(value: object) -> str:
    """A value of the document, of any kind, as a message names it."""
    match value:
        case None:
            return "nothing"
        case bool():
            return f"the boolean `{shown(value)}`"
        case int() | float():
            return f"the number `{shown(value)}`"
        case str():
            return f"`{shown(value)}`"
        case _:
            kind = "mapping" if isinstance(value, dict) else "list"
            return f"a {kind}" if value else f"an empty {kind}"
