"""restore-test.sh: what is no word about the data, and what must not stand for it."""

import os
import shlex
import shutil
import sqlite3
import stat
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.scripts.jobs import SHELLS, Fleet

CLUSTER = """--
-- PostgreSQL database cluster dump
--
CREATE ROLE postgres;
--
-- PostgreSQL database dump
--
COPY public.t (id) FROM stdin;
1
\\.
--
-- PostgreSQL database dump complete
--
"""
CLUSTER_END = "--\n-- PostgreSQL database cluster dump complete\n--\n"


def drill(
    fleet: Fleet, volume: Path, plan: str, shell: str = "dash", prefix: str = "", **changes: str
) -> tuple[int, str]:
    restore_dir = fleet.folder / "restore"
    restore_dir.mkdir(exist_ok=True)
    restore_dir.chmod(0o777)
    text = plan.replace("@", shlex.quote(str(volume)))
    changes = {"RESTORE_DIR": str(restore_dir)} | changes
    run = fleet.run("restore-test.sh", PLAN=fleet.plan(text), shell=shell, prefix=prefix, **changes)
    return run.returncode, run.stdout


def back_up(fleet: Fleet, volume: Path, *flags: str) -> None:
    fleet.restic("backup", "--quiet", "--tag=a", *flags, str(volume))


@pytest.fixture
def volume(tmp_path: Path) -> Path:
    folder = tmp_path / "volume"
    folder.mkdir()
    (folder / "file").write_text("worth keeping\n" * 20)
    return folder


@pytest.mark.slow
@pytest.mark.fault("dump-of-all-cut")
@pytest.mark.parametrize("shell", SHELLS)
def test_a_pg_dumpall_that_ends_with_its_first_database(fleet: Fleet, volume: Path, shell: str) -> None:
    (volume / "all.sql").write_text(CLUSTER)
    back_up(fleet, volume)
    for rule in ("verify_pgdump @/all.sql 10", "verify_file @/all.sql 10"):
        code, output = drill(fleet, volume, f"target a '' 600\n{rule}\n", shell)
        assert code == 72, output
        assert "is cut off" in output
    (volume / "all.sql").write_text(CLUSTER + CLUSTER_END)
    back_up(fleet, volume)
    assert drill(fleet, volume, "target a '' 600\nverify_pgdump @/all.sql 10\n", shell)[0] == 0


def test_the_sql_dump_of_a_command_is_whole_or_refused(fleet: Fleet, volume: Path) -> None:
    (volume / "dump.sql").write_text("-- MySQL dump 10.13\nINSERT INTO t VALUES (1")
    back_up(fleet, volume)
    assert drill(fleet, volume, "target a '' 600\nverify_file @/dump.sql 10\n")[0] == 72


@pytest.mark.slow
@pytest.mark.parametrize("shell", SHELLS)
def test_a_folder_of_zeros_is_worthless(fleet: Fleet, volume: Path, shell: str) -> None:
    hollow = volume / "hollow"
    hollow.mkdir()
    for number in range(30):
        (hollow / str(number)).write_bytes(bytes(1000))
    back_up(fleet, volume)
    code, output = drill(fleet, volume, "target a '' 600\nverify_dir @/hollow 30 100\n", shell)
    assert code == 72, output
    assert "hold only zero bytes" in output
    (hollow / "data").write_bytes(bytes(1000) + b"x")
    back_up(fleet, volume)
    assert drill(fleet, volume, "target a '' 600\nverify_dir @/hollow 30 100\n", shell)[0] == 0


@pytest.mark.fault("device-nodes")
@pytest.mark.parametrize("restic", ["restic", "restic-forky"])
def test_device_nodes_cannot_be_made_and_all_else_is_there(fleet: Fleet, volume: Path, restic: str) -> None:
    if os.geteuid() != 0:
        pytest.fail("device nodes are made by root")
    if restic != "restic":
        fleet.use_restic(restic)
    for number in range(3):
        os.mknod(volume / f"null{number}", stat.S_IFCHR | 0o666, os.makedev(1, 3))
    os.mkfifo(volume / "fifo")
    back_up(fleet, volume)
    prefix = "setpriv --bounding-set=-mknod --inh-caps=-mknod"
    code, output = drill(fleet, volume, "target a '' 600\nverify_file @/file 100\n", prefix=prefix)
    assert code == 0, output
    assert "3 device nodes could not be made here; all else was restored" in output


def test_another_error_beside_a_device_node_is_a_failure(fleet: Fleet, volume: Path) -> None:
    back_up(fleet, volume)
    folder = fleet.folder / "stand-in"
    folder.mkdir()
    said = "ignoring error for /null: mknod /x/null: operation not permitted\nignoring error for /y: chmod: io error\n"
    (fleet.folder / "said").write_text(f"{said}Fatal: There were 2 errors\n")
    real = shutil.which("restic", path=fleet.paths["dash"])
    (folder / "restic").write_text(
        f'#!/bin/sh\n[ "$1" = restore ] || exec {real} "$@"\n{real} "$@"; cat "{fleet.folder}/said" >&2; exit 1\n'
    )
    (folder / "restic").chmod(0o755)
    plan = "target a '' 600\nverify_file @/file 100\n"
    assert drill(fleet, volume, plan, PATH=f"{folder}:{fleet.paths['dash']}")[0] == 1


def database(place: Path, *statements: str) -> None:
    with sqlite3.connect(place) as made:
        made.create_collation("NATURALSORT", lambda a, b: (a > b) - (a < b))
        made.create_function("ours", 1, lambda value: value, deterministic=True)
        for statement in statements:
            made.execute(statement)
    made.close()


@pytest.mark.slow
@pytest.mark.fault("sqlite-not-judged")
@pytest.mark.parametrize("shell", ["dash", "bash"])
def test_a_database_that_needs_its_app_is_not_called_damaged(fleet: Fleet, volume: Path, shell: str) -> None:
    database(volume / "collation.db", "CREATE TABLE t (x TEXT COLLATE NATURALSORT)", "CREATE INDEX i ON t (x)",
             "INSERT INTO t VALUES ('a'), ('b')")  # fmt: skip
    database(volume / "function.db", "CREATE TABLE t (x, CHECK (ours(x) = x))", "CREATE INDEX i ON t (ours(x))",
             "INSERT INTO t VALUES (1), (2)")  # fmt: skip
    back_up(fleet, volume)
    for name in ("collation", "function"):
        code, output = drill(fleet, volume, f"target a '' 600\nverify_sqlite @/{name}.db\n", shell)
        assert code == 79, output
        assert "cannot be judged here" in output
        assert fleet.metrics()['backup_restore_status{tag="a"}'] == 79
    rules = "verify_sqlite @/function.db\nverify_file @/file 9999\n"
    assert drill(fleet, volume, f"target a '' 600\n{rules}", shell)[0] == 72, "what was found out is worse"


def test_a_database_whose_journal_needs_a_writer(fleet: Fleet, volume: Path) -> None:
    """A write-ahead log without its index, in a folder that nobody may write to."""
    folder = volume / "closed"
    folder.mkdir()
    made = sqlite3.connect(folder / "wal.db")
    made.execute("PRAGMA journal_mode = WAL")
    made.execute("CREATE TABLE t (x)")
    made.executemany("INSERT INTO t VALUES (?)", [(number,) for number in range(100)])
    made.commit()
    shutil.copy(folder / "wal.db", volume / "wal.db")
    shutil.copy(folder / "wal.db-wal", volume / "wal.db-wal")
    made.close()
    for name in ("wal.db", "wal.db-wal"):
        shutil.move(volume / name, folder / name)
        (folder / name).chmod(0o444)
    folder.chmod(0o555)
    back_up(fleet, volume)
    folder.chmod(0o755)
    prefix = "setpriv --bounding-set=-dac_override,-dac_read_search --inh-caps=-dac_override,-dac_read_search"
    code, output = drill(fleet, volume, "target a '' 600\nverify_sqlite @/closed/wal.db\n", prefix=prefix)
    assert code == 0, output
    assert "1 tables" in output


@pytest.mark.slow
@pytest.mark.fault("future-snapshot")
@pytest.mark.parametrize("shell", SHELLS)
def test_a_snapshot_from_the_future_stands_for_none_of_now(fleet: Fleet, volume: Path, shell: str) -> None:
    fleet.environment["TZ"] = "UTC"
    back_up(fleet, volume, "--time=2036-01-01 00:00:00")
    assert drill(fleet, volume, "target a '' 600\nverify_file @/file 100\n", shell)[0] == 75
    assert fleet.metrics()['backup_restore_snapshot_age_seconds{tag="a"}'] == -1
    (volume / "file").write_text("cut")
    back_up(fleet, volume)
    code, output = drill(fleet, volume, "target a '' 600\nverify_file @/file 100\n", shell)
    assert code == 72, output
    (volume / "file").write_text("worth keeping\n" * 20)
    back_up(fleet, volume)
    code, output = drill(fleet, volume, "target a '' 600\nverify_file @/file 100\n", shell)
    assert code == 75, output
    assert "file: verified" in output
    assert "1 snapshots lie in the future" in output


def test_a_clock_that_is_minutes_ahead_is_no_future(fleet: Fleet, volume: Path) -> None:
    fleet.environment["TZ"] = "UTC"
    back_up(fleet, volume, f"--time={datetime.now(UTC) + timedelta(minutes=20):%Y-%m-%d %H:%M:%S}")
    assert drill(fleet, volume, "target a '' 600\nverify_file @/file 100\n")[0] == 0


@pytest.mark.slow
@pytest.mark.fault("sparse-files")
@pytest.mark.parametrize("restic", ["restic", "restic-forky"])
def test_the_holes_of_a_sparse_file_take_no_room(fleet: Fleet, volume: Path, restic: str) -> None:
    if restic != "restic":
        fleet.use_restic(restic)
    with (volume / "disk.img").open("wb") as image:
        image.write(os.urandom(100_000))
        image.truncate(200_000_000)
    back_up(fleet, volume)
    plan = "target a '' 600\nverify_file @/disk.img 200000000\n"
    code, output = drill(fleet, volume, plan, RESTORE_ROOM_BYTES="60000000")
    assert code == 0, output
    with (volume / "disk.img").open("wb") as image:
        image.write(os.urandom(70_000_000))
    back_up(fleet, volume)
    assert drill(fleet, volume, plan, RESTORE_ROOM_BYTES="60000000")[0] == 77


def test_a_scratch_volume_that_is_full_after_all(fleet: Fleet, volume: Path) -> None:
    """The limit is not the disk's; restic meets it midway."""
    (volume / "large").write_bytes(os.urandom(3_000_000))
    back_up(fleet, volume)
    restore = fleet.folder / "restore"
    restore.mkdir()
    job = fleet.command("restore-test.sh")
    hidden = 'mount -t tmpfs -o size=2m tmpfs "$RESTORE_DIR" && exec "$@"'
    df = fleet.folder / "df"
    df.mkdir()
    (df / "df").write_text("#!/bin/sh\necho f\necho 'tmpfs 9999999 1 9999999 1% /'\n")
    (df / "df").chmod(0o755)
    plan = fleet.plan(f"target a '' 600\nverify_dir '{volume}' 1 1\n")
    environment = fleet.env(PLAN=plan, RESTORE_DIR=str(restore), PATH=f"{df}:{fleet.paths['dash']}")
    command = ["/usr/bin/unshare", "--user", "--map-root-user", "--mount", "sh", "-c", hidden, "sh", *job]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 77, run.stdout + run.stderr
