"""A source on a mount that hangs: whoever looks at it waits without end, and not even SIGKILL ends that."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.scripts.jobs import SHELLS, Fleet


@pytest.mark.slow
@pytest.mark.fault("hung-mount")
@pytest.mark.parametrize("shell", SHELLS)
def test_a_run_gives_up_a_mount_that_hangs_and_reports(fleet: Fleet, tmp_path: Path, shell: str) -> None:
    mount, seen = tmp_path / "mount", tmp_path / "seen"
    mount.mkdir()
    script = str(Path(__file__).with_name("hung_mount.py"))
    job = fleet.command("backup.sh", "--tag=a", "--", str(mount), shell=shell)
    command = ["/usr/bin/unshare", "--user", "--map-root-user", "--mount", sys.executable, script, str(mount), *job]
    hooks = {"PRE_HOOK": "true", "POST_HOOK": f": >'{seen}'"}
    started = time.monotonic()
    run = subprocess.run(
        command,
        env=fleet.env(shell, BACKUP_DEADLINE="5", BACKUP_TERM_PATIENCE="1", **hooks),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
    )
    fleet.codes.append(run.returncode)
    assert run.returncode == 124, run.stdout
    assert time.monotonic() - started < 30
    assert "does a mount hang?" in run.stdout
    assert seen.exists()
    assert fleet.metrics()['backup_status{status="failure"}'] == 124
