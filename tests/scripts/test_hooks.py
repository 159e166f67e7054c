"""The hooks of backup.sh: how long they may take, and whose exit codes are whose."""

import signal
import time
from pathlib import Path

import pytest

from tests.scripts.jobs import SHELLS, Fleet, until

FAILURE = 'backup_status{status="failure"}'


@pytest.mark.slow
@pytest.mark.fault("slow-after")
@pytest.mark.parametrize("shell", ["dash", "busybox"])
def test_a_hook_after_the_backup_may_take_what_is_left_of_the_deadline(fleet: Fleet, source: Path, shell: str) -> None:
    changes = {"POST_HOOK": "sleep 4", "BACKUP_HOOK_TIMEOUT": "1"}
    run = fleet.run("backup.sh", "--", str(source), shell=shell, **changes, BACKUP_DEADLINE="600")
    assert run.returncode == 0, run.stdout
    run = fleet.run("backup.sh", "--", str(source), shell=shell, **changes, BACKUP_DEADLINE="62")
    assert run.returncode == 68, run.stdout
    assert "the hook after the backup was ended after" in run.stdout


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("code", [124, 130, 143, 3])
def test_a_hooks_own_exit_codes_are_none_of_the_jobs(fleet: Fleet, source: Path, shell: str, code: int) -> None:
    run = fleet.run("backup.sh", "--", str(source), shell=shell, PRE_HOOK=f"exit {code}", BACKUP_DEADLINE="600")
    assert run.returncode == 68, run.stdout
    assert "ended after" not in run.stdout
    assert fleet.metrics()['backup_step_status{step="pre_hook"}'] == code


@pytest.mark.slow
def test_a_hook_that_takes_all_the_time_is_the_deadlines_end(fleet: Fleet, source: Path) -> None:
    assert fleet.run("backup.sh", "--", str(source), PRE_HOOK="sleep 60", BACKUP_DEADLINE="3").returncode == 124


@pytest.mark.slow
@pytest.mark.parametrize("shell", SHELLS)
def test_a_signal_leaves_a_hook_its_seconds_and_no_more(fleet: Fleet, source: Path, tmp_path: Path, shell: str) -> None:
    """A job in its last hook is asked to end: the hook gets its timeout, and the run is reported."""
    begun = tmp_path / "begun"
    changes = {"POST_HOOK": f": >'{begun}'; sleep 90", "BACKUP_HOOK_TIMEOUT": "2", "BACKUP_DEADLINE": "600"}
    process = fleet.start("backup.sh", "--", str(source), shell=shell, **changes)
    until(begun.exists, "the hook")
    process.send_signal(signal.SIGTERM)
    started = time.monotonic()
    output = fleet.ended(process)
    assert time.monotonic() - started < 15, output
    assert process.returncode == 68, output
    assert fleet.metrics()[FAILURE] == 68
