"""What every test may lean on: the repository's place, the real tools, a command line that nothing outside colours."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

import tests.thoroughness  # noqa: F401 (registers Hypothesis' profiles)

# A shell that starts the tests in the background has SIGINT ignored, and what they start would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)

# Without bytecode every process that a test starts would compile the whole package again, and pytest all tests.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# What a command says of the next run, or of one that a change misses, shall not depend on the hour of the test.
os.environ["BACKUPGEN_NOW"] = "2026-11-26T12:15Z"

REPOSITORY = Path(__file__).resolve().parent.parent

Run = Callable[..., subprocess.CompletedProcess[str]]

# What a user's shell or CI may set, and what would change the output of a run.
AMBIENT = ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES", "TERM", "GITHUB_ACTIONS", "CI", "TZ", "PYTHONWARNINGS")
AMBIENT_PREFIXES = ("RESTIC_", "RCLONE_", "SOPS_", "AWS_")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What compares with a golden file is marked so: `make regen` runs these alone."""
    for item in items:
        if "file_regression" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.golden)


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name in AMBIENT or name.startswith(AMBIENT_PREFIXES):
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def repository() -> Path:
    """The folder that holds pyproject.toml."""
    return REPOSITORY


@pytest.fixture(scope="session")
def tool() -> Callable[[str], Path]:
    """The place of a real tool by its name. A missing one fails the test: nothing is skipped."""

    def find(name: str) -> Path:
        found = shutil.which(name)
        if found is None:
            pytest.fail(f"{name} is not on PATH: `make test` installs it")
        return Path(found)

    return find


@pytest.fixture
def backupgen() -> Run:
    """Runs backupgen as a process of its own; call it with arguments and, if need be, `cwd` and `env` (added)."""

    def run(
        *arguments: str | Path, cwd: Path = REPOSITORY, env: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        command: Sequence[str] = (sys.executable, "-m", "backupgen", *map(str, arguments))
        return subprocess.run(
            command,
            cwd=cwd,
            env={**os.environ, "PYTHONPATH": str(REPOSITORY), **(env or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    return run
