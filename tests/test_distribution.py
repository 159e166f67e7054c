"""What users install: the wheel, built through the sdist, in a clean environment far from the repository."""

import os
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest


def run(command: Sequence[str | Path], cwd: Path) -> str:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        command, cwd=cwd, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def tree(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory, repository: Path) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    run([sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, repository], cwd=folder)
    return folder


@pytest.fixture(scope="module")
def wheel(dist: Path) -> Path:
    (found,) = dist.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory, repository: Path, wheel: Path) -> Path:
    """The `backupgen` of a new environment that holds the wheel and the pinned dependencies, nothing else."""
    folder = tmp_path_factory.mktemp("environment")
    run([sys.executable, "-m", "venv", "--without-pip", folder], cwd=folder)
    pip: list[str | Path] = [sys.executable, "-m", "pip", "--python", folder / "bin" / "python", "install", "--quiet"]
    run([*pip, "--requirement", repository / "requirements" / "run.txt"], cwd=folder)
    run([*pip, "--no-deps", wheel], cwd=folder)
    return folder / "bin" / "backupgen"


def test_the_wheel_holds_the_package_and_its_templates(wheel: Path, repository: Path) -> None:
    packaged = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    modules = {f"backupgen/{path}" for path in tree(repository / "backupgen") if "__pycache__" not in path}
    templates = {f"backupgen/_templates/{path}" for path in tree(repository / "templates") if "__pycache__" not in path}
    assert templates
    assert packaged == modules | templates


def test_the_sdist_holds_no_more_than_the_wheel_needs(dist: Path) -> None:
    (sdist,) = dist.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        tops = {name.split("/")[1] for name in archive.getnames()}
    assert tops == {
        "backupgen", "templates", "README.md", "CHANGELOG.md", "LICENSE", "pyproject.toml", ".gitignore", "PKG-INFO",
    }  # fmt: skip


@pytest.mark.slow
def test_the_pins_are_all_that_the_wheel_needs(installed: Path) -> None:
    run([sys.executable, "-m", "pip", "--python", installed.with_name("python"), "check"], cwd=installed.parent)


def test_the_wheel_renders_what_is_committed(installed: Path, repository: Path, tmp_path: Path) -> None:
    run([installed, "render", "--fleet", repository / "fleet.yaml", "--out", tmp_path / "out"], cwd=tmp_path)
    rendered, committed = tree(tmp_path / "out"), tree(repository / "out")
    assert sorted(rendered) == sorted(committed)
    assert [path for path in rendered if rendered[path] != committed[path]] == []
