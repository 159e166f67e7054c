"""The README cannot lie: its fleet compiles, its commands are the program's, its claims are the tests' constants."""

import re
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest
import typer

from backupgen.cli.app import app
from tests.test_objects import SUPPORTED

Run = Callable[..., CompletedProcess[str]]


@pytest.fixture
def readme(repository: Path) -> str:
    return (repository / "README.md").read_text(encoding="utf-8")


def block(text: str, name: str) -> str:
    found = re.search(rf"<!-- {re.escape(name)} -->\n(.*?)<!-- /{re.escape(name)} -->", text, re.DOTALL)
    assert found, f"README.md has no part `{name}`"
    return found[1]


def test_the_ten_lines_are_a_fleet_that_compiles(readme: str, repository: Path, tmp_path: Path, backupgen: Run) -> None:
    found = re.search(r"<!-- tests/cases/minimal/fleet.yaml -->\n```yaml\n(.*?)```", readme, re.DOTALL)
    assert found
    assert found[1] == (repository / "tests/cases/minimal/fleet.yaml").read_text(encoding="utf-8")
    assert len(found[1].splitlines()) == 10
    (tmp_path / "fleet.yaml").write_text(found[1], encoding="utf-8")
    done = backupgen("render", cwd=tmp_path)
    assert done.returncode == 0
    written = [path for path in (tmp_path / "out").rglob("*.yaml") if path.is_file()]
    assert f"writes {len(written)} files" in readme


def test_the_commands_are_those_of_the_program(readme: str) -> None:
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    rows = [
        f"| `backupgen {name}` | {(command.help or '').splitlines()[0].rstrip('.')} |"
        for name, command in commands.items()
        if not command.hidden
    ]
    assert block(readme, "commands").splitlines() == ["| command | what it does |", "|---|---|", *rows]


def test_the_supported_versions_are_the_tested_ones(readme: str) -> None:
    assert f"Kubernetes {', '.join(SUPPORTED[:-1])} and {SUPPORTED[-1]}:" in block(readme, "supported")


def test_links_lead_somewhere(readme: str, repository: Path) -> None:
    targets = [target.partition("#")[0] for target in re.findall(r"\]\(([^)]+)\)", readme) if "://" not in target]
    assert targets
    assert [target for target in targets if not (repository / target).exists()] == []


def test_the_conflict_is_what_check_says(readme: str, repository: Path, tmp_path: Path, backupgen: Run) -> None:
    fleet = (repository / "fleet.yaml").read_text(encoding="utf-8")
    (tmp_path / "fleet.yaml").write_text(fleet.replace("deadline: 45m", "deadline: 2h"), encoding="utf-8")
    done = backupgen("check", cwd=tmp_path)
    assert done.returncode == 1
    shown = re.search(r"\$ backupgen check\n(.*?)```", readme, re.DOTALL)
    assert shown
    assert undated(shown[1]) in undated(done.stdout)


def undated(text: str) -> str:
    """The text in one line, without the day on which the two meet next."""
    return re.sub(r"next on \w+ [0-9-]+", "next on DAY", " ".join(text.split()))


def test_the_reference_fleet_is_short(repository: Path) -> None:
    lines = (repository / "fleet.yaml").read_text(encoding="utf-8").splitlines()
    assert len([line for line in lines if line.strip() and not line.strip().startswith("#")]) <= 130
