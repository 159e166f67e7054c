"""What is committed and made from the code is what the code makes: the page of findings, the schema of fleet.yaml."""

import json
import re
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from subprocess import CompletedProcess
from types import ModuleType

import pytest

from backupgen.conventions.alert_names import ALERT_NAMES
from backupgen.diagnostics.code import CodeInfo, Severity
from tests.compiled import objects

pytestmark = pytest.mark.golden

INFO = CodeInfo(
    code="BG301",
    slug="slots-collide",
    severity=Severity.ERROR,
    summary="two operations | meet",
    why="One of them waits, then fails.",
    fix="Move one of them.",
    bad='a: {at: ":10"}',
    good='a: {at: ":20"}',
)


@pytest.fixture
def docs(monkeypatch: pytest.MonkeyPatch, repository: Path) -> ModuleType:
    monkeypatch.syspath_prepend(repository / "tools")
    return import_module("docs")


def test_a_finding_has_a_row_and_a_page(docs: ModuleType) -> None:
    index = docs.findings_index([INFO])
    assert "| [BG301](findings/BG301.md) | `slots-collide` | error | two operations \\| meet |\n" in index
    assert "## Schedules, windows and locks\n\n| Code |" in index
    ((path, page),) = docs.findings_pages([INFO]).items()
    assert path.as_posix() == "docs/findings/BG301.md"
    assert "\n# BG301 slots-collide\n\n**error**: two operations | meet\n\nOne of them waits, then fails.\n" in page
    assert 'Reported:\n\n```yaml\na: {at: ":10"}\n```\n\nInstead:\n\n```yaml\na: {at: ":20"}\n```\n' in page
    assert page.endswith("\nMove one of them.\n")


def test_the_pages_of_findings_are_up_to_date(docs: ModuleType) -> None:
    assert docs.INDEX.read_text(encoding="utf-8") == docs.findings_index(docs.CATALOGUE), "run `make docs`"
    pages = {docs.ROOT / path: text for path, text in docs.findings_pages(docs.CATALOGUE).items()}
    assert {path: path.read_text(encoding="utf-8") for path in docs.PAGES.iterdir()} == pages, "run `make docs`"


def test_the_reference_of_the_language_is_up_to_date(docs: ModuleType) -> None:
    schema = json.loads(docs.SCHEMA.read_text(encoding="utf-8"))
    page = docs.language_page(schema)
    assert docs.LANGUAGE.read_text(encoding="utf-8") == page, "run `make docs`"
    for name, definition in schema["$defs"].items():
        if name != "JobSettings":
            assert f"\n## {name}\n" in page
        assert [key for key in docs._properties(definition) if f"`{key}`" not in page] == []


def test_the_page_of_faults_is_up_to_date(docs: ModuleType) -> None:
    lib = (docs.SCRIPTS / "lib.sh").read_text(encoding="utf-8")
    assert docs.FAULTS_PAGE.read_text(encoding="utf-8") == docs.faults_page(docs.FAULTS, lib), "run `make docs`"
    codes = docs.exit_codes(lib)
    assert set(codes) == {*map(int, re.findall(r"EX_[A-Z_]+=(\d+)", lib))}
    known = {*codes, 0, 1, 2, 3, 10, 11, 12, 130, 143}
    assert [fault.name for fault in docs.FAULTS if not set(fault.codes) <= known] == []


def test_the_page_of_the_dashboard_is_up_to_date(docs: ModuleType) -> None:
    dashboard = docs.rendered_dashboard()
    assert docs.DASHBOARD_PAGE.read_text(encoding="utf-8") == docs.dashboard_page(dashboard), "run `make docs`"
    assert docs.DASHBOARD_PICTURE.read_text(encoding="utf-8") == docs.dashboard_picture(dashboard), "run `make docs`"


def test_the_alerts_of_the_faults_are_those_of_the_fleet(docs: ModuleType) -> None:
    rules = objects("reference")["monitoring/prometheusrule.backup-alerts.yaml"]["spec"]["groups"][0]["rules"]
    alerts = {rule["alert"] for rule in rules if "alert" in rule}
    assert {name for fault in docs.FAULTS for name in fault.alert.split(", ") if name} <= alerts


def test_the_page_of_alerts_is_up_to_date(docs: ModuleType) -> None:
    page = docs.alerts_page(docs.FLEET)
    assert docs.ALERTS_PAGE.read_text(encoding="utf-8") == page, "run `make docs`"
    assert [name for name in ALERT_NAMES if f"| `{name}` |" not in page] == []


def test_every_finding_is_in_the_index(docs: ModuleType) -> None:
    index = docs.findings_index(docs.CATALOGUE)
    assert [info.code for info in docs.CATALOGUE if index.count(f"| [{info.code}]({info.page[5:]}) |") != 1] == []


def test_the_page_of_changes_is_up_to_date(docs: ModuleType) -> None:
    page, sample = (path.read_text(encoding="utf-8") for path in (docs.DIFF_PAGE, docs.DIFF_SAMPLE))
    assert page == docs.diff_page(page, sample), "run `make docs`"
    assert sample in page
    assert [kind.slug for kind in docs.ConsequenceKind if f"| `{kind.slug}` | {kind.level.value} | " not in page] == []


def test_the_schema_is_up_to_date(repository: Path, backupgen: Callable[..., CompletedProcess[str]]) -> None:
    committed = (repository / "fleet.schema.json").read_text(encoding="utf-8")
    json.loads(committed)
    assert backupgen("schema").stdout == committed, "run `make schema`"


def test_the_picture_of_the_schedule_is_up_to_date(
    repository: Path, backupgen: Callable[..., CompletedProcess[str]]
) -> None:
    done = backupgen("schedule", "--from", "2026-11-29", "--format", "svg", cwd=repository)
    committed = (repository / "docs" / "schedule.svg").read_text(encoding="utf-8")
    # Not the version of the time zone database: a newer one is no reason to draw anew.
    drawn, known = (re.sub(r"tzdata \w+", "tzdata", text) for text in (done.stdout, committed))
    assert drawn == known, "run `make docs`"
