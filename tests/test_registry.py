"""The catalogue is whole: every code is documented, every rule is registered and has a fleet that provokes it."""

import ast
import importlib
import re
from dataclasses import fields
from itertools import chain
from pathlib import Path

import pytest

import backupgen
import backupgen.rules
from backupgen.audit import CODES as AUDIT_CODES
from backupgen.diagnostics import CodeInfo, Severity
from backupgen.diff.codes import CODES as OUT_CODES
from backupgen.language.codes import CODES as LANGUAGE_CODES
from backupgen.manifests import CODES as MANIFEST_CODES
from backupgen.pipeline import CATALOGUE
from backupgen.resolve.codes import CODES as RESOLVE_CODES
from backupgen.rules import CODES as RULE_CODES
from backupgen.rules import RULES, Rule
from backupgen.sealing import CODES as SEALING_CODES
from backupgen.source import CODES as SOURCE_CODES
from tests.judging import judged, lines_of

FOLDERS = Path(__file__).parent / "rules"
CASES = sorted(path.name for path in FOLDERS.iterdir())
MODULES = sorted(path.stem for path in Path(backupgen.rules.__file__).parent.glob("bg*.py"))
PACKAGE = Path(backupgen.__file__).parent


def test_every_module_of_a_rule_is_registered_in_order() -> None:
    modules = [importlib.import_module(f"backupgen.rules.{name}") for name in MODULES]
    assert [module.RULE for module in modules] == list(RULES)
    assert all(isinstance(module.RULE, Rule) and module.RULE.info is module.INFO for module in modules)


def test_a_rules_module_is_called_after_its_code_and_slug() -> None:
    assert [f"{rule.info.code.lower()}_{rule.info.slug.replace('-', '_')}" for rule in RULES] == MODULES


def test_every_code_that_is_declared_is_in_the_catalogue_and_by_keywords() -> None:
    calls = [
        (f"{path.relative_to(PACKAGE)}:{node.lineno}", node)
        for path in sorted(PACKAGE.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_bytes()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "CodeInfo"
    ]
    catalogue = {info.code for info in CATALOGUE}
    declared = [(place, {one.arg: one.value for one in node.keywords}.get("code"), node) for place, node in calls]
    assert [place for place, code, node in declared if node.args or not isinstance(code, ast.Constant)] == []
    assert [place for place, code, _ in declared if code is not None and ast.literal_eval(code) not in catalogue] == []
    assert len(declared) == len(CATALOGUE)


def test_no_code_and_no_slug_is_used_twice() -> None:
    codes, slugs = [info.code for info in CATALOGUE], [info.slug for info in CATALOGUE]
    assert len(set(codes)) == len(codes)
    assert len(set(slugs)) == len(slugs)


@pytest.mark.parametrize(
    ("codes", "stages"),
    [
        (SOURCE_CODES, "1"),
        ((*LANGUAGE_CODES, *RESOLVE_CODES), "2"),
        (RULE_CODES, "34"),
        (AUDIT_CODES, "4"),
        (MANIFEST_CODES, "5"),
        (OUT_CODES, "5"),
        (SEALING_CODES, "5"),
    ],
    ids=["source", "fleet", "rules", "audit", "manifests", "diff", "sealing"],
)
def test_the_codes_of_a_stage_begin_with_its_digit(codes: tuple[CodeInfo, ...], stages: str) -> None:
    assert codes
    numbers = [info.code for info in codes]
    assert numbers == sorted(numbers)
    assert all(re.fullmatch(f"BG[{stages}][0-9][0-9]", number) for number in numbers)


@pytest.mark.parametrize("info", CATALOGUE, ids=lambda info: str(info.code))
def test_a_code_explains_itself(info: CodeInfo) -> None:
    assert all(str(getattr(info, field.name)).strip() for field in fields(info))
    assert re.fullmatch("[a-z]+(-[a-z0-9]+)*", info.slug)
    assert re.fullmatch(r"[A-Z][^\n]*[^.]\.", info.summary), "a summary is one sentence: a capital and a period"
    assert info.bad != info.good


def test_every_code_of_a_rule_has_its_folder_and_no_folder_is_an_orphan() -> None:
    # A folder is called after a code; what a stage before the rules reports may have several: `BG203-timezone`.
    codes = {name.partition("-")[0] for name in CASES}
    assert {info.code for info in RULE_CODES} <= codes <= {info.code for info in CATALOGUE}
    assert [name for name in CASES if "-" in name and name.startswith(("BG3", "BG4"))] == []
    for folder in FOLDERS.iterdir():
        assert sorted(path.name for path in folder.iterdir()) == ["bad.txt", "bad.yaml", "good.yaml"]


@pytest.mark.parametrize("case", CASES)
def test_a_bad_fleet_yields_its_code_and_nothing_else(case: str) -> None:
    found = judged((FOLDERS / case / "bad.yaml").read_bytes())
    assert lines_of(found) == (FOLDERS / case / "bad.txt").read_text(encoding="utf-8").splitlines()
    assert {finding.info.code for finding in found} == {case.partition("-")[0]}


@pytest.mark.parametrize("case", CASES)
def test_a_good_fleet_yields_nothing(case: str) -> None:
    assert lines_of(judged((FOLDERS / case / "good.yaml").read_bytes())) == []


@pytest.mark.parametrize("code", [info.code for info in RULE_CODES if info.severity is not Severity.ERROR])
def test_a_finding_can_be_waived_where_it_stands(code: str) -> None:
    if code in {"BG498", "BG499"}:  # a waiver cannot itself be waived
        return
    raw = (FOLDERS / code / "bad.yaml").read_bytes()
    (slug,) = {finding.info.slug for finding in judged(raw)}
    assert b"\nwaive:" not in raw
    assert lines_of(judged(raw + f"waive: {{{slug}: it is meant}}\n".encode())) == []


@pytest.mark.parametrize("code", [info.code for info in RULE_CODES if info.severity is Severity.ERROR])
def test_an_error_cannot_be_waived(code: str) -> None:
    raw = (FOLDERS / code / "bad.yaml").read_bytes()
    before = judged(raw)
    (slug,) = {finding.info.slug for finding in before}
    after = judged(raw + f"waive: {{{slug}: it is meant}}\n".encode())
    assert {finding.info.code for finding in after} == {code, "BG499"}
    assert set(lines_of(before)) <= set(lines_of(after))


def test_every_finding_names_a_place_and_the_target_that_it_stands_in() -> None:
    found = chain.from_iterable(judged(path.read_bytes()) for path in sorted(FOLDERS.glob("*/bad.yaml")))
    for finding in found:
        inside = len(finding.spot.path) > 1 and finding.spot.path[0] == "targets"
        assert finding.target == (finding.spot.path[1] if inside else None)
        assert finding.spot.span is not None
        assert all(other.spot.span is not None for other in finding.related)
        assert not finding.message.endswith(".")
