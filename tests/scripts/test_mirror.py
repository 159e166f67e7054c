"""mirror.sh: what it copies, in which order, and what it refuses."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.compiled import objects, pod_of
from tests.scripts.jobs import DATA, OPENS_WITH, REPOSITORY_ID, Fleet, free_port, new_repository, served


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


@pytest.mark.fault("mirror-of-another")
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


@pytest.mark.fault("mirror-of-nothing")
def test_a_source_that_was_emptied_is_refused(mirrored: Mirrored) -> None:
    fleet, mirror, changes = mirrored
    assert fleet.run("mirror.sh", **changes).returncode == 0
    shutil.rmtree(fleet.repository)
    assert fleet.run("mirror.sh", **changes).returncode == 10
    new_repository(fleet.repository)
    assert fleet.run("mirror.sh", **changes).returncode == 65
    assert len(list((mirror / "snapshots").iterdir())) == 1


def largest(folder: Path) -> Path:
    return max((file for file in folder.rglob("*") if file.is_file()), key=lambda file: file.stat().st_size)


@pytest.mark.slow
@pytest.mark.fault("mirror-damaged")
def test_a_damaged_copy_is_found_out_and_made_whole(mirrored: Mirrored) -> None:
    fleet, mirror, changes = mirrored
    assert fleet.run("mirror.sh", **changes).returncode == 0
    pack = largest(mirror / "data")
    content = bytearray(pack.read_bytes())
    content[10] ^= 1
    pack.chmod(0o600)
    pack.write_bytes(content)
    assert fleet.run("mirror.sh", **changes).returncode == 0
    run = fleet.run("mirror.sh", MIRROR_READ_PARTS="1", **changes)
    assert run.returncode == 1, run.stdout
    assert fleet.metrics()['backup_step_status{step="check"}'] == 1
    pack.unlink()
    run = fleet.run("mirror.sh", MIRROR_READ_PARTS="1", **changes)
    assert run.returncode == 0, run.stdout
    assert "data: 1 of " in run.stdout


@pytest.mark.slow
def test_the_copy_is_read_back_in_turn(mirrored: Mirrored) -> None:
    fleet, _, changes = mirrored
    clock = fleet.folder / "clock"
    clock.mkdir()
    (clock / "date").write_text("#!/bin/sh\necho $((20000 * 86400 + DAY * 86400))\n")
    (clock / "date").chmod(0o755)
    parts = []
    for day in (0, 7, 14):
        path = f"{clock}:{fleet.paths['dash']}"
        weekly = {"MIRROR_READ_PARTS": "3", "MIRROR_READ_SCHEDULE": "0 0 * * 1"}
        run = fleet.run("mirror.sh", PATH=path, DAY=str(day), **weekly, **changes)
        assert run.returncode == 0, run.stdout
        parts.append(run.stdout.partition("reading part ")[2][:3])
    assert sorted(parts) == ["1/3", "2/3", "3/3"]


@pytest.mark.slow
@pytest.mark.fault("mirror-interrupted")
def test_a_copy_that_is_killed_can_be_used_and_goes_on(mirrored: Mirrored, tmp_path: Path) -> None:
    """Ended after the config, before the data, and after the index, when the snapshots are still missing."""
    fleet, mirror, changes = mirrored
    spy = fleet.folder / "spy"
    spy.mkdir()
    real = shutil.which("rclone", path=fleet.paths["dash"])
    (spy / "rclone").write_text(
        '#!/bin/sh\ncase $1 in copy*) echo >>"$COUNT" ;; *) exec "$REAL" "$@" ;; esac\n'
        '[ "$(wc -l <"$COUNT")" -ge "$AT" ] || exec "$REAL" "$@"\n'
        '[ "$WHEN" = before ] || "$REAL" "$@"\nkill -TERM "$PPID"\nsleep 9\n'
    )
    (spy / "rclone").chmod(0o755)
    path = {"PATH": f"{spy}{os.pathsep}{fleet.paths['dash']}", "REAL": str(real)}
    for number, when in ((1, "after"), (3, "before"), (4, "after")):
        shutil.rmtree(mirror, ignore_errors=True)
        count = {"COUNT": str(tmp_path / f"count-{number}-{when}"), "AT": str(number), "WHEN": when}
        run = fleet.run("mirror.sh", **changes, **path, **count)
        assert run.returncode == 143, run.stdout
        assert fleet.metrics()["backup_mirror_status"] == 143
        if number > 1:
            fleet.restic("check", "--no-lock", repository=mirror)
        run = fleet.run("mirror.sh", MIRROR_READ_PARTS="1", **changes)
        assert run.returncode == 0, run.stdout
    fleet.restic("restore", "latest", "--tag=a", f"--target={tmp_path / 'back'}", repository=mirror)


@pytest.mark.slow
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


@pytest.mark.parametrize("shell", ["dash", "busybox"])
def test_snapshots_that_were_not_copied_are_missed(fleet: Fleet, source: Path, tmp_path: Path, shell: str) -> None:
    """With a restic that copies nothing; the copy's list is empty then."""
    new_repository(tmp_path / "mirror", "other")
    fleet.restic("backup", "--quiet", "--tag=a", str(source))
    spy = fleet.folder / "spy"
    spy.mkdir()
    real = shutil.which("restic", path=fleet.paths["dash"])
    (spy / "restic").write_text(f'#!/bin/sh\n[ "$1" != copy ] || exit 0\nexec "{real}" "$@"\n')
    (spy / "restic").chmod(0o755)
    changes = {"MIRROR_METHOD": "snapshots", "MIRROR_RESTIC_REPOSITORY": str(tmp_path / "mirror")}
    run = fleet.run("mirror.sh", shell=shell, PATH=f"{spy}:{fleet.paths[shell]}", **changes)
    assert run.returncode == 72, run.stdout
    assert "1 snapshots are missing in the copy" in run.stdout


def test_the_repository_is_no_copy_of_itself(fleet: Fleet, source: Path) -> None:
    fleet.restic("backup", "--quiet", str(source))
    changes = {"MIRROR_METHOD": "snapshots", "MIRROR_RESTIC_REPOSITORY": str(fleet.repository)}
    assert fleet.run("mirror.sh", **changes).returncode == 66


@pytest.fixture
def buckets(fleet: Fleet, tools: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Two S3 servers, each with its own keys: their addresses."""
    addresses = []
    with contextlib.ExitStack() as stack:
        for name in ("source", "copy"):
            (fleet.folder / name / "bucket").mkdir(parents=True)
            address = f"127.0.0.1:{free_port()}"
            command = [tools["rclone"], "serve", "s3", "--addr", address, "--auth-key", f"{name},secret-of-{name}"]
            command += ["--config", "/dev/null", str(fleet.folder / name)]
            stack.enter_context(served(command, f"http://{address}/"))
            addresses.append(address)
        yield addresses[0], addresses[1]


def keys(name: str, prefix: str = "") -> dict[str, str]:
    return {f"{prefix}AWS_ACCESS_KEY_ID": name, f"{prefix}AWS_SECRET_ACCESS_KEY": f"secret-of-{name}"}


@pytest.mark.parametrize("shell", ["dash", pytest.param("busybox", marks=pytest.mark.slow)])
def test_from_s3_to_s3_with_the_variables_that_are_rendered(
    fleet: Fleet, source: Path, buckets: tuple[str, str], shell: str
) -> None:
    """Backup, mirror, and the restore test of the copy, which has its keys only."""
    first, second = buckets
    rendered = objects("cilium-s3")
    mirror = environment_of(rendered["backup/cronjob.backup-mirror-elsewhere.yaml"])
    drill = environment_of(rendered["backup/cronjob.backup-restore-test-mirror-elsewhere.yaml"])
    places = {
        "s3:https://s3.eu-west-1.amazonaws.com/cloud-backup": f"s3:http://{first}/bucket",
        "s3:https://s3.example.org/cloud-copy": f"s3:http://{second}/bucket",
        "https://s3.eu-west-1.amazonaws.com": f"http://{first}",
        "https://s3.example.org": f"http://{second}",
        "source:cloud-backup": "source:bucket",
        "mirror:cloud-copy": "mirror:bucket",
    }
    own = {key: value for key, value in fleet.environment.items() if not key.startswith("RESTIC_RE")}
    own |= {"RESTIC_REPOSITORY_ID": REPOSITORY_ID, "RCLONE_CONFIG": "/dev/null", "RESTIC_PROBE_TIMEOUT": "30"}

    def moved(environment: dict[str, str]) -> dict[str, str]:
        found = dict(environment)
        for old, new in places.items():
            found = {key: value.replace(old, new) for key, value in found.items()}
        return found | own

    shutil.copytree(fleet.repository, fleet.folder / "source" / "bucket" / "restic")
    fleet.environment = moved(mirror) | keys("source")
    copied = []
    for _ in range(2):
        made = fleet.run("backup.sh", "--tag=mail", "--", str(source), shell=shell)
        assert made.returncode == 0, made.stdout
        run = fleet.run("mirror.sh", shell=shell, **keys("copy", "MIRROR_"))
        assert run.returncode == 0, run.stdout
        copied.append(run.stdout)
    assert "data: 2 of 4 files to copy" in copied[-1]
    assert "reading part" in copied[-1]
    assert fleet.metrics()["backup_mirror_snapshots"] == 2
    fleet.environment = moved(drill) | keys("copy")
    (fleet.folder / "restore").mkdir()
    plan = fleet.plan(f"target mail '' 600 50\nverify_file '{source}/file' 1400\n")
    run = fleet.run("restore-test.sh", PLAN=plan, RESTORE_DIR=str(fleet.folder / "restore"), shell=shell)
    assert run.returncode == 0, run.stdout
    assert not (fleet.folder / "copy" / "bucket" / "restic" / "locks").exists(), "to read the copy writes nothing"
    wrong = keys("source") | {"RESTIC_PROBE_TIMEOUT": "2"}
    run = fleet.run("restore-test.sh", PLAN=plan, RESTORE_DIR=str(fleet.folder / "restore"), **wrong)
    assert run.returncode == 67, run.stdout


def environment_of(cronjob: dict[str, Any]) -> dict[str, str]:
    pod = pod_of(cronjob)
    assert pod
    pairs = pod["spec"]["containers"][0]["env"]
    wanted = ("RESTIC_REPOSITORY", "RESTIC_WITHOUT_LOCK", "MIRROR_", "RCLONE_")
    return {pair["name"]: pair["value"] for pair in pairs if pair["name"].startswith(wanted)}


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


@pytest.mark.slow
@pytest.mark.fault("mirror-keeps-a-key")
@pytest.mark.parametrize("shell", ["dash", "busybox"])
def test_a_password_that_was_taken_back_opens_the_copy_no_more(mirrored: Mirrored, shell: str) -> None:
    fleet, mirror, changes = mirrored
    new = fleet.folder / "new-password"
    new.write_text("taken instead")
    assert fleet.run("mirror.sh", **changes, shell=shell).returncode == 0
    before = {key.name for key in (mirror / "keys").iterdir()}
    fleet.restic("key", "passwd", f"--new-password-file={new}")
    rotated = {"RESTIC_PASSWORD": "taken instead"}
    run = fleet.run("mirror.sh", **changes | rotated, shell=shell)
    assert run.returncode == 0, run.stdout
    after = {key.name for key in (mirror / "keys").iterdir()}
    assert after == {key.name for key in (fleet.repository / "keys").iterdir()}
    assert not after & before


@pytest.mark.slow
def test_a_key_that_cannot_be_removed_from_the_copy_is_a_failure(mirrored: Mirrored) -> None:
    fleet, mirror, changes = mirrored
    assert fleet.run("mirror.sh", **changes).returncode == 0
    (old,) = (mirror / "keys").iterdir()
    new = fleet.folder / "new-password"
    new.write_text("taken instead")
    fleet.restic("key", "passwd", f"--new-password-file={new}")
    changes |= {"RESTIC_PASSWORD": "taken instead"}
    spy = fleet.folder / "spy"
    spy.mkdir()
    real = shutil.which("rclone", path=fleet.paths["dash"])
    (spy / "rclone").write_text(f'#!/bin/sh\n[ "$1" != deletefile ] || exit 1\nexec "{real}" "$@"\n')
    (spy / "rclone").chmod(0o755)
    run = fleet.run("mirror.sh", **changes, PATH=f"{spy}:{fleet.paths['dash']}")
    assert run.returncode == 71, run.stdout
    assert old.name in run.stdout
    assert fleet.metrics()['backup_step_status{step="check"}'] == 0
