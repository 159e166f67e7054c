"""Reading a folder out of a revision of Git, wherever somebody runs it."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from backupgen.adapters.git import tree_at
from backupgen.adapters.write import write_manifests
from backupgen.diagnostics import Checked, Finding
from backupgen.diff.inventory import INVENTORY, own_files

Git = Callable[..., str]


@pytest.fixture
def git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Git:
    """Runs Git in a new repository, without the settings of whoever runs the tests."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)
    for name in [name for name in os.environ if name in {"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"}]:
        monkeypatch.delenv(name)

    def run(*arguments: str) -> str:
        identity = ("-c", "user.name=n", "-c", "user.email=n@example.org", "-c", "init.defaultBranch=main")
        command = ["git", *identity, *arguments]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout

    run("init")
    return run


def one(findings: tuple[Finding, ...]) -> str:
    (finding,) = findings
    assert finding.info.slug == "revision-unreadable"
    return finding.message


def test_a_folder_as_it_was_in_a_revision(tmp_path: Path, git: Git) -> None:
    out = tmp_path / "clusters" / "h*me ü"
    old = {"media/a.yaml": "a: 1\n", "ü *.yaml": "é: 🗄\n", "empty.yaml": "", "no-end.yaml": "a: 1"}
    write_manifests(out, old)
    (out / "link.yaml").symlink_to("media/a.yaml")
    (out / "binary.yaml").write_bytes(b"\xff\x00\n")
    (out / "mine.yaml").write_text("mine: 1\n")
    (tmp_path / "clusters" / "other.yaml").write_text("other: 1\n")
    git("add", "-A")
    git("commit", "-m", "one")
    write_manifests(out, {"media/b.yaml": "b: 1\n"})
    read = tree_at("HEAD", out).value
    assert read is not None
    assert read.keys() - {INVENTORY} == {*old, "mine.yaml", "binary.yaml"}
    assert read["binary.yaml"] == "\ufffd\0\n"
    assert own_files(read, {}) == old
    below = tree_at("main", out / "media").value
    assert below == {"a.yaml": "a: 1\n"}
    assert own_files(below, {"a.yaml": "", "b.yaml": ""}) == below
    assert "clusters/other.yaml" in (tree_at("HEAD^{tree}", tmp_path).value or {})
    assert tree_at("HEAD", tmp_path / "none" / "below") == Checked({})


def test_what_git_does_not_know(tmp_path: Path, git: Git, monkeypatch: pytest.MonkeyPatch) -> None:
    assert one(tree_at("HEAD", tmp_path).findings) == "Git knows no revision `HEAD`"
    (tmp_path / "a").touch()
    git("add", "-A")
    git("commit", "-m", "one")
    for revision in ("no", "--help", "", "a b", "HEAD~5", "; touch x"):
        assert one(tree_at(revision, tmp_path).findings) == f"Git knows no revision `{revision}`"
    assert sorted(path.name for path in tmp_path.iterdir()) == [".git", "a"]
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", "/")
    assert "not a git repository" in one(tree_at("HEAD", Path("/")).findings)
    monkeypatch.setenv("PATH", "")
    assert one(tree_at("HEAD", tmp_path).findings) == "Git is not installed, or not on PATH"


@pytest.fixture
def committed(tmp_path: Path, git: Git) -> Path:
    """A repository with two commits, `apps/out/a.yaml` in the second."""
    (tmp_path / "README").touch()
    git("add", "-A")
    git("commit", "-m", "one")
    (tmp_path / "apps" / "out").mkdir(parents=True)
    (tmp_path / "apps" / "out" / "a.yaml").write_text("a: 1\n")
    git("add", "-A")
    git("commit", "-m", "two")
    return tmp_path / "apps" / "out"


def test_it_does_not_matter_where_one_stands(committed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder, out in ((committed, "."), (committed.parent, "out"), (Path("/"), str(committed))):
        monkeypatch.chdir(folder)
        assert tree_at("HEAD", Path(out)).value == {"a.yaml": "a: 1\n"}
    assert tree_at("HEAD~1", committed) == Checked({})


def test_in_a_hook_of_git(committed: Path, git: Git, monkeypatch: pytest.MonkeyPatch) -> None:
    """Git sets variables for its hooks, in a linked work tree even such as name another folder."""
    git("worktree", "add", "linked", "HEAD")
    top = committed.parents[1]
    out = top / "linked" / "apps" / "out"
    for path in (".git", str(top / ".git" / "worktrees" / "linked")):
        monkeypatch.setenv("GIT_DIR", path)
        monkeypatch.setenv("GIT_INDEX_FILE", ".git/index.lock")
        assert tree_at("HEAD", out).value == {"a.yaml": "a: 1\n"}
    monkeypatch.chdir(top)
    (top / ".git").rename(top / "elsewhere")
    assert "not a git repository" in one(tree_at("HEAD", committed).findings)
    monkeypatch.setenv("GIT_DIR", "elsewhere")
    monkeypatch.setenv("GIT_WORK_TREE", ".")
    assert tree_at("HEAD", committed).value == {"a.yaml": "a: 1\n"}


def test_a_shallow_clone_says_so(committed: Path, git: Git) -> None:
    git("clone", "--depth", "1", f"file://{committed.parents[1]}", "shallow")
    out = committed.parents[1] / "shallow" / "apps" / "out"
    assert tree_at("HEAD", out).value == {"a.yaml": "a: 1\n"}
    (finding,) = tree_at("HEAD~1", out).findings
    assert finding.message == "Git knows no revision `HEAD~1`: this clone is shallow, it has the newest commits only"
    assert "`git fetch --depth=1 origin main`" in finding.help


def test_a_range_is_no_revision(committed: Path) -> None:
    for revision in ("HEAD~1..HEAD", "HEAD~1...HEAD", "HEAD.."):
        (finding,) = tree_at(revision, committed).findings
        assert finding.message == f"`{revision}` is a range, expected one revision"
        assert "git merge-base origin/main HEAD" in finding.help


def test_what_is_no_folder_there_is_not_taken_for_an_empty_one(committed: Path, git: Git) -> None:
    top = committed.parents[1]
    (top / "link").symlink_to("apps")
    (top / "file").write_text("x")
    git("-c", "protocol.file.allow=always", "submodule", "add", f"file://{top}", "module")
    git("add", "-A")
    git("commit", "-m", "three")
    git("rm", "-r", "--quiet", "link", "file", "module")
    for out, what in (
        ("link", "`link` is a symbolic link"),
        ("link/out", "`link` is a symbolic link"),
        ("file", "`file` is a file"),
        ("module/out", "`module` is a submodule, whose files are in a repository of their own"),
    ):
        assert one(tree_at("HEAD", top / out).findings) == f"in `HEAD`, {what}"
    assert tree_at("HEAD", top / "apps" / "none") == Checked({})


def test_in_a_submodule_revisions_are_its_own(committed: Path, git: Git) -> None:
    top = committed.parents[1]
    git("-c", "protocol.file.allow=always", "submodule", "add", f"file://{top}", "module")
    assert tree_at("HEAD", top / "module" / "apps" / "out").value == {"a.yaml": "a: 1\n"}
    assert tree_at("HEAD~1", top / "module" / "apps" / "out").value == {}


def test_a_repository_of_somebody_else(committed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # What Git's own tests set to be taken for another user.
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    (finding,) = tree_at("HEAD", committed).findings
    assert "dubious ownership" in finding.message
    assert f"`git config --global --add safe.directory {committed.parents[1]}`" in finding.help
