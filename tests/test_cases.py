"""The example fleets' rendered files, byte for byte. `make regen` writes them anew."""

from pathlib import Path

import pytest
from pytest_regressions.file_regression import FileRegressionFixture

from backupgen.conventions import naming
from backupgen.pipeline import compile_fleet
from tests.compiled import CASES, compiled, file_of

# What is known and accepted about an example; any other finding is a mistake in it.
FINDINGS = {"minimal": ["BG402"], "everything": ["BG402"]}


@pytest.mark.parametrize("case", CASES)
def test_the_rendered_files_are_the_expected_ones(
    case: str, file_regression: FileRegressionFixture, request: pytest.FixtureRequest
) -> None:
    expected = file_of(case).parent / "expected"
    rendered = compiled(case).manifests.files
    orphans = [path for path in _files(expected) if path.relative_to(expected).as_posix() not in rendered]
    if request.config.getoption("--regen-all") or request.config.getoption("--force-regen"):
        for orphan in orphans:
            orphan.unlink()
    else:
        assert orphans == [], "nothing renders these: `make regen` removes them"
    for name, text in rendered.items():
        # pytest-regressions writes a missing file, and fails.
        file_regression.check(_golden(name, text), fullpath=expected / name, binary=True)


@pytest.mark.parametrize("case", CASES)
def test_an_example_has_the_known_findings(case: str) -> None:
    checked = compile_fleet(file_of(case).read_bytes(), "fleet.yaml")
    assert [finding.info.code for finding in checked.findings] == FINDINGS.get(case, [])


def _golden(path: str, text: str) -> bytes:
    """What stands once elsewhere, where it has tests of its own, is cut: scripts, the alerts' pages, the picture."""
    if path.startswith((naming.runbook_of_alert("").removesuffix(".md"), naming.RUNBOOK_TIMETABLE)):
        return "".join(text.splitlines(keepends=True)[:4]).encode()
    if path.endswith(f"/configmap.{naming.SCRIPTS}.yaml"):
        head, separator, _ = text.partition("\ndata:\n")
        assert separator
        text = head + separator
    return text.encode()


def _files(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.rglob("*")) if path.is_file()]
