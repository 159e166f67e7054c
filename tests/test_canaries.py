"""No credential is anywhere but in the pipes to and from sops: every byte that is written or passed is searched."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from backupgen.sealing.seal import Opened, Sealed
from backupgen.sealing.values import Sources
from tests.conftest import REPOSITORY
from tests.sealing import NOTES, VALUES, VALUES_FILE, Place

CANARY = "kanarienvogel"
CANARIES = {name: f"{CANARY}-{number}-{'x' * 10}" for number, name in enumerate(VALUES)}
BYTES = CANARY.encode()
CALLS = "execve,execveat,write,writev,pwrite64,pwritev,pwritev2,sendto,sendmsg,sendmmsg"
# Given by the environment; all others by the values file.
GIVEN = {"BACKUPGEN_VALUE_WIKI_DB": CANARIES["wiki-db"]}


class Watched:
    """A place in which commands run under strace, their output going to files."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.piped = 0

    def run(self, *arguments: str, planted: str = "") -> int:
        """Run backupgen; fail if a canary leaves it other than through a pipe. Returns the exit code.

        `planted` is the file of out/ in which the test itself has put one.
        """
        trace, out, err = (self.place.folder / name for name in ("trace", "stdout", "stderr"))
        temporary = self.place.folder / "tmp"
        temporary.mkdir(exist_ok=True)
        environment = {
            **os.environ,
            **GIVEN,
            "SOPS_AGE_KEY_FILE": str(self.place.keys[0]),
            "PYTHONPATH": str(REPOSITORY),
            "TMPDIR": str(temporary),
        }
        watch: list[str | Path] = [
            "strace",
            "-f",
            "-yy",
            "-v",
            "-s",
            "1000000",
            "-e",
            f"trace={CALLS}",
            "-e",
            "signal=none",
            "-o",
            trace,
        ]
        command: list[str | Path] = [*watch, sys.executable, "-m", "backupgen", *arguments]
        with out.open("wb") as stdout, err.open("wb") as stderr:
            code = subprocess.run(
                command, cwd=self.place.folder, env=environment, stdout=stdout, stderr=stderr, check=False
            ).returncode
        assert BYTES not in out.read_bytes() + err.read_bytes()
        self.judge(trace.read_text(encoding="utf-8", errors="replace").splitlines())
        for path in [*temporary.rglob("*"), *self.place.out.rglob("*")]:
            if path.is_file() and path != self.place.out / planted:
                assert BYTES not in path.read_bytes(), path
        return code

    def judge(self, calls: list[str]) -> None:
        first, *others = calls
        assert "execve(" in first  # of backupgen itself, whose environment the test has made
        for call in others:
            if CANARY in call:
                found = re.match(r"\d+ +write\(\d+<pipe:\[\d+\]>, ", call)
                assert found, call[:200]
                self.piped += 1


@pytest.fixture
def watched(tmp_path: Path, tool: Callable[[str], Path]) -> Watched:
    tool("strace")
    place = Place(tmp_path, keys=2)
    assert place.edit_values({name: value for name, value in CANARIES.items() if name != "wiki-db"}).exit_code == 0
    return Watched(place)


@pytest.mark.slow
def test_sealing(watched: Watched) -> None:
    place = watched.place
    assert watched.run("render") == 0
    # Four Secrets went to sops (the fifth holds hashes), and the values came from it: the test sees what it looks for.
    assert watched.piped == 5
    assert BYTES not in (place.folder / VALUES_FILE).read_bytes()
    assert CANARIES["wiki-db"] in json.dumps(place.opened("wiki/secret.backup-env-configuration-wiki.enc.yaml"))
    before = watched.piped
    place.edit_values({"restic-password": f"{CANARY}-changed"})
    for command in (
        ["diff", "--format", "json"],
        ["check", "--format", "json"],
        ["render", "--dry-run"],
        ["secrets", "seal"],
        ["secrets", "status"],
    ):
        assert watched.run(*command) in (0, 1), command
    assert watched.piped > before


def test_the_environment_of_others(watched: Watched) -> None:
    """Git gets neither values nor keys."""
    place = watched.place
    assert watched.run("render") == 0
    identity = ["-c", "user.name=n", "-c", "user.email=n@example.org"]
    for arguments in (["init", "-q"], ["add", "fleet.yaml", "out"], ["commit", "-qm", "one"]):
        subprocess.run(["git", *identity, *arguments], cwd=place.folder, check=True)
    assert watched.run("diff", "--against", "HEAD") == 0
    calls = [line for line in (place.folder / "trace").read_text().splitlines() if "execve(" in line][1:]
    assert any('"git"' in call for call in calls)
    assert not any("SOPS_AGE_KEY" in call for call in calls if '"git"' in call)


@pytest.mark.slow
def test_failures(watched: Watched) -> None:
    """What sops says of a plaintext that it did not expect holds that plaintext."""
    place = watched.place
    assert watched.run("render") == 0
    right = place.text(NOTES)
    place.write(NOTES, re.sub("RESTIC_PASSWORD: ENC.*", f"RESTIC_PASSWORD: {CANARY}", right))
    said = subprocess.run(
        ["sops", "decrypt", place.out / NOTES],
        env={**os.environ, "SOPS_AGE_KEY_FILE": str(place.keys[0])},
        capture_output=True,
        check=False,
    ).stderr
    assert BYTES in said
    for command in (["render"], ["secrets", "status"], ["check"], ["diff"]):
        assert watched.run(*command, planted=NOTES) == (command != ["diff"]), command


def test_nothing_shows_a_value() -> None:
    for holder in (Sources(None, CANARIES), Sealed(plain=CANARIES), Opened(CANARIES, ())):
        assert CANARY not in repr(holder)
