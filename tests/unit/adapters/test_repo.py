"""Walking through a GitOps tree."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from backupgen.adapters.repo import open_tree, place_in_git
from backupgen.audit.tree import Content


def walked(root: Path, *leave_out: Path) -> list[Content]:
    opened = open_tree(root, leave_out)
    assert opened.value is not None
    return list(opened.value)


def put(root: Path, *paths: str) -> None:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(path)


def test_manifests_come_in_order_and_nothing_else(tmp_path: Path) -> None:
    put(tmp_path, "b.yaml", "a/z.yml", "a/b/c.json", "a.txt", "B/Kustomization", "a/readme", "a-b/x.yaml")
    put(tmp_path, ".git/x.yaml", ".github/workflows/ci.yaml", "web/node_modules/p/package.json")
    assert [one.path for one in walked(tmp_path)] == [
        "b.yaml",
        "B/Kustomization",
        "a/z.yml",
        "a/b/c.json",
        "a-b/x.yaml",
    ]
    assert all(one == Content(one.path, one.path.encode()) for one in walked(tmp_path))


def test_what_is_left_out_is_known_by_its_identity(tmp_path: Path) -> None:
    put(tmp_path, "a.yaml", "backup/out/b.yaml", "backup/outer/c.yaml")
    (tmp_path / "link").symlink_to("backup/out")
    assert [one.path for one in walked(tmp_path, tmp_path / "link", tmp_path / "missing")] == [
        "a.yaml",
        "backup/outer/c.yaml",
    ]


def test_links_are_not_followed(tmp_path: Path) -> None:
    put(tmp_path, "tree/a.yaml", "secret/b.yaml")
    (tmp_path / "tree" / "loop").symlink_to(".")
    (tmp_path / "tree" / "outside").symlink_to(tmp_path / "secret")
    (tmp_path / "tree" / "b.yaml").symlink_to(tmp_path / "secret" / "b.yaml")
    (tmp_path / "tree" / "gone.yaml").symlink_to("nowhere")
    assert [one.path for one in walked(tmp_path / "tree")] == ["a.yaml"]


def test_the_folder_itself_may_be_a_link(tmp_path: Path) -> None:
    put(tmp_path, "tree/a.yaml")
    (tmp_path / "link").symlink_to("tree")
    assert [one.path for one in walked(tmp_path / "link")] == ["a.yaml"]


def test_what_is_no_file_is_passed_over(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / "folder.yaml").mkdir()
    put(tmp_path, "folder.yaml/a.yaml")
    assert [one.path for one in walked(tmp_path)] == ["folder.yaml/a.yaml"]


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "huge.yaml").open("wb") as file:
        file.truncate(50_000_000)
    assert walked(tmp_path) == [Content("huge.yaml", b"", "this file has 50000000 bytes, more than any manifest")]


def test_a_name_may_be_of_any_bytes(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"\xff.yaml")).write_bytes(b"a: 1")
    (found,) = walked(tmp_path)
    assert (os.fsencode(found.path), found.raw) == (b"\xff.yaml", b"a: 1")


def test_what_cannot_be_read_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, "a/closed.yaml", "b/c.yaml", "d.yaml")
    scandir, open_ = os.scandir, os.open

    def no_folder(path: Path) -> Iterator[Any]:
        if Path(path).name == "b":
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    def no_file(path: str, flags: int) -> int:
        if path.endswith("closed.yaml"):
            raise PermissionError(13, "Permission denied")
        return open_(path, flags)

    monkeypatch.setattr(os, "scandir", no_folder)
    monkeypatch.setattr(os, "open", no_file)
    assert walked(tmp_path) == [
        Content("d.yaml", b"d.yaml"),
        Content("a/closed.yaml", b"", "this file cannot be read: permission denied"),
        Content("b", b"", "this folder cannot be read: permission denied"),
    ]


@pytest.mark.parametrize(
    ("path", "reason"),
    [("missing", "no such file or directory"), ("file", "not a directory"), ("a\0b", "embedded null byte")],
)
def test_a_tree_that_is_none(path: str, reason: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    checked = open_tree(tmp_path / path, ())
    assert checked.value is None
    ((slug, message),) = [(one.info.slug, one.message) for one in checked.findings]
    assert (slug, message) == ("unreadable-tree", f"this folder cannot be read: {reason}")


def test_its_place_in_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, "repo/infra/cluster/a.yaml")
    assert place_in_git(tmp_path / "repo" / "infra") == ""
    subprocess.run(["git", "init", "--quiet", tmp_path / "repo"], check=True)
    assert place_in_git(tmp_path / "repo") == ""
    assert place_in_git(tmp_path / "repo" / "infra" / "cluster") == "infra/cluster"
    monkeypatch.chdir(tmp_path / "repo" / "infra")
    assert place_in_git(Path()) == "infra"
    # A worktree has a file in its place.
    put(tmp_path, "repo/infra/.git")
    assert place_in_git(Path("cluster")) == "cluster"
