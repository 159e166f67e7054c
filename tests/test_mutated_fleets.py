"""Fleets with hostile words in any place: refused with findings, or accepted by all that reads what is rendered."""

import json
import random
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from backupgen.pipeline import compile_fleet
from tests.compiled import objects_of
from tests.conftest import REPOSITORY
from tests.custom_resources import FILES as CUSTOM
from tests.custom_resources import validator_of
from tests.thoroughness import examples

Tool = Callable[[str], Path]
FLEETS = sorted(path.read_text(encoding="utf-8") for path in (REPOSITORY / "tests" / "healthy").glob("*.yaml"))
NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
LABEL = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")
HOST = re.compile(r"^([-a-zA-Z0-9_*]+[.]?)+$")
GO_DURATION = re.compile(r"^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$")
WORDS: list[Any] = [
    "", "{{", "{{ $labels.x", '{{ "a" }}', "`x`", "a|b", "$(id)", "${A}", "'\"\\", "a b", "é", "\u202e", "-", "--", "*",
    "**", "[a", "/", "..", "a/../b", "a//b", "@", "#", "?", "%", "%2e", "a" * 45, "b" * 64, "c" * 254, "24h",
    "1d", "1w",
    "9999h", "0s", "1ms", 0, -1, 1, 2**31, 2**63, 10**30, 1.5, True, None, [], {}, ["a"], {"app": "notes"}, {"": ""},
    "100Ei", "0.5", "1e3", "http://a", "http://push.monitoring:9091", "https://u:p@h/", "rest:http://x.y.svc:8000/a",
    "s3:h/b/../c", "--quiet", "-xq", "--parent", "up > 1h", "up{a='b' or c='d'}", "* * * * *", "@daily", ":61", "24:00",
    "Europe/Nowhere", "main", "mirror-away", "backup", "restic-restore", "pushgateway-home", "-wal", "*-wal", "!x",
]  # fmt: skip


@examples(200, quick=4, suppress=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
def test_what_is_accepted_is_accepted_by_all_that_read_it(seed: int, tool: Tool, tmp_path: Path) -> None:
    chance = random.Random(seed)  # noqa: S311 - no secret is made
    for _ in range(8):
        data = yaml.safe_load(chance.choice(FLEETS))
        for _ in range(chance.choice([1, 1, 2, 3])):
            mutate(data, chance)
        checked = compile_fleet(yaml.safe_dump(data, allow_unicode=True).encode(), "fleet.yaml")
        for found in checked.findings:
            assert found.message
            assert len(found.message) < 2000
            assert not re.search("[\x00-\x08\x0b-\x1f]", found.message)
        if checked.value is not None:
            judge(objects_of(checked.value), tool, tmp_path)
            judge_restic(data, tool)


def mutate(data: Any, chance: random.Random) -> None:
    """Change a place of the document: a value, a key, or one thing more."""
    into = chance.choice(list(collections(data)))
    word = chance.choice(WORDS)
    if isinstance(into, list):
        if into and chance.random() < 0.7:
            into[chance.randrange(len(into))] = word
        else:
            into.append(word)
        return
    key = chance.choice(list(into)) if into else "a"
    match chance.randrange(4):
        case 0 if isinstance(word, str):
            into[word] = into.pop(key, None)
        case 1:
            into.pop(key, None)
        case _:
            into[key] = word


def collections(data: Any) -> Iterator[Any]:
    if isinstance(data, dict | list):
        yield data
        for value in data.values() if isinstance(data, dict) else data:
            yield from collections(value)


def judge(objects: dict[str, dict[str, Any]], tool: Tool, folder: Path) -> None:
    """Hold every rendered object against what reads it."""
    names = [(item.get("kind"), item["metadata"].get("namespace"), item["metadata"]["name"]) for item in of(objects)]
    assert len(names) == len(set(names))
    for item in of(objects):
        metadata = item["metadata"]
        assert NAME.fullmatch(metadata["name"]), metadata["name"]
        assert len(metadata["name"]) <= 253
        # A rule's labels are Prometheus' own.
        for labels in selectors_and_labels(metadata if item["kind"] == "PrometheusRule" else item):
            assert all(isinstance(value, str) and LABEL.fullmatch(value) for value in labels.values()), labels
        kind = (item["apiVersion"], item["kind"])
        if kind in CUSTOM:
            errors = [error.message for error in validator_of(kind).iter_errors(item)]
            assert errors == []
        if kind[0].startswith("kustomize.toolkit.fluxcd.io"):
            assert GO_DURATION.fullmatch(item["spec"]["interval"])
        if kind[1] == "PrometheusRule":
            file = folder / "rules.json"
            file.write_text(json.dumps(item["spec"]), encoding="utf-8")
            done = subprocess.run(
                [tool("promtool"), "check", "rules", file], capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, done.stderr


def judge_restic(data: dict[str, Any], tool: Tool) -> None:
    """Let restic read the flags that the fleet gives it."""
    arguments = [flag for target in data["targets"].values() for flag in target.get("backup_args") or ()]
    if arguments:
        command = [tool("restic-forky"), "backup", "-r", "/nowhere", *arguments, "/nowhere/either"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
        assert not re.search("unknown|invalid argument|needs an argument", done.stderr), (arguments, done.stderr)


def of(objects: dict[str, dict[str, Any]]) -> Iterator[dict[str, Any]]:
    yield from (item for item in objects.values() if item and "metadata" in item and item["kind"] != "ksops")


def selectors_and_labels(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in {"labels", "matchLabels"} and isinstance(inner, dict):
                yield inner
            else:
                yield from selectors_and_labels(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from selectors_and_labels(inner)


@pytest.mark.parametrize("word", WORDS, ids=repr)
def test_each_word_as_the_name_of_everything(word: Any) -> None:
    data = yaml.safe_load(FLEETS[0])
    for key in ("fleet", "home_namespace", "timezone", "labels", "network_policies", "pushgateway", "alerts"):
        compile_fleet(yaml.safe_dump({**data, key: word}).encode(), "fleet.yaml")
