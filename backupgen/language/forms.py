"""The form of a scalar: how it is read and written, and what a JSON schema says of it. One record for each."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from pydantic_core import core_schema

from backupgen.language.refusals import refuse, shown, text_of

T = TypeVar("T")


@dataclass(frozen=True)
class Form(Generic[T]):
    """How a scalar is written. It annotates the type: `Tag = Annotated[str, tag]`."""

    read: Callable[[object], T]
    """Makes of the document's plain value what the compiler calculates with. Raises RefusedError."""
    description: str
    """A noun phrase with a period."""
    examples: tuple[str, ...] = ()
    pattern: str | None = None
    """What the whole text matches, as an expression of ECMA 262; see `patterns`. It takes all that `read` takes."""
    longest: int | None = None
    """How many characters it has at most."""
    write: Callable[[T], str] | None = None
    """The way back, where `read` makes something else of it."""
    schema: dict[str, Any] | None = field(default=None, hash=False)
    """The JSON schema, where it is not that of a text."""

    def __call__(self, value: object) -> T:
        """Read a value. Raises RefusedError."""
        return self.read(value)

    def json_schema(self) -> dict[str, Any]:
        """Return the JSON schema of the form."""
        if self.schema is not None:
            return self.schema
        schema: dict[str, Any] = {"type": "string", "description": self.description}
        if self.examples:
            schema["examples"] = list(self.examples)
        if self.pattern is not None:
            such = f", such as {' or '.join(self.examples)}" if self.examples else ""
            schema["pattern"] = f"^(?:{self.pattern})$"
            expected = f"{self.description[0].lower()}{self.description[1:].rstrip('.')}"
            schema["patternErrorMessage"] = f"expected {expected}{such}"
        if self.longest is not None:
            schema["maxLength"] = self.longest
        return schema

    def __get_pydantic_core_schema__(self, source: object, handler: object) -> core_schema.CoreSchema:
        """Let pydantic read with this form alone."""
        return core_schema.no_info_plain_validator_function(self.read)

    def __get_pydantic_json_schema__(self, schema: object, handler: object) -> dict[str, Any]:
        """Let pydantic describe it so."""
        return self.json_schema()


def matching(
    pattern: str,
    *examples: str,
    noun: str,
    expected: str,
    description: str,
    asked: str | None = None,
    longest: int | None = None,
    near: Callable[[str], str] | None = None,
) -> Form[str]:
    """The form of a text that matches an expression: the same for the reader and the JSON schema.

    A refusal says that the value is not `noun`, and what was `expected`; `asked`, where it differs, stands in for it
    where there is no text at all. `near` makes a text that was perhaps meant; empty: there is none.
    """

    def read(value: object) -> str:
        text = text_of(value, asked or expected)
        if (longest is not None and len(text) > longest) or not re.fullmatch(pattern, text):
            meant = near(text) if near is not None else ""
            hint = f"write `{meant}`" if meant else ""
            raise refuse(f"`{shown(text)}` is not {noun}, expected {expected}", hint)
        return text

    return Form(read, description, examples, pattern, longest)
