"""The import contracts guard what their names say: in a copy of the package, each is broken on purpose."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
CONTRACTS = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]

# Contract -> the module that breaks it, and what that imports.
PLANTED = {
    "Stages import only earlier stages": ("source/lines.py", "backupgen.plan.model"),
    "No cycles at any depth": ("rules/images.py", "backupgen.rules.bg401_unpinned_image"),
    "Only manifests know Jinja2": ("plan/effective_schedules.py", "jinja2"),
    "Only the language knows pydantic": ("plan/effective_schedules.py", "pydantic"),
    "Only source knows YAML": ("audit/judge.py", "ruamel.yaml"),
    "Only the command line knows Typer": ("adapters/shell.py", "typer"),
    "Only the reports' lines know the terminal": ("cli/terminal.py", "rich.console"),
    "Only adapters start processes": ("cli/guard.py", "subprocess"),
    "Only the judge of PromQL parses it": ("plan/promql.py", "promql_parser"),
    "Only adapters hash passwords": ("sealing/seal.py", "bcrypt"),
    "The rehearsal's engine lies above the other adapters": ("adapters/write.py", "backupgen.adapters.rehearsal.stage"),
    "Only `rehearse` starts a rehearsal": ("cli/showing.py", "backupgen.adapters.rehearsal.stage"),
    "Only the program itself loads the commands": ("report/lines.py", "backupgen.cli.commands.render"),
}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    shutil.copy(REPOSITORY / "pyproject.toml", tmp_path)
    shutil.copytree(REPOSITORY / "backupgen", tmp_path / "backupgen", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def verdicts(root: Path) -> dict[str, str]:
    command: list[str | Path] = [Path(sys.executable).parent / "lint-imports", "--no-cache"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    found = re.findall(r"^(.+?) (KEPT|BROKEN)(?: \(.*\))?$", done.stdout, re.MULTILINE)
    assert found, done.stdout + done.stderr
    return dict(found)


def plant(root: Path, name: str, module: str) -> None:
    path = root / "backupgen" / name
    path.write_text(path.read_text(encoding="utf-8") + f"\nimport {module}\n", encoding="utf-8")


@pytest.mark.slow
def test_every_contract_is_broken_by_what_it_forbids(copy: Path) -> None:
    names = [contract["name"] for contract in CONTRACTS["contracts"]]
    assert list(PLANTED) == names, "a contract is new: say here what breaks it"
    assert verdicts(copy) == dict.fromkeys(names, "KEPT")
    for name, module in PLANTED.values():
        plant(copy, name, module)
    assert verdicts(copy) == dict.fromkeys(names, "BROKEN")


@pytest.mark.slow
def test_both_libraries_for_yaml_are_guarded_even_inside_a_function(copy: Path) -> None:
    path = copy / "backupgen" / "audit" / "judge.py"
    path.write_text(path.read_text(encoding="utf-8") + "\n\ndef f() -> None:\n    import yaml\n", encoding="utf-8")
    assert verdicts(copy)["Only source knows YAML"] == "BROKEN"
