"""Runs whole processes and says what they cost."""

import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Cost:
    """Seconds on the clock, and seconds of CPU (user and system, all threads and waited-for children)."""

    wall: float
    cpu: float


def run(command: Sequence[str | Path], *, cwd: Path, output: Path | None = None) -> Cost:
    """Run a command to its end and measure it; its standard output goes to the file `output`, or nowhere.

    Raises SystemExit with the command's standard error when it fails.
    """
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    # As installed: with bytecode, Python's and the templates', from the run before the first measured one.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    with Path(output or os.devnull).open("wb") as stdout, tempfile.TemporaryFile() as stderr:
        start = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=cwd, stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr, env=environment
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            stderr.seek(0)
            text = stderr.read().decode(errors="replace")
            raise SystemExit(f"{' '.join(map(str, command))} failed with exit code {process.returncode}\n{text}")
    return Cost(wall, usage.ru_utime + usage.ru_stime)


def median(costs: Sequence[Cost]) -> Cost:
    """The median of each measure."""
    return Cost(
        statistics.median(cost.wall for cost in costs),
        statistics.median(cost.cpu for cost in costs),
    )


def memory_folder() -> Path:
    """Where to put files so that no disk is measured, if the machine has such a place."""
    shared = Path("/dev/shm")  # noqa: S108  # not a place of our own: a temporary folder is made in it
    return shared if os.access(shared, os.W_OK) else Path(tempfile.gettempdir())
