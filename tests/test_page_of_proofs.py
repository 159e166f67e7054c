"""docs/what-is-proved.md cannot lie: it names every rule, each with its name, and no code that there is not."""

import re
from pathlib import Path

import pytest

from backupgen.pipeline import CATALOGUE
from backupgen.rules import CODES as RULE_CODES
from backupgen.rules.bg419_kubernetes_too_old import SINCE


@pytest.fixture
def page(repository: Path) -> str:
    return (repository / "docs/what-is-proved.md").read_text(encoding="utf-8")


def test_each_code_has_its_name(page: str) -> None:
    named = re.findall(r"(BG[0-9]{3}) `([a-z0-9-]+)`", page)
    assert set(named) <= {(info.code, info.slug) for info in CATALOGUE}
    assert len(re.findall(r"BG[0-9]{3}\b", page)) == len(named)


def test_no_rule_is_forgotten(page: str) -> None:
    assert {info.code for info in RULE_CODES} <= set(re.findall(r"BG[0-9]{3}", page))


def test_every_question_has_an_answer(page: str) -> None:
    rows = [line.strip("| \n").split(" | ") for line in page.splitlines() if line.startswith("| ") and "**" not in line]
    assert len(rows) > 20
    assert all(len(row) == 2 and (row[0].endswith("?") or row[0] == "question") for row in rows)
    assert [row for row in rows[1:] if "BG" not in row[1]] == []


def test_the_oldest_kubernetes(page: str) -> None:
    assert f"that Kubernetes 1.{max(SINCE.values())} and later know every\nfield" in page
