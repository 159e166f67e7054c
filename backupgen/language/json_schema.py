"""The JSON schema of fleet.yaml, for editors: what the models accept, with the documentation of every field.

Input: the sources of the package `schema`, whose docstrings under the fields Python itself throws away. Output: a JSON
schema of draft 2020-12 as plain data. Never: the files themselves, which whoever calls has read.
"""

import ast
from collections import ChainMap
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from backupgen.language import schema
from backupgen.language.schema.model import Fragment, KeyFacts, facts_of
from backupgen.schedule import zone_names

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_ZONE: Final = "Timezone"

_EXAMPLE: Final[Mapping[str, Any]] = {
    "fleet": "home",
    "home_namespace": "backup",
    "timezone": "Europe/Berlin",
    "images": {"restic": f"ghcr.io/example/restic:0.19.1@sha256:{'0' * 64}"},
    "repository": {
        "url": "s3:s3.example.org/backups/home",
        "retention": {"at": "03:05", "deadline": "45m", "keep": {"daily": 7, "weekly": 4}},
        "restore_test": {"at": "Sun 04:00", "deadline": "2h", "scratch": "20Gi"},
    },
    "targets": {
        "grafana": {
            "namespace": "monitoring",
            "at": ":20",
            "deadline": "10m",
            "with_pod": {"app.kubernetes.io/name": "grafana"},
            "volume": {"pvc": "grafana"},
            "run_as": 472,
        }
    },
}


def json_schema(sources: Iterable[str]) -> dict[str, Any]:
    """Return the schema; `sources` are the texts of the modules of `schema`."""
    document = schema.Fleet.model_json_schema()
    definitions: dict[str, Any] = document.pop("$defs")
    documented = {name: texts for source in sources for name, texts in _documentation(source)}
    for name, model in {**definitions, "Fleet": document}.items():
        of: type[schema.Model] = getattr(schema, name)
        _document(model, of, documented)
        _constrain(model, of.constraints)
        if of.short is not None:
            definitions[name] = {"description": model.pop("description", ""), "anyOf": [dict(of.short), model]}
    definitions[_ZONE] = _time_zone()
    document.pop("title", None)
    return {
        "$schema": _DIALECT,
        "title": "fleet.yaml of backupgen",
        **document,
        "examples": [dict(_EXAMPLE)],
        "$defs": {name: _plain(definitions[name]) for name in sorted(definitions)},
    } | {"properties": {name: _plain(field) for name, field in document["properties"].items()}}


def _time_zone() -> dict[str, Any]:
    """The schema of a time zone. Not as an enum: editors print all of one, in every message and beside every hover."""
    names = zone_names()
    return {
        "description": "An IANA time zone, such as `Europe/Berlin`, as the proof's own database has it.",
        "type": "string",
        "pattern": f"^(?:{'|'.join(names).replace('+', '[+]')})$",
        "patternErrorMessage": "expected an IANA time zone, such as Europe/Berlin",
        "defaultSnippets": [{"label": name, "body": name} for name in names],
    }


def _document(model: dict[str, Any], of: type[schema.Model], documented: Mapping[str, Mapping[str, str]]) -> None:
    """Give each field of a model's schema what is said of it."""
    fields = {field.alias or name: field for name, field in of.model_fields.items()}
    documentation = ChainMap(*(dict(documented.get(cls.__name__, {})) for cls in of.__mro__))
    for key, field in model.get("properties", {}).items():
        if key == "timezone":
            field.clear()
            field["$ref"] = f"#/$defs/{_ZONE}"
        facts = facts_of(fields[key])
        field["description"] = f"{documentation.get(key, '')}{_default(facts)}"
        if "`" in field["description"]:
            field["markdownDescription"] = field["description"]
        if facts.examples:
            field["examples"] = list(facts.examples)
        if facts.default is not None:
            field["default"] = facts.default
        field.update(facts.schema)


def _default(facts: KeyFacts) -> str:
    """Say what holds where a key is left out."""
    if facts.follows:
        return f" Default: {facts.follows}."
    return "" if facts.default is None else f" Default: `{_flow(facts.default)}`."


def _flow(value: object) -> str:
    """Write a default as YAML's flow style does; none needs quotes."""
    match value:
        case bool():
            return str(value).lower()
        case dict():
            return f"{{{', '.join(f'{key}: {_flow(item)}' for key, item in value.items())}}}"
        case list():
            return f"[{', '.join(map(_flow, value))}]"
        case _:
            return str(value)


def _constrain(model: dict[str, Any], constraints: Iterable[Fragment]) -> None:
    """Lay what is asked of several keys over a model's schema."""
    for constraint in constraints:
        rest = dict(constraint)
        if needed := rest.pop("required", None):
            model["required"] = [*model["required"], *needed]
        if dependent := rest.pop("dependentRequired", None):
            model["dependentRequired"] = dependent
        if rest:
            model.setdefault("allOf", []).append(rest)


def _plain(node: Any) -> Any:
    """Return a schema without what says nothing to a reader: made-up titles, and null for a field left out.

    The models take an empty value for a field left out; an editor had better point at it.
    """
    if isinstance(node, list):
        return [_plain(item) for item in node]
    if not isinstance(node, dict):
        return node
    kept = {
        key: {name: _plain(field) for name, field in value.items()} if key in {"properties", "$defs"} else _plain(value)
        for key, value in node.items()
        if key != "title" and not (key in {"description", "default"} and value in ("", None))
    }
    if "patternProperties" in kept:
        kept["additionalProperties"] = False
    choices = [choice for choice in kept.get("anyOf", []) if choice != {"type": "null"}]
    if len(choices) == 1:
        del kept["anyOf"]
        return choices[0] | kept
    return kept | ({"anyOf": choices} if choices else {})


def _documentation(source: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield each class of a module and the docstrings of its own fields."""
    for node in ast.parse(source).body:
        if isinstance(node, ast.ClassDef):
            yield node.name, dict(_fields(node))


def _fields(node: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for field, after in zip(node.body, node.body[1:], strict=False):
        if (
            isinstance(field, ast.AnnAssign)
            and isinstance(field.target, ast.Name)
            and isinstance(after, ast.Expr)
            and isinstance(after.value, ast.Constant)
        ):
            text = " ".join(str(after.value.value).split())
            yield field.target.id, text
            yield _alias(field) or field.target.id, text


def _alias(field: ast.AnnAssign) -> str:
    """Return the name under which a field is written, where that is no name in Python."""
    for word in field.value.keywords if isinstance(field.value, ast.Call) else ():
        if word.arg == "alias" and isinstance(word.value, ast.Constant):
            return str(word.value.value)
    return ""
