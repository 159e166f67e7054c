"""What all mappings of the language share, and what is said of a key beside its type."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar, NamedTuple

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic.config import JsonDict
from pydantic.fields import FieldInfo

from backupgen.diagnostics.wording import listed, quoted
from backupgen.language.refusals import described, refuse

Fragment = Mapping[str, Any]
"""A part of a JSON schema."""


class KeyFacts(NamedTuple):
    """What is said of a key beside its type. Values are as fleet.yaml writes them."""

    default: Any = None
    """What holds where the key is left out; None where there is no such constant."""
    follows: str = ""
    """What the default follows from, where it is no constant."""
    examples: Sequence[Any] = ()
    """Needed where no list of choices explains the key; the first one is the most usual."""
    schema: Fragment = MappingProxyType({})
    """What the JSON schema asks of the value beyond its type, because a validator or `resolve` does."""

    def __call__(self, schema: JsonDict, /) -> None:
        """Leave pydantic's own JSON schema alone: `json_schema` lays these facts over it."""


def optional(alias: str | None = None, **facts: Any) -> Any:
    """A key that may be left out; its field is None then. The keywords are those of `KeyFacts`."""
    extra: Any = KeyFacts(**facts)  # mypy takes no tuple for a callable
    return Field(default=None, alias=alias, json_schema_extra=extra)


def required(**facts: Any) -> Any:
    """A key that has to be given. The keywords are those of `KeyFacts`."""
    extra: Any = KeyFacts(**facts)
    return Field(json_schema_extra=extra)


def facts_of(field: FieldInfo) -> KeyFacts:
    """What is said of a field."""
    extra = field.json_schema_extra
    return extra if isinstance(extra, KeyFacts) else _NOTHING


_NOTHING = KeyFacts()


class Model(BaseModel):
    """What all mappings of the language share: no unknown key, no change after reading."""

    # Built once, as part of Fleet, and not each for itself: that costs half of the start-up.
    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=(), defer_build=True)

    constraints: ClassVar[tuple[Fragment, ...]] = ()
    """What the validators and `resolve` ask of several keys at once, in the words of JSON Schema."""
    short: ClassVar[Fragment | None] = None
    """The JSON schema of the lone value that may stand for the mapping: see `short_form`."""


def exactly_one(*names: str) -> Any:
    """A validator: exactly one of the named fields is given."""

    def validate(self: Any) -> Any:
        given = [name for name in names if getattr(self, name) is not None]
        if len(given) != 1:
            choice = listed(names)
            found = " and ".join(quoted(given)) or "none of them"
            raise refuse(f"expected exactly one of {choice}, found {found}")
        return self

    return model_validator(mode="after")(validate)


def short_form(field: str, short: type, expected: str) -> BeforeValidator:
    """A validator: a lone value of the type stands for a mapping that holds only `field`."""

    def expand(value: object) -> object:
        if isinstance(value, dict):
            return value
        if isinstance(value, short) and not isinstance(value, bool):
            return {field: value}
        raise refuse(f"expected {expected}, found {described(value)}")

    return BeforeValidator(expand)


def one_of(*keys: str) -> Fragment:
    """Exactly one of the keys is there."""
    return {"oneOf": [{"required": [key]} for key in keys]}


def needs(**keys: str) -> Fragment:
    """The one key goes only with the other."""
    return {"dependentRequired": {key: [other] for key, other in keys.items()}}


def has(key: str, value: Fragment) -> Fragment:
    """The key is there, with such a value."""
    return {"properties": {key: value}, "required": [key]}


def whole(pattern: str) -> Fragment:
    """The whole text matches."""
    return {"pattern": f"^(?:{pattern})$"}
