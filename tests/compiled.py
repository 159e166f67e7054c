"""The example fleets, compiled once, and what is read from the rendered files."""

from functools import cache
from pathlib import Path

from backupgen.pipeline import Compiled, compile_fleet
from tests.conftest import REPOSITORY

CASES = tuple(sorted(path.name for path in (REPOSITORY / "tests" / "cases").iterdir()))
REFERENCE = "reference"
"""The repository's own fleet.yaml, beside the cases."""
FLEETS = (REFERENCE, *CASES)


def file_of(name: str) -> Path:
    return REPOSITORY / "fleet.yaml" if name == REFERENCE else REPOSITORY / "tests" / "cases" / name / "fleet.yaml"


def compile_text(text: str) -> Compiled:
    checked = compile_fleet(text.encode(), "fleet.yaml")
    assert checked.value is not None, [finding.message for finding in checked.findings]
    return checked.value


@cache
def compiled(name: str) -> Compiled:
    return compile_text(file_of(name).read_text(encoding="utf-8"))
