"""docs/architecture.md cannot lie: its figure is that of the import contracts, and what it names is there."""

import re
import tomllib
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import backupgen

PACKAGE = Path(backupgen.__file__).parent


@pytest.fixture
def page(repository: Path) -> str:
    return (repository / "docs" / "architecture.md").read_text(encoding="utf-8")


@pytest.fixture
def contracts(repository: Path) -> list[dict[str, Any]]:
    settings = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))
    found: list[dict[str, Any]] = settings["tool"]["importlinter"]["contracts"]
    return found


def between(page: str, mark: str) -> list[str]:
    inside = page.partition(f"<!-- {mark} -->\n")[2].partition(f"<!-- /{mark} -->")[0]
    return [line.strip() for line in inside.splitlines() if line.strip()]


def test_the_figure_is_that_of_the_contract(page: str, contracts: list[dict[str, Any]]) -> None:
    layers = next(contract["layers"] for contract in contracts if contract.get("exhaustive"))
    assert [line.split() for line in between(page, "layers")] == [layer.split(" | ") for layer in layers]


def test_every_contract_is_listed(page: str, contracts: list[dict[str, Any]]) -> None:
    assert between(page, "contracts") == [f"- {contract['name']}" for contract in contracts]


def test_every_package_is_described(page: str) -> None:
    packages = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert packages <= set(re.findall(r"\*\*([a-z]+)\*\*", page))


def test_every_name_is_there(page: str) -> None:
    names = set(re.findall(r"`(backupgen(?:\.\w+)+)`", page))
    assert len(names) > 10
    for name in sorted(names):
        assert _exists(name), name


def _exists(name: str) -> bool:
    *modules, last = name.split(".")
    try:
        return hasattr(import_module(".".join(modules)), last) or bool(import_module(name))
    except ModuleNotFoundError:
        return False


def test_no_module_is_too_long_to_be_one_thing() -> None:
    lengths = {
        path.relative_to(PACKAGE): path.read_text(encoding="utf-8").count("\n") for path in PACKAGE.rglob("*.py")
    }
    assert {str(path): length for path, length in lengths.items() if length > 400} == {}
