"""Document -> Fleet. The only reader of pydantic's ValidationError.

Input: a `source.Document`. Output: the `Fleet`, or one finding for each mistake, at the key or value that is wrong.
"""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, ValidationError

from backupgen.diagnostics import Checked, CodeInfo, Finding, NodePath, Spot
from backupgen.diagnostics.wording import listed
from backupgen.language.codes import INVALID_VALUE, MISSING_KEY, UNKNOWN_KEY
from backupgen.language.paths import target_of
from backupgen.language.refusals import described, shown
from backupgen.language.schema import Fleet
from backupgen.source import Document

_EXPECTED = {
    "bool_type": "`true` or `false`",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "tuple_type": "a list",
    "string_type": "text",
    "greater_than_equal": "a whole number of at least {ge}",
    "less_than_equal": "a whole number of at most {le}",
    "too_short": "at least one entry",
}


def load_fleet(document: Document) -> Checked[Fleet]:
    """Read the document's data into the models.

    Returns the `Fleet`, or findings without a value; their spots name paths in the document.
    """
    try:
        return Checked(Fleet.model_validate(document.data))
    except ValidationError as error:
        errors = error.errors(include_url=False)
        meant = {_meant(_document_path(entry["loc"], document.data)) for entry in errors if _is_unknown(entry)}
        # A mistyped key is one mistake, although the key that was meant is missing then.
        errors = [entry for entry in errors if entry["type"] != "missing" or entry["loc"] not in meant]
        return Checked(None, tuple(_finding(entry, document) for entry in errors))


def _is_unknown(entry: Mapping[str, Any]) -> bool:
    return bool(entry["type"] == "extra_forbidden")


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
        case _:
            return _invalid(path, f"expected {_expected(entry)}, found {described(entry['input'])}")


def _expected(entry: Mapping[str, Any]) -> str:
    kind, context = str(entry["type"]), entry.get("ctx", {})
    if kind == "literal_error":
        return str(context["expected"]).replace("'", "`")
    if kind in _EXPECTED:
        return _EXPECTED[kind].format(**context)
    return f"something else ({entry['msg']})"  # pragma: no cover - a kind of error that no field of the language has


def _document_path(loc: tuple[str | int, ...], data: object) -> NodePath:
    """The parts of pydantic's location that exist in the document.

    It also holds a mark of bad keys, the names of missing fields, and those of a short form's mapping.
    """
    path: list[str | int] = []
    node: Any = data
    for part in loc:
        if _has(node, part):
            node = node[part]
            path.append(part)
    return tuple(path)


def _has(node: object, part: str | int) -> bool:
    if isinstance(node, list):
        return isinstance(part, int) and part < len(node)
    return isinstance(node, dict) and part in node


def _missing(loc: tuple[str | int, ...], parent: NodePath) -> Finding:
    where = f" in `{'.'.join(str(part) for part in parent)}`" if parent else ""
    spot = Spot(path=parent, on_key=True)
    return Finding(MISSING_KEY, f"the key `{loc[-1]}` is missing{where}", spot, target=target_of(parent))


def _unknown(path: NodePath) -> Finding:
    meant = _meant(path)
    key, colon, value = str(path[-1]).partition(":")
    if colon and meant and meant[-1] == key:
        hint = f"a space is missing after the colon, write `{key}: {value}`"
    elif meant:
        hint = f"did you mean `{meant[-1]}`?"
    else:
        hint = f"known keys here: {listed(known_keys(path[:-1]))}"
    where = f" in `{'.'.join(str(part) for part in path[:-1])}`" if path[:-1] else " at the top of the file"
    message = f"unknown key `{shown(path[-1])}`{where}"
    return Finding(UNKNOWN_KEY, message, Spot(path=path, on_key=True), hint, target_of(path))


def _meant(path: NodePath) -> NodePath:
    """The path of the key that an unknown one was meant to be; empty, if there is none near."""
    known = known_keys(path[:-1])
    written = str(path[-1])
    key, colon, _ = written.partition(":")
    near = [key] if colon and key in known else get_close_matches(written, known, n=1, cutoff=0.6)
    return (*path[:-1], near[0]) if near else ()


def _invalid(
    path: NodePath, message: str, hint: str = "", *, on_key: bool = False, code: CodeInfo = INVALID_VALUE
) -> Finding:
    return Finding(code, message, Spot(path=path, on_key=on_key), hint, target_of(path))


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
