"""Faults of the surroundings: servers, disks, locks, other jobs. Those of a script's own work stand with its tests."""

import ast
import contextlib
import os
import shlex
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.scripts.faults import FAULTS
from tests.scripts.jobs import Fleet, Inbox, free_port, new_repository, served, until
from tests.scripts.locking import lock_of_another_pod, locks_of

FAILURE = 'backup_status{status="failure"}'
SUCCESS = 'backup_status{status="success"}'


def test_each_row_of_the_docs_has_its_test() -> None:
    marked = {
        str(ast.literal_eval(call.args[0]))
        for file in Path(__file__).parent.glob("test_*.py")
        for call in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "fault"
    }
    assert marked == set(FAULTS)


@pytest.mark.fault("server-late")
def test_a_server_that_comes_up_late(fleet: Fleet, source: Path, tools: dict[str, str]) -> None:
    address = f"127.0.0.1:{free_port()}"
    place = f"rest:http://{address}/{fleet.repository.name}/"
    process = fleet.start("backup.sh", "--", str(source), RESTIC_REPOSITORY=place, RESTIC_PROBE_TIMEOUT="40")
    time.sleep(1.5)
    command = [tools["restic-rest-server"], "--no-auth", "--listen", address, "--path", str(fleet.server.root)]
    with served(command, f"http://{address}/"):
        output = fleet.ended(process)
    assert process.returncode == 0, output


@contextlib.contextmanager
def server_on_a_disk(fleet: Fleet, tools: dict[str, str], *, size: str, read_only: bool) -> Iterator[str]:
    """A REST server whose repository lies on a file system of its own."""
    address, disk = f"127.0.0.1:{free_port()}", fleet.folder / "disk"
    disk.mkdir()
    template = new_repository(fleet.folder / "template")
    setup = f'mount -t tmpfs -o size={size} tmpfs "$1" && cp -R "$2" "$1/r" || exit; '
    setup += 'mount -o remount,ro "$1" || exit; ' if read_only else ""
    setup += 'exec "$3" --no-auth --listen "$4" --path "$1"'
    command = [tools["unshare"], "--user", "--map-root-user", "--mount", "sh", "-c", setup, "sh"]
    command += [str(disk), str(template), tools["restic-rest-server"], address]
    with served(command, f"http://{address}/"):
        yield f"rest:http://{address}/r/"


@pytest.mark.slow
@pytest.mark.fault("disk-full")
def test_a_full_disk(fleet: Fleet, source: Path, tools: dict[str, str]) -> None:
    (source / "large").write_bytes(os.urandom(4_000_000))
    with server_on_a_disk(fleet, tools, size="2m", read_only=False) as place:
        changes = {"RESTIC_REPOSITORY": place, "BACKUP_DEADLINE": "7"}
        run = fleet.run("backup.sh", "--exclude=large", "--", str(source), **changes)
        assert run.returncode == 0, run.stdout
        run = fleet.run("backup.sh", "--", str(source), **changes)
        assert run.returncode == 124, run.stdout
        assert "Insufficient Storage" in run.stdout
        assert fleet.metrics()[FAILURE] == 124
        command = ["restic", "-r", place, "check", "--read-data"]
        assert subprocess.run(command, env=fleet.env(), capture_output=True, check=False).returncode == 0
        fleet.use_restic("restic-forky")
        run = fleet.run("backup.sh", "--", str(source), **changes)
        assert run.returncode == 1, run.stdout


@pytest.mark.slow
@pytest.mark.fault("disk-read-only")
def test_a_disk_that_is_read_only(fleet: Fleet, source: Path, tools: dict[str, str]) -> None:
    with server_on_a_disk(fleet, tools, size="9m", read_only=True) as place:
        run = fleet.run("backup.sh", "--", str(source), RESTIC_REPOSITORY=place, BACKUP_DEADLINE="5")
        assert run.returncode == 124, run.stdout
        assert fleet.metrics()[FAILURE] == 124


@pytest.mark.fault("stale-lock")
@pytest.mark.parametrize("restic", ["restic", "restic-forky"])
def test_the_lock_that_a_killed_pod_has_left(writable: Fleet, source: Path, restic: str) -> None:
    if restic != "restic":
        writable.use_restic(restic)
    file = lock_of_another_pod(writable, exclusive=True, age=timedelta(minutes=31))
    run = writable.run("backup.sh", "--", str(source), RESTIC_LOCK_WAIT="1s")
    assert run.returncode == 0, run.stdout
    assert not file.exists()
    assert locks_of(writable) == {'backup_repository_lock{holder=""}': 0}


@pytest.mark.parametrize("shell", ["dash", "busybox"])
def test_whose_lock_it_is(writable: Fleet, source: Path, shell: str) -> None:
    lock_of_another_pod(writable, exclusive=False, age=timedelta(minutes=5))
    assert writable.run("backup.sh", "--tag=a", "--", str(source), shell=shell).returncode == 0
    holder = "@backup-x-29384756-x7k2p, process 7, shared"
    assert locks_of(writable) == {
        'backup_repository_lock{holder=""}': 0,
        f'backup_repository_lock{{holder="{holder}"}}': 1,
    }
    assert 'backup_step_status{step="unlock"}' in writable.metrics()


@pytest.mark.fault("killed-without-warning")
def test_the_next_jobs_after_a_pod_was_killed(writable: Fleet, source: Path) -> None:
    file = lock_of_another_pod(writable, exclusive=False, age=timedelta(minutes=5))
    run = writable.run("backup.sh", "--tag=a", "--", str(source), RESTIC_LOCK_WAIT="1s")
    assert run.returncode == 0, run.stdout
    run = writable.run("retention.sh", PLAN=writable.plan("prune\ncheck\n"), RESTIC_LOCK_WAIT="1s")
    assert run.returncode == 11, run.stdout
    assert file.exists(), "a young lock of another host may be that of a job that runs"
    file.unlink()
    lock_of_another_pod(writable, exclusive=False, age=timedelta(minutes=31))
    assert writable.run("retention.sh", PLAN=writable.plan("prune\ncheck\n"), RESTIC_LOCK_WAIT="1s").returncode == 0
    assert writable.locks() == []


@pytest.mark.fault("dump-fails")
def test_a_dump_that_fails_midway(fleet: Fleet) -> None:
    """The one by restic; test_dump.py has the one in the app's pod."""
    command = ("sh", "-c", "echo half; echo Access denied >&2; exit 2")
    run = fleet.run("backup.sh", "--stdin-from-command", "--stdin-filename=x", "--", *command)
    assert run.returncode == 1, run.stdout
    assert "Access denied" in run.stdout
    assert fleet.restic("snapshots", "--no-lock").strip() == ""
    fleet.codes.append(78)  # that of test_dump.py


@pytest.mark.fault("pushgateway-down")
@pytest.mark.fault("ntfy-down")
@pytest.mark.parametrize("shell", ["dash", "busybox"])
def test_sinks_that_are_down(fleet: Fleet, source: Path, inbox: Inbox, shell: str) -> None:
    down = "http://127.0.0.1:1"
    notified = {"NTFY_ENABLED": "true", "NTFY_SERVER": inbox.url}
    assert fleet.run("backup.sh", "--", str(source), shell=shell, PUSHGATEWAY_URL=down).returncode == 0
    bad = {"RESTIC_REPOSITORY_ID": "0" * 64}
    run = fleet.run("backup.sh", "--", str(source), shell=shell, PUSHGATEWAY_URL=down, **bad, **notified)
    assert run.returncode == 66
    assert "metrics not pushed" in run.stdout
    assert len(inbox.messages) == 1
    run = fleet.run("backup.sh", "--", str(source), shell=shell, **bad, **notified | {"NTFY_SERVER": down})
    assert run.returncode == 66
    assert "no notification sent" in run.stdout
    assert fleet.metrics()[FAILURE] == 66


@pytest.mark.fault("pushgateway-refuses")
@pytest.mark.parametrize("shell", ["dash", "busybox"])
def test_a_pushgateway_that_answers_400(fleet: Fleet, source: Path, inbox: Inbox, shell: str) -> None:
    inbox.status = 400
    run = fleet.run("backup.sh", "--", str(source), shell=shell, PUSHGATEWAY_URL=inbox.url)
    assert run.returncode == 0, run.stdout
    assert "metrics not pushed" in run.stdout
    assert inbox.messages


@pytest.mark.slow
@pytest.mark.fault("pushgateway-slow")
def test_sinks_that_never_answer(fleet: Fleet, source: Path, inbox: Inbox) -> None:
    """With curl and with wget, a run that succeeds and one that fails: all at once, since each waits."""
    with socket.create_server(("127.0.0.1", 0), backlog=50) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        runs = []
        for shell in ("dash", "busybox"):
            name = f"{fleet.instance}-{shell}"
            good = {"PUSHGATEWAY_URL": url, "RESTIC_HOSTNAME": name}
            bad = {"RESTIC_REPOSITORY_ID": "0" * 64, "RESTIC_HOSTNAME": name, "NTFY_ENABLED": "true"}
            runs.append((0, fleet.start("backup.sh", "--", str(source), shell=shell, **good)))
            told = {"NTFY_SERVER": inbox.url, "PUSHGATEWAY_URL": url}
            runs.append((66, fleet.start("backup.sh", "--", str(source), shell=shell, **bad, **told)))
            runs.append((66, fleet.start("backup.sh", "--", str(source), shell=shell, **bad, NTFY_SERVER=url)))
        outputs = [(code, process.returncode, output) for code, process in runs if (output := fleet.ended(process))]
    for code, returned, output in outputs:
        assert returned == code, output
        assert output.count("not pushed") + output.count("no notification sent") == 1, output
    assert len(outputs) == 6
    assert len(inbox.messages) == 2
    for shell in ("dash", "busybox"):
        assert fleet.metrics(f"{fleet.instance}-{shell}")[FAILURE] == 66


@pytest.fixture
def roomy(tmp_path: Path) -> Iterator[Path]:
    """A folder for many files: in memory, where there is room, since a disk takes a minute for them."""
    memory = Path("/dev/shm")  # noqa: S108
    fits = memory.is_dir() and shutil.disk_usage(memory).free > 2 * 10**9
    with tempfile.TemporaryDirectory(dir=memory if fits else tmp_path) as folder:
        yield Path(folder)


@pytest.mark.slow
@pytest.mark.fault("many-files")
def test_a_hundred_thousand_files(fleet: Fleet, roomy: Path) -> None:
    volume, restore = roomy / "volume", roomy / "restore"
    restore.mkdir()
    for number in range(100):
        folder = volume / f"{number:02}"
        folder.mkdir(parents=True)
        for name in range(1000):
            (folder / str(name)).write_bytes(b"%d\n" % (number * 1000 + name))
    run = fleet.run("backup.sh", "--tag=a", "--", str(volume))
    assert run.returncode == 0, run.stdout
    assert fleet.metrics()["backup_snapshot_files"] == 100_000
    plan = fleet.plan(f"target a '' 600 50\nverify_dir '{volume}' 100000 588890\n")
    run = fleet.run("restore-test.sh", PLAN=plan, RESTORE_DIR=str(restore))
    assert run.returncode == 0, run.stdout
    assert "100000 files, 588890 bytes" in run.stdout
    assert list(restore.iterdir()) == []


@pytest.mark.slow
@pytest.mark.fault("two-jobs")
def test_two_backups_and_a_prune_at_once(writable: Fleet, source: Path, tmp_path: Path) -> None:
    """The prune begins when both backups hold their locks; what they share with what it removes stays."""
    shared = os.urandom(1_500_000)
    (source / "shared").write_bytes(shared)
    writable.restic("backup", "--quiet", "--tag=old", "--time=2026-01-01 00:00:00", str(source))
    backups = []
    for number in range(2):
        folder = tmp_path / f"volume{number}"
        folder.mkdir()
        (folder / "shared").write_bytes(shared)
        (folder / "own").write_bytes(os.urandom(1_500_000))
        name = {"RESTIC_HOSTNAME": f"{writable.instance}-{number}"}
        backups.append(writable.start("backup.sh", f"--tag={number}", "--limit-upload=400", "--", str(folder), **name))
    until(lambda: len(writable.locks()) == 2, "two locks")
    writable.restic("unlock")  # of live ones it removes none
    plan = f"retain 0 {writable.instance}-0 --keep-last=1\nretain 1 {writable.instance}-1 --keep-last=1\nthin 9 n r\n"
    plan += "expire old 1\nprune\ncheck_rotating 1\n"
    prune = writable.start("retention.sh", PLAN=writable.plan(plan), RESTIC_LOCK_WAIT="30s")
    outputs = [writable.ended(process) for process in (*backups, prune)]
    assert [process.returncode for process in (*backups, prune)] == [0, 0, 0], outputs
    assert writable.restic("snapshots", "--json", "--no-lock").count('"short_id"') == 2
    for number in range(2):
        back = tmp_path / f"back{number}"
        writable.restic("restore", "latest", f"--tag={number}", f"--target={back}")
        assert (Path(f"{back}{tmp_path}/volume{number}") / "shared").read_bytes() == shared


def test_a_pod_as_kubernetes_runs_it(fleet: Fleet, source: Path, tools: dict[str, str]) -> None:
    """PID 1, a foreign uid without a name, a read-only root, and a SIGTERM in the middle of the upload."""
    (source / "random").write_bytes(os.urandom(3_000_000))
    home = Path(fleet.environment["HOME"])
    home.chmod(0o777)
    for shell in ("dash", "busybox"):
        mounts = (
            f"mount --bind '{home}' '{home}' && mount -o remount,bind,ro / && mount -t proc proc /proc || exit 99; "
        )
        script = shlex.join(fleet.command("backup.sh", "--limit-upload=300", "--", str(source), shell=shell))
        inner = f"! touch /etc/written && [ $$ = 1 ] && [ $(id -u) = 65432 ] && exec {script}"
        unshare = f"{tools['unshare']} --user --map-user=65432 --map-group=65432"
        command = [tools["unshare"], "--mount", "--pid", "--fork", "--kill-child", "--uts", "--map-root-user", "--user"]
        command += ["sh", "-c", f"{mounts}exec {unshare} sh -c {shlex.quote(inner)}"]
        process = subprocess.Popen(
            command,
            env=fleet.env(shell),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        until(fleet.locks, "a lock")
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        os.kill(int(children[0]), signal.SIGTERM)
        output = fleet.ended(process)
        assert process.returncode == 143, output
        assert fleet.locks() == [], output
        assert fleet.metrics()[FAILURE] == 143
