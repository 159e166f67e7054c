"""dump.sh, with a stand-in for kubectl: it prints the pods that a test names, and runs the command here."""

import time
from pathlib import Path

import pytest

from tests.scripts.jobs import Fleet, Inbox

KUBECTL = """#!/bin/sh
printf '%s\\n' "$@" >>"$CALLS"
if [ "$3" = get ]; then printf '%s\\n' "$PODS"; exit "${GET_CODE:-0}"; fi
while [ "$1" != -- ]; do shift; done
shift
exec "$@"
"""


@pytest.fixture
def dumping(fleet: Fleet) -> Fleet:
    folder = fleet.folder / "kubectl"
    folder.mkdir()
    (folder / "kubectl").write_text(KUBECTL)
    (folder / "kubectl").chmod(0o755)
    for shell, path in fleet.paths.items():
        fleet.paths = fleet.paths | {shell: f"{folder}:{path}"}
    fleet.environment |= {"CALLS": str(fleet.folder / "calls"), "PODS": "db-0 Running True \ndb-1 Pending False "}
    return fleet


def dump(fleet: Fleet, file: Path, *command: str, container: str = "", **changes: str) -> tuple[int, str]:
    run = fleet.run("dump.sh", "databases", "app=db", container, str(file), "--", *command, **changes)
    return run.returncode, run.stdout


@pytest.mark.parametrize("shell", ["dash", "busybox", "bash"])
def test_a_dump_replaces_the_one_before(dumping: Fleet, tmp_path: Path, shell: str) -> None:
    file = tmp_path / "a dump.sql"
    file.write_text("old")
    code, output = dump(dumping, file, "sh", "-c", "echo 'new  one'; echo seen >&2", container="mariadb", shell=shell)
    assert code == 0, output
    assert file.read_text() == "new  one\n"
    assert "seen" in output
    calls = (tmp_path / "calls").read_text()
    assert "--namespace\ndatabases\nexec\ndb-0\n--container\nmariadb\n--\nsh\n-c\n" in calls
    assert dumping.metrics() == {}


@pytest.mark.parametrize(
    ("command", "code"),
    [(["sh", "-c", "echo half; echo Access denied >&2; exit 3"], 3), (["true"], 65), (["sh", "-c", "kill -9 $$"], 137)],
)
def test_the_old_dump_stays_when_the_new_one_fails(
    dumping: Fleet, tmp_path: Path, inbox: Inbox, command: list[str], code: int
) -> None:
    file = tmp_path / "dump.sql"
    file.write_text("old")
    got, output = dump(dumping, file, *command, NTFY_ENABLED="true", NTFY_SERVER=inbox.url)
    # The command's own code is no code of the job: 3 would be a snapshot that is incomplete.
    assert got == (78 if code != 65 else 65), output
    assert file.read_text() == "old"
    assert list(tmp_path.glob("dump.sql*")) == [file]
    assert dumping.metrics()['backup_status{status="failure"}'] == got
    assert dumping.metrics()['backup_step_status{step="dump"}'] == (code if code != 65 else 0)
    assert code == 65 or f"exit code {code}" in output
    assert inbox.messages[0][1]["Title"].endswith("- Dump failed")
    assert ("Access denied" in inbox.messages[0][2].decode()) == (code == 3)


@pytest.mark.parametrize(
    ("pods", "text"),
    [
        ("", "no running, ready pod"),
        ("db-0 Running False ", "no running, ready pod"),
        ("db-0 Running True 2026-01-01T00:00:00Z", "no running, ready pod"),
        ("db-0 Running True \ndb-1 Running True ", "more than one"),
    ],
)
def test_exactly_one_pod_has_to_match(dumping: Fleet, tmp_path: Path, pods: str, text: str) -> None:
    code, output = dump(dumping, tmp_path / "dump", "echo", "x", PODS=pods)
    assert code == 65
    assert text in output
    assert not (tmp_path / "dump").exists()


def test_pods_that_cannot_be_listed(dumping: Fleet, tmp_path: Path) -> None:
    code, output = dump(dumping, tmp_path / "dump", "echo", "x", GET_CODE="3")
    assert code == 78
    assert "could not be listed (exit code 3)" in output


def test_a_dump_that_hangs_is_ended(dumping: Fleet, tmp_path: Path) -> None:
    started = time.monotonic()
    code, output = dump(dumping, tmp_path / "dump", "sleep", "30", BACKUP_DEADLINE="2")
    assert code == 124, output
    assert time.monotonic() - started < 10


def test_usage(dumping: Fleet) -> None:
    assert dumping.run("dump.sh", "databases", "app=db", "", "/dump", "mariadb-dump").returncode == 64
