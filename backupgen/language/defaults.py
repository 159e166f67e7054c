"""The defaults that stand at the keys, as the compiler calculates with them, and values as fleet.yaml writes them.

Input: the facts of a key (`schema.model.KeyFacts`) and its type. Output: parsed values, or written ones.
"""

from functools import cache
from types import NoneType
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel

from backupgen.language.forms import Form
from backupgen.language.schema.model import facts_of

_EMPTY = {dict: {}, tuple: (), str: ""}


@cache
def default_of(model: type[BaseModel], name: str) -> Any:
    """The default of a field, as its reader gives it; None where there is no constant. Mappings stay plain."""
    field = model.model_fields[name]
    default = facts_of(field).default
    return None if default is None else _read(field.annotation, default)


def filled(mapping: BaseModel) -> dict[str, Any]:
    """Every field of a mapping that holds no other one, as it is given or else its default.

    What is left out and has no default is empty: a text, a list or a mapping; a number is None.
    """
    model = type(mapping)
    values = ((name, getattr(mapping, name)) for name in model.model_fields)
    return {name: _otherwise(model, name) if value is None else value for name, value in values}


@cache
def _otherwise(model: type[BaseModel], name: str) -> Any:
    default = default_of(model, name)
    if default is not None:
        return default
    plain = _plain(model.model_fields[name].annotation)
    return _EMPTY.get(get_origin(plain) or plain)


def written(model: type[BaseModel], name: str, value: Any) -> Any:
    """A field's value as fleet.yaml writes it: `540` seconds as `9m`."""
    write = _writer(model, name)
    if isinstance(value, tuple):
        return [item if write is None else write(item) for item in value]
    return value if write is None or value is None else write(value)


@cache
def _writer(model: type[BaseModel], name: str) -> Any:
    metadata = _metadata(model.model_fields[name].annotation)
    return next((item.write for item in metadata if isinstance(item, Form)), None)


def _read(annotation: Any, value: Any) -> Any:
    reader: Any = next((item.read for item in _metadata(annotation) if isinstance(item, Form)), None)
    if isinstance(value, list):
        return tuple(value if reader is None else (reader(item) for item in value))
    return value if reader is None else reader(value)


def _metadata(annotation: Any) -> tuple[Any, ...]:
    """What is annotated to a type, to the item of a list, or to a type that may be left out."""
    if get_origin(annotation) is Annotated:
        base, *metadata = get_args(annotation)
        return (*metadata, *_metadata(base))
    return _metadata(get_args(annotation)[0]) if get_origin(annotation) not in {None, dict} else ()


def _plain(annotation: Any) -> Any:
    """The type itself, without what is annotated to it and without None."""
    arguments = get_args(annotation)
    if get_origin(annotation) is Annotated:
        return _plain(arguments[0])
    if NoneType in arguments:
        return _plain(arguments[0])
    return annotation
