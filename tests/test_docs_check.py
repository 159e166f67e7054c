"""docs/check.md shows what `check` really says."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from backupgen.report.findings import FORMATS
from tests.sealing import DIGEST

Run = Callable[..., CompletedProcess[str]]


@pytest.fixture
def page(repository: Path) -> str:
    return (repository / "docs" / "check.md").read_text(encoding="utf-8")


def test_the_text_is_that_of_a_crowd(page: str, repository: Path, tmp_path: Path, backupgen: Run) -> None:
    shutil.copy(repository / "tests" / "rules" / "BG302" / "bad.yaml", tmp_path / "fleet.yaml")
    shown = re.search(r"\$ backupgen check\n(.*?)```", page, re.DOTALL)
    assert shown
    assert backupgen("check", "--select", "BG302", cwd=tmp_path).stdout.startswith(shown[1])


def test_the_json_is_that_of_a_fleet(page: str, tmp_path: Path, backupgen: Run) -> None:
    (tmp_path / "fleet.yaml").write_text(
        "fleet: home\nhome_namespace: backup\ntimezone: UTC\n"
        f"images: {{restic: 'ghcr.io/example/restic:0.19.1@{DIGEST}'}}\n"
        f"repository:\n  url: s3:s3.example.com/backup\n  id: {'0' * 64}\n"
        '  retention: {at: "03:00", deadline: 1h, keep: {daily: 7}}\n'
        '  restore_test: {at: "Sun 05:00", deadline: 1h, scratch: 10Gi}\n'
        "targets:\n"
        '  notes: {namespace: notes, at: ":20", deadline: 10m, run_as: 1, with_pod: {a: b}, volume: {pvc: notes}}\n',
        encoding="utf-8",
    )
    shown = re.search(r"<!-- json -->\n```json\n(.*?)```", page, re.DOTALL)
    assert shown
    told = json.loads(shown[1])
    found = json.loads(backupgen("check", "--select", "BG405", "--format", "json", cwd=tmp_path).stdout)
    assert (found["findings"], list(found["summary"])) == (told["findings"], list(told["summary"]))


def test_links_of_the_documentation_lead_somewhere(repository: Path) -> None:
    links = [
        (path, link)
        for path in sorted((repository / "docs").rglob("*.md"))
        for link in re.findall(r"\]\(([^)#\s]+)[^)]*\)", path.read_text(encoding="utf-8"))
        if "://" not in link
    ]
    assert links
    assert [(path, link) for path, link in links if not (path.parent / link).exists()] == []


def test_every_format_has_its_row(page: str) -> None:
    rows = re.findall(r"^\| `(\w+)` \| ", page.partition("## Formats")[2], re.MULTILINE)
    assert rows == list(FORMATS)
