"""`backupgen rehearse` as a user runs it."""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY, Run

FOLDERS = ("/mnt", "/media", "/srv", "/opt")
"""Where a rehearsal mounts its file system."""
MADE = ("image", "pods", "volumes", "apps", "servers", "api.json")
"""What it puts there."""


def descendants(pid: int) -> set[int]:
    """The processes below a process, by what /proc says."""
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = stat.read_text()
        except OSError:
            continue  # it has ended
        parents[int(stat.parent.name)] = int(text.rpartition(")")[2].split()[1])
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {pid}


def traces(process: int | str = "self") -> set[str]:
    """What of a rehearsal a process sees: mounts, interfaces of the network, files. Nothing that anybody else makes."""
    seen = Path(f"/proc/{process}")
    mounts = [line.partition(" - ") for line in (seen / "mountinfo").read_text().splitlines()]
    mounted = {f"mount {about.split()[4]}" for about, _, origin in mounts if origin.split()[1] == "backupgen"}
    interfaces = set(re.findall(r"^ *(pod\d+):", (seen / "net/dev").read_text(), re.MULTILINE))
    files = {f"{folder}/{name}" for folder in FOLDERS for name in MADE if (seen / f"root{folder}/{name}").exists()}
    return mounted | interfaces | files


@pytest.fixture
def untouched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing that a rehearsal could leave is there afterwards that was not before."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    before = traces()
    yield
    assert traces() - before == set()
    assert list(folder.iterdir()) == []


def start(*arguments: str) -> subprocess.Popen[str]:
    command: Sequence[str] = (sys.executable, "-m", "backupgen", "rehearse", *arguments)
    return subprocess.Popen(
        command, cwd=REPOSITORY, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def names_below(pid: int) -> set[str]:
    found = set()
    for child in descendants(pid):
        try:
            found.add(Path(f"/proc/{child}/comm").read_text().strip())
        except OSError:
            continue
    return found


def in_the_midst(process: subprocess.Popen[str]) -> set[int]:
    """Wait until a container runs restic; return the processes. What they see would be found if it were left."""
    while "restic" not in names_below(process.pid):
        assert process.poll() is None
        time.sleep(0.05)
    found = descendants(process.pid)
    seen: set[str] = set()
    for pid in found:
        with contextlib.suppress(OSError):  # it has ended
            seen |= traces(pid)
    assert {kind for trace in seen for kind in ("mount ", "pod", "/") if trace.startswith(kind)} == {
        "mount ",
        "pod",
        "/",
    }
    return found


def gone(processes: set[int]) -> bool:
    end = time.monotonic() + 10
    while any(Path(f"/proc/{pid}").exists() for pid in processes):
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def page(part: str) -> list[str]:
    """The output that docs/rehearse.md shows."""
    text = (REPOSITORY / "docs" / "rehearse.md").read_text(encoding="utf-8")
    found = re.search(rf"<!-- {part} -->\n```console\n(.*?)```\n<!-- /{part} -->", text, re.DOTALL)
    assert found
    return found[1].splitlines()


def table_of(lines: list[str]) -> list[tuple[str, ...]]:
    """Verdict, phase and name of each line of a table."""
    cells = [re.split("  +", line) for line in lines]
    return [tuple(row[:3]) for row in cells if row[0] in {"ok", "failed", "not run"}]


@pytest.mark.slow
@pytest.mark.usefixtures("untouched")
def test_the_reference_fleet_is_green(backupgen: Run) -> None:
    done = backupgen("rehearse", "--format", "json")
    assert done.returncode == 0, done.stdout
    assert done.stderr == ""
    report = json.loads(done.stdout)
    assert report["summary"]["ok"] == len(report["steps"])
    ran = {(step["phase"], step["name"]): step for step in report["steps"]}
    targets = ("downloader", "emby", "grafana", "mariadb", "nextpvr", "paperless")
    for target in targets:
        step = ran[("backup", f"backup-{target}")]
        assert step["exit_codes"] == [0]
        assert step["metrics"] >= 10
        assert len(step["snapshots"]) == 8
    assert ran[("retention", "restic-retentionpolicies")]["snapshots"] == "8 kept", (
        "all are younger than a run of their target"
    )
    assert ran[("restore test", "backup-restore-test")]["snapshots"] == "6 tested"
    assert ran[("mirror", "backup-mirror-wasabi")]["snapshots"] == "8 copied"
    assert ran[("restore test", "backup-restore-test-mirror-wasabi")]["snapshots"] == "6 tested"
    shown = table_of(page("green"))
    assert [(step["verdict"], step["phase"], step["name"]) for step in report["steps"]] == shown, "docs/rehearse.md"
    restored = ran[("restore", "from wasabi")]
    assert restored["snapshots"] == "6 restored"
    assert int(restored["notes"][0].split()[0]) > 50


@pytest.mark.slow
@pytest.mark.usefixtures("untouched")
def test_a_mistake_of_the_fleet_is_red_where_it_shows(backupgen: Run, tmp_path: Path) -> None:
    """A flag that leaves out what the restore test looks for: the backup is as asked, and worthless."""
    text = (REPOSITORY / "fleet.yaml").read_text(encoding="utf-8")
    before = "volume: {pvc: longhorn-pvc-grafana}\n    exclude: [lost+found]"
    assert before in text
    fleet = tmp_path / "fleet.yaml"
    flag = "\n    backup_args: [--exclude-larger-than=1K]"
    fleet.write_text(text.replace(before, before + flag), encoding="utf-8")
    done = backupgen("rehearse", "--fleet", fleet, "--target", "grafana")
    assert done.returncode == 1, done.stdout
    lines = done.stdout.splitlines()
    assert any(line.startswith("ok      backup        backup-grafana") for line in lines), done.stdout
    # That of the repository, and that of its copy.
    drills = [line for line in lines if line.startswith("failed  restore test")]
    assert [drill.endswith("PodFailurePolicy") for drill in drills] == [True, True]
    assert "  error: tag grafana: /backup/grafana/grafana.db is no file" in lines
    assert "  notified: backup-restore-test - Restore test failed" in lines
    assert any(line.startswith("failed  restore       from wasabi") for line in lines)
    assert table_of(lines) == table_of(page("red")), "docs/rehearse.md"
    assert lines[-1].startswith("k3s-at-home rehearsed in ")
    assert lines[-1].endswith(" s: 10 ok, 3 failed")


@pytest.mark.usefixtures("untouched")
def test_ctrl_c_leaves_nothing_behind() -> None:
    process = start("--target", "grafana")
    running = in_the_midst(process)
    process.send_signal(signal.SIGINT)
    printed, said = process.communicate(timeout=30)
    assert process.returncode == 130, said
    assert printed == ""
    assert gone(running)


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("name", ["SIGKILL", "SIGTERM"])
def test_whatever_ends_it_leaves_nothing_behind(name: str) -> None:
    process = start("--target", "grafana")
    running = in_the_midst(process)
    process.send_signal(signal.Signals[name])
    process.communicate(timeout=30)
    assert process.returncode == -signal.Signals[name]
    assert gone(running)


def test_missing_programs_are_named_with_their_packages(backupgen: Run, tmp_path: Path) -> None:
    """PATH holds nothing; what lies in /usr/sbin, where many users do not look, is found all the same."""
    done = backupgen("rehearse", "--target", "grafana", env={"PATH": str(tmp_path)})
    assert done.returncode == 2
    assert done.stdout == ""
    assert "\n  bwrap                   bubblewrap, for every rehearsal\n" in done.stderr
    assert "\n  sqlite3                 sqlite3, for `grafana`\n" in done.stderr
    assert "  mariadbd" not in done.stderr, "no rehearsed target dumps a MariaDB"
    (advice,) = (line for line in done.stderr.splitlines() if line.startswith("on Debian: apt-get install"))
    assert {"bubblewrap", "restic", "restic-rest-server", "prometheus-pushgateway", "rclone"} < set(advice.split())


def test_an_unknown_target_is_wrong_usage(backupgen: Run) -> None:
    done = backupgen("rehearse", "--target", "grafna")
    assert done.returncode == 2
    assert done.stderr == "the fleet has no target `grafna`: did you mean `grafana`?\n"


def test_a_fleet_with_an_error_is_not_rehearsed(backupgen: Run, tmp_path: Path) -> None:
    fleet = tmp_path / "fleet.yaml"
    fleet.write_text("fleet: 1\n", encoding="utf-8")
    done = backupgen("rehearse", "--fleet", fleet)
    assert done.returncode == 1
    assert "error[" in done.stderr


def test_without_namespaces_it_says_what_to_allow(backupgen: Run, tmp_path: Path) -> None:
    """A machine on which unshare is refused."""
    refusing = tmp_path / "unshare"
    refusing.write_text("#!/bin/sh\necho 'unshare: unshare failed: Operation not permitted' >&2\nexit 1\n")
    refusing.chmod(0o755)
    done = backupgen("rehearse", "--target", "grafana", env={"PATH": f"{tmp_path}:{os.environ['PATH']}"})
    assert done.returncode == 2
    assert "unshare failed: Operation not permitted\na rehearsal needs namespaces" in done.stderr


@pytest.mark.slow
@pytest.mark.usefixtures("untouched")
def test_with_one_user_only_everything_is_run_as_it_and_said() -> None:
    """As in a container without root, or for a user to whom newuidmap gives no ids.

    On a fleet with mirrors of both kinds, one of them where no server can stand in under its own name.
    """
    unshare = shutil.which("unshare")
    assert unshare
    command = [unshare, "--user", "--map-root-user", sys.executable, "-m", "backupgen", "rehearse"]
    command += ["--fleet", "tests/cases/everything/fleet.yaml", "--target", "redis"]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    rows = [(phase, name) for _, phase, name in table_of(done.stdout.splitlines())]
    assert rows[-7:] == [
        ("restore test", "backup-restore-test"),
        ("mirror", "backup-mirror-glacier"),
        ("restore", "from glacier"),
        ("init", "main/second-site"),
        ("mirror", "backup-mirror-second-site"),
        ("restore", "from second-site"),
        ("restore test", "backup-restore-test-mirror-second-site"),
    ]
    assert "  * there is one user only, so all pods run as it" in done.stdout
    assert "  * b2:everything-copy:restic is rest:http://b2.rehearsal.internal:8000/" in done.stdout
    assert "the app is not here: its dump is made up" in done.stdout
