"""The rule tests that are rendered beside the alerts: promtool runs them, and they find what is wrong with a rule."""

import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from backupgen.conventions import naming
from backupgen.pipeline import compile_fleet
from tests.compiled import FLEETS, compiled
from tests.thoroughness import is_quick
from tests.unit.plan.promtool import Tool

Rule = dict[str, Any]
WITH_ALL = "\n  kube_state_metrics: true\n  own: {Mine: {expr: vector(1), summary: mine}}"
"""What a fleet says to get every alert, and one of its own."""


def written(files: dict[str, str], folder: Path) -> list[str]:
    """The rules and tests below a folder; the names of the tests."""
    for path, text in files.items():
        if path.startswith(f"{naming.RULE_TESTS}/"):
            (folder / path.partition("/")[2]).write_text(text, encoding="utf-8")
    return sorted(path.name for path in folder.glob("tests*.yaml"))


def run(promtool: Path, folder: Path, tests: list[str], *flags: str) -> subprocess.CompletedProcess[str]:
    command: list[str | Path] = [promtool, "test", "rules", *flags, *tests]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=300)


@pytest.fixture(scope="module")
def whole(repository: Path) -> dict[str, str]:
    """The rendered files of the repository's own fleet, with every alert."""
    text = (repository / "fleet.yaml").read_text(encoding="utf-8")
    line = next(line for line in text.splitlines() if line.startswith("alerts:"))
    namespace = "alerts:\n  namespace: monitoring\n  labels: {release: kube-prometheus-stack}"
    text = text.replace(line, namespace + WITH_ALL).replace(
        "    run_as: 472\n", "    run_as: 472\n    max_shrink: 30%\n"
    )
    checked = compile_fleet(text.encode(), "fleet.yaml")
    assert checked.value is not None, checked.findings
    return dict(checked.value.manifests.files)


@pytest.mark.parametrize("name", FLEETS)
def test_promtool_passes_the_rendered_tests(name: str, tool: Tool, tmp_path: Path) -> None:
    files = dict(compiled(name).manifests.files)
    tests = written(files, tmp_path)
    assert bool(tests) == (compiled(name).fleet.alerts is not None)
    if tests:
        short = [story["name"] for story in stories(files) if ends_at(story) <= SHORT]
        assert short
        flags = [f"--run=^{re.escape(name)}$" for name in short] if is_quick() else []
        done = run(tool("promtool"), tmp_path, tests, *flags)
        assert done.returncode == 0, done.stdout + done.stderr


SHORT = 70
"""Minutes; promtool evaluates all rules at each of a story's."""


def stories(files: dict[str, str]) -> list[dict[str, Any]]:
    tests = [text for path, text in files.items() if path.startswith(f"{naming.RULE_TESTS}/tests")]
    return [story for text in tests for story in yaml.safe_load(text)["tests"]]


def ends_at(story: dict[str, Any]) -> int:
    """The minute of the last look."""
    return int(story["promql_expr_test"][-1]["eval_time"].removesuffix("m"))


def test_the_rule_file_is_what_the_rule_object_holds(whole: dict[str, str]) -> None:
    rules = yaml.safe_load(whole[f"{naming.RULE_TESTS}/rules.yaml"])
    assert rules == yaml.safe_load(whole["monitoring/prometheusrule.backup-alerts.yaml"])["spec"]


def test_every_alert_is_told_about(whole: dict[str, str]) -> None:
    told = "".join(text for path, text in whole.items() if path.startswith(f"{naming.RULE_TESTS}/tests"))
    alerts = [rule["alert"] for rule in rules_of(whole) if "alert" in rule]
    assert {name for name in alerts if f'alertname=\\"{name}\\"' not in told} == {"Mine"}
    assert len(alerts) == 22


def rules_of(files: dict[str, str]) -> list[Rule]:
    found: list[Rule] = yaml.safe_load(files[f"{naming.RULE_TESTS}/rules.yaml"])["groups"][0]["rules"]
    return found


REPLACED = [
    (r" > ", " >= "),
    (r" > ", " < "),
    (r"\n> ", "\n>= "),
    (r"\n> ", "\n< "),
    (r" <= ", " > "),
    (r" == 0", " != 0"),
    (r" == 1", " == 2"),
    (r" == 3", " != 3"),
    (r"\bunless\b", "and"),
    (r"\band on\b", "unless on"),
    (r"\) or on\b", ") unless on"),
    (r"\n- ", "\n+ "),
    (r'="(?=[a-z3])', '="not-'),
    (r'!=""', '=""'),
    (r"(?<== 0\.)\d", "1"),
]
"""A part of an expression, and what is written instead."""
NUMBER = r"(?<![\w.\[\"])\d+(?:\.\d+)?(?=[\s)]|$)"
AS_THEY_ARE = {"0", "1", "3"}
"""Numbers whose comparisons are replaced as a whole."""


class Mutant(NamedTuple):
    """A rule with one thing wrong."""

    number: int
    """Its place among the rules."""
    operator: str
    """What was done to it."""
    at: str
    rule: Rule

    @property
    def name(self) -> str:
        return f"{self.rule.get('alert', self.rule.get('record'))}: {self.operator} {self.at}"


def expressions(expr: str) -> Iterator[tuple[str, str, str]]:
    """Each wrong way to write an expression: the operator, where it was applied, and what came of it."""
    for pattern, instead in REPLACED:
        for match in re.finditer(pattern, expr):
            changed = expr[: match.start()] + instead + expr[match.end() :]
            yield f"{pattern!r} to {instead!r}", f"at {match.start()}", changed
    for match in re.finditer(NUMBER, expr):
        if match[0] not in AS_THEY_ARE:
            yield "number", match[0], f"{expr[: match.start()]}{float(match[0]) * 1.1:g}{expr[match.end() :]}"
    for match in re.finditer(r"\[7d\]", expr):
        yield "window", "", f"{expr[: match.start()]}[5d]{expr[match.end() :]}"


def mutants(index: int, rule: Rule) -> Iterator[Mutant]:
    """What could be wrong with a rule, one thing at a time."""
    for operator, at, expr in expressions(rule["expr"]):
        yield Mutant(index, operator, at, rule | {"expr": expr})
    if "alert" in rule:
        minutes = sum(int(count) * {"h": 60, "m": 1}[unit] for count, unit in re.findall(r"(\d+)([hm])", rule["for"]))
        for by in (-1, 1):
            yield Mutant(index, f"for {by:+}m", "", rule | {"for": f"{minutes + by}m"})
    for label in rule["labels"]:
        yield Mutant(index, "label", label, rule | {"labels": rule["labels"] | {label: "other"}})


def one_of_each(mutants: list[Mutant]) -> list[Mutant]:
    """For each operator one mutant, of the rule that has the fewest so far."""
    chosen: list[Mutant] = []
    for operator in dict.fromkeys(mutant.operator for mutant in mutants):
        taken = Counter(mutant.number for mutant in chosen)
        chosen.append(min((one for one in mutants if one.operator == operator), key=lambda one: taken[one.number]))
    return chosen


def stories_about(files: dict[str, str], rule: Rule) -> list[str]:
    """Patterns of the stories that are asked about a rule, one at a time: those that tell of it, short ones first."""
    if rule["expr"].startswith("vector("):
        return ["^the fleet's constants$"]
    about = f'alertname="{rule["alert"]}"' if "alert" in rule else "alertname="
    asked = [story for story in stories(files) if about in str(story["promql_expr_test"])]
    asked.sort(key=ends_at)
    return [f"^{re.escape(story['name'])}$" for story in asked]


def survives(promtool: Path, files: dict[str, str], mutant: Mutant, folder: Path) -> bool:
    """Whether every story passes in spite of a mutated rule."""
    tests = written(files, folder)
    rules = rules_of(files)
    patterns = stories_about(files, rules[mutant.number])
    rules[mutant.number] = mutant.rule
    groups = {"groups": [{"name": "mutated", "rules": rules}]}
    (folder / "rules.yaml").write_text(yaml.safe_dump(groups), encoding="utf-8")
    asked = [*(("--run=" + pattern,) for pattern in patterns), ()]
    return all(run(promtool, folder, tests, *flags).returncode == 0 for flags in asked)


def first_of_each(rules: list[Rule]) -> list[Rule | None]:
    """The rules in their places, without the user's own, and of the constants one of each: they are made alike."""
    names = [rule.get("alert", rule.get("record")) for rule in rules]
    return [
        None if name == "Mine" or name in names[:index] else rule
        for index, (name, rule) in enumerate(zip(names, rules, strict=True))
    ]


def test_a_mutated_rule_turns_a_test_red(whole: dict[str, str], tool: Tool, tmp_path: Path) -> None:
    promtool = tool("promtool")
    every = [
        mutant
        for index, rule in enumerate(first_of_each(rules_of(whole)))
        if rule is not None
        for mutant in mutants(index, rule)
    ]
    assert len(every) > 200
    wanted = one_of_each(every) if is_quick() else every
    assert {mutant.operator for mutant in wanted} == {mutant.operator for mutant in every}

    def judge(number: int) -> str:
        folder = tmp_path / str(number)
        folder.mkdir()
        return wanted[number].name if survives(promtool, whole, wanted[number], folder) else ""

    with ThreadPoolExecutor(2) as pool:
        survived = [name for name in pool.map(judge, range(len(wanted))) if name]
    assert not survived, "\n".join(survived)
