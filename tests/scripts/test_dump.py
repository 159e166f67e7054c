"""dump.sh, with a stand-in for kubectl: it prints the pods that a test names, and runs the command here."""

import os
import time
from pathlib import Path

import pytest

from tests.scripts.jobs import SHELLS, Fleet, Inbox

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


@pytest.mark.slow
def test_a_dump_that_hangs_is_ended(dumping: Fleet, tmp_path: Path) -> None:
    started = time.monotonic()
    code, output = dump(dumping, tmp_path / "dump", "sleep", "30", BACKUP_DEADLINE="2")
    assert code == 124, output
    assert time.monotonic() - started < 10


def test_usage(dumping: Fleet) -> None:
    assert dumping.run("dump.sh", "databases", "app=db", "", "/dump", "mariadb-dump").returncode == 64


BREAKING = """#!/bin/sh
if [ "$3" = get ]; then printf '%s\\n' "$PODS"; exit; fi
while [ "$1" != -- ]; do shift; done
shift
"$@" >"$CALLS.all"
size=$(wc -c <"$CALLS.all")
head -c "$((size * PERCENT / 100))" "$CALLS.all"
"""


@pytest.mark.fault("dump-cut")
@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("percent", [0, 40, 60, 99])
def test_a_stream_that_breaks_off_with_exit_code_0(dumping: Fleet, tmp_path: Path, shell: str, percent: int) -> None:
    """`kubectl exec` does so: kubernetes/kubernetes issue 124571."""
    (dumping.folder / "kubectl" / "kubectl").write_text(BREAKING)
    file = tmp_path / "dump.sql"
    file.write_text("old")
    code, output = dump(dumping, file, "seq", "1000", shell=shell, PERCENT=str(percent))
    assert code == 78, output
    assert "the stream from the pod broke off" in output
    assert file.read_text() == "old"
    assert dump(dumping, file, "seq", "1000", shell=shell, PERCENT="100")[0] == 0
    assert file.read_text() == "".join(f"{number}\n" for number in range(1, 1001))


@pytest.mark.slow
def test_bytes_come_through_as_they_are(dumping: Fleet, tmp_path: Path) -> None:
    for content in (bytes(range(256)) * 5, b"\n", b"\n\n", b"\0"):
        (tmp_path / "content").write_bytes(content)
        for shell in SHELLS:
            code, output = dump(dumping, tmp_path / "dump", "cat", str(tmp_path / "content"), shell=shell)
            assert code == 0, output
            assert (tmp_path / "dump").read_bytes() == content


@pytest.mark.slow
@pytest.mark.fault("two-dumps")
@pytest.mark.parametrize("shell", SHELLS)
def test_two_dumps_to_one_file_at_once(dumping: Fleet, tmp_path: Path, shell: str) -> None:
    """A Job by hand beside the CronJob's: each is whole, whichever is the last."""
    file = tmp_path / "dump.sql"
    arguments = ("databases", "app=db", "", str(file), "--", "sh", "-c")
    slowly = "i=0; while [ $i -lt 60 ]; do echo {}; i=$((i+1)); sleep 0.02; done"
    jobs = [dumping.start("dump.sh", *arguments, slowly.format(name), shell=shell) for name in "ab"]
    outputs = [dumping.ended(job) for job in jobs]
    assert [job.returncode for job in jobs] == [0, 0], outputs
    assert file.read_text() in ("a\n" * 60, "b\n" * 60)
    assert list(tmp_path.glob("dump.sql*")) == [file]
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "content", "code"),
    [
        ("", "-- MySQL dump 10.13\nINSERT INTO t VALUES (1", 78),
        ("", "/*M!999999\\- enable the sandbox mode */\n-- MariaDB dump 10.19\nCREATE TABLE t;\n", 78),
        ("", "-- MariaDB dump 10.19\nCREATE TABLE t;\n-- Dump completed on 2026-01-01\n", 0),
        ("", "CREATE TABLE t; -- without comments", 0),
        ("pgdump", "pg_dump: error: connection to server failed", 78),
        ("xbstream", "mariabackup: Error", 78),
        ("pgdump", "PGDMP and so on", 0),
        ("xbstream", "XBSTCK01 and so on", 0),
        (
            "",
            "-- PostgreSQL database cluster dump\n-- PostgreSQL database dump\n-- PostgreSQL database dump complete\n",
            78,
        ),
    ],
)
def test_what_a_command_printed_that_said_0(dumping: Fleet, tmp_path: Path, kind: str, content: str, code: int) -> None:
    for shell in ("dash", "busybox"):
        got, output = dump(dumping, tmp_path / "dump", "printf", "%s", content, shell=shell, DUMP_KIND=kind)
        assert got == code, output
        assert (tmp_path / "dump").exists() == (code == 0)


def test_what_a_killed_dump_has_left_is_removed_after_two_days(dumping: Fleet, tmp_path: Path) -> None:
    file = tmp_path / "dump"
    for name, days in {"dump.new.abcdef": 3, "dump.new": 3, "dump.new.young": 1, "other.new.abcdef": 3}.items():
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (time.time() - days * 86_400,) * 2)
    assert dump(dumping, file, "echo", "x")[0] == 0
    assert sorted(it.name for it in tmp_path.glob("*new*")) == ["dump.new.young", "other.new.abcdef"]
