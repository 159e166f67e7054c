"""mirror.sh: what it copies, in which order, and what it refuses."""

import os
import shutil
from pathlib import Path

import pytest

from tests.scripts.jobs import DATA, OPENS_WITH, Fleet, new_repository


@pytest.fixture
def mirrored(fleet: Fleet, source: Path) -> tuple[Fleet, Path, dict[str, str]]:
    (source / "random").write_bytes(os.urandom(50_000))
    fleet.restic("backup", "--quiet", "--tag=a", str(source))
    mirror = fleet.folder / "mirror"
    changes = {
        "MIRROR_METHOD": "files",
        "MIRROR_SOURCE": f"{fleet.repository}/",
        "MIRROR_DESTINATION": f"offsite:{mirror}/",
        "MIRROR_RESTIC_REPOSITORY": str(mirror),
        "RCLONE_CONFIG_OFFSITE_TYPE": "local",
    }
    return fleet, mirror, changes


Mirrored = tuple[Fleet, Path, dict[str, str]]


def test_another_repository_at_the_destination_is_refused(mirrored: Mirrored) -> None:
    fleet, mirror, changes = mirrored
    new_repository(mirror, "other")
    before = {file: file.read_bytes() for file in mirror.rglob("*") if file.is_file()}
    run = fleet.run("mirror.sh", **changes)
    assert run.returncode == 66, run.stdout
    assert {file: file.read_bytes() for file in mirror.rglob("*") if file.is_file()} == before
    assert fleet.metrics()["backup_mirror_status"] == 66


def test_a_folder_of_something_else_is_refused(mirrored: Mirrored) -> None:
    fleet, mirror, changes = mirrored
    mirror.mkdir()
    (mirror / "holiday.jpg").touch()
    assert fleet.run("mirror.sh", **changes).returncode == 66
    assert [file.name for file in mirror.iterdir()] == ["holiday.jpg"]


def test_another_source_than_the_pinned_one_is_refused(mirrored: Mirrored) -> None:
    fleet, mirror, changes = mirrored
    assert fleet.run("mirror.sh", RESTIC_REPOSITORY_ID="0" * 64, **changes).returncode == 66
    assert not mirror.exists()


def test_a_source_that_was_emptied_is_refused(mirrored: Mirrored) -> None:
    fleet, mirror, changes = mirrored
    assert fleet.run("mirror.sh", **changes).returncode == 0
    shutil.rmtree(fleet.repository)
    assert fleet.run("mirror.sh", **changes).returncode == 10
    new_repository(fleet.repository)
    assert fleet.run("mirror.sh", **changes).returncode == 65
    assert len(list((mirror / "snapshots").iterdir())) == 1


def test_a_damaged_copy_is_found_out(mirrored: Mirrored) -> None:
    fleet, mirror, changes = mirrored
    assert fleet.run("mirror.sh", **changes).returncode == 0
    pack = max((file for file in (mirror / "data").rglob("*") if file.is_file()), key=lambda file: file.stat().st_size)
    content = bytearray(pack.read_bytes())
    content[10] ^= 1
    pack.chmod(0o600)
    pack.write_bytes(content)
    assert fleet.run("mirror.sh", **changes).returncode == 0
    run = fleet.run("mirror.sh", MIRROR_READ_PARTS="1", **changes)
    assert run.returncode == 1, run.stdout
    assert fleet.metrics()['backup_step_status{step="check"}'] == 1


def test_a_backup_during_the_copy_leaves_the_copy_intact(mirrored: Mirrored, source: Path) -> None:
    """A backup is made between any two of rclone's runs; the copy passes the check and can be restored."""
    fleet, mirror, changes = mirrored
    spy = fleet.folder / "spy"
    spy.mkdir()
    real = shutil.which("rclone", path=fleet.paths["dash"])
    (spy / "rclone").write_text(
        "#!/bin/sh\n"
        f'restic --repo "{fleet.repository}" backup --quiet --stdin-from-command -- date +%N >/dev/null 2>&1\n'
        f'printf "%s\\n" "$*" >>"{fleet.folder}/calls"\nexec "{real}" "$@"\n'
    )
    (spy / "rclone").chmod(0o755)
    run = fleet.run("mirror.sh", PATH=f"{spy}{os.pathsep}{fleet.paths['dash']}", MIRROR_READ_PARTS="1", **changes)
    assert run.returncode == 0, run.stdout
    calls = (fleet.folder / "calls").read_text().splitlines()
    order = [call.split()[-1].removeprefix(f"offsite:{mirror}/") for call in calls if call.startswith("copy")]
    assert order == ["config", "keys", "data", "index", "snapshots"]
    fleet.restic("restore", "latest", "--tag=a", f"--target={fleet.folder / 'back'}", repository=mirror)
    assert Path(f"{fleet.folder}/back{source}/file").read_bytes() == (source / "file").read_bytes()


def test_snapshots_are_copied_into_a_repository_of_its_own(fleet: Fleet, source: Path, tmp_path: Path) -> None:
    mirror = tmp_path / "mirror"
    new_repository(mirror, "other")
    changes = {"MIRROR_METHOD": "snapshots", "MIRROR_RESTIC_REPOSITORY": str(mirror)}
    assert fleet.run("mirror.sh", **changes).returncode == 65
    fleet.restic("backup", "--quiet", "--tag=a", str(source))
    for _ in range(2):
        run = fleet.run("mirror.sh", **changes)
        assert run.returncode == 0, run.stdout
    assert fleet.restic("snapshots", "--json", "--no-lock", repository=mirror).count('"short_id"') == 1
    assert fleet.metrics()["backup_mirror_snapshots"] == 1
    assert fleet.run("mirror.sh", MIRROR_REPOSITORY_ID="1" * 64, **changes).returncode == 66
    wrong = fleet.run("mirror.sh", MIRROR_RESTIC_PASSWORD=f"{OPENS_WITH}!", **changes)
    assert wrong.returncode == 12, wrong.stdout


def test_usage(fleet: Fleet) -> None:
    assert fleet.run("mirror.sh").returncode == 64
    assert (
        fleet.run("mirror.sh", MIRROR_METHOD="rsync", MIRROR_RESTIC_REPOSITORY=str(DATA / "repository")).returncode
        == 64
    )
