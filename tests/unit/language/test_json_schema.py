"""The JSON schema of fleet.yaml says what the models say."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from jsonschema import Draft202012Validator
from pydantic import TypeAdapter

from backupgen.cli.commands.schema import schema_text
from backupgen.language import schema as models
from backupgen.language.load import load_fleet
from backupgen.language.schema.model import facts_of
from backupgen.resolve.fleet import resolve_fleet
from backupgen.source import read_document
from tests.fleets import Data, dumped, fleets
from tests.seeding import FLEET
from tests.test_seeded_mistakes import MISTAKES
from tests.thoroughness import examples


def exactly(schema: Any) -> Any:
    """The schema with the expressions as editors read them: in JavaScript `$` is nothing but the end of the text."""
    if isinstance(schema, list):
        return [exactly(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key.replace("$", r"\Z") if key.startswith("^") else key: value.replace("$", r"\Z")
        if key == "pattern" and isinstance(value, str)
        else exactly(value)
        for key, value in schema.items()
    }


REPOSITORY = Path(__file__).resolve().parents[3]
SCHEMA = json.loads(schema_text())
VALIDATOR = Draft202012Validator(exactly(SCHEMA))
FLEETS = [REPOSITORY / "fleet.yaml", *sorted((REPOSITORY / "tests" / "cases").glob("*/fleet.yaml"))]


def data(path: Path) -> Any:
    document = read_document(path.read_bytes(), str(path)).value
    assert document is not None
    return document.data


def accepted(fleet: Any) -> bool:
    """Whether the models take it."""
    document = read_document(dumped(fleet), "fleet.yaml").value
    assert document is not None
    loaded = load_fleet(document)
    return loaded.value is not None and resolve_fleet(loaded.value).value is not None


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


def fields() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every field of every mapping: the model's name, the key, the field's schema."""
    for name, model in {"Fleet": SCHEMA, **SCHEMA["$defs"]}.items():
        mappings = [model, *(choice for choice in model.get("anyOf", ()) if "properties" in choice)]
        for mapping in mappings:
            for key, field in mapping.get("properties", {}).items():
                yield name, key, field


FIELDS = [pytest.param(*field, id=".".join(field[:2])) for field in fields()]


def test_there_are_many_fields() -> None:
    assert len(FIELDS) > 200
    assert {name for name, *_ in fields()} == {"Fleet", *SCHEMA["$defs"]} - {"Timezone"}


@pytest.mark.parametrize(("model", "key", "field"), FIELDS)
def test_a_field_is_described_and_has_choices_or_examples(model: str, key: str, field: dict[str, Any]) -> None:
    assert field["description"].strip() == field["description"] != ""
    assert field.get("markdownDescription", field["description"]) == field["description"]
    explained = field if field.get("type") != "array" else field | field["items"]
    leads_on = "$ref" in explained or any("$ref" in one for one in field.get("patternProperties", {}).values())
    assert explained.keys() & {"examples", "enum"} or field.get("type") == "boolean" or leads_on, f"{model}.{key}"


@pytest.mark.parametrize(("model", "key", "field"), FIELDS)
def test_an_example_is_one(model: str, key: str, field: dict[str, Any]) -> None:
    described = getattr(models, model)
    described.model_rebuild()
    fields = described.model_fields
    reader: TypeAdapter[Any] = TypeAdapter(
        next(info.rebuild_annotation() for name, info in fields.items() if key in {name, info.alias})
    )
    validator = Draft202012Validator({**field, "$defs": SCHEMA["$defs"]})
    for example in field.get("examples", ()):
        reader.validate_python(example)
        assert validator.is_valid(example)


@pytest.mark.parametrize(("model", "key", "field"), FIELDS)
def test_a_default_is_a_value_that_could_be_written(model: str, key: str, field: dict[str, Any]) -> None:
    validator = Draft202012Validator({**field, "$defs": SCHEMA["$defs"]})
    assert "default" not in field or validator.is_valid(field["default"]), f"{model}.{key}"
    assert "by default" not in field["description"], "a default is a fact of the key: `optional(default=...)`"


@given(data=fleets())
@examples(60)
def test_it_takes_whatever_the_models_take(data: Data) -> None:
    assert accepted(data)
    assert [error.message for error in VALIDATOR.iter_errors(data)] == []


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


# Seeded mistakes of the language that a schema cannot see: what needs two places of the file, arithmetic, or a list
# that only the compiler has.
BEYOND_A_SCHEMA = {
    "BG203 start_within: §5s",
    "BG204 run_as: 472 repository: §cloud",
    "BG206 run_as: 472",
    "BG207 run_as: 472 backup_args: [§--tag=x]",
    "BG207 run_as: 472 backup_args: [§-xn]",
    "BG207 run_as: 472 labels: {§app.kubernetes.io/name: x}",
    'BG207 run_as: 472 skip: §["00:00-24:00"]',
    "BG207 run_as: 472 §resources: {limits: {memory: 128Mi}}",
    "BG207 rules: {BackupFailed: {§threshold: 50%}}",
    "BG207 rules: {BackupFailed: {labels: {§severity: page}}}",
    "BG208 # kubectl: docker.io",
    "BG208 # rest_server: docker.io",
    "BG210 §mirror-wasabi:",
    f"BG210 §{'n' * 46}:",
    "BG210 own: {§BackupFailed: {expr: up, summary: x}}",
}


def test_it_refuses_the_seeded_mistakes_of_the_language() -> None:
    taken = set()
    for old, new, code in MISTAKES:
        document = read_document(FLEET.replace(old, new.replace("§", ""), 1).encode(), "fleet.yaml").value
        if code.startswith("BG2") and document is not None and VALIDATOR.is_valid(document.data):
            taken.add(f"{code} {' '.join((new or old).split())}")
    assert taken == BEYOND_A_SCHEMA


DUMP = {"in_pod": {"app": "db"}, "tool": "pg_dump"}
OWN_DUMP = {"command": ["cat"], "file": "x"}
MIRROR = {"at": "05:00", "deadline": "1h", "to": "b2:copy:x"}

# For each constraint: the place in the minimal fleet, a value that keeps it, and values that break nothing but it.
CONSTRAINED: list[tuple[str, tuple[str, ...], object, list[object]]] = [
    ("Fleet", ("alerts",), None, [{"namespace": "monitoring"}]),
    ("Fleet", ("dashboard",), None, [{"namespace": "monitoring"}]),
    (
        "Toleration",
        (*NOTES, "tolerations"),
        [{"operator": "Exists"}, {"key": "a", "value": "b"}],
        [[{"operator": "Exists", "value": "b"}], [{"value": "b"}], [{}]],
    ),
    ("RunAsMapping", (*NOTES, "run_as"), {"uid": 0, "reason": "x"}, [{"uid": 0}, 0]),
    (
        "Volume",
        (*NOTES, "volume"),
        {"host_path": "/a", "reason": "x", "paths": ["a", "b"], "sentinel": "a/x"},
        [
            {},
            {"pvc": "a", "host_path": "/a", "reason": "x"},
            {"host_path": "/a"},
            {"pvc": "a", "reason": "x"},
            {"host_path": "/a", "reason": "x", "access": "ReadWriteMany"},
            {"pvc": "a", "paths": ["a", "a"]},
            {"pvc": "a", "paths": [".", "b"]},
            {"pvc": "a", "sentinel": "."},
        ],
    ),
    ("Staging", (*NOTES, "dump"), None, [{**DUMP, "staging": {}}, {**DUMP, "staging": {"pvc": "a", "size": "1Gi"}}]),
    (
        "Dump",
        (*NOTES, "dump"),
        None,
        [
            {"in_pod": {"app": "db"}},
            {**DUMP, "command": ["x"], "file": "x"},
            {"tool": "pg_dump"},
            {"in_pod": {"app": "db"}, "command": ["x"]},
            {"in_pod": {"app": "db"}, "command": ["x"], "file": "x", "user": "x"},
            {"in_pod": {"app": "db"}, "command": ["x"], "file": "x", "database": "x"},
            {**DUMP, "tool": "mariabackup", "database": "x"},
            {**OWN_DUMP, "container": "x"},
            {**OWN_DUMP, "staging": {"size": "1Gi"}},
        ],
    ),
    (
        "Verify",
        (*NOTES, "verify"),
        [{"dir": "notes", "min_files": 2}, {"sqlite": "notes/x"}],
        [[{}], [{"dir": "a", "file": "b"}], [{"file": "a", "min_files": 2}], [{"sqlite": "a", "min_size": "1Ki"}]],
    ),
    (
        "Peer",
        (*NOTES, "connects_to"),
        [{"pod": {"a": "b"}, "namespace": "x", "port": 1}],
        [
            [{"port": 1}],
            [{"host": "a", "cidr": "192.0.2.0/24", "port": 1}],
            [{"host": "a", "namespace": "x", "port": 1}],
        ],
    ),
    ("Keep", (*NOTES, "keep"), {"last": 1}, [{}]),
    ("Retention", ("repository", "retention"), {"at": "03:00", "deadline": "1h", "keep": {"last": 1}}, [
        {"at": "03:00", "keep": {"last": 1}},
        {"at": "auto", "deadline": "1h", "keep": {"last": 1}},
    ]),
    ("RestoreTest", ("repository", "restore_test"), {"at": "03:00", "deadline": "1h", "scratch": "1Gi"}, [
        {"at": "03:00", "scratch": "1Gi"},
        {"at": "auto", "deadline": "1h", "scratch": "1Gi"},
    ]),
    ("Mirror", ("repository", "mirrors"), {"a": MIRROR}, [
        {"a": {key: value for key, value in MIRROR.items() if key != "deadline"}},
        {"a": {**MIRROR, "at": "auto"}},
        {"a": {**MIRROR, "to": "copy"}},
    ]),
    ("Repository", ("repository", "url"), "s3:h/b", ["s3:h", "sftp:h:/x", "rest:http://u@h/", "b2:"]),
    ("Repository", ("repository", "quota"), "1Gi", []),
    ("Alerts", ("alerts", "runbooks"), "https://h/x", ["h/x", "https://u@h/"]),
    ("Pushgateway", ("pushgateway",), {"url": "http://h:1/x"}, [{"url": "h:1"}, {"url": "http://u:p@h"}]),
    ("Ntfy", ("ntfy",), {"server": "HTTPS://h", "topic": "x"}, [{"server": "h", "topic": "x"}]),
    ("Target", (*NOTES, "volume"), {"pvc": "a"}, [None]),
    ("Target", (*NOTES, "volumes"), None, [{"a": {"pvc": "b"}}]),
    ("Target", (*NOTES, "dump"), DUMP, [OWN_DUMP]),
    ("Target", (*NOTES, "every"), None, ["1h"]),
    ("Target", (*NOTES, "after"), None, ["true"]),
    ("Target", (*NOTES, "backup_args"), ["-x", "--group-by=host"], [["x"], ["-"], ["--"]]),
    ("Gitops", ("gitops",), {"argocd": {}}, [{}, {"argocd": {}, "flux": {"path": "a", "source": {"name": "b"}}}]),
]  # fmt: skip


def with_images(path: tuple[str, ...], value: object) -> Any:
    fleet = data(REPOSITORY / "tests" / "cases" / "minimal" / "fleet.yaml")
    fleet["images"]["kubectl"] = fleet["images"]["restic"]
    if path[:1] == ("alerts",) and path[1:]:
        fleet |= {"pushgateway": {"url": "http://push:9091"}, "alerts": {"namespace": "monitoring"}}
    changed = change(fleet, path, value)
    if value is None:
        holder = changed
        for part in path[:-1]:
            holder = holder[part]
        del holder[path[-1]]
    return changed


@pytest.mark.parametrize(("model", "path", "good", "bad"), CONSTRAINED)
def test_what_keys_ask_of_each_other(model: str, path: tuple[str, ...], good: object, bad: list[object]) -> None:
    kept = with_images(path, good)
    assert (VALIDATOR.is_valid(kept), accepted(kept)) == (True, True), model
    for value in bad:
        broken = with_images(path, value)
        assert (VALIDATOR.is_valid(broken), accepted(broken)) == (False, False), value


def _constrained() -> set[str]:
    """The mappings in which the JSON schema asks more than each type does."""
    described = {name: getattr(models, name) for name, *_ in fields()}
    return {
        name
        for name, model in described.items()
        if model.constraints or any(facts_of(field).schema for field in model.model_fields.values())
    }


def test_every_constraint_is_tried() -> None:
    assert {model for model, *_ in CONSTRAINED} == _constrained()
