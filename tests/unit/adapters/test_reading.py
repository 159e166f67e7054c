"""Reading fleet.yaml, out/, and out/ as it was in Git."""

import os
from pathlib import Path

import pytest

from backupgen.adapters import files
from backupgen.adapters.tree import read_out
from backupgen.adapters.write import write_manifests
from backupgen.diagnostics import Checked
from backupgen.diff.inventory import INVENTORY


def said(checked: Checked[object]) -> list[tuple[str, str]]:
    return [(finding.info.slug, finding.message) for finding in checked.findings]


def test_a_fleet_is_its_bytes(tmp_path: Path) -> None:
    path = tmp_path / "fleet.yaml"
    path.write_bytes(b"fleet: \xff\n")
    assert files.read_fleet(path) == Checked(b"fleet: \xff\n")


def test_a_fleet_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert said(files.read_fleet(tmp_path / "no.yaml")) == [("unreadable-file", "this file does not exist")]
    assert said(files.read_fleet(tmp_path)) == [("unreadable-file", "this is a folder, expected a file")]
    (tmp_path / "file").touch()
    below = files.read_fleet(tmp_path / "file" / "fleet.yaml")
    assert said(below) == [("unreadable-file", "this file cannot be read: not a directory")]
    os.mkfifo(tmp_path / "pipe")
    assert said(files.read_fleet(tmp_path / "pipe")) == [("unreadable-file", "this is not a regular file")]
    monkeypatch.setattr(files, "LARGEST", 3)
    (tmp_path / "large").write_text("1234")
    large = files.read_fleet(tmp_path / "large")
    assert said(large) == [("unreadable-file", "this file has 4 bytes, expected at most 3")]
    (finding,) = large.findings
    assert finding.spot.file == str(tmp_path / "large")


def test_out_that_does_not_exist_is_empty(tmp_path: Path) -> None:
    tree = read_out(tmp_path / "out", {"a.yaml": ""}).value
    assert tree is not None
    assert (tree.files, tree.unknown) == ({}, {})


def test_out_is_what_was_and_what_would_be_written_and_other_yaml(tmp_path: Path) -> None:
    write_manifests(tmp_path, {"media/a.yaml": "a: 1\n", "old.yaml": "old: 1\n"})
    for path in ("mine.yaml", "media/mine.yml", "media/new.yaml", "notes.txt", ".git/x.yaml"):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text("mine\n")
    (tmp_path / "linked").symlink_to(tmp_path / "media")
    checked = read_out(tmp_path, {"media/a.yaml": "a: 2\n", "media/new.yaml": "", "media/none.yaml": ""})
    assert checked.value is not None
    assert checked.value.files == {"media/a.yaml": "a: 1\n", "media/new.yaml": "mine\n", "old.yaml": "old: 1\n"}
    assert checked.value.unknown == {"media/mine.yml": "mine\n", "mine.yaml": "mine\n", "notes.txt": "mine\n"}
    assert checked.findings == ()


def test_what_cannot_be_read_is_a_finding_beside_the_rest(tmp_path: Path) -> None:
    manifests = {f"{name}.yaml": "a: 1\n" for name in "abc"} | {"ns/d.yaml": "", "ns/e.yaml": ""}
    write_manifests(tmp_path, manifests)
    (tmp_path / "a.yaml").write_bytes(b"a: \xff\n")
    (tmp_path / "b.yaml").unlink()
    (tmp_path / "b.yaml").symlink_to("/etc/passwd")
    (tmp_path / "ns").rename(tmp_path / "other")
    (tmp_path / "ns").symlink_to("other")
    checked = read_out(tmp_path, manifests)
    assert said(checked) == [
        ("out-symlink", "this is a symbolic link, expected a file"),
        ("out-symlink", "this is a symbolic link, expected a folder"),
        ("out-unreadable", "this file is not UTF-8 text: byte 3 is 0xff"),
    ]
    assert checked.value is not None
    assert checked.value.files == {"c.yaml": "a: 1\n"}
    assert checked.value.blocked == {"a.yaml", "b.yaml", "ns/d.yaml", "ns/e.yaml"}


def test_out_that_cannot_be_read_at_all(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert said(read_out(tmp_path / "file", {})) == [
        ("out-foreign", "this is a file, where a folder would be rendered")
    ]
    assert said(read_out(tmp_path / "file" / "out", {})) == [("out-unreadable", "this cannot be read: not a directory")]
    (tmp_path / INVENTORY).write_bytes(b"\xff")
    assert said(read_out(tmp_path, {})) == [("inventory-damaged", "this inventory is damaged: it is not UTF-8")]


def test_what_the_system_refuses_to_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_manifests(tmp_path, {"a.yaml": "a: 1\n"})
    real = os.read

    def failing(handle: int, size: int) -> bytes:
        content = real(handle, size)
        if content == b"a: 1\n":
            raise OSError(5, "Input/output error")
        return content

    monkeypatch.setattr(os, "read", failing)
    assert said(read_out(tmp_path, {})) == [("out-unreadable", "this cannot be read: input/output error")]


def test_a_fleet_that_was_changed_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "fleet.yaml"
    path.write_bytes(b"theirs")
    assert files.replace_fleet(path, b"what was read", b"ours") == "it was changed meanwhile"
    assert path.read_bytes() == b"theirs"
    assert files.replace_fleet(path, b"theirs", b"ours") == ""
    assert path.read_bytes() == b"ours"
    assert files.replace_fleet(tmp_path / "gone.yaml", b"", b"ours") == "no such file or directory"
