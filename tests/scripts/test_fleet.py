"""The whole way: backup, retention, restore test, mirror, and a restore from the mirror."""

import json
import shlex
from pathlib import Path

import pytest

from tests.scripts.jobs import Fleet, bare

NASTY = 'it\'s "a" $(touch pwned) `x` \\ *\n\u00fcn\u00efcode'


def nasty_tree(place: Path) -> Path:
    folder = place / NASTY
    folder.mkdir(parents=True)
    (folder / "-rf file").write_text("kept\n" * 50)
    (folder / "left out *.log").write_text("not wanted")
    (folder / "lost+found").mkdir()
    return folder


def back_up(fleet: Fleet, shell: str, folder: Path) -> None:
    first = fleet.run(
        "backup.sh",
        "--tag=it's",
        f"--exclude={folder.parent}/*/left out ?.log",
        "--exclude=lost+found",
        "--",
        str(folder),
        shell=shell,
    )
    assert first.returncode == 0, first.stdout
    second = fleet.run(
        "backup.sh",
        "--stdin-from-command",
        "--stdin-filename=a dump.sql",
        "--tag=db",
        "--",
        "printf",
        "%s\n",
        *["two  words", "$HOME"] * 30,
        shell=shell,
        RESTIC_HOSTNAME="database ü",
    )
    assert second.returncode == 0, second.stdout


def retain(fleet: Fleet, shell: str) -> None:
    plan = f"retain \"it's\" {fleet.instance} --keep-last=1\nretain db 'database ü' --keep-last=1\nthin 9 n r\n"
    repository = f"rest:{fleet.server.url}{fleet.repository.name}/"
    plan = fleet.plan(f"{plan}prune\ncheck_rotating 7\n")
    retention = fleet.run("retention.sh", PLAN=plan, RESTIC_REPOSITORY=repository, shell=shell)
    assert retention.returncode == 0, retention.stdout
    assert "removed 2 snapshots" in retention.stdout
    pushed = fleet.metrics()
    assert pushed[bare('backup_repository_snapshots{tag="it\'s"}')] == 1
    assert pushed['backup_unowned_tag_snapshots{tag=""}'] == 0
    steps = ["probe", "forget it's", "forget db", "prune", "check", "list", "removed"]
    assert {name: value for name, value in pushed.items() if name.startswith("backup_step")} == {
        f'backup_step_status{{step="{step}"}}': 0 for step in steps
    }


def drill(fleet: Fleet, shell: str, folder: Path) -> None:
    restore_dir = fleet.folder / "restore"
    restore_dir.mkdir()
    plan = (
        f'target "it\'s" {fleet.instance} 3600\nverify_dir {shlex.quote(str(folder))} 1 250\n'
        f"verify_file {shlex.quote(str(folder / '-rf file'))} 250\n"
        "target db 'database ü' 3600\nverify_file '/a dump.sql' 500\n"
    )
    run = fleet.run("restore-test.sh", PLAN=fleet.plan(plan), RESTORE_DIR=str(restore_dir), shell=shell)
    assert run.returncode == 0, run.stdout
    assert list(restore_dir.iterdir()) == []
    pushed = fleet.metrics()
    assert pushed['backup_restore_status{tag="db"}'] == 0
    assert pushed['backup_restore_size_bytes{tag="db"}'] == 510
    assert 0 <= pushed['backup_restore_snapshot_age_seconds{tag="db"}'] < 60


def copy_to(mirror: Path, fleet: Fleet, shell: str) -> None:
    (fleet.repository / "locks" / "0123").write_text("not to be mirrored")
    (fleet.repository / "data" / "00" / "pack.rest-server-temp1").write_text("nor this")
    for _ in range(2):
        run = fleet.run(
            "mirror.sh",
            shell=shell,
            MIRROR_METHOD="files",
            MIRROR_SOURCE=str(fleet.repository),
            MIRROR_DESTINATION=f"offsite:{mirror}",
            MIRROR_RESTIC_REPOSITORY=str(mirror),
            MIRROR_READ_PARTS="1",
            RCLONE_CONFIG_OFFSITE_TYPE="local",
        )
        assert run.returncode == 0, run.stdout
    assert fleet.metrics()["backup_mirror_status"] == 0
    assert fleet.metrics()["backup_mirror_snapshots"] == 2
    assert not (mirror / "locks").exists()
    assert not list(mirror.rglob("*temp*"))


@pytest.mark.fault("odd-names")
@pytest.mark.parametrize(
    ("shell", "restic"), [pytest.param("dash", "restic-forky", marks=pytest.mark.slow), ("busybox", "restic")]
)
def test_from_backup_to_restore_from_the_mirror(fleet: Fleet, shell: str, restic: str, tmp_path: Path) -> None:
    if restic != "restic":
        fleet.use_restic(restic)
    folder = nasty_tree(tmp_path / "volumes")
    for _ in range(2):
        back_up(fleet, shell, folder)
    pushed = fleet.metrics()
    assert pushed['backup_status{status="success"}'] == 0
    assert pushed["backup_snapshot_bytes"] == 250
    assert pushed["backup_snapshot_files"] == 1
    assert fleet.metrics("database ü")["backup_snapshot_bytes"] == 30 * (11 + 6)

    retain(fleet, shell)
    drill(fleet, shell, folder)
    mirror = tmp_path / "mirror"
    copy_to(mirror, fleet, shell)

    back = tmp_path / "back"
    fleet.restic("restore", "latest", "--tag=it's", f"--target={back}", repository=mirror)
    restored = Path(f"{back}{folder}")
    assert [file.name for file in restored.iterdir()] == ["-rf file"]
    assert (restored / "-rf file").read_bytes() == (folder / "-rf file").read_bytes()
    assert not list(tmp_path.rglob("pwned"))
    assert json.loads(fleet.restic("snapshots", "--json", "--no-lock", "--tag=db"))[0]["hostname"] == "database ü"


@pytest.mark.parametrize("shell", ["dash", "busybox"])
def test_the_last_success_outlives_a_failure_and_a_failure_not_a_success(
    fleet: Fleet, source: Path, shell: str
) -> None:
    """With curl's PUT and with wget's POST."""
    assert fleet.run("backup.sh", "--", str(source), shell=shell).returncode == 0
    before = fleet.metrics()
    assert fleet.run("backup.sh", "--", str(source), RESTIC_PASSWORD="no", shell=shell).returncode == 12  # noqa: S106
    pushed = fleet.metrics()
    last_success = "backup_last_success_timestamp_seconds"
    assert pushed[last_success] == before[last_success]
    assert pushed["backup_snapshot_bytes"] == before["backup_snapshot_bytes"]
    assert pushed['backup_status{status="failure"}'] == 12
    assert 'backup_status{status="success"}' not in pushed
    assert fleet.run("backup.sh", "--", str(source), shell=shell).returncode == 0
    assert {name for name in fleet.metrics() if name.startswith("backup_status")} == {'backup_status{status="success"}'}
