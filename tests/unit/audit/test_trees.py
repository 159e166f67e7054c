"""Whole trees, as people have them, and all that is said about them. `make regen` writes the expected text anew."""

from pathlib import Path

import pytest
from pytest_regressions.file_regression import FileRegressionFixture

from backupgen.audit.judge import audit
from backupgen.report.findings import FORMATS
from backupgen.report.findings.check_report import Report, arrange
from backupgen.rules import waive_audit
from backupgen.schedule import CYCLE_START
from tests.compiled import compile_text
from tests.unit.audit.trees import NAMES, TREES, tree_of

REFERENCE = "reference"


@pytest.mark.parametrize("name", [name for name in NAMES if name != REFERENCE])
def test_all_that_is_said_about_a_tree(name: str, file_regression: FileRegressionFixture) -> None:
    text = (TREES / name / "fleet.yaml").read_text(encoding="utf-8")
    compiled = compile_text(text)
    tree = tree_of(name)
    found = tuple(map(compiled.document.locate, waive_audit(audit(compiled.fleet, tree), compiled.fleet, CYCLE_START)))
    report = Report(arrange(found), sources={**tree.texts, "fleet.yaml": text}, targets=len(compiled.fleet.targets))
    file_regression.check(FORMATS["text"](report), fullpath=TREES.parent / "expected" / f"{name}.txt")


def test_nothing_is_said_about_the_tree_of_the_repositorys_own_fleet(repository: Path) -> None:
    compiled = compile_text((repository / "fleet.yaml").read_text(encoding="utf-8"))
    assert waive_audit(audit(compiled.fleet, tree_of(REFERENCE)), compiled.fleet, CYCLE_START) == ()
