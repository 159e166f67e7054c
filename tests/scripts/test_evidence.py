"""A success whose evidence was not seen is a failure: snapshots that are lost, worthless, or smaller."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.scripts.jobs import SHELLS, Fleet

FAILURE = 'backup_status{status="failure"}'
HALF = {"BACKUP_MAX_SHRINK_PERCENT": "50"}


def standing_in(fleet: Fleet, text: str) -> dict[str, str]:
    """A PATH with a program in restic's place; it finds the real one as $REAL."""
    folder = fleet.folder / "stand-in"
    folder.mkdir()
    (folder / "restic").write_text(f"#!/bin/sh\n{text}\n")
    (folder / "restic").chmod(0o755)
    real = shutil.which("restic", path=fleet.paths["dash"])
    assert real
    return {"PATH": f"{folder}:{fleet.paths['dash']}", "REAL": real, "PLACE": str(fleet.repository)}


@pytest.mark.slow
@pytest.mark.fault("snapshot-lost")
@pytest.mark.parametrize("shell", SHELLS)
def test_a_server_that_says_200_and_loses_the_snapshot(fleet: Fleet, source: Path, shell: str) -> None:
    losing = standing_in(fleet, '"$REAL" "$@"; code=$?; [ "$1" != backup ] || rm -f "$PLACE"/snapshots/*; exit $code')
    if shell == "busybox":
        losing["PATH"] = f"{losing['PATH'].split(':')[0]}:{fleet.paths['busybox']}"
    run = fleet.run("backup.sh", "--", str(source), shell=shell, **losing)
    assert run.returncode == 75, run.stdout
    assert "cannot be found in the repository" in run.stdout
    assert fleet.metrics()['backup_step_status{step="snapshot"}'] == 75


@pytest.mark.slow
def test_a_list_that_fails_is_no_evidence(fleet: Fleet, source: Path) -> None:
    broken = standing_in(fleet, '[ "$1" != snapshots ] || exit 1; exec "$REAL" "$@"')
    assert fleet.run("backup.sh", "--", str(source), **broken).returncode == 75


@pytest.mark.slow
def test_a_list_that_fails_once_is_asked_again(fleet: Fleet, source: Path) -> None:
    broken = standing_in(
        fleet, '[ "$1" != snapshots ] || [ -e "$PLACE.asked" ] || { : >"$PLACE.asked"; exit 1; }; exec "$REAL" "$@"'
    )
    assert fleet.run("backup.sh", "--", str(source), **broken).returncode == 0


def test_a_restic_that_names_no_snapshot(fleet: Fleet, source: Path) -> None:
    """--quiet, or a restic that words it otherwise."""
    run = fleet.run("backup.sh", "--quiet", "--", str(source))
    assert run.returncode == 75, run.stdout
    assert "named no snapshot" in run.stdout


@pytest.mark.parametrize("shell", ["dash", "busybox"])
def test_only_empty_files_are_nothing(fleet: Fleet, tmp_path: Path, shell: str) -> None:
    (tmp_path / "hollow").mkdir()
    (tmp_path / "hollow" / "empty").touch()
    assert fleet.run("backup.sh", "--", str(tmp_path / "hollow"), shell=shell).returncode == 65


@pytest.mark.slow
@pytest.mark.fault("worthless-snapshots")
@pytest.mark.parametrize("shell", SHELLS)
def test_worthless_snapshots_do_not_take_the_places_of_good_ones(writable: Fleet, source: Path, shell: str) -> None:
    """`last` counts them, and so does each day; the client cannot remove them, where it may only append."""
    append = {"RESTIC_REPOSITORY": f"rest:{writable.server.append_only_url}{writable.repository.name}/"}
    for _ in range(3):
        assert writable.run("backup.sh", "--tag=a", "--", str(source), **append).returncode == 0
    good = set(snapshots(writable))
    command = ("--stdin-from-command", "--stdin-filename=x", "--", "true")
    for _ in range(3):
        assert writable.run("backup.sh", "--tag=a", *command, **append).returncode == 65
    assert len(snapshots(writable)) == 6
    run = writable.run("retention.sh", PLAN=plan(writable, "--keep-last=3"), shell=shell)
    assert run.returncode == 0, run.stdout
    assert set(snapshots(writable)) == good
    assert "3 snapshots hold nothing" in run.stdout


def test_worthless_snapshots_stay_where_there_is_nothing_better(writable: Fleet) -> None:
    command = ("--stdin-from-command", "--stdin-filename=x", "--", "true")
    for tag in ("a", "b"):
        assert writable.run("backup.sh", f"--tag={tag}", *command).returncode == 65
    run = writable.run("retention.sh", PLAN=plan(writable, "--keep-last=9"))
    assert run.returncode == 0, run.stdout
    assert len(snapshots(writable)) == 2


def plan(fleet: Fleet, keep: str) -> str:
    return fleet.plan(f"retain a {fleet.instance} {keep}\nown b\nthin 86520 n r\n")


def snapshots(fleet: Fleet) -> list[str]:
    return fleet.restic("list", "snapshots", "--no-lock").split()


def sized(source: Path, size: int, files: int = 1) -> None:
    for file in source.iterdir():
        file.unlink()
    for number in range(files):
        (source / f"file{number}").write_bytes(b"x" * (size // files))


def shrinking(fleet: Fleet, source: Path, *sizes: int, shell: str = "dash") -> list[int]:
    codes = []
    for size in sizes:
        sized(source, size)
        codes.append(fleet.run("backup.sh", "--tag=a", "--", str(source), shell=shell, **HALF).returncode)
    return codes


@pytest.mark.slow
@pytest.mark.fault("shrinks-slowly")
@pytest.mark.parametrize("shell", ["dash", "busybox"])
def test_a_source_that_shrinks_a_little_at_each_run(fleet: Fleet, source: Path, shell: str) -> None:
    assert shrinking(fleet, source, 10_000, 6_000, 3_600, 2_160, 1_296, 1_290, shell=shell) == [0, 0, 73, 0, 73, 0]


def test_a_small_snapshot_by_hand_hides_nothing(fleet: Fleet, source: Path) -> None:
    assert shrinking(fleet, source, 10_000) == [0]
    sized(source, 100)
    fleet.restic("backup", "--quiet", "--tag=a", f"--host={fleet.instance}", str(source))
    assert shrinking(fleet, source, 100, 100) == [73, 0]


def test_an_exclude_that_swallows_nearly_all(fleet: Fleet, source: Path) -> None:
    (source / "large").write_bytes(b"x" * 100_000)
    arguments = ("--tag=a", "--", str(source))
    assert fleet.run("backup.sh", *arguments, **HALF).returncode == 0
    assert fleet.run("backup.sh", "--exclude=large", *arguments, **HALF).returncode == 73


def test_files_that_are_gone_beside_a_large_one(fleet: Fleet, source: Path) -> None:
    (source / "film").write_bytes(b"x" * 1_000_000)
    for number in range(30):
        (source / f"letter{number}").write_text("dear")
    arguments = ("--tag=a", "--", str(source))
    assert fleet.run("backup.sh", *arguments, **HALF).returncode == 0
    for number in range(30):
        (source / f"letter{number}").unlink()
    run = fleet.run("backup.sh", *arguments, **HALF)
    assert run.returncode == 73, run.stdout
    assert "in 2 files, the largest before it" in run.stdout


def test_an_incomplete_snapshot_that_shrank_is_said_to_have_shrunk(fleet: Fleet, source: Path) -> None:
    """The next one is compared with it, so now is when it has to be said."""
    sized(source, 10_000)
    half_read = standing_in(fleet, '"$REAL" "$@" || exit; [ "$1" != backup ] || exit 3')
    assert fleet.run("backup.sh", "--tag=a", "--", str(source), **HALF).returncode == 0
    sized(source, 100)
    run = fleet.run("backup.sh", "--tag=a", "--", str(source), **HALF, **half_read)
    assert run.returncode == 73, run.stdout
    assert fleet.metrics()['backup_step_status{step="backup"}'] == 3


VANISHING = """error: lstat /backup/a/x-journal: no such file or directory
error: incomplete metadata for /backup/a/y: xattr.list /backup/a/y: no such file or directory
"""
WARNING = "Warning: at least one source file could not be read\n"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        pytest.param(VANISHING + WARNING, 0, marks=pytest.mark.fault("vanishing-files")),
        (VANISHING + "error: open /backup/a/z: permission denied\n" + WARNING, 3),
        (VANISHING + "error: read /backup/a/z: input/output error\n" + WARNING, 3),
        (VANISHING, 3),
        (WARNING, 3),
    ],
)
def test_files_that_go_away_while_they_are_read(fleet: Fleet, source: Path, text: str, code: int) -> None:
    """restic's own words; a source in which they really come and go says them once in ten runs."""
    (fleet.folder / "said").write_text(text)
    speaking = standing_in(
        fleet, f'[ "$1" = backup ] || exec "$REAL" "$@"; "$REAL" "$@"; cat "{fleet.folder}/said" >&2; exit 3'
    )
    run = fleet.run("backup.sh", "--tag=a", "--", str(source), **speaking)
    assert run.returncode == code, run.stdout
    assert fleet.metrics()["backup_vanished_files"] == (0 if code else 2)


def test_a_volume_that_goes_away_is_no_vanished_file(fleet: Fleet, source: Path) -> None:
    (fleet.folder / "said").write_text(VANISHING + WARNING)
    goes = f'cat "{fleet.folder}/said" >&2; rm -r "{source}"'
    leaving = standing_in(fleet, f'[ "$1" = backup ] || exec "$REAL" "$@"; "$REAL" "$@"; {goes}; exit 3')
    assert fleet.run("backup.sh", "--tag=a", "--", str(source), **leaving).returncode == 65


@pytest.mark.slow
def test_files_that_really_come_and_go(fleet: Fleet, source: Path) -> None:
    busy = subprocess.Popen(
        [
            "sh",
            "-c",
            'while :; do for i in 1 2 3 4 5 6 7 8 9; do echo $i >"$1/t$i"; done; rm -f "$1"/t*; done',
            "sh",
            source,
        ]
    )
    try:
        codes = [fleet.run("backup.sh", "--tag=a", "--", str(source)).returncode for _ in range(4)]
    finally:
        busy.kill()
        busy.wait()
    assert codes == [0, 0, 0, 0]
