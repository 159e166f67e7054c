"""A default that is written out changes nothing: what stands at the key is what the resolution fills in."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from backupgen.language import schema
from backupgen.language.load import load_fleet
from backupgen.language.schema.model import facts_of
from backupgen.resolve.fleet import resolve_fleet
from backupgen.resolve.resolved import ResolvedFleet
from backupgen.source import read_document

REPOSITORY = Path(__file__).resolve().parents[3]
BARE = {
    "fleet": "home",
    "home_namespace": "backup",
    "timezone": "UTC",
    "images": {name: f"a/{name}@sha256:{'0' * 64}" for name in ("restic", "rest_server", "kubectl")},
    "repository": {
        "url": "rest:http://rest.backup.svc:8000/",
        "server": {"volume": {"pvc": "repository"}, "resources": {"limits": {"cpu": 1}}},
    },
    "pushgateway": {"url": "http://pushgateway:9091"},
    "ntfy": {"server": "https://ntfy.example.com", "topic": "a"},
    "alerts": {
        "namespace": "monitoring",
        "prometheus": {"namespace": "monitoring"},
        "rules": {"BackupFailed": {"severity": "page"}},
        "own": {"Mine": {"expr": "up == 0", "summary": "it is down"}},
    },
    "gitops": {"flux": {"path": "./out", "source": {"name": "home"}}},
    "targets": {
        "notes": {
            "namespace": "notes",
            "at": "auto",
            "deadline": "9m",
            "run_as": 1,
            "history": {"success": 2},
            "resources": {"limits": {"memory": "1Gi"}},
            "tolerations": [{"key": "a"}],
            "cache": {"size": "1Gi"},
            "ntfy": {"topic": "b"},
            "volume": {"pvc": "notes"},
            "verify": [{"dir": "notes"}],
        },
        "wiki": {
            "namespace": "wiki",
            "at": ":20",
            "deadline": "9m",
            "history": {"failure": 2},
            "dump": {"in_pod": {"app": "wiki"}, "tool": "pg_dump"},
        },
    },
}
"""A fleet whose mappings leave out what has a default."""
FLEETS = [REPOSITORY / "fleet.yaml", *sorted((REPOSITORY / "tests/cases").glob("*/fleet.yaml"))]
Place = tuple[str | int, ...]


def read(raw: bytes) -> tuple[Any, schema.Fleet | None, ResolvedFleet | None]:
    document = read_document(raw, "fleet.yaml").value
    assert document is not None
    written = load_fleet(document).value
    return document.data, written, None if written is None else resolve_fleet(written).value


def mappings(node: object, place: Place = ()) -> Iterator[tuple[schema.Model, Place]]:
    """Every mapping of the language in a fleet, with where it stands."""
    if isinstance(node, schema.Model):
        yield node, place
        for name, field in type(node).model_fields.items():
            yield from mappings(getattr(node, name), (*place, field.alias or name))
    elif isinstance(node, dict):
        for key, value in node.items():
            yield from mappings(value, (*place, key))
    elif isinstance(node, tuple):
        for index, value in enumerate(node):
            yield from mappings(value, (*place, index))


def put(data: Any, place: Place, value: object) -> bytes | None:
    """The fleet with a value at a place; None where a short form stands for the mapping."""
    changed = copy.deepcopy(data)
    node = changed
    for part in place[:-1]:
        node = node[part]
        if not isinstance(node, dict | list):
            return None
    node[place[-1]] = value
    return json.dumps(changed).encode()


def defaults_of(path: Path) -> Iterator[tuple[str, bool]]:
    """Each key with a default that a fleet leaves out, and whether it is the same fleet with it; none, if refused."""
    yield from _defaults_in(path.read_bytes())


def _defaults_in(raw: bytes) -> Iterator[tuple[str, bool]]:
    data, fleet, resolved = read(raw)
    assert resolved is not None
    seen = set()
    for mapping, place in mappings(fleet):
        for name, field in type(mapping).model_fields.items():
            default, key = facts_of(field).default, f"{type(mapping).__name__}.{name}"
            # What `defaults` holds would be merged into every target, whatever is said there.
            if default is None or getattr(mapping, name) is not None or key in seen or place[:1] == ("defaults",):
                continue
            changed = put(data, (*place, field.alias or name), default)
            again = None if changed is None else read(changed)[2]
            if again is not None and not overrides(fleet, place, name):
                seen.add(key)
                yield key, again == resolved


def overrides(fleet: schema.Fleet | None, place: Place, name: str) -> bool:
    """Whether a key of a target, or of a mapping of it, is given in `defaults`."""
    assert fleet is not None
    node: Any = fleet.defaults if place[:1] == ("targets",) else None
    for part in (*place[2:], name):
        node = getattr(node, str(part), None)
    return node is not None


@pytest.mark.parametrize("path", FLEETS, ids=lambda path: path.parent.name)
def test_a_default_that_is_written_out_changes_nothing(path: Path) -> None:
    assert [key for key, same in defaults_of(path) if not same] == []


def test_every_default_is_tried() -> None:
    found = [item for path in FLEETS for item in defaults_of(path)] + list(_defaults_in(json.dumps(BARE).encode()))
    assert [key for key, same in found if not same] == []
    tried = {key.partition(".")[2] for key, _ in found}
    models = [item for item in vars(schema).values() if isinstance(item, type) and issubclass(item, schema.Model)]
    known = {
        name for model in models for name, field in model.model_fields.items() if facts_of(field).default is not None
    }
    assert known - tried == set()
