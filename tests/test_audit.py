"""Every code of the audit has a tree that provokes it and one that does not, and can be accepted as it should."""

import re
from pathlib import Path

import pytest

from backupgen.audit import CODES
from backupgen.diagnostics import CodeInfo, Severity
from tests.auditing import HEAD, audited, lines_of, sections
from tests.compiled import compile_text

FOLDER = Path(__file__).parent / "audit" / "codes"
CASES = sorted(path.stem for path in FOLDER.iterdir())
BY_CODE = {info.code: info for info in CODES}
# A folder that is not there has no tree: tests/unit/cli has it.
ELSEWHERE = {"BG454"}
TARGETS = "targets: {a: {namespace: a, at: ':20', dump: {command: [a], file: a}}}\n"


def parts(code: str, kind: str) -> tuple[str, dict[str, str]]:
    """The fleet and the files of a case, `bad` or `good`."""
    found = sections(FOLDER / f"{code}.txt")
    fleet = found.get("fleet") or found[f"{kind} fleet"]
    files = {
        name.partition(" ")[2]: text
        for name, text in found.items()
        if name.startswith(("both ", f"{kind} ")) and not name.endswith(" fleet")
    }
    return HEAD + fleet, files


def test_every_code_has_a_case() -> None:
    assert set(CASES) == BY_CODE.keys() - ELSEWHERE


def test_the_page_about_trees_has_every_code_and_its_links_lead_somewhere(repository: Path) -> None:
    page = (repository / "docs" / "repo.md").read_text(encoding="utf-8")
    links = re.findall(r"\[(BG\d+)\]\((findings/BG\d+\.md)\)", page)
    assert {code for code, _ in links} == BY_CODE.keys() - ELSEWHERE
    assert [link for link in links if link[1] != f"findings/{link[0]}.md"] == []
    assert [path for _, path in links if not (repository / "docs" / path).exists()] == []


def test_the_page_about_trees_shows_what_the_language_takes(repository: Path) -> None:
    page = (repository / "docs" / "repo.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    assert compile_text(HEAD + shown + TARGETS).fleet.unprotected.keys() == {
        "media/jellyfin-cache",
        "databases/data-redis-*",
        "/vol/films",
    }


@pytest.mark.parametrize("code", CASES)
def test_a_bad_tree_yields_its_code_and_nothing_else(code: str) -> None:
    assert lines_of(audited(*parts(code, "bad"))) == sections(FOLDER / f"{code}.txt")["expected"].splitlines()


@pytest.mark.parametrize("code", CASES)
def test_a_good_tree_yields_nothing(code: str) -> None:
    assert lines_of(audited(*parts(code, "good"))) == []


@pytest.mark.parametrize("code", [info.code for info in CODES if info.code in CASES])
def test_a_finding_is_waived_by_its_name_unless_it_is_an_error(code: str) -> None:
    info = BY_CODE[code]
    fleet, files = parts(code, "bad")
    waived = audited(f"{fleet}waive: {{{info.slug}: it is meant}}\n", files)
    expected = sections(FOLDER / f"{code}.txt")["expected"].splitlines()
    assert lines_of(waived) == (expected if info.severity is Severity.ERROR else [])


@pytest.mark.parametrize("info", [info for info in CODES if info.severity is not Severity.ERROR], ids=lambda i: i.code)
def test_a_waiver_that_accepts_nothing_is_reported_with_a_tree_only(info: CodeInfo) -> None:
    fleet = f"{HEAD}{TARGETS}waive: {{{info.slug}: it is meant}}\n"
    assert [one.info.code for one in audited(fleet, {})] == ["BG499"]
