"""backup.sh and lib.sh: what fails, how it says so, and what it leaves behind."""

import base64
import contextlib
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.scripts.jobs import SHELLS, Fleet, Inbox, new_repository, until

FAILURE = 'backup_status{status="failure"}'


@pytest.mark.fault("wrong-password")
def test_a_wrong_password(fleet: Fleet, source: Path) -> None:
    run = fleet.run("backup.sh", "--", str(source), RESTIC_PASSWORD="no")  # noqa: S106
    assert run.returncode == 12
    assert "the password does not open" in run.stdout
    assert fleet.metrics()[FAILURE] == 12


@pytest.mark.fault("repository-missing")
@pytest.mark.parametrize("shell", SHELLS)
def test_no_repository_is_notified_and_none_is_made(fleet: Fleet, source: Path, inbox: Inbox, shell: str) -> None:
    run = fleet.run(
        "backup.sh",
        "--",
        str(source),
        shell=shell,
        RESTIC_REPOSITORY=f"rest:{fleet.server.url}nothing-here/",
        NTFY_ENABLED="true",
        NTFY_SERVER=inbox.url,
        NTFY_CREDS='-u me:p"w\\x',
        NTFY_TITLE='100% "bad" $(touch pwned) é',
    )
    assert run.returncode == 10, run.stdout
    assert not (fleet.server.root / "nothing-here").exists()
    ((path, headers, body),) = inbox.messages
    assert path == "/backup"
    assert "a recurring job never creates one" in body.decode()
    assert headers["Authorization"] == "Basic " + base64.b64encode(b'me:p"w\\x').decode()
    assert headers["Title"].encode("latin-1").decode() == '100% "bad" $(touch pwned) é'
    assert (headers["Priority"], headers["Tags"]) == ("4", "bangbang")
    assert fleet.metrics()[FAILURE] == 10


@pytest.mark.fault("long-log")
def test_a_long_log_is_notified_by_its_end(fleet: Fleet, source: Path, inbox: Inbox) -> None:
    hook = "i=0; while [ $i -lt 9000 ]; do echo line $i of a log that is far too long; i=$((i+1)); done; exit 5"
    run = fleet.run("backup.sh", "--", str(source), PRE_HOOK=hook, NTFY_ENABLED="true", NTFY_SERVER=inbox.url)
    assert run.returncode == 68
    assert run.stdout.count("far too long") == 9000
    body = inbox.messages[0][2].decode()
    assert 3000 < len(body) <= 4000
    assert body.startswith("line ")
    assert "failed with exit code 68" in body
    assert inbox.messages[0][1]["Title"] == f"{fleet.instance} - Backup failed"


def test_nothing_is_sent_without_a_server(fleet: Fleet, source: Path) -> None:
    run = fleet.run("backup.sh", "--", str(source), RESTIC_PASSWORD="no", NTFY_ENABLED="true")  # noqa: S106
    assert run.returncode == 12
    assert "NTFY_SERVER is not set" in run.stdout


@pytest.mark.fault("other-repository")
def test_another_repository_than_the_pinned_one(fleet: Fleet, source: Path) -> None:
    run = fleet.run("backup.sh", "--", str(source), RESTIC_REPOSITORY_ID="0" * 64)
    assert run.returncode == 66
    assert fleet.metrics()[FAILURE] == 66


@pytest.mark.fault("server-down")
def test_a_server_that_does_not_answer(fleet: Fleet, source: Path) -> None:
    started = time.monotonic()
    run = fleet.run(
        "backup.sh", "--", str(source), RESTIC_REPOSITORY="rest:http://127.0.0.1:1/", RESTIC_PROBE_TIMEOUT="1"
    )
    assert run.returncode == 67, run.stdout
    assert time.monotonic() - started < 10
    assert fleet.metrics()[FAILURE] == 67


@pytest.mark.fault("empty-source")
def test_sources_that_are_not_there(fleet: Fleet, tmp_path: Path) -> None:
    (tmp_path / "empty" / "lost+found").mkdir(parents=True)
    (tmp_path / "dump").touch()
    for name, text in {"empty": "is empty", "dump": "is an empty file", "gone": "does not exist"}.items():
        run = fleet.run("backup.sh", "--", str(tmp_path / name))
        assert run.returncode == 65, run.stdout
        assert text in run.stdout
    assert fleet.restic("snapshots", "--no-lock").strip() == ""


def test_one_missing_source_of_two(fleet: Fleet, source: Path) -> None:
    assert fleet.run("backup.sh", "--", str(source), f"{source}-gone").returncode == 65


@pytest.mark.fault("vanished-mount")
@pytest.mark.parametrize("shell", SHELLS)
def test_what_lies_below_a_mount_point_is_not_backed_up(fleet: Fleet, source: Path, shell: str) -> None:
    there, gone = source / "file", source / "an id"
    good = f"{gone}\n{there}\n\n{source}"
    arguments = ("backup.sh", "--dry-run", "--", str(source))
    assert fleet.run(*arguments, shell=shell, BACKUP_SENTINELS=good).returncode == 0
    for bad in (f"{gone}", f"{there}\n\n{gone}\n{gone}2", f"{gone}\n\n{there}"):
        run = fleet.run(*arguments, shell=shell, BACKUP_SENTINELS=bad)
        assert run.returncode == 65, run.stdout
        assert f"there is none of {gone}" in run.stdout


def test_usage(fleet: Fleet) -> None:
    assert fleet.run("backup.sh", "--tag=x", "--").returncode == 64
    assert fleet.run("backup.sh", RESTIC_REPOSITORY=None, RESTIC_SOURCE="/etc").returncode == 64
    assert fleet.run("backup.sh", RESTIC_SOURCE="/etc", BACKUP_DEADLINE="9m").returncode == 64


@pytest.mark.fault("old-restic")
@pytest.mark.parametrize("script", ["backup.sh", "retention.sh", "restore-test.sh", "mirror.sh", "bootstrap.sh"])
def test_an_old_restic_is_refused(fleet: Fleet, source: Path, script: str) -> None:
    fleet.use_restic("restic-bookworm")
    changes = {"MIRROR_METHOD": "snapshots", "MIRROR_RESTIC_REPOSITORY": "/nowhere"} if script == "mirror.sh" else {}
    run = fleet.run(script, "--", str(source), **changes)
    assert run.returncode == 69, run.stdout
    assert "restic 0.14.0 is too old: 0.17.1 or newer is needed" in run.stdout


@pytest.mark.fault("unreadable-file")
def test_a_partial_snapshot_is_a_state_of_its_own(fleet: Fleet, source: Path) -> None:
    (source / "secret").write_text("not to be read")
    (source / "secret").chmod(0)
    # Root reads everything, unless it gives that up.
    prefix = "setpriv --bounding-set=-dac_override,-dac_read_search" if os.geteuid() == 0 else ""
    run = fleet.run("backup.sh", "--", str(source), prefix=prefix)
    assert run.returncode == 3, run.stdout
    assert "the snapshot is incomplete" in run.stdout
    pushed = fleet.metrics()
    assert pushed[FAILURE] == 3
    assert pushed["backup_snapshot_files"] == 1
    assert "backup_last_success_timestamp_seconds" not in pushed


@pytest.mark.parametrize("shell", ["dash", "busybox"])
def test_the_variables_of_the_reference_and_a_pushgateway_that_is_down(fleet: Fleet, source: Path, shell: str) -> None:
    run = fleet.run(
        "backup.sh",
        shell=shell,
        RESTIC_SOURCE=f"{source}/file  {source}",
        RESTIC_ADDITIONAL_BACKUP_PARAMETERS="--tag one --exclude *.log",
        PUSHGATEWAY_URL="http://127.0.0.1:1",
        RESTIC_HOSTNAME=None,
        HOSTNAME="backup-grafana-29384756-x7k2p",
    )
    assert run.returncode == 0, run.stdout
    assert "metrics not pushed" in run.stdout
    assert '"hostname":"grafana"' in fleet.restic("snapshots", "--json", "--tag=one", "--no-lock")


def test_the_sink_that_is_down_hides_neither_the_other_nor_the_failure(
    fleet: Fleet, source: Path, inbox: Inbox
) -> None:
    changes = {"PUSHGATEWAY_URL": "http://127.0.0.1:1", "NTFY_ENABLED": "true", "NTFY_SERVER": inbox.url}
    assert fleet.run("backup.sh", "--", str(source), RESTIC_REPOSITORY_ID="0" * 64, **changes).returncode == 66
    assert len(inbox.messages) == 1


def test_a_command_that_prints_nothing(fleet: Fleet) -> None:
    run = fleet.run("backup.sh", "--stdin-from-command", "--stdin-filename=x", "--", "true")
    assert run.returncode == 65, run.stdout
    assert fleet.metrics()[FAILURE] == 65


def test_a_source_of_which_everything_is_excluded(fleet: Fleet, source: Path) -> None:
    assert fleet.run("backup.sh", "--exclude=file", "--", str(source)).returncode == 65


@pytest.mark.fault("shrunk")
@pytest.mark.parametrize("shell", ["dash", "busybox"])
def test_a_snapshot_that_shrank(fleet: Fleet, source: Path, shell: str) -> None:
    (source / "large").write_text("0123456789" * 1000)
    half = {"BACKUP_MAX_SHRINK_PERCENT": "50"}
    assert fleet.run("backup.sh", "--tag=a", "--", str(source), shell=shell, **half).returncode == 0
    (source / "large").unlink()
    # Another tag and another host have nothing to compare with.
    assert fleet.run("backup.sh", "--tag=b", "--", str(source), shell=shell, **half).returncode == 0
    assert fleet.run("backup.sh", "--tag=a", "--host=h", "--", str(source), shell=shell, **half).returncode == 0
    run = fleet.run("backup.sh", "--tag=a", "--", str(source), shell=shell, **half)
    assert run.returncode == 73, run.stdout
    assert "holds 1400 bytes in 1 files, the largest before it 11400 in 2: more than 50 % less" in run.stdout
    # Said once: the smaller one is what the next one is compared with.
    assert fleet.run("backup.sh", "--tag=a", "--", str(source), shell=shell, **half).returncode == 0


def test_a_dump_that_shrank(fleet: Fleet) -> None:
    """restic itself knows no parent of what a command prints."""
    flags = ("--stdin-from-command", "--stdin-filename=x", "--", "printf")
    assert fleet.run("backup.sh", *flags, "0123456789", BACKUP_MAX_SHRINK_PERCENT="50").returncode == 0
    assert fleet.run("backup.sh", *flags, "01234", BACKUP_MAX_SHRINK_PERCENT="50").returncode == 0
    assert fleet.run("backup.sh", *flags, "01", BACKUP_MAX_SHRINK_PERCENT="50").returncode == 73


@pytest.mark.fault("hook-fails")
def test_hooks(fleet: Fleet, source: Path, tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    after = f"echo after >>'{seen}'"
    assert fleet.run("backup.sh", "--", str(source), PRE_HOOK="exit 4", POST_HOOK=after).returncode == 68
    assert seen.read_text() == "after\n"
    run = fleet.run("backup.sh", "--", str(source), PRE_HOOK="job_code=9; exit 0", POST_HOOK=f"{after}; exit 7")
    assert run.returncode == 68, run.stdout
    assert seen.read_text() == "after\nafter\n"
    assert fleet.metrics()['backup_step_status{step="post_hook"}'] == 7
    # What fails on the way fails the hook, though its last command succeeds.
    ways = "false; true", "set +x; cat /nowhere\ntrue", "(exit 5); echo saved"
    assert [fleet.run("backup.sh", "--", str(source), PRE_HOOK=way).returncode for way in ways] == [68, 68, 68]
    handled = "false || true; if false; then exit 9; fi"
    assert fleet.run("backup.sh", "--", str(source), PRE_HOOK=handled).returncode == 0
    run = fleet.run("backup.sh", "--", str(source), PRE_HOOK="job_code=9; exit 0", POST_HOOK=f"{after}; exit 7")
    assert fleet.metrics()['backup_step_status{step="backup"}'] == 0


def lock_appears(repository: Path) -> None:
    until(lambda: list((repository / "locks").iterdir()), "a lock")


def slow_backup(fleet: Fleet, shell: str, repository: str, data: Path, **changes: str) -> subprocess.Popen[str]:
    place = {"RESTIC_REPOSITORY": f"rest:{fleet.server.append_only_url}{repository}/", "RESTIC_HOSTNAME": repository}
    return fleet.start("backup.sh", "--limit-upload=300", "--", str(data), shell=shell, **place, **changes)


@pytest.mark.slow
@pytest.mark.fault("deadline")
@pytest.mark.parametrize("restic", ["restic", "restic-forky"])
def test_ended_in_the_middle_of_a_backup(fleet: Fleet, tmp_path: Path, restic: str) -> None:
    """SIGTERM and SIGINT in each shell, and the inner limit; all at once, since each takes seconds."""
    data = tmp_path / "data"
    data.mkdir()
    (data / "random").write_bytes(os.urandom(12_000_000))
    if restic != "restic":
        fleet.use_restic(restic)
    wanted = {("dash", "TERM"): 143, ("busybox", "TERM"): 143, ("bash", "TERM"): 143}
    wanted |= {("dash", "INT"): 130, ("busybox", "LIMIT"): 124, ("bash", "LIMIT"): 124}
    runs = {}
    for shell, way in wanted:
        name = f"{fleet.instance}-{shell}-{way}"
        new_repository(fleet.server.root / name)
        limit = {"BACKUP_DEADLINE": "7"} if way == "LIMIT" else {}
        post = f"echo after >'{tmp_path}/{name}'"
        runs[shell, way] = name, slow_backup(fleet, shell, name, data, POST_HOOK=post, **limit)
    try:
        for (_, way), (name, process) in runs.items():
            if way != "LIMIT":
                lock_appears(fleet.server.root / name)
                process.send_signal(signal.Signals[f"SIG{way}"])
        outputs = {key: process.communicate(timeout=30)[0] for key, (_, process) in runs.items()}
    finally:
        for _, process in runs.values():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
    for key, (name, process) in runs.items():
        fleet.codes.append(process.returncode)
        assert process.returncode == wanted[key], (key, outputs[key])
        assert list((fleet.server.root / name / "locks").iterdir()) == [], (key, outputs[key])
        assert fleet.metrics(name)[FAILURE] == wanted[key]
        assert fleet.metrics(name)['backup_step_status{step="post_hook"}'] == 0
        assert (tmp_path / name).read_text() == "after\n"
        shutil.rmtree(fleet.server.root / name)


def test_the_lock_of_a_restic_that_had_to_be_killed(fleet: Fleet, tmp_path: Path) -> None:
    data = tmp_path / "random"
    data.write_bytes(os.urandom(6_000_000))
    process = slow_backup(fleet, "dash", fleet.repository.name, data, BACKUP_TERM_PATIENCE="1")
    try:
        lock_appears(fleet.repository)
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        (restic,) = [int(pid) for pid in children if Path(f"/proc/{pid}/comm").read_text() == "restic\n"]
        os.kill(restic, signal.SIGSTOP)
        process.terminate()
        output, _ = process.communicate(timeout=30)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode == 143, output
    assert fleet.locks() == [], output


def test_nothing_is_left_in_the_temporary_folder(fleet: Fleet, source: Path) -> None:
    assert fleet.run("backup.sh", "--", str(source), BACKUP_DEADLINE="600").returncode == 0
    assert [entry.name for entry in Path(fleet.environment["TMPDIR"]).iterdir()] == [".cache"]


def test_no_secret_is_in_an_argument(fleet: Fleet, source: Path, inbox: Inbox, tmp_path: Path) -> None:
    spy = tmp_path / "spy"
    spy.mkdir()
    for name in ("curl", "restic"):
        real = shutil.which(name, path=fleet.paths["dash"])
        (spy / name).write_text(f'#!/bin/sh\nprintf "%s\\n" "$*" >>"{tmp_path}/arguments"\nexec "{real}" "$@"\n')
        (spy / name).chmod(0o755)
    run = fleet.run(
        "backup.sh",
        "--",
        str(source),
        PATH=f"{spy}:{fleet.paths['dash']}",
        RESTIC_REPOSITORY_ID="0" * 64,
        NTFY_ENABLED="true",
        NTFY_SERVER=inbox.url,
        NTFY_CREDS="-u me:hidden1",
        PUSHGATEWAY_URL=fleet.pushgateway.replace("//", "//me:hidden2@"),
    )
    assert run.returncode == 66
    assert fleet.metrics()[FAILURE] == 66
    seen = (tmp_path / "arguments").read_text()
    assert seen.count("-q -K ") == 2
    assert "cat config" in seen
    assert not any(secret in seen for secret in ("hidden1", "hidden2", fleet.environment["RESTIC_PASSWORD"]))
