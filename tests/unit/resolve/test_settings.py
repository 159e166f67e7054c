"""Every setting of a target is told, with the resolved value and the place that it comes from."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from pydantic_core import PydanticCustomError

from backupgen.analysis.target import settings_of
from backupgen.conventions import units
from backupgen.diagnostics import NodePath
from backupgen.language import scalars as s
from backupgen.language.load import load_fleet
from backupgen.language.schema import JobSettings, Target
from backupgen.resolve.fleet import resolve_fleet
from backupgen.resolve.origins import Setting
from backupgen.resolve.resolved import ResolvedFleet
from backupgen.source import Document, read_document
from tests.fleets import DIGEST, Data, dumped, fleets
from tests.thoroughness import examples

REPOSITORY = Path(__file__).resolve().parents[3]
FLEETS = [REPOSITORY / "fleet.yaml", *sorted((REPOSITORY / "tests/cases").glob("*/fleet.yaml"))]


def read(raw: bytes) -> tuple[Document, ResolvedFleet]:
    document = read_document(raw, "fleet.yaml").value
    assert document is not None
    loaded = load_fleet(document)
    assert loaded.value is not None, loaded.findings
    resolved = resolve_fleet(loaded.value)
    assert resolved.value is not None, resolved.findings
    return document, resolved.value


def told(raw: bytes, name: str) -> dict[NodePath, Setting]:
    document, _ = read(raw)
    found = list(settings_of(document, name))
    assert len({setting.key for setting in found}) == len(found)
    return {setting.key: setting for setting in found}


def at(data: Any, path: NodePath) -> Any:
    for part in path:
        data = data[part]
    return data


def meant(value: Any) -> Any:
    """A value as resolution has it: what is written in two ways is one."""
    for reader in (s.duration, units.quantity_value):
        try:
            return reader(value)
        except (PydanticCustomError, ValueError, TypeError):
            continue
    return value


def says(value: Any, written: Any) -> bool:
    """Whether a resolved value is what is written; defaults inside it and the folder before a path do not count."""
    if isinstance(value, Mapping) and isinstance(written, Mapping):
        return all(says(value.get(key, ""), one) for key, one in written.items())
    if isinstance(value, list) and isinstance(written, list):
        if written and all(isinstance(one, str) and ":00-" in one for one in written):  # hours may be named twice
            return set_of_hours(value) == set_of_hours(written)
        return len(value) == len(written) and all(map(says, value, written))
    if isinstance(value, str) and isinstance(written, str) and value.replace("/backup", "", 1) == written:
        return True
    return bool(meant(value) == meant(written))


def set_of_hours(ranges: list[str]) -> set[int]:
    return {hour for one in ranges for hour in range(24) if s.hour_range(one) >> hour & 1}


@pytest.mark.parametrize("path", FLEETS, ids=lambda path: path.parent.name)
def test_every_field_of_every_target_is_explained(path: Path) -> None:
    _, fleet = read(path.read_bytes())
    for target in fleet.targets:
        found = told(path.read_bytes(), target.name)
        assert {key[0] for key in found} == set(Target.model_fields)


@pytest.mark.parametrize("path", FLEETS, ids=lambda path: path.parent.name)
def test_what_is_written_is_the_value_and_has_its_place(path: Path) -> None:
    check_places(path.read_bytes())


@given(data=fleets())
@examples(60)
def test_what_is_written_in_any_fleet_is_the_value_and_has_its_place(data: Data) -> None:
    check_places(dumped(data))


def check_places(raw: bytes) -> None:
    document, fleet = read(raw)
    for target in fleet.targets:
        written = document.data["targets"][target.name]
        found = told(raw, target.name)
        for setting in found.values():
            if setting.origin.kind in {"target", "defaults", "fleet"}:
                assert says(setting.value, at(document.data, setting.origin.path)), setting
            if setting.origin.kind == "target":
                assert setting.origin.path[:2] == ("targets", target.name)
        pointed_at = {setting.origin.path[2] for setting in found.values() if setting.origin.kind == "target"}
        said = {key for key, value in written.items() if holds_anything(value)}
        silenced = {"ntfy"} if target.job.ntfy is None else set()
        assert said - silenced <= pointed_at <= set(written)


def holds_anything(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(holds_anything, value.values()))
    return value not in (None, [])


FLEET: Data = {
    "fleet": "home",
    "home_namespace": "backup",
    "timezone": "UTC",
    "images": {"restic": f"a/restic@{DIGEST}"},
    "repository": {"url": "s3:s3.example.com/home"},
    "ntfy": {"server": "https://ntfy.example.com", "topic": "fleet", "priority": 1, "tags": ["a"], "title": "fleet"},
    "labels": {"l": "fleet"},
    "annotations": {"a": "fleet"},
    "defaults": {"deadline": "9m"},
    "targets": {"notes": {"namespace": "notes", "at": ":20", "run_as": 1, "volume": {"pvc": "notes"}}},
}

# A setting that every job has, and what `defaults` and the target say, each on its own.
LAYERS: list[tuple[NodePath, Any, Any]] = [
    (("timezone",), "Europe/Vienna", "Europe/Berlin"),
    (("deadline",), "10m", "11m"),
    (("start_within",), "1m", "90s"),
    (("retries",), 0, 3),
    (("needs",), "3m", "4m"),
    (("grace",), "3m", "4m"),
    (("history", "success"), 0, 5),
    (("history", "failure"), 0, 6),
    (("suspend",), True, False),
    (("missed_slots",), 2, 0),
    (("image",), f"b/restic@{DIGEST}", f"c/restic@{DIGEST}"),
    (("resources", "requests", "cpu"), "60m", "70m"),
    (("resources", "limits", "memory"), "1Gi", "2Gi"),
    (("cache", "size"), "1Gi", "2Gi"),
    (("cache", "medium"), "memory", "disk"),
    (("node_selector", "n"), "one", "two"),
    (("tolerations",), [{"operator": "Exists", "key": "a"}], [{"operator": "Exists", "key": "b"}]),
    (("run_as", "uid"), 7, 8),
    (("labels", "l"), "one", "two"),
    (("annotations", "a"), "one", "two"),
    (("ntfy", "enabled"), True, True),
    (("ntfy", "topic"), "one", "two"),
    (("ntfy", "priority"), 2, 5),
    (("ntfy", "tags"), ["b"], ["c"]),
    (("ntfy", "title"), "one", "two"),
]


def test_the_layers_of_every_setting_are_tried() -> None:
    assert {key[0] for key, *_ in LAYERS} == set(JobSettings.model_fields)


def put(data: dict[Any, Any], path: NodePath, value: Any) -> Data:
    head, *rest = path
    inner = data.get(head)
    changed = put(inner if isinstance(inner, dict) else {}, tuple(rest), value) if rest else value
    return {**data, head: changed}


@pytest.mark.parametrize(("key", "common", "own"), LAYERS, ids=[".".join(map(str, key)) for key, *_ in LAYERS])
def test_the_target_goes_before_defaults_and_these_before_the_rest(key: NodePath, common: Any, own: Any) -> None:
    base = put(FLEET, ("targets", "notes"), {k: v for k, v in FLEET["targets"]["notes"].items() if k != key[0]})
    if key[0] == "cache":
        base = put(base, ("defaults", "cache", "size"), "1Gi")
    if key[0] == "run_as":
        base = put(base, ("images", "kubectl"), f"k@{DIGEST}")
    in_defaults = put(base, ("defaults", *key), common)
    setting = told(dumped(in_defaults), "notes")[key]
    assert (setting.origin.kind, setting.origin.path, says(setting.value, common)) == (
        "defaults",
        ("defaults", *key),
        True,
    )
    in_both = put(in_defaults, ("targets", "notes", *key), own)
    setting = told(dumped(in_both), "notes")[key]
    assert (setting.origin.kind, says(setting.value, own)) == ("target", True)
    assert setting.origin.path == ("targets", "notes", *key)
    if key[0] != "run_as" and key != ("deadline",):
        inherited = told(dumped(base), "notes").get(key) or told(dumped(base), "notes").get(key[:-1])
        assert inherited is not None
        assert inherited.origin.kind in {"fleet", "built-in", "defaults"}
        assert not says(inherited.value, own) or key in {("suspend",), ("cache", "medium"), ("ntfy", "enabled")}


def test_what_the_compiler_makes_up_says_from_what() -> None:
    found = told(dumped(FLEET), "notes")
    assert found["tag",].origin.kind == "derived"
    assert found["tag",].origin.path == ("targets", "notes")
    assert found["run_as", "gid"].origin == ("derived", ("targets", "notes", "run_as"), "the uid")
    assert found["verify", 0].value == {"dir": "notes", "min_files": 1, "min_size": "1"}
    assert found["verify", 0].origin.note == "no rule looks at this source"
    assert found["credentials", "AWS_ACCESS_KEY_ID"].origin == (
        "derived",
        ("repository", "url"),
        "the repository's URL",
    )
    assert found["keep",].origin.note == "the repository has no retention"
