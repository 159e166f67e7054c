"""bootstrap.sh: it makes a repository where there is none, and touches none that is there."""

import json
import re
import shutil
from pathlib import Path

import pytest

from tests.scripts.jobs import OPENS_WITH, Fleet, new_repository

SECRET = "made by the test"  # noqa: S105


def new_place(fleet: Fleet) -> dict[str, str]:
    place = f"{fleet.instance}-new"
    return {
        "RESTIC_REPOSITORY": f"rest:{fleet.server.append_only_url}{place}/",
        "RESTIC_PASSWORD": SECRET,
        "RESTIC_REPOSITORY_ID": "",
        "PUSHGATEWAY_ENABLED": "false",
    }


def files(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def id_of(fleet: Fleet, **changes: str) -> str:
    output = fleet.run("bootstrap.sh", BOOTSTRAP_PLACE="repositories.cloud", **changes).stdout
    found = re.search(r"below `repositories\.cloud`, and render again:\n  id: ([0-9a-f]{64})\n", output)
    assert found, output
    return found[1]


@pytest.mark.slow
@pytest.mark.fault("repository-exists")
def test_a_repository_is_made_once(fleet: Fleet, source: Path) -> None:
    changes = new_place(fleet)
    pinned = id_of(fleet, **changes)
    run = fleet.run("backup.sh", "--", str(source), **changes | {"RESTIC_REPOSITORY_ID": pinned})
    assert run.returncode == 0, run.stdout
    before = files(fleet.server.root / f"{fleet.instance}-new")
    again = fleet.run("bootstrap.sh", **changes)
    assert again.returncode == 76
    assert f"Its id: {pinned}" in again.stdout
    other = fleet.run("bootstrap.sh", **changes | {"RESTIC_PASSWORD": "another"})
    assert other.returncode == 76
    assert "which this password does not open" in other.stdout
    assert files(fleet.server.root / f"{fleet.instance}-new") == before


@pytest.mark.parametrize("password", ["", "<backupgen value: restic-password>"])
def test_a_secret_that_is_not_filled_in_is_no_password(fleet: Fleet, password: str) -> None:
    run = fleet.run("bootstrap.sh", **new_place(fleet) | {"RESTIC_PASSWORD": password})
    assert run.returncode == 64, run.stdout
    assert not (fleet.server.root / f"{fleet.instance}-new").exists()


def test_a_server_that_does_not_answer(fleet: Fleet) -> None:
    changes = new_place(fleet) | {"RESTIC_REPOSITORY": "rest:http://127.0.0.1:1/", "RESTIC_PROBE_TIMEOUT": "1"}
    assert fleet.run("bootstrap.sh", **changes).returncode == 67


@pytest.mark.slow
def test_the_repository_of_a_copy(fleet: Fleet, source: Path, tmp_path: Path) -> None:
    """It cuts files as the first one does, so the copy shares what it holds, and mirror.sh takes it by its id."""
    fleet.restic("backup", "--quiet", "--tag=a", str(source))
    copy = tmp_path / "copy"
    changes = {"MIRROR_RESTIC_REPOSITORY": str(copy), "MIRROR_RESTIC_PASSWORD": SECRET, "PUSHGATEWAY_ENABLED": "false"}
    pinned = id_of(fleet, **changes)
    first = json.loads(fleet.restic("cat", "config"))
    fleet.environment |= {"RESTIC_PASSWORD": SECRET}
    second = json.loads(fleet.restic("cat", "config", repository=copy))
    assert second["id"] == pinned != first["id"]
    assert second["chunker_polynomial"] == first["chunker_polynomial"]
    changes |= {"RESTIC_PASSWORD": OPENS_WITH, "MIRROR_METHOD": "snapshots", "MIRROR_REPOSITORY_ID": pinned}
    assert fleet.run("mirror.sh", **changes).returncode == 0


def test_a_copy_of_another_repository_than_the_pinned_one(fleet: Fleet, tmp_path: Path) -> None:
    changes = {"MIRROR_RESTIC_REPOSITORY": str(tmp_path / "copy"), "MIRROR_RESTIC_PASSWORD": SECRET}
    assert fleet.run("bootstrap.sh", **changes, RESTIC_REPOSITORY_ID="0" * 64).returncode == 66
    new_repository(tmp_path / "copy", "other")
    before = files(tmp_path / "copy")
    assert fleet.run("bootstrap.sh", **changes).returncode == 76
    assert files(tmp_path / "copy") == before


@pytest.mark.slow
@pytest.mark.fault("bootstrap-interrupted")
def test_an_init_that_was_killed_after_its_key(fleet: Fleet) -> None:
    changes = new_place(fleet)
    id_of(fleet, **changes)
    place = fleet.server.root / f"{fleet.instance}-new"
    (place / "config").chmod(0o600)
    (place / "config").unlink()
    run = fleet.run("bootstrap.sh", **changes)
    assert run.returncode == 76, run.stdout
    assert "nothing was ever saved there: empty the place, and run this again" in run.stdout


@pytest.mark.slow
@pytest.mark.fault("bootstrap-twice")
def test_two_at_once_never_leave_a_repository_with_two_keys_that_is_called_good(fleet: Fleet) -> None:
    changes = new_place(fleet) | {"RESTIC_REPOSITORY": f"rest:{fleet.server.url}{fleet.instance}-new/"}
    place = fleet.server.root / f"{fleet.instance}-new"
    for _ in range(3):
        jobs = [fleet.start("bootstrap.sh", **changes) for _ in range(2)]
        outputs = [fleet.ended(job) for job in jobs]
        codes = [job.returncode for job in jobs]
        keys = len(list((place / "keys").iterdir()))
        if 0 in codes:
            assert keys == 1, outputs
        if keys > 1:
            assert any("run this again" in output for output in outputs), outputs
        shutil.rmtree(place)
    fleet.codes += [76]
