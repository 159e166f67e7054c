"""The JSON schema of fleet.yaml says what the models say."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from backupgen.fleet import schema as models
from backupgen.fleet.json_schema import json_schema
from backupgen.fleet.load import load_fleet
from backupgen.fleet.resolve import resolve_fleet
from backupgen.source import read_document

REPOSITORY = Path(__file__).resolve().parents[3]
SCHEMA = json_schema(Path(models.__file__).read_text(encoding="utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA)
FLEETS = [REPOSITORY / "fleet.yaml", *sorted((REPOSITORY / "tests" / "cases").glob("*/fleet.yaml"))]


def data(path: Path) -> Any:
    document = read_document(path.read_bytes(), str(path)).value
    assert document is not None
    return document.data


def accepted(fleet: Any) -> bool:
    """Whether the models take it."""
    document = read_document(json.dumps(fleet).encode(), "fleet.yaml").value
    assert document is not None
    return load_fleet(document).value is not None


def test_it_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"


@pytest.mark.parametrize("path", FLEETS, ids=lambda path: path.parent.name)
def test_it_takes_every_fleet_of_the_repository(path: Path) -> None:
    assert [error.message for error in VALIDATOR.iter_errors(data(path))] == []


def test_its_example_is_a_fleet() -> None:
    (example,) = SCHEMA["examples"]
    assert VALIDATOR.is_valid(example)
    document = read_document(json.dumps(example).encode(), "fleet.yaml").value
    assert document is not None
    loaded = load_fleet(document)
    assert loaded.value is not None, loaded.findings
    assert resolve_fleet(loaded.value).value is not None


def test_every_field_is_described() -> None:
    found: list[str] = []

    def look(node: Any, path: str) -> None:
        if isinstance(node, list):
            for item in node:
                look(item, path)
        elif isinstance(node, dict):
            for name, field in node.get("properties", {}).items():
                found.append(f"{path}.{name}")
                assert field.get("description"), f"{path}.{name}"
                assert field["description"].strip() == field["description"]
            for key, value in node.items():
                look(value, key if key not in {"properties", "anyOf"} else path)

    look(SCHEMA, "Fleet")
    assert len(found) > 150
    assert SCHEMA["$defs"]["ResourceList"]["properties"]["ephemeral-storage"]["description"].startswith("Space")


def change(fleet: Any, path: tuple[str, ...], value: object) -> Any:
    changed = copy.deepcopy(fleet)
    node = changed
    for key in path[:-1]:
        node = node.setdefault(key, {})
    node[path[-1]] = value
    return changed


NOTES = ("targets", "notes")


@pytest.mark.parametrize(
    ("path", "value", "good"),
    [
        ((*NOTES, "run_as"), 1000, True),
        ((*NOTES, "run_as"), {"uid": 1000, "gid": 1}, True),
        ((*NOTES, "run_as"), "root", False),
        ((*NOTES, "run_as"), {"gid": 1}, False),
        (("repository", "restore_test", "scratch"), {"size": "1Gi", "storage_class": "fast"}, True),
        (("repository", "restore_test", "scratch"), 5.5, False),
        ((*NOTES, "namspace"), "x", False),
        ((*NOTES, "deadline"), 9, False),
        ((*NOTES, "deadline"), "9 m", False),
        ((*NOTES, "verify"), {"dir": "x"}, False),
        (("targets", "Not A Name"), {"namespace": "x", "at": ":20"}, False),
        (("network_policies",), "calico", False),
        (("targets", "notes", "labels"), {"a": "b"}, True),
        (("fleet",), "", False),
    ],
)
def test_it_and_the_models_agree(path: tuple[str, ...], value: object, good: bool) -> None:  # noqa: FBT001
    fleet = change(data(REPOSITORY / "tests" / "cases" / "minimal" / "fleet.yaml"), path, value)
    assert (VALIDATOR.is_valid(fleet), accepted(fleet)) == (good, good)


def test_an_editor_points_at_an_empty_value() -> None:
    fleet = change(data(REPOSITORY / "tests" / "cases" / "minimal" / "fleet.yaml"), (*NOTES, "deadline"), None)
    assert not VALIDATOR.is_valid(fleet)
