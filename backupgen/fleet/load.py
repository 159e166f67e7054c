"""Document -> Fleet. The only reader of pydantic's ValidationError.

Input: a `source.Document`. Output: the `Fleet`, or one finding for each mistake, at the key or value that is wrong.
"""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, ValidationError

from backupgen.diagnostics import Checked, CodeInfo, Finding, NodePath, Spot
from backupgen.fleet.codes import INVALID_VALUE, MISSING_KEY, UNKNOWN_KEY
from backupgen.fleet.schema import Fleet
from backupgen.source import Document

_EXPECTED_TYPES = {
    "bool_type": "`true` or `false`",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "tuple_type": "a list",
    "string_type": "text",
}


def load_fleet(document: Document) -> Checked[Fleet]:
    """Read the document's data into the models.

    Returns the `Fleet`, or findings without a value; their spots name paths in the document.
    """
    try:
        return Checked(Fleet.model_validate(document.data))
    except ValidationError as error:
        errors = error.errors(include_url=False)
        return Checked(None, tuple(_finding(entry, document) for entry in errors))


def _finding(entry: Mapping[str, Any], document: Document) -> Finding:
    path = _document_path(entry["loc"], document.data)
    match entry["type"]:
        case "missing":
            return _missing(entry["loc"], path)
        case "extra_forbidden":
            return _unknown(path)
        case "fleet_value":
            context = entry["ctx"]
            return _invalid(path, str(context["message"]), str(context["hint"]), on_key=entry["loc"][-1:] == ("[key]",))
        case "literal_error":
            return _invalid(
                path, f"`{_shown(entry['input'])}` is not allowed here, expected {entry['ctx']['expected']}"
            )
        case kind if kind in _EXPECTED_TYPES:
            return _invalid(path, f"expected {_EXPECTED_TYPES[kind]}, found {_described(entry['input'])}")
        case _:
            message = str(entry["msg"])
            return _invalid(path, f"{message[:1].lower()}{message[1:]}, found {_described(entry['input'])}")


def _document_path(loc: tuple[str | int, ...], data: object) -> NodePath:
    """The parts of pydantic's location that exist in the document: it also holds tags of unions and of bad keys."""
    path: list[str | int] = []
    node: Any = data
    for index, part in enumerate(loc):
        last = index == len(loc) - 1
        if _has(node, part):
            node = node[part]
        elif not last or part == "[key]":
            continue
        path.append(part)
    return tuple(path)


def _has(node: object, part: str | int) -> bool:
    if isinstance(node, list):
        return isinstance(part, int) and part < len(node)
    return isinstance(node, dict) and part in node


def _missing(loc: tuple[str | int, ...], path: NodePath) -> Finding:
    parent = path[:-1] if path and path[-1] == loc[-1] else path
    where = f" in `{'.'.join(str(part) for part in parent)}`" if parent else ""
    spot = Spot(path=parent, on_key=True)
    return Finding(MISSING_KEY, f"the key `{loc[-1]}` is missing{where}", spot, target=target_of(parent))


def _unknown(path: NodePath) -> Finding:
    known = known_keys(path[:-1])
    key, colon, value = str(path[-1]).partition(":")
    near = get_close_matches(key, known, n=1, cutoff=0.6)
    if colon and key in known:
        hint = f"a space is missing after the colon, write `{key}: {value}`"
    elif near:
        hint = f"did you mean `{near[0]}`?"
    else:
        hint = f"known keys here: {', '.join(f'`{key}`' for key in known)}"
    where = f" in `{'.'.join(str(part) for part in path[:-1])}`" if path[:-1] else " at the top of the file"
    message = f"unknown key `{path[-1]}`{where}"
    return Finding(UNKNOWN_KEY, message, Spot(path=path, on_key=True), hint, target_of(path))


def _invalid(
    path: NodePath, message: str, hint: str = "", *, on_key: bool = False, code: CodeInfo = INVALID_VALUE
) -> Finding:
    return Finding(code, message, Spot(path=path, on_key=on_key), hint, target_of(path))


def target_of(path: NodePath) -> str | None:
    """The name of the target that a path lies in."""
    return str(path[1]) if len(path) > 1 and path[0] == "targets" else None


def known_keys(path: NodePath) -> tuple[str, ...]:
    """The keys that the model at a path of the document knows; none, where the keys are names."""
    models: list[type[BaseModel]] = [Fleet]
    mapping = False
    for part in path:
        if mapping or isinstance(part, int):
            mapping = False
            continue
        annotation = next((model.model_fields[part].annotation for model in models if part in model.model_fields), None)
        models = _models_in(annotation)
        mapping = _is_mapping(annotation)
    return tuple(field.alias or name for model in models for name, field in model.model_fields.items())


def _models_in(annotation: object) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for argument in getattr(annotation, "__args__", ()) for model in _models_in(argument)]


def _is_mapping(annotation: object) -> bool:
    if getattr(annotation, "__origin__", None) is dict:
        return True
    return any(_is_mapping(argument) for argument in getattr(annotation, "__args__", ()))


def _described(value: object) -> str:
    match value:
        case None:
            return "nothing"
        case bool() | int() | float() | str():
            return f"`{_shown(value)}`"
        case dict():
            return "a mapping"
        case _:
            return "a list"


def _shown(value: object) -> str:
    shown = str(value).lower() if isinstance(value, bool) else str(value)
    return shown if len(shown) <= 60 else f"{shown[:57]}..."
