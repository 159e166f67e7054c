"""The scripts, ended and killed at random instants: what was there stays whole, and nothing keeps others out.

`make test` does it once for each shell, `make test-all` three times for each job; SCRIPT_KILLS says how often, and a
failure names its seed (SCRIPT_KILLS_SEED).
"""

import contextlib
import os
import random
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.scripts.jobs import SHELLS, Fleet, until

KILLS = int(os.environ.get("SCRIPT_KILLS", "3"))
SEED = int(os.environ.get("SCRIPT_KILLS_SEED", str(random.SystemRandom().randrange(10**6))))
ENDINGS = {signal.SIGTERM: 143, signal.SIGINT: 130}

Job = Callable[[Fleet, Path, str], "subprocess.Popen[str]"]


def backup(fleet: Fleet, source: Path, shell: str) -> "subprocess.Popen[str]":
    (source / "random").write_bytes(os.urandom(300_000))
    return fleet.start("backup.sh", "--tag=a", "--limit-upload=600", "--", str(source), shell=shell)


def retention(fleet: Fleet, source: Path, shell: str) -> "subprocess.Popen[str]":
    (source / "random").write_bytes(os.urandom(50_000))
    # The lock of a killed run may be there: then what there is has to do.
    for tag in ("a", "old"):
        with contextlib.suppress(AssertionError):
            fleet.restic("backup", "--quiet", f"--tag={tag}", "--time=2026-01-01 00:00:00", str(source))
    plan = fleet.plan("expire old 9\nown a\nprune\ncheck_rotating 3\nmeasure\n")
    return fleet.start("retention.sh", PLAN=plan, shell=shell)


def drill(fleet: Fleet, source: Path, shell: str) -> "subprocess.Popen[str]":
    (fleet.folder / "restore").mkdir(exist_ok=True)
    plan = fleet.plan(f"target a '' 99999\nverify_dir '{source}' 1 1\n")
    return fleet.start("restore-test.sh", PLAN=plan, RESTORE_DIR=str(fleet.folder / "restore"), shell=shell)


def mirror(fleet: Fleet, source: Path, shell: str) -> "subprocess.Popen[str]":
    (source / "random").write_bytes(os.urandom(300_000))
    fleet.restic("backup", "--quiet", "--tag=a", str(source))
    place = fleet.folder / "mirror"
    changes = {"MIRROR_METHOD": "files", "MIRROR_SOURCE": str(fleet.repository), "RCLONE_BWLIMIT": "600k"}
    changes |= {"MIRROR_DESTINATION": str(place), "MIRROR_RESTIC_REPOSITORY": str(place)}
    return fleet.start("mirror.sh", shell=shell, **changes)


def whole(fleet: Fleet, repository: Path | None = None) -> None:
    fleet.restic("check", "--read-data", "--no-lock", repository=repository)


def killed(fleet: Fleet, process: "subprocess.Popen[str]", after: float, how: signal.Signals) -> str:
    """Send a signal to the shell, as the kubelet does; SIGKILL goes to all of the pod."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(after)
    if how is signal.SIGKILL:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        output = fleet.ended(process)
        until(lambda: not exists(process.pid), "the end of all of its processes")
        return output
    process.send_signal(how)
    return fleet.ended(process)


def exists(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.slow
@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("job", [backup, retention, drill, mirror])
def test_a_job_that_is_ended_reports_it_and_leaves_nothing(writable: Fleet, source: Path, shell: str, job: Job) -> None:
    chance = random.Random(f"{SEED} {shell} {job.__name__}")  # noqa: S311
    for number in range(KILLS):
        writable.environment["RESTIC_HOSTNAME"] = f"{writable.instance}-{number}"
        writable.restic("backup", "--quiet", "--tag=a", str(source))
        how = chance.choice(list(ENDINGS))
        # From when the shell has read its first line: what comes before that ends it unheard.
        output = killed(writable, process := job(writable, source, shell), chance.uniform(0.15, 2), how)
        said = f"seed {SEED}, run {number}, {how.name}:\n{output}"
        assert process.returncode in (0, ENDINGS[how]), said
        assert writable.locks() == [], said
        status = "failure" if process.returncode else "success"
        pushed = writable.metrics(f"{writable.instance}-{number}")
        assert pushed[f'backup_status{{status="{status}"}}'] == process.returncode, said
        left = [it.name for it in Path(writable.environment["TMPDIR"]).iterdir() if it.name.startswith("backup.")]
        assert left == [], said
        assert not (writable.folder / "restore").exists() or list((writable.folder / "restore").iterdir()) == [], said
    whole(writable)


@pytest.mark.slow
@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("job", [backup, retention, mirror])
def test_after_a_job_that_was_killed_the_next_one_succeeds(writable: Fleet, source: Path, shell: str, job: Job) -> None:
    chance = random.Random(f"{SEED} kill {shell} {job.__name__}")  # noqa: S311
    writable.environment |= {"RESTIC_LOCK_WAIT": "1s", "BACKUP_TERM_PATIENCE": "1"}
    for number in range(KILLS):
        output = killed(writable, job(writable, source, shell), chance.uniform(0.1, 2), signal.SIGKILL)
        process = job(writable, source, shell)
        again = writable.ended(process)
        assert process.returncode == 0, f"seed {SEED}, run {number}:\n{output}\n{again}"
        assert writable.locks() == [], again
    whole(writable)
    if job is mirror:
        whole(writable, writable.folder / "mirror")


@pytest.mark.slow
@pytest.mark.parametrize("shell", SHELLS)
def test_a_dump_that_is_killed_replaces_nothing(fleet: Fleet, tmp_path: Path, shell: str) -> None:
    """The stream is cut wherever it was; FILE is the old dump or the new one, never a part."""
    folder = fleet.folder / "kubectl"
    folder.mkdir()
    (folder / "kubectl").write_text(
        '#!/bin/sh\n[ "$3" != get ] || { echo "db-0 Running True "; exit; }\n'
        'while [ "$1" != -- ]; do shift; done\nshift\nexec "$@"\n'
    )
    (folder / "kubectl").chmod(0o755)
    fleet.paths = fleet.paths | {shell: f"{folder}:{fleet.paths[shell]}"}
    chance = random.Random(f"{SEED} dump {shell}")  # noqa: S311
    file = tmp_path / "dump"
    file.write_text("old\n")
    whole_dump = "".join(f"line {number}\n" for number in range(400))
    command = "i=0; while [ $i -lt 400 ]; do echo line $i; i=$((i+1)); [ $((i % 40)) -ne 0 ] || sleep 0.05; done"
    for number in range(KILLS * 4):
        process = fleet.start("dump.sh", "n", "app=db", "", str(file), "--", "sh", "-c", command, shell=shell)
        output = killed(fleet, process, chance.uniform(0.15, 1.2), chance.choice([signal.SIGKILL, signal.SIGTERM]))
        assert file.read_text() in ("old\n", whole_dump), f"seed {SEED}, run {number}:\n{output}"
    shutil.rmtree(folder)


@pytest.mark.parametrize("shell", SHELLS)
def test_a_backup_that_is_ended_once(writable: Fleet, source: Path, shell: str) -> None:
    chance = random.Random(f"{SEED} once {shell}")  # noqa: S311
    process = backup(writable, source, shell)
    output = killed(writable, process, chance.uniform(0.15, 1), signal.SIGTERM)
    assert process.returncode in (0, 143), f"seed {SEED}:\n{output}"
    assert writable.locks() == [], f"seed {SEED}:\n{output}"
    assert "backup_duration_seconds" in writable.metrics()
