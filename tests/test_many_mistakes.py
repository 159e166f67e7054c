"""A fleet full of mistakes: each is told of, at its place, in one run."""

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests.examples import HEAD

Run = Callable[..., CompletedProcess[str]]

# A line of a target that is wrong, and what stands where the finding has to point.
WRONG = [
    ("namespce: apps", "namespce"),
    ("deadline: 9", "9"),
    ("run_as: -1", "-1"),
    ('at: "5:00"', '"5:00"'),
    ("volume: {pvc: A_B}", "A_B"),
    ("verify: [{sqllite: a}]", "sqllite"),
    ("retries: two", "two"),
    ('tag: "a b"', '"a b"'),
    ("exclude: 5", "5"),
    ("keep: {hourlie: 2}", "hourlie"),
    ("timezone: Mars/Base", "Mars/Base"),
    ("image: UPPER", "UPPER"),
    ("resources: {limits: {memory: 1GB}}", "1GB"),
    ("node_selector: [a]", "[a]"),
    ("suspend: maybe", "maybe"),
    ("max_age: 5", "5"),
    ("labels: {a b: c}", "a b"),
    ("history: {success: -1}", "-1"),
    ("cache: {medium: tape}", "tape"),
    ("grace: 1s", "1s"),
]
RIGHT = {"namespace": "apps", "at": '":20"', "deadline": "10m", "run_as": "1000", "volume": "{pvc: data}"}
TARGETS = 200


@pytest.fixture
def expected(tmp_path: Path) -> list[tuple[int, int]]:
    """Lines and columns of what is wrong in the fleet that lies in the folder then."""
    lines = [f"{key}: {json.dumps(value)}" for key, value in HEAD.items()] + ["targets:"]
    places = []
    for number in range(TARGETS):
        wrong, at = WRONG[number % len(WRONG)]
        own = RIGHT | dict([wrong.split(": ", 1)])
        lines.append(f"  app-{number}:")
        for key, value in own.items():
            lines.append(f"    {key}: {value}")
            if lines[-1].strip() == wrong:
                places.append((len(lines), lines[-1].index(at) + 1))
    (tmp_path / "fleet.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return places


def test_two_hundred_different_mistakes_are_told_of_at_once(
    expected: list[tuple[int, int]], tmp_path: Path, backupgen: Run
) -> None:
    done = backupgen("check", "--format", "json", cwd=tmp_path)
    assert done.returncode == 1
    findings = json.loads(done.stdout)["findings"]
    assert [(one["line"], one["column"]) for one in findings] == expected
    assert [one["target"] for one in findings] == [f"app-{number}" for number in range(TARGETS)]
    text = backupgen("check", cwd=tmp_path).stdout
    assert text.count("\nerror[") + text.startswith("error[") == 50
    assert "\nand 150 more findings: " in text
    assert text.endswith("\n200 errors\n")
    assert len(backupgen("check", "--format", "concise", cwd=tmp_path).stdout.splitlines()) == TARGETS + 1


def test_two_thousand_times_the_same_mistake(tmp_path: Path, backupgen: Run) -> None:
    head = "".join(f"{key}: {json.dumps(value)}\n" for key, value in HEAD.items())
    targets = "".join(
        f'  app-{number}: {{namespace: apps, at: ":20", deadline: 10m, run_as: 1, volume: {{pvc: x}}, tag: same}}\n'
        for number in range(2000)
    )
    (tmp_path / "fleet.yaml").write_text(f"{head}targets:\n{targets}", encoding="utf-8")
    text = backupgen("check", cwd=tmp_path).stdout
    assert text.startswith("error[BG403 shared-identity]: the tag `same` is in use already\n")
    assert "\nand 5950 more findings: 1 BG302, 1949 BG403, 2000 BG404, 2000 BG405; " in text
    assert text.endswith("\n1999 errors, 4001 warnings\n")
