"""What all mappings of the language share."""

from typing import Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, model_validator

from backupgen.diagnostics.wording import listed
from backupgen.language import scalars as s


class Model(BaseModel):
    """What all mappings of the language share: no unknown key, no change after reading."""

    # Built once, as part of Fleet, and not each for itself: that costs half of the start-up.
    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=(), defer_build=True)


def exactly_one(*names: str) -> Any:
    """A validator: exactly one of the named fields is given."""

    def validate(self: Any) -> Any:
        given = [name for name in names if getattr(self, name) is not None]
        if len(given) != 1:
            choice = listed(names)
            found = " and ".join(f"`{name}`" for name in given) or "none of them"
            raise s.refuse(f"expected exactly one of {choice}, found {found}")
        return self

    return model_validator(mode="after")(validate)


def short_form(field: str, short: type, expected: str) -> BeforeValidator:
    """A validator: a lone value of the type stands for a mapping that holds only `field`."""

    def expand(value: object) -> object:
        if isinstance(value, dict):
            return value
        if isinstance(value, short) and not isinstance(value, bool):
            return {field: value}
        raise s.refuse(f"expected {expected}, found {s.described(value)}")

    return BeforeValidator(expand)
