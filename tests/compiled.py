"""The example fleets, compiled once, and what is read from the rendered files."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from backupgen.conventions import naming
from backupgen.pipeline import CompileContext, Compiled, compile_fleet
from backupgen.report.schedule.timetable import timetable
from tests.conftest import REPOSITORY

CASES = tuple(sorted(path.name for path in (REPOSITORY / "tests" / "cases").iterdir()))
REFERENCE = "reference"
"""The repository's own fleet.yaml, beside the cases."""
FLEETS = (REFERENCE, *CASES)


def file_of(name: str) -> Path:
    return REPOSITORY / "fleet.yaml" if name == REFERENCE else REPOSITORY / "tests" / "cases" / name / "fleet.yaml"


def compile_text(text: str, chosen_before: Mapping[str, str] | None = None) -> Compiled:
    checked = compile_fleet(
        text.encode(), "fleet.yaml", compile_context=CompileContext(chosen_before or {}), draw_timetable=timetable
    )
    assert checked.value is not None, [finding.message for finding in checked.findings]
    return checked.value


@cache
def compiled(name: str) -> Compiled:
    return compile_text(file_of(name).read_text(encoding="utf-8"))


@cache
def objects(name: str) -> Mapping[str, dict[str, Any]]:
    """Path below out/ -> the object of the file."""
    return objects_of(compiled(name))


def objects_of(found: Compiled) -> dict[str, dict[str, Any]]:
    """The same of any fleet, read as YAML 1.1 by a library that backupgen does not use.

    Without the files that are for people and for promtool.
    """
    files = found.manifests.files
    others = (f"{naming.RULE_TESTS}/", f"{naming.RUNBOOKS}/")
    return {path: yaml.safe_load(text) for path, text in files.items() if not path.startswith(others)}


def pod_of(item: dict[str, Any]) -> dict[str, Any] | None:
    """The pod template of an object."""
    spec = item.get("spec", {})
    if item.get("kind") == "CronJob":
        spec = spec["jobTemplate"]["spec"]
    found = spec.get("template")
    assert found is None or isinstance(found, dict)
    return found
