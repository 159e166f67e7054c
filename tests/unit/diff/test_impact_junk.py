"""What is compared with may have been written by anybody: no object of it is too strange to be told."""

import copy
import json
from collections.abc import Iterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from backupgen.diff.compare import compare
from backupgen.diff.impact import impact
from backupgen.diff.impact.situation import situation_of
from backupgen.report.changes import CHANGE_FORMATS
from backupgen.report.changes.change_report import ChangeReport
from tests.compiled import REFERENCE, compiled, objects

KINDS = ("CronJob", "ConfigMap", "PrometheusRule", "Deployment", "Secret", "Role", "CiliumNetworkPolicy")
JUNK = [
    None,
    0,
    -1,
    1.5,
    True,
    "",
    "x",
    "`@a|<b>`",
    "a\n\nb",
    "vector(1)",
    "--tag=",
    [],
    [None],
    {},
    {"name": 1},
    {"a": None},
]
Way = tuple[Any, ...]


def ways(value: object, way: Way = ()) -> Iterator[Way]:
    """The ways to everything in plain data, but to the whole."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inner:
        yield (*way, key)
        yield from ways(item, (*way, key))


PLACES = [
    (path, way) for path, obj in sorted(objects(REFERENCE).items()) if obj.get("kind") in KINDS for way in ways(obj)
]


@given(st.lists(st.tuples(st.sampled_from(PLACES), st.sampled_from(JUNK)), min_size=1, max_size=4))
def test_anything_can_be_told(spoilt: list[tuple[tuple[str, Way], Any]]) -> None:
    new = compiled(REFERENCE)
    strange = {path: copy.deepcopy(objects(REFERENCE)[path]) for (path, _), _ in spoilt}
    for (path, way), junk in spoilt:
        holder: Any = strange[path]
        for key in way[:-1]:
            holder = holder[key] if isinstance(holder, dict | list) and _has(holder, key) else None
        if isinstance(holder, dict | list) and _has(holder, way[-1]):
            holder[way[-1]] = copy.deepcopy(junk)
    old = {path: json.dumps(obj) for path, obj in strange.items()}
    now = {path: new.manifests.files[path] for path in strange}
    for before, after in ((old, now), (now, old), (old, {}), ({}, old)):
        changes = compare(before, after)
        told = impact(changes, situation_of(new.fleet, new.proof, new.plan))
        for render in CHANGE_FORMATS.values():
            assert render(ChangeReport(changes, told, "out")).endswith("\n")


def _has(holder: dict[Any, Any] | list[Any], key: Any) -> bool:
    return key in holder if isinstance(holder, dict) else isinstance(key, int) and key < len(holder)
