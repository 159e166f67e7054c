"""locks.sh: which locks go, which stay, and what a job does that one keeps out."""

import os
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest

from tests.scripts.jobs import SHELLS, Fleet, until
from tests.scripts.locking import BY_HAND, LONG_GONE, lock_file, lock_of_another_pod, locks_of

OLD, YOUNG = timedelta(minutes=31), timedelta(minutes=5)
CRASHES = {"SEGV": 139, "ABRT": 134, "FPE": 136, "BUS": 135, "ILL": 132}


class SlowClock(threading.Thread):
    """A backup that lives, on a node whose clock is slow: restic writes its lock anew with a time that is long ago."""

    def __init__(self, fleet: Fleet, *, exclusive: bool) -> None:
        super().__init__()
        self.fleet, self.exclusive = fleet, exclusive
        self.over = threading.Event()
        self.removed = False
        self.file = lock_of_another_pod(fleet, exclusive=exclusive, age=OLD, host=BY_HAND)

    def run(self) -> None:
        while not self.over.wait(0.3):
            before, self.file = (
                self.file,
                lock_of_another_pod(self.fleet, exclusive=self.exclusive, age=OLD, host=BY_HAND),
            )
            self.removed = self.removed or not before.exists()
            before.unlink(missing_ok=True)

    def end(self) -> bool:
        """Whether somebody removed its lock."""
        self.over.set()
        self.join()
        removed = self.removed or not self.file.exists()
        self.file.unlink(missing_ok=True)
        return removed


@pytest.mark.slow
@pytest.mark.fault("slow-clock")
@pytest.mark.parametrize("restic", ["restic", "restic-forky"])
def test_the_lock_of_a_process_that_lives_stays_however_old_it_looks(
    writable: Fleet, source: Path, restic: str
) -> None:
    """What a prune removes beside a backup, its snapshot needs."""
    if restic != "restic":
        writable.use_restic(restic)
    writable.restic("backup", "--quiet", "--tag=a", str(source))
    alive = SlowClock(writable, exclusive=False)
    alive.start()
    plan = writable.plan("retain a h --keep-last=1\nthin 9 n r\nprune\n")
    run = writable.run("retention.sh", PLAN=plan, RESTIC_LOCK_WAIT="1s", BACKUP_LOCK_PATIENCE="9")
    assert run.returncode == 11, run.stdout
    assert not alive.end(), run.stdout
    assert writable.run("retention.sh", PLAN=writable.plan("prune\n"), RESTIC_LOCK_WAIT="1s").returncode == 0


@pytest.mark.parametrize("shell", SHELLS)
def test_a_lock_that_nobody_writes_anew_is_a_dead_process(writable: Fleet, source: Path, shell: str) -> None:
    file = lock_of_another_pod(writable, exclusive=True, age=OLD, host=BY_HAND)
    run = writable.run("backup.sh", "--", str(source), shell=shell, RESTIC_LOCK_WAIT="1s")
    assert run.returncode == 0, run.stdout
    assert not file.exists()


@pytest.mark.slow
def test_a_date_in_a_pods_name_is_no_slot(writable: Fleet) -> None:
    """Jobs by hand are named by the day: 20261130 minutes after 1970 are long ago."""
    file = lock_of_another_pod(writable, exclusive=False, age=OLD, host="backup-x-20261130-x7k2p")
    started = time.monotonic()
    run = writable.run("retention.sh", PLAN=writable.plan("prune\n"), BACKUP_LOCK_PATIENCE="4")
    assert run.returncode == 0, run.stdout
    assert time.monotonic() - started > 4
    assert not file.exists()


@pytest.mark.parametrize("shell", ["dash", "busybox"])
def test_a_pod_whose_longest_run_is_over_is_dead_at_once(writable: Fleet, source: Path, shell: str) -> None:
    file = lock_of_another_pod(writable, exclusive=True, age=OLD)
    run = writable.run("backup.sh", "--", str(source), shell=shell, BACKUP_LOCK_PATIENCE="60", BACKUP_DEADLINE="40")
    assert run.returncode == 0, run.stdout
    assert not file.exists()


def test_a_pod_that_may_still_run_is_not(writable: Fleet, source: Path) -> None:
    minutes = int(time.time() / 60) - 90
    file = lock_of_another_pod(writable, exclusive=False, age=OLD, host=f"backup-x-{minutes}-x7k2p")
    changes = {"BACKUP_LOCK_PATIENCE": "60", "RESTIC_LOCK_WAIT": "1s"}
    assert writable.run("backup.sh", "--", str(source), **changes, BACKUP_LONGEST_RUN="7200").returncode == 0
    assert file.exists()
    assert writable.run("backup.sh", "--", str(source), **changes, BACKUP_LONGEST_RUN="3600").returncode == 0
    assert not file.exists()


@pytest.mark.slow
@pytest.mark.fault("young-lock")
@pytest.mark.parametrize("shell", SHELLS)
def test_a_lock_that_becomes_stale_while_the_retention_waits(writable: Fleet, source: Path, shell: str) -> None:
    """Each step would wait for itself, to the end of the deadline, and the lock be removed after that."""
    writable.restic("backup", "--quiet", "--tag=a", str(source))
    file = lock_of_another_pod(writable, exclusive=False, age=timedelta(minutes=29, seconds=52), host=BY_HAND)
    plan = writable.plan("retain a h --keep-last=1\nthin 9 n r\nprune\ncheck\n")
    run = writable.run("retention.sh", PLAN=plan, shell=shell, BACKUP_LOCK_PATIENCE="9", RESTIC_LOCK_WAIT="1s")
    assert run.returncode == 0, run.stdout
    assert not file.exists()


@pytest.mark.slow
@pytest.mark.parametrize("shell", ["dash", "busybox"])
def test_after_the_first_11_the_others_do_not_wait(writable: Fleet, source: Path, shell: str) -> None:
    for _ in range(2):
        writable.restic("backup", "--quiet", "--tag=a", "--host=h", str(source))
    lock_of_another_pod(writable, exclusive=False, age=YOUNG)
    where = f"path={source}"
    retains = f"retain a h --keep-last=1 {where}\nretain b h --keep-last=1 {where}\nthin 9 n r\n"
    plan = writable.plan(f"{retains}prune\ncheck\n")
    started = time.monotonic()
    run = writable.run("retention.sh", PLAN=plan, shell=shell, RESTIC_LOCK_WAIT="6s")
    assert run.returncode == 11, run.stdout
    assert time.monotonic() - started < 11
    steps = ("forget a", "forget b", "prune", "check")
    assert {writable.metrics()[f'backup_step_status{{step="{step}"}}'] for step in steps} == {11}


@pytest.mark.fault("two-locks")
@pytest.mark.parametrize("shell", ["dash", "busybox"])
def test_two_locks_of_one_holder(writable: Fleet, source: Path, shell: str) -> None:
    """restic writes the new one before it removes the old; a pod that was killed in between leaves two."""
    for age in (YOUNG, YOUNG + timedelta(minutes=5)):
        lock_of_another_pod(writable, exclusive=False, age=age)
    run = writable.run("backup.sh", "--tag=a", "--", str(source), shell=shell)
    assert run.returncode == 0, run.stdout
    assert "not pushed" not in run.stdout
    holder = f"@{LONG_GONE}, process 7, shared"
    assert locks_of(writable) == {
        'backup_repository_lock{holder=""}': 0,
        f'backup_repository_lock{{holder="{holder}"}}': 1,
    }


@pytest.mark.slow
@pytest.mark.fault("unreadable-lock")
@pytest.mark.parametrize("restic", ["restic", "restic-forky"])
def test_a_lock_file_that_cannot_be_read(writable: Fleet, source: Path, restic: str) -> None:
    if restic != "restic":
        writable.use_restic(restic)
    file = lock_file(writable, os.urandom(200))
    run = writable.run("backup.sh", "--", str(source), RESTIC_LOCK_WAIT="1s")
    assert run.returncode == 1, run.stdout
    assert "restic refuses to work beside a lock file that it cannot read" in run.stdout
    assert locks_of(writable)[f'backup_repository_lock{{holder="unreadable lock file {file.name[:10]}"}}'] == 1
    assert file.exists()


def crashing(fleet: Fleet, how: str) -> dict[str, str]:
    """A PATH with a restic that crashes in the middle of its work; its lock is there then."""
    folder = fleet.folder / "crashing"
    folder.mkdir()
    (folder / "restic").write_text(
        '#!/bin/sh\ncase $1 in backup | prune) ;; *) exec "$REAL" "$@" ;; esac\n'
        '"$REAL" "$@" & child=$!\nwhile [ -z "$(ls "$LOCKS")" ]; do sleep 0.05; done\nsleep 0.3\n'
        + (
            "kill -s KILL $child; wait $child; exit 2\n"
            if how == "2"
            else f"kill -s KILL $child; wait $child; kill -s {how} $$\n"
        )
    )
    (folder / "restic").chmod(0o755)
    real = next(Path(path) / "restic" for path in fleet.paths["dash"].split(":") if (Path(path) / "restic").exists())
    locks = str(fleet.repository / "locks")
    return {"PATH": f"{folder}:{fleet.paths['dash']}", "REAL": str(real), "LOCKS": locks}


@pytest.mark.parametrize("how", [pytest.param("2", marks=pytest.mark.fault("restic-crashes")), *CRASHES])
def test_a_restic_that_crashes_leaves_no_lock(writable: Fleet, source: Path, how: str) -> None:
    (source / "random").write_bytes(os.urandom(2_000_000))
    run = writable.run("backup.sh", "--limit-upload=300", "--", str(source), **crashing(writable, how))
    assert run.returncode == int(CRASHES.get(how, how)), run.stdout
    assert writable.locks() == [], run.stdout
    if how == "2":
        assert writable.metrics()['backup_status{status="failure"}'] == 2


def test_the_lock_of_a_crash_goes_without_one_that_looks_old_and_may_live(writable: Fleet, source: Path) -> None:
    (source / "random").write_bytes(os.urandom(2_000_000))
    alive = lock_of_another_pod(writable, exclusive=False, age=OLD, host=BY_HAND)
    changes = crashing(writable, "SEGV") | {"BACKUP_LOCK_PATIENCE": "60"}
    process = writable.start("backup.sh", "--limit-upload=300", "--", str(source), **changes)
    until(lambda: len(writable.locks()) == 2, "two locks")
    output = writable.ended(process)
    assert alive.exists(), output


@pytest.mark.fault("nobody-may-delete")
@pytest.mark.parametrize("restic", ["restic", "restic-forky"])
def test_a_place_where_nothing_can_be_deleted(writable: Fleet, source: Path, restic: str) -> None:
    """Each run leaves its lock there. A backup is none the worse for it; who needs the repository for itself is."""
    if restic != "restic":
        writable.use_restic(restic)
    place = {"RESTIC_REPOSITORY": str(writable.repository)}
    left = [lock_of_another_pod(writable, exclusive=False, age=age, process=n) for n, age in enumerate([OLD, YOUNG], 7)]
    folder = writable.folder / "no-delete"
    folder.mkdir()
    (folder / "restic").write_text(
        '#!/bin/sh\n[ "$1" != unlock ] || { echo "unable to remove lock" >&2; exit 1; }\nexec "$REAL" "$@"\n'
    )
    (folder / "restic").chmod(0o755)
    real = next(Path(path) / "restic" for path in writable.paths["dash"].split(":") if (Path(path) / "restic").exists())
    changes = {"PATH": f"{folder}:{writable.paths['dash']}", "REAL": str(real), **place}
    run = writable.run("backup.sh", "--", str(source), **changes)
    assert run.returncode == 0, run.stdout
    assert writable.metrics()['backup_step_status{step="unlock"}'] == 1
    assert all(file.exists() for file in left)
    run = writable.run("retention.sh", PLAN=writable.plan("prune\n"), RESTIC_LOCK_WAIT="1s", **changes)
    assert run.returncode == 11, run.stdout
