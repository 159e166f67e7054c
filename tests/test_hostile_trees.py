"""Whatever lies in and around out/, no command waits, fills the memory or shows a traceback."""

import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.thoroughness import sample

FLEET = (REPOSITORY / "tests" / "cases" / "minimal" / "fleet.yaml").read_text(encoding="utf-8")
MEMORY = 2 << 30
Make = Callable[[Path], object]


def sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(3 << 30)


def pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def deep(path: Path) -> None:
    for _ in range(60):
        path /= "d" * 50
        path.mkdir(parents=True)
    (path / "x.yaml").write_text("kind: Secret\nstringData: {a: b}\n")


TREES: dict[str, Make] = {
    "a pipe in the place of the values": lambda place: os.mkfifo(place / "fleet.values.enc.yaml"),
    "a device in the place of the values": lambda place: (place / "fleet.values.enc.yaml").symlink_to("/dev/zero"),
    "a folder in the place of the values": lambda place: (place / "fleet.values.enc.yaml").mkdir(),
    "a pipe in the place of sops' rules": lambda place: os.mkfifo(place / ".sops.yaml"),
    "a device in the place of sops' rules": lambda place: (place / ".sops.yaml").symlink_to("/dev/zero"),
    "a pipe in out/": lambda place: os.mkfifo(place / "out" / "x.yaml"),
    "a device in out/": lambda place: (place / "out" / "x.yaml").symlink_to("/dev/zero"),
    "a large file in out/": lambda place: sparse(place / "out" / "x.yaml"),
    "a large inventory": lambda place: sparse(place / "out" / ".backupgen-inventory.json"),
    "deep folders in out/": lambda place: deep(place / "out"),
    "a loop of links in out/": lambda place: (place / "out" / "loop").symlink_to("loop"),
    "a name that is no text": lambda place: (place / "out" / os.fsdecode(b"\xff\x1b[31m.yaml")).write_text("a: 1\n"),
    "brackets without end": lambda place: (place / "out" / "x.json").write_text("[" * 900_000 + "Secret"),
    "an inventory that is none": lambda place: (place / "out" / ".backupgen-inventory.json").write_text("[" * 100_000),
    "a large fleet": lambda place: sparse(place / "fleet.yaml"),
    "a pipe as the fleet": lambda place: pipe(place / "fleet.yaml"),
}


@pytest.mark.parametrize("command", sample(["check", "render", "diff", "secrets"], ["check"]))
@pytest.mark.parametrize("tree", TREES)
def test_no_command_hangs_or_fails_of_itself(tree: str, command: str, tmp_path: Path) -> None:
    (tmp_path / "fleet.yaml").write_text(FLEET, encoding="utf-8")
    (tmp_path / "out").mkdir()
    TREES[tree](tmp_path)
    done = subprocess.run(
        [sys.executable, "-m", "backupgen", command],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        timeout=120,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY)),
    )
    assert done.returncode in {0, 1, 2}, done.stderr
    assert "Traceback" not in done.stderr
    assert "\x1b" not in done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("stream", [">&-", "2>&-", ">&- 2>&-", "<&-"])
def test_closed_streams_are_no_fault(stream: str, tmp_path: Path) -> None:
    (tmp_path / "fleet.yaml").write_text(FLEET, encoding="utf-8")
    for command in ("check", "render", "diff", "schedule", "explain"):
        done = subprocess.run(
            ["/bin/sh", "-c", f'"$0" -m backupgen {command} {stream}', sys.executable],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode in {0, 1, 2}, (command, done.stderr)
        assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_names_that_no_file_can_have_are_told(tmp_path: Path) -> None:
    (tmp_path / "fleet.yaml").write_text(FLEET, encoding="utf-8")
    name = "n" * 300
    calls = [
        ["check", "--fleet", name], ["check", "--templates", name], ["check", "--out", name], ["render", "--out", name],
        ["diff", "--against", "HEAD", "--out", name], ["init", "--yes", "--fleet", name], ["check", "--repo", name],
        ["next", "30 2 * * *", "--from", "9999-12-31"], ["schedule", "--from", "9999-12-31"],
    ]  # fmt: skip
    for call in calls:
        done = subprocess.run(
            [sys.executable, "-m", "backupgen", *call],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode in {1, 2}, (call, done.stdout, done.stderr)
        assert "Traceback" not in done.stderr
