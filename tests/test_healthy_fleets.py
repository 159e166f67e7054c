"""Healthy fleets, each unlike the others: the whole compile has not one error or warning to report."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from backupgen.adapters.shell import syntax_error
from backupgen.diagnostics import Severity
from backupgen.language import schema
from backupgen.pipeline import CompileContext, compile_fleet
from backupgen.source import load_all
from tests.fleets import dumped, large_fleet

FOLDER = Path(__file__).parent / "healthy"
Fleet = dict[str, Any]


def _hundreds() -> bytes:
    """Three hundred targets in one repository, a dashboard and alerts for all of them."""
    return dumped(large_fleet(300))


GENERATED: dict[str, Callable[[], bytes]] = {"three-hundred": _hundreds}
NAMES = (*sorted(path.stem for path in FOLDER.iterdir()), *GENERATED)


@cache
def raw(name: str) -> bytes:
    return GENERATED[name]() if name in GENERATED else (FOLDER / f"{name}.yaml").read_bytes()


def fleet(name: str) -> Fleet:
    (document,) = load_all(raw(name).decode())
    assert isinstance(document, dict)
    return document


def test_there_are_twenty() -> None:
    assert len(NAMES) >= 20


@pytest.mark.parametrize("name", NAMES)
def test_a_healthy_fleet_has_no_error_and_no_warning(name: str) -> None:
    checked = compile_fleet(raw(name), f"{name}.yaml", None, CompileContext(shell=syntax_error))
    grave = [one for one in checked.findings if one.severity is not Severity.INFO]
    assert [f"{one.info.code} {one.message}" for one in grave] == []
    assert checked.value is not None


def test_each_shows_what_no_other_does() -> None:
    features = {name: set(_features(name)) for name in NAMES}
    counted = Counter(feature for found in features.values() for feature in found)
    alike = [name for name, found in features.items() if all(counted[feature] > 1 for feature in found)]
    assert alike == []


def test_together_they_use_nearly_the_whole_language() -> None:
    known = {feature.rpartition(".")[2] for name in NAMES for feature in _features(name) if "=" not in feature}
    keys = {field.alias or key for model in _models() for key, field in model.model_fields.items()}
    assert len(keys - known) < len(keys) // 20, sorted(keys - known)


def _models() -> Iterator[type[schema.Model]]:
    yield from (each for each in vars(schema).values() if isinstance(each, type) and issubclass(each, schema.Model))


NAMED = {"targets", "volumes", "repositories", "mirrors", "nodes", "labels", "annotations", "credentials", "waive",
         "legacy", "node_selector", "with_pod", "in_pod", "pod", "pod_labels"}  # fmt: skip
"""Mappings whose keys are the user's names, not words of the language."""


SLOTS = {
    "auto": "auto",
    "macro": "@.*",
    "minute": ":..",
    "time": "..:..",
    "weekday": r"\S+ ..:..",
    "names": ".*[A-Z].*",
    "cron": ".*",
}


def _features(name: str) -> Iterator[str]:
    """The words of the language that a fleet uses, and those of their values of which there are only some."""
    written = fleet(name)
    yield from _words(written, "")
    yield f"targets={len(str(len(written['targets'])))} digits"


def _words(node: Any, path: str) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            place = f"{path}.*" if path.rpartition(".")[2] in NAMED else f"{path}.{key}"
            yield place
            yield from _words(value, place)
    elif isinstance(node, list):
        for item in node:
            yield from _words(item, path)
    elif path.endswith(".at"):
        yield f"at={next(kind for kind, pattern in SLOTS.items() if re.fullmatch(pattern, node))}"
    elif path.rpartition(".")[2] in {
        "access",
        "method",
        "kind",
        "medium",
        "tool",
        "timezone",
        "network_policies",
        "url",
    }:
        yield f"{path}={str(node).partition(':')[0]}"
