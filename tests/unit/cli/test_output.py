"""What cannot be written is said, and is nobody's traceback."""

import subprocess
import sys
from pathlib import Path

import pytest

from backupgen.cli import exits


def run(redirection: str, repository: Path) -> subprocess.CompletedProcess[str]:
    command = f'"{sys.executable}" -m backupgen schema {redirection}'
    return subprocess.run(["/bin/sh", "-c", command], cwd=repository, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("redirection", "message"),
    [
        (">&-", "the output is closed\n"),
        (">/dev/full", "the output cannot be written: No space left on device\n"),
    ],
)
def test_an_output_that_takes_nothing(redirection: str, message: str, repository: Path) -> None:
    done = run(redirection, repository)
    assert (done.returncode, done.stderr) == (exits.USAGE, message)


def test_a_reader_who_leaves_hears_nothing(repository: Path) -> None:
    done = run("| head -n 1", repository)
    assert (done.stdout, done.stderr) == ("{\n", "")
