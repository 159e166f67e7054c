"""Writing out/: what is written, what is left alone, and what a killed run leaves."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from backupgen.adapters.tree import read_out
from backupgen.adapters.write import WriteResult, write_manifests
from backupgen.diff.inventory import INVENTORY, Inventory, dump_inventory, fingerprint
from backupgen.diff.staleness import staleness
from backupgen.sealing.seal import Sealed
from backupgen.sealing.seal_record import SealRecord

FLEET = {
    ".sops.yaml": "creation_rules: []\n",
    "kustomization.yaml": "resources: []\n",
    "media/cronjob.backup-emby.yaml": "kind: CronJob\nmetadata: {name: backup-emby}\n",
    "media/secret.backup-env-configuration-emby.enc.yaml": "kind: Secret\nstringData: {RESTIC_PASSWORD: ''}\n",
    "paper/runbook ü.md": "# Straße 🗄\n",
}
CHANGED = FLEET | {"media/cronjob.backup-emby.yaml": "kind: CronJob\nmetadata: {name: backup-emby2}\n"}
SEALED = "kind: Secret\nstringData:\n    RESTIC_PASSWORD: ENC[AES256_GCM,data:x,type:str]\nsops:\n    version: 3.10.2\n"
SEALED_FILE = "media/secret.backup-env-configuration-emby.enc.yaml"
CRONJOB = "media/cronjob.backup-emby.yaml"


def tree(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in folder.rglob("*")
        if path.is_file() and path.name != INVENTORY
    }


def inventory(out: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((out / INVENTORY).read_text(encoding="utf-8"))
    return loaded


def write(out: Path, manifests: Mapping[str, str] = FLEET) -> WriteResult:
    checked = write_manifests(out, manifests)
    assert checked.value is not None, checked.findings
    return checked.value


def refused(out: Path, manifests: Mapping[str, str] = CHANGED) -> list[tuple[str, str | None]]:
    """The findings; nothing may have been written."""
    before = tree(out)
    checked = write_manifests(out, manifests)
    assert checked.value is None
    assert tree(out) == before
    return [(finding.info.slug, finding.spot.file) for finding in checked.findings]


def up_to_date(out: Path, manifests: Mapping[str, str]) -> bool:
    checked = read_out(out, manifests)
    assert checked.value is not None
    return checked.findings == () and staleness(manifests, checked.value) == ()


def test_a_new_folder_gets_every_file_and_an_inventory(tmp_path: Path) -> None:
    result = write(tmp_path / "clusters" / "out")
    out = tmp_path / "clusters" / "out"
    assert result == WriteResult(written=tuple(sorted(FLEET)))
    assert tree(out) == FLEET
    assert inventory(out)["files"] == {path: fingerprint(text.encode()) for path, text in sorted(FLEET.items())}
    assert list(inventory(out)["files"]) == sorted(FLEET)
    assert "pending" not in inventory(out)
    assert up_to_date(out, FLEET)


def test_modes_do_not_follow_the_umask(tmp_path: Path) -> None:
    old = os.umask(0o077)
    try:
        write(tmp_path)
    finally:
        os.umask(old)
    assert {(tmp_path / path).stat().st_mode & 0o777 for path in [*FLEET, INVENTORY]} == {0o644}


def written(path: Path) -> tuple[int, int, int]:
    """Which file it is, and when it was changed; not when it was read."""
    found = path.stat()
    return found.st_ino, found.st_mtime_ns, found.st_ctime_ns


def test_a_second_run_touches_nothing(tmp_path: Path) -> None:
    write(tmp_path)
    places = [tmp_path / path for path in [*FLEET, INVENTORY, "media"]]
    before = [written(place) for place in places]
    assert write(tmp_path) == WriteResult(unchanged=tuple(sorted(FLEET)))
    assert [written(place) for place in places] == before


def test_only_what_changed_is_replaced(tmp_path: Path) -> None:
    write(tmp_path)
    before = {path: (tmp_path / path).stat().st_ino for path in FLEET}
    assert write(tmp_path, CHANGED).written == (CRONJOB,)
    assert [path for path in FLEET if (tmp_path / path).stat().st_ino != before[path]] == [CRONJOB]
    assert up_to_date(tmp_path, CHANGED)


def test_what_belongs_to_nothing_any_more_is_removed_with_its_folder(tmp_path: Path) -> None:
    write(tmp_path, FLEET | {"a/b/c.yaml": "c: 1\n"})
    (tmp_path / "media" / "notes.txt").write_text("mine")
    result = write(tmp_path, {".sops.yaml": FLEET[".sops.yaml"]})
    assert result.removed == ("a/b/c.yaml", "kustomization.yaml", CRONJOB, SEALED_FILE, "paper/runbook ü.md")
    assert tree(tmp_path) == {".sops.yaml": FLEET[".sops.yaml"], "media/notes.txt": "mine"}
    assert sorted(path.name for path in tmp_path.iterdir()) == [INVENTORY, ".sops.yaml", "media"]


def test_a_file_that_is_gone_is_written_again_and_a_stale_one_forgotten(tmp_path: Path) -> None:
    write(tmp_path, FLEET | {"media/old.yaml": "a: 1\n"})
    (tmp_path / "media" / "old.yaml").unlink()
    (tmp_path / CRONJOB).unlink()
    assert write(tmp_path) == WriteResult(
        written=(CRONJOB,), unchanged=tuple(sorted(path for path in FLEET if path != CRONJOB))
    )
    assert up_to_date(tmp_path, FLEET)


def test_a_dry_run_says_the_same_and_writes_nothing(tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert write_manifests(out, FLEET, dry_run=True).value == WriteResult(written=tuple(sorted(FLEET)))
    assert not out.exists()
    write(out)
    less = {path: text for path, text in CHANGED.items() if path != ".sops.yaml"}
    foreseen = write_manifests(out, less, dry_run=True).value
    assert tree(out) == FLEET
    assert foreseen == write(out, less)
    assert foreseen.written == (CRONJOB,)
    assert foreseen.removed == (".sops.yaml",)


def test_a_foreign_file_in_the_way_stops_everything(tmp_path: Path) -> None:
    (tmp_path / "media").mkdir()
    (tmp_path / CRONJOB).write_text("mine: true\n")
    assert refused(tmp_path) == [("out-foreign", f"{tmp_path}/{CRONJOB}")]
    assert not (tmp_path / INVENTORY).exists()


def test_a_foreign_file_that_is_as_it_should_be_is_taken_over(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / INVENTORY).unlink()
    assert write(tmp_path).unchanged == tuple(sorted(FLEET))
    assert up_to_date(tmp_path, FLEET)


def test_an_own_file_that_was_edited_stops_everything(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / CRONJOB).write_text("suspend: true\n")
    assert refused(tmp_path) == [("out-edited", f"{tmp_path}/{CRONJOB}")]
    assert refused(tmp_path, {}) == [("out-edited", f"{tmp_path}/{CRONJOB}")]


def test_a_folder_in_the_way_of_a_file_and_a_file_in_the_way_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / CRONJOB).mkdir(parents=True)
    (tmp_path / "paper").write_text("mine")
    assert refused(tmp_path) == [
        ("out-foreign", f"{tmp_path}/{CRONJOB}"),
        ("out-foreign", f"{tmp_path}/paper"),
    ]


def test_out_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")
    checked = write_manifests(tmp_path / "out", FLEET)
    assert [finding.info.slug for finding in checked.findings] == ["out-foreign"]
    below = write_manifests(tmp_path / "out" / "below", FLEET)
    assert [finding.info.slug for finding in below.findings] == ["out-not-writable"]


@pytest.mark.parametrize("link", ["media", CRONJOB, INVENTORY])
def test_a_link_inside_is_never_followed(tmp_path: Path, link: str) -> None:
    outside, out = tmp_path / "outside", tmp_path / "out"
    write(out)
    victim = outside / "victim"
    outside.mkdir()
    (out / link).rename(victim)
    before = victim.read_bytes() if victim.is_file() else tree(victim)
    (out / link).symlink_to(victim)
    checked = write_manifests(out, CHANGED)
    assert checked.value is None
    assert [(finding.info.slug, finding.spot.file) for finding in checked.findings] == [
        ("out-symlink", f"{out}/{link}")
    ]
    assert (victim.read_bytes() if victim.is_file() else tree(victim)) == before


def test_out_itself_may_not_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "out").symlink_to(tmp_path / "real")
    checked = write_manifests(tmp_path / "out", FLEET)
    assert [finding.info.slug for finding in checked.findings] == ["out-symlink"]
    assert tree(tmp_path / "real") == {}


@pytest.mark.parametrize("path", ["../victim", "a/../../victim", "/tmp/victim", "a//b", ""])  # noqa: S108
def test_an_inventory_cannot_lead_outside(tmp_path: Path, path: str) -> None:
    """Somebody who may commit an inventory could otherwise have any file removed whose content is known."""
    out, victim = tmp_path / "out", tmp_path / "victim"
    out.mkdir()
    victim.write_text("mine")
    (out / INVENTORY).write_text(dump_inventory(Inventory({path: fingerprint(b"mine")})))
    assert refused(out) == [("inventory-damaged", f"{out}/{INVENTORY}")]
    assert victim.read_text() == "mine"


@pytest.mark.parametrize("text", ["", "<<<<<<< HEAD\n{}", "[]", '{"version": 2}', '{"version": 1, "files": {"a": 1}}'])
def test_a_damaged_inventory_stops_everything(tmp_path: Path, text: str) -> None:
    write(tmp_path)
    (tmp_path / INVENTORY).write_text(text)
    assert refused(tmp_path) == [("inventory-damaged", f"{tmp_path}/{INVENTORY}")]
    (tmp_path / INVENTORY).unlink()
    write(tmp_path)
    assert up_to_date(tmp_path, FLEET)


@pytest.mark.parametrize("path", ["../x", "/x", "a/./b", INVENTORY])
def test_a_path_that_leads_outside_is_a_fault_of_the_caller(tmp_path: Path, path: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        write_manifests(tmp_path, {path: ""})


def test_a_sealed_secret_stays_as_it_is(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / SEALED_FILE).write_text(SEALED)
    changed = FLEET | {SEALED_FILE: "kind: Secret\nstringData: {RESTIC_PASSWORD: '', OTHER: ''}\n"}
    result = write(tmp_path, changed)
    assert result.sealed == (SEALED_FILE,)
    assert (tmp_path / SEALED_FILE).read_text() == SEALED
    assert up_to_date(tmp_path, changed)  # whether it holds the right keys, `sealing` judges


def test_a_sealed_secret_that_belongs_to_nothing_is_kept_and_remembered(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / SEALED_FILE).write_text(SEALED)
    less = {path: text for path, text in FLEET.items() if path != SEALED_FILE}
    for _ in range(2):
        assert write(tmp_path, less).kept_foreign == (SEALED_FILE,)
        assert (tmp_path / SEALED_FILE).read_text() == SEALED
    (tmp_path / SEALED_FILE).unlink()
    write(tmp_path, less)
    assert up_to_date(tmp_path, less)


def killed_run(out: Path, steps: int, manifests: Mapping[str, str], sealed: Sealed | None = None) -> bool:
    """Run in a process that dies before the given step that changes something on disk; False if there were fewer."""
    child = os.fork()
    if child == 0:
        left = iter(range(steps))
        for name in ("replace", "unlink", "rmdir", "mkdir", "open", "write"):
            setattr(os, name, _dying(getattr(os, name), left, name))
        write_manifests(out, manifests, sealed)
        os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status in (0, 9)
    return status == 9


def _dying(real: Callable[..., Any], left: Iterator[int], name: str) -> Callable[..., Any]:
    def step(*arguments: Any, **more: Any) -> Any:
        if (name != "open" or arguments[1] & os.O_CREAT) and next(left, None) is None:
            os._exit(9)
        return real(*arguments, **more)

    return step


def test_a_run_killed_anywhere_is_finished_by_the_next_one(tmp_path: Path) -> None:
    """Whatever the run was doing, and also if fleet.yaml changed once more before the next one."""
    before = FLEET | {"media/old.yaml": "old: 1\n", "gone/a.yaml": "a: 1\n"}
    middle = CHANGED | {"media/new.yaml": "new: 1\n", "fresh/b.yaml": "b: 1\n"}
    last = FLEET | {CRONJOB: "third: 1\n", "media/new.yaml": "new: 2\n"}
    killed = 0
    for steps in range(200):
        out = tmp_path / str(steps)
        write(out, before)
        if not killed_run(out, steps, middle):
            break
        killed += 1
        for path, text in tree(out).items():
            assert path.endswith(".tmp") or text in (before.get(path), middle.get(path))
        # A second kill, of a run that wants something else, must not make own files foreign either.
        killed_run(out, steps % 7 + 2, last)
        write(out, last)
        assert tree(out) == last
        assert up_to_date(out, last)
    assert killed > 20


def sealing(text: str, replaced: str | None = None) -> Sealed:
    """The outcome of sealing that makes the Secret hold `text` instead of `replaced`."""
    mark = SealRecord(fingerprint(text.encode()), "ready", "rule", {"RESTIC_PASSWORD": f"restic-password {len(text)}"})
    return Sealed({SEALED_FILE: text}, {SEALED_FILE: mark}, {SEALED_FILE: replaced} if replaced else {})


def marks(out: Path) -> list[str]:
    """What is remembered of the Secret as it is."""
    tree = read_out(out, FLEET).value
    assert tree is not None
    present = fingerprint(tree.files[SEALED_FILE].encode())
    return [mark.file for mark in tree.inventory.marks().get(SEALED_FILE, ()) if mark.file == present]


def test_a_sealed_secret_is_written_and_remembered(tmp_path: Path) -> None:
    first, second = SEALED, SEALED.replace("data:x", "data:y")
    assert write_manifests(tmp_path, FLEET, sealing(first)).value == WriteResult(written=tuple(sorted(FLEET)))
    assert (tmp_path / SEALED_FILE).read_text() == first
    again = write_manifests(tmp_path, FLEET, sealing(first)).value
    assert again is not None
    assert (again.sealed, again.written) == ((SEALED_FILE,), ())
    # Without the key it stays, and what is known of it is not forgotten.
    assert write(tmp_path).sealed == (SEALED_FILE,)
    assert len(marks(tmp_path)) == 1
    assert up_to_date(tmp_path, FLEET)
    changed = write_manifests(tmp_path, FLEET, sealing(second, first)).value
    assert changed is not None
    assert changed.written == (SEALED_FILE,)
    assert (tmp_path / SEALED_FILE).read_text() == second
    assert len(marks(tmp_path)) == 1


def test_a_sealed_secret_that_nobody_judged_is_not_replaced(tmp_path: Path) -> None:
    """Somebody wrote it between the look and the write."""
    write_manifests(tmp_path, FLEET, sealing(SEALED))
    (tmp_path / SEALED_FILE).write_text(SEALED + "# theirs\n")
    checked = write_manifests(tmp_path, FLEET, sealing(SEALED.replace("data:x", "data:y"), SEALED))
    assert [finding.info.slug for finding in checked.findings] == ["out-edited"]
    assert (tmp_path / SEALED_FILE).read_text() == SEALED + "# theirs\n"


def test_an_obsolete_sealed_secret_goes_if_it_is_the_one_that_was_judged(tmp_path: Path) -> None:
    write_manifests(tmp_path, FLEET, sealing(SEALED))
    less = {path: text for path, text in FLEET.items() if path != SEALED_FILE}
    other = write_manifests(tmp_path, less, Sealed(obsolete={SEALED_FILE: "another"})).value
    assert other is not None
    assert other.kept_foreign == (SEALED_FILE,)
    assert len(marks(tmp_path)) == 1
    gone = write_manifests(tmp_path, less, Sealed(obsolete={SEALED_FILE: SEALED})).value
    assert gone is not None
    assert gone.removed == (SEALED_FILE,)
    assert up_to_date(tmp_path, less)


def test_a_killed_run_leaves_no_secret_of_which_nothing_is_known(tmp_path: Path) -> None:
    first, second, third = SEALED, SEALED.replace("data:x", "data:y"), SEALED.replace("data:x", "data:z")
    killed = 0
    for steps in range(200):
        out = tmp_path / str(steps)
        write_manifests(out, FLEET, sealing(first))
        if not killed_run(out, steps, CHANGED, sealing(second, first)):
            break
        killed += 1
        assert marks(out), steps
        present = (out / SEALED_FILE).read_text()
        killed_run(out, steps % 5 + 2, FLEET, sealing(third, present))
        assert marks(out), steps
        left = (out / SEALED_FILE).read_text()
        assert left in {first, second, third}
        assert write_manifests(out, FLEET, sealing(third, left)).value is not None
        assert (out / SEALED_FILE).read_text() == third
        assert inventory(out).keys() == {"note", "version", "files", "sealed"}
        assert up_to_date(out, FLEET)
    assert killed > 5


def test_an_interrupt_leaves_no_half_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path)
    real = os.replace

    def interrupt(source: str, target: str, **handles: int) -> None:
        if target.startswith("cronjob"):
            raise KeyboardInterrupt
        real(source, target, **handles)

    monkeypatch.setattr(os, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_manifests(tmp_path, CHANGED)
    monkeypatch.undo()
    assert tree(tmp_path) == FLEET
    assert write(tmp_path, CHANGED).written == (CRONJOB,)


def test_a_full_disk_is_a_finding_and_the_next_run_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path)
    real = os.write

    def full(handle: int, content: bytes) -> int:
        if b"backup-emby2" in bytes(content):
            raise OSError(28, "No space left on device")
        return real(handle, content)

    monkeypatch.setattr(os, "write", full)
    (finding,) = write_manifests(tmp_path, CHANGED).findings
    monkeypatch.undo()
    assert (finding.info.slug, finding.spot.file) == ("out-not-writable", f"{tmp_path}/{CRONJOB}")
    assert finding.message == "this cannot be written: no space left on device"
    assert tree(tmp_path) == FLEET
    write(tmp_path, CHANGED)
    assert up_to_date(tmp_path, CHANGED)


def test_a_folder_that_may_not_be_written_stops_everything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path)
    (tmp_path / "media").chmod(0o555)
    try:
        if os.access(tmp_path / "media", os.W_OK):  # root may write everywhere
            closed = (tmp_path / "media").stat().st_ino
            monkeypatch.setattr(os, "access", lambda *_, dir_fd: os.fstat(dir_fd).st_ino != closed)
        assert refused(tmp_path, CHANGED | {".sops.yaml": "new: 1\n"}) == [("out-not-writable", f"{tmp_path}/media")]
    finally:
        (tmp_path / "media").chmod(0o755)


def test_two_runs_at_once_wait_for_each_other(tmp_path: Path) -> None:
    """Both finish, and what lies there is what one of them wanted."""
    fleets = [{f"ns{n}/f{m}.yaml": f"{run}\n" * 50 for n in range(20) for m in range(20)} for run in "ab"]
    root = Path(__file__).resolve().parents[3]
    code = "import sys, json\nfrom pathlib import Path\nfrom backupgen.adapters.write import write_manifests\n" + (
        "for _ in range(5): assert write_manifests(Path(sys.argv[1]), json.load(open(sys.argv[2]))).value"
    )
    runs = []
    for number, fleet in enumerate(fleets):
        (tmp_path / f"{number}.json").write_text(json.dumps(fleet))
        command = [sys.executable, "-c", code, str(tmp_path / "out"), str(tmp_path / f"{number}.json")]
        runs.append(subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(root)}))
    assert [run.wait() for run in runs] == [0, 0]
    assert tree(tmp_path / "out") in fleets
    assert any(up_to_date(tmp_path / "out", fleet) for fleet in fleets)


def test_a_named_pipe_does_not_make_it_wait(tmp_path: Path) -> None:
    (tmp_path / "media").mkdir()
    os.mkfifo(tmp_path / CRONJOB)
    checked = write_manifests(tmp_path, FLEET)
    assert [finding.info.slug for finding in checked.findings] == ["out-foreign"]
