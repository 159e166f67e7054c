"""restore-test.sh: what a drill lets pass, and what it does not."""

import datetime
import importlib.resources
import os
import shlex
import sqlite3
from pathlib import Path

import pytest

from tests.scripts.jobs import Fleet, new_repository

PLAIN_DUMP = """--
-- PostgreSQL database dump
--
\\restrict abc
COPY public.t (id) FROM stdin;
1
\\.
--
-- PostgreSQL database dump complete
--

\\unrestrict abc
"""


@pytest.fixture
def volume(tmp_path: Path) -> Path:
    folder = tmp_path / "volume"
    for name in ("full/deep", "hollow/lost+found", "closed"):
        (folder / name).mkdir(parents=True)
    (folder / "full" / "one\ntwo").write_text("x" * 10)
    (folder / "full" / "deep" / "-three").write_text("x" * 20)
    (folder / "full" / "deep" / "empty").touch()
    (folder / "hollow" / "lost+found" / "remains").write_text("x" * 100)
    (folder / "hollow" / "empty").touch()
    (folder / "garbage").write_bytes(os.urandom(5000))
    (folder / "zeros").write_bytes(bytes(5000))
    (folder / "empty").touch()
    (folder / "link").symlink_to("/etc/passwd")
    with sqlite3.connect(folder / "good.db") as database:
        database.execute("CREATE TABLE t (x)")
        database.executemany("INSERT INTO t VALUES (?)", [(f"row {number}" * 50,) for number in range(100)])
    database.close()
    content = bytearray((folder / "good.db").read_bytes())
    content[8192:16384] = os.urandom(8192)
    (folder / "broken.db").write_bytes(content)
    with sqlite3.connect(folder / "bare.db") as database:
        database.execute("PRAGMA user_version = 1")
    database.close()
    (folder / "xbstream").write_bytes(b"XBSTCK01" + os.urandom(500))
    (folder / "plain.sql").write_text(PLAIN_DUMP)
    (folder / "cut.sql").write_text(PLAIN_DUMP.partition("-- PostgreSQL database dump complete")[0])
    (folder / "hollow.sql").write_text(PLAIN_DUMP.replace("COPY", "--"))
    (folder / "PGDMP").write_bytes(b"PGDMP" + os.urandom(500))
    (folder / "closed" / "file").write_text("in a folder that nobody may write to")
    (folder / "closed").chmod(0o500)
    return folder


# Root removes everything, unless it gives that up.
UNPRIVILEGED = "setpriv --bounding-set=-dac_override,-dac_read_search" if os.geteuid() == 0 else ""


def drill(fleet: Fleet, volume: Path, plan: str, shell: str = "dash", **changes: str) -> tuple[int, str]:
    restore_dir = fleet.folder / "restore"
    restore_dir.mkdir(exist_ok=True)
    text = plan.replace("@", shlex.quote(str(volume))).replace("HOST", fleet.instance)
    run = fleet.run(
        "restore-test.sh",
        PLAN=fleet.plan(text),
        RESTORE_DIR=str(restore_dir),
        shell=shell,
        prefix=UNPRIVILEGED,
        **changes,
    )
    assert list(restore_dir.iterdir()) == [], run.stdout
    return run.returncode, run.stdout


def back_up(fleet: Fleet, volume: Path, tag: str = "a") -> None:
    fleet.restic("backup", "--quiet", f"--host={fleet.instance}", f"--tag={tag}", str(volume))


GOOD = """target a HOST 600
verify_file @/garbage 5000
verify_dir @/full 2 30
verify_dir @ 5 10000
verify_sqlite @/good.db
verify_pgdump @/plain.sql 100
"""


def test_what_is_good_passes(fleet: Fleet, volume: Path) -> None:
    back_up(fleet, volume)
    code, output = drill(fleet, volume, GOOD)
    assert code == 0, output
    assert output.count(": verified, ") == 5


REJECTED = {
    "verify_file @/garbage 5001": "expected at least 5001",
    "verify_file @/zeros 10": "holds only zero bytes",
    "verify_file @/empty 0": "is empty",
    "verify_file @/gone 0": "is no file",
    "verify_file @/link 1": "is no file",
    "verify_dir @/full 3 1": "has 2 files that are not empty, expected at least 3",
    "verify_dir @/full 1 31": "has 30 bytes, expected at least 31",
    "verify_dir @/hollow 0 0": "has 0 files that are not empty",
    "verify_dir @/garbage 1 1": "is no folder",
    "verify_sqlite @/garbage": "is no SQLite database",
    "verify_sqlite @/broken.db": "fails SQLite's integrity check",
    "verify_sqlite @/bare.db": "without tables",
    "verify_sqlite @/empty": "is empty",
    "verify_pgdump @/garbage 1": "is no PostgreSQL dump",
    "verify_pgdump @/cut.sql 1": "is cut off",
    "verify_pgdump @/hollow.sql 1": "holds no data",
    "verify_pgdump @/plain.sql 9999": "expected at least 9999",
    "verify_xbstream @/xbstream 9999": "expected at least 9999",
}


@pytest.mark.fault("garbage")
@pytest.mark.parametrize("shell", ["dash", "bash"])
def test_what_is_worthless_is_refused_by_each_rule(fleet: Fleet, volume: Path, shell: str) -> None:
    back_up(fleet, volume)
    back_up(fleet, volume, "b")
    code, output = drill(
        fleet, volume, "target b HOST 600\n" + "\n".join(REJECTED) + "\n" + GOOD + "target c HOST 9\n", shell
    )
    assert code == 72, output
    for rule, text in REJECTED.items():
        place = rule.split()[1].replace("@", str(volume))
        assert [
            line for line in output.splitlines() if line.startswith("error: tag b") and place in line and text in line
        ], rule
    assert output.count("error: tag b: ") == len(REJECTED)
    pushed = fleet.metrics()
    assert [pushed[f'backup_restore_status{{tag="{tag}"}}'] for tag in "abc"] == [0, 72, 75]
    assert pushed['backup_restore_snapshot_age_seconds{tag="c"}'] == -1
    assert pushed['backup_restore_size_bytes{tag="c"}'] == 0


def test_a_verifier_that_is_missing_is_a_failure(fleet: Fleet, volume: Path) -> None:
    back_up(fleet, volume)
    rules = "target a HOST 600\nverify_sqlite @/good.db\nverify_xbstream @/xbstream 1\nverify_pgdump @/PGDMP 1\n"
    code, output = drill(fleet, volume, rules, "busybox")
    assert code == 69, output
    for name in ("sqlite3", "mbstream", "pg_restore"):
        assert f"cannot be verified: {name} was not found" in output


def test_the_stream_is_unpacked(fleet: Fleet, volume: Path) -> None:
    """With a stand-in for mbstream that unpacks all it gets to ibdata1; test_databases.py has the real one."""
    back_up(fleet, volume)
    programs = fleet.folder / "programs"
    programs.mkdir()
    (programs / "mbstream").write_text(
        '#!/bin/sh\n[ "$1 $2" = "-x -C" ] || exit 9\ncat >"$3/ibdata1"\n'
        'printf "backup_type = %s\\n" "$KIND" >"$3/xtrabackup_checkpoints"\n'
    )
    (programs / "mbstream").chmod(0o755)
    path = f"{programs}:{fleet.paths['busybox']}"  # where there is no mariadb-backup
    plan = "target a HOST 600\nverify_xbstream @/xbstream 500\n"
    code, output = drill(fleet, volume, plan, "busybox", PATH=path, KIND="full-backuped")
    assert code == 0, output
    assert "unpacked, not prepared (no mariadb-backup)" in output
    code, output = drill(fleet, volume, plan, "busybox", PATH=path, KIND="incremental")
    assert code == 72, output
    garbage = "target a HOST 600\nverify_xbstream @/garbage 500\n"
    assert "is no xbstream" in drill(fleet, volume, garbage, "busybox", PATH=path, KIND="full-backuped")[1]


def test_a_target_without_a_rule_fails(fleet: Fleet, volume: Path) -> None:
    back_up(fleet, volume)
    assert drill(fleet, volume, "target a HOST 600\n")[0] == 72
    assert drill(fleet, volume, "")[0] == 64


@pytest.mark.fault("old-snapshot")
def test_a_snapshot_that_is_too_old(fleet: Fleet, volume: Path) -> None:
    # Two hours west of UTC, so that the text of the newer one sorts first.
    fleet.environment["ZONEINFO"] = str(importlib.resources.files("tzdata") / "zoneinfo")
    for zone, moment in (
        ("Etc/GMT+2", "2026-01-31 22:30:00"),
        ("UTC", "2026-01-31 23:00:00"),
        ("UTC", "2024-02-29 23:00:00"),
    ):
        fleet.environment["TZ"] = zone
        fleet.restic("backup", "--quiet", f"--time={moment}", "--tag=a", f"--host={fleet.instance}", str(volume))
    code, output = drill(fleet, volume, "target a HOST 600\nverify_file @/garbage 1\n")
    assert code == 75, output
    assert "older than 600 s" in output
    age = fleet.metrics()['backup_restore_snapshot_age_seconds{tag="a"}']
    listed = fleet.restic("snapshots", "--json", "--no-lock")
    assert '"time":"2026-01-31T22:30:00-02:00"' in listed
    made = datetime.datetime(2026, 2, 1, 0, 30, tzinfo=datetime.UTC).timestamp()
    assert abs(datetime.datetime.now(datetime.UTC).timestamp() - made - age) < 60


@pytest.mark.fault("shrunk")
@pytest.mark.parametrize("shell", ["dash", "busybox"])
def test_a_snapshot_that_is_much_smaller_than_the_one_before(fleet: Fleet, volume: Path, shell: str) -> None:
    back_up(fleet, volume)
    back_up(fleet, volume, "b")
    (volume / "large").write_bytes(os.urandom(100_000))
    back_up(fleet, volume, "b")
    (volume / "large").unlink()
    back_up(fleet, volume, "b")
    plan = "target a HOST 600 50\nverify_dir @ 5 10000\ntarget b HOST 600 50\nverify_dir @ 5 10000\n"
    code, output = drill(fleet, volume, plan, shell)
    assert code == 73, output
    assert "more than 50 % less" in output
    assert output.count(": verified, ") == 2, "it is restored all the same"
    pushed = fleet.metrics()
    assert [pushed[f'backup_restore_status{{tag="{tag}"}}'] for tag in "ab"] == [0, 73]
    assert drill(fleet, volume, plan.replace("600 50", "600 95"), shell)[0] == 0


@pytest.mark.fault("no-room")
def test_no_room(fleet: Fleet, volume: Path) -> None:
    back_up(fleet, volume)
    code, output = drill(fleet, volume, GOOD, RESTORE_ROOM_BYTES="1000")
    assert code == 77, output
    assert "not verified, since it was not restored" in output


def test_a_copy_is_read_without_the_right_to_write(fleet: Fleet, volume: Path) -> None:
    back_up(fleet, volume)
    folders = [fleet.repository, *(path for path in fleet.repository.rglob("*") if path.is_dir())]
    changes = {"RESTIC_REPOSITORY": str(fleet.repository)}
    for folder in folders:
        folder.chmod(0o500)
    try:
        code, output = drill(fleet, volume, GOOD, RESTIC_WITHOUT_LOCK="true", **changes)
        assert code == 0, output
        assert 'backup_step_status{step="unlock"}' not in fleet.metrics()
        assert drill(fleet, volume, GOOD, BACKUP_DEADLINE="5", **changes)[0] != 0, "a lock needs that right"
    finally:
        for folder in folders:
            folder.chmod(0o700)


def test_a_copied_snapshot_that_shrank(fleet: Fleet, volume: Path, tmp_path: Path) -> None:
    """Each copy names its original, and is of the same host, paths and tags all the same."""
    copy = new_repository(tmp_path / "copy", "other")
    (volume / "large").write_bytes(os.urandom(100_000))
    back_up(fleet, volume)
    (volume / "large").unlink()
    back_up(fleet, volume)
    changes = {"MIRROR_METHOD": "snapshots", "MIRROR_RESTIC_REPOSITORY": str(copy)}
    assert fleet.run("mirror.sh", **changes).returncode == 0
    place = {"RESTIC_REPOSITORY": str(copy), "RESTIC_REPOSITORY_ID": ""}
    code, output = drill(fleet, volume, "target a HOST 600 50\nverify_dir @ 5 10000\n", **place)
    assert code == 73, output


def test_what_a_killed_drill_left_is_removed(fleet: Fleet, volume: Path) -> None:
    left = fleet.folder / "restore" / "drill.left"
    left.mkdir(parents=True)
    (left / "folder").mkdir(mode=0o500)
    back_up(fleet, volume)
    assert drill(fleet, volume, GOOD)[0] == 0
