"""Judges a dashboard by the types that Grafana publishes (tests/schemas), panel by panel."""

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import jsonschema

from tests.custom_resources import SCHEMAS

VERSIONS = (11, 12, 13)
"""The major versions of Grafana that the dashboard is for."""


@cache
def schema_of(version: int) -> Any:
    """The schema of a dashboard whose panels are closed (tools/dashboard-schema)."""
    return json.loads((SCHEMAS / f"grafana_dashboard_{version}.json").read_text(encoding="utf-8"))


def faults(dashboard: Any, version: int) -> list[str]:
    """What a version of Grafana would not know, or take for something else; each with its place."""
    schema = schema_of(version)
    outer = {**schema, "properties": {**schema["properties"], "panels": {"type": "array"}}}
    kinds = {one["properties"]["type"]["const"]: one for one in schema["properties"]["panels"]["items"]["anyOf"]}
    found = list(_judged(dashboard, outer, "dashboard"))
    for number, panel in enumerate(dashboard["panels"]):
        place = f"panels/{number}"
        if panel["type"] not in kinds:
            found.append(f"{place}: there is no panel {panel['type']!r}")
            continue
        found += _judged(panel, kinds[panel["type"]], place)
        found += _overrides(panel, kinds[panel["type"]], place)
    return found


def _judged(value: Any, schema: Any, place: str) -> Iterator[str]:
    for error in jsonschema.Draft7Validator(schema).iter_errors(value):
        yield f"{place}/{'/'.join(map(str, error.absolute_path))}: {error.message[:300]}"


def _overrides(panel: Any, schema: Any, place: str) -> Iterator[str]:
    """An override may set what the defaults may set: a property of the field, or one of its type's own."""
    defaults = schema["properties"]["fieldConfig"]["properties"]["defaults"]["properties"]
    own = {f"custom.{name}": one for name, one in defaults["custom"].get("properties", {}).items()}
    known = {name: one for name, one in defaults.items() if name != "custom"} | own
    for override in panel["fieldConfig"]["overrides"]:
        for setting in override["properties"]:
            name = setting["id"]
            if name in known:
                yield from _judged(setting["value"], known[name], f"{place}/overrides/{name}")
            else:
                yield f"{place}/overrides: there is no property {name!r}"
