"""Reading a folder as it was in a Git revision, without a checkout. Git is run as it is, never through a shell."""

import os
import re
import subprocess
from pathlib import Path
from typing import Final

from backupgen.adapters.environment import environment_of_others
from backupgen.adapters.regular import is_folder
from backupgen.diagnostics import Checked, Finding, Spot
from backupgen.diff import codes

_FILES: Final = frozenset({"100644", "100755"})
"""The modes of files; links and submodules have others."""
_OTHERS: Final = {"160000": "a submodule, whose files are in a repository of their own", "120000": "a symbolic link"}
_TREE: Final = "040000"
_REPOSITORY: Final = ("GIT_DIR", "GIT_WORK_TREE")
_FETCH: Final = (
    "name a commit, branch or tag that this clone has; in CI, fetch it first, for instance with "
    "`git fetch --depth=1 origin main`, and name `FETCH_HEAD`"
)
_RANGE: Final = 'name one revision; where a branch began is `--against "$(git merge-base origin/main HEAD)"`'
_TRUST: Final = "in a container, the files often belong to another user: `git config --global --add safe.directory {}`"
_OWNER: Final = re.compile("dubious ownership in repository at '(.*)'")


class _GitError(Exception):
    """Git is missing or refused; the message and the remedy are for the user."""

    def __init__(self, message: str, remedy: str = _FETCH) -> None:
        super().__init__(message)
        self.remedy = remedy


def tree_at(revision: str, out: Path) -> Checked[dict[str, str]]:
    """Return the files below `out` as they were in `revision`: path below it -> text.

    Links are left out; what is not UTF-8 is replaced. A folder that the revision does not have is empty.
    A finding: Git is missing or refuses, `out` lies in no repository, the revision does not exist, or has something
    else than a folder there.
    """
    place = out.resolve()
    folder = next(above for above in (place, *place.parents) if is_folder(above))
    try:
        top = Path(os.fsdecode(_git(folder, "rev-parse", "--show-toplevel").removesuffix(b"\n")))
        tree = _tree(top, revision)
        prefix = place.relative_to(top.resolve()).as_posix()
        entries = _list(top, tree, prefix)
        if not entries:
            _check_folder(top, tree, prefix, revision)
        return Checked(_read(top, entries))
    except _GitError as error:
        return Checked(None, (Finding(codes.REVISION_UNREADABLE, str(error), Spot(), error.remedy),))


def _tree(top: Path, revision: str) -> str:
    if ".." in revision:
        raise _GitError(f"`{revision}` is a range, expected one revision", _RANGE)
    try:
        return (
            _git(top, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{tree}}").decode().strip()
        )
    except _GitError as error:
        if str(error):
            raise
        shallow = _git(top, "rev-parse", "--is-shallow-repository").strip() == b"true"
        where = ": this clone is shallow, it has the newest commits only" if shallow else ""
        raise _GitError(f"Git knows no revision `{revision}`{where}") from None


def _check_folder(top: Path, tree: str, prefix: str, revision: str) -> None:
    """Raise _GitError if something else than a folder stands at the place or on the way to it."""
    parts = prefix.split("/")
    ways = [f":(literal){'/'.join(parts[: number + 1])}" for number in range(len(parts))]
    listed = _git(top, "ls-tree", "-z", "--full-tree", tree, "--", *ways) if prefix != "." else b""
    for line in os.fsdecode(listed).split("\0"):
        about, _, path = line.partition("\t")
        mode = about.split(" ")[0]
        if mode not in ("", _TREE):
            what = _OTHERS.get(mode, "a file")
            raise _GitError(f"in `{revision}`, `{path}` is {what}", "name a revision in which it is a folder")


def _list(top: Path, tree: str, prefix: str) -> list[tuple[str, str]]:
    """Return the files below `prefix` as pairs of path below it and object id."""
    wanted = "" if prefix == "." else f"{prefix}/"
    listed = _git(top, "ls-tree", "-r", "-z", "--full-tree", tree, *(["--", f":(literal){wanted}"] if wanted else []))
    entries: list[tuple[str, str]] = []
    for line in os.fsdecode(listed).split("\0"):
        about, _, path = line.partition("\t")
        if path and about.split(" ")[0] in _FILES:
            entries.append((path.removeprefix(wanted), about.split(" ")[2]))
    return entries


def _read(top: Path, entries: list[tuple[str, str]]) -> dict[str, str]:
    if not entries:
        return {}
    request = "".join(f"{name}\n" for _, name in entries).encode()
    answer = _git(top, "cat-file", "--batch", request=request)
    files: dict[str, str] = {}
    start = 0
    for path, _ in entries:
        end = answer.index(b"\n", start)
        size = answer[start:end].rpartition(b" ")[2].decode()
        if not size.isdecimal():
            raise _GitError(f"Git has no content of `{path}`")
        content = answer[end + 1 : end + 1 + int(size)]
        start = end + int(size) + 2
        files[path] = content.decode(errors="replace")
    return files


def _git(folder: Path, *arguments: str, request: bytes = b"") -> bytes:
    """Run Git in a folder. Raises _GitError, without a message if Git itself says none."""
    command = ["git", "--no-replace-objects", "-C", str(folder), *arguments]
    try:
        done = subprocess.run(command, input=request, capture_output=True, env=_environment(), check=False)  # noqa: S603
    except FileNotFoundError:
        raise _GitError("Git is not installed, or not on PATH", "install it, or compare with the folder") from None
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        message = f"Git says: {said[0].removeprefix('fatal: ')}" if said else ""
        owned = _OWNER.search(message)
        raise _GitError(message, _TRUST.format(owned[1]) if owned else _FETCH)
    return done.stdout


def _environment() -> dict[str, str]:
    # English, so that messages are the same everywhere; and no lock, so that an editor's Git is not disturbed.
    environment = environment_of_others({"LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0"})
    given = {name: environment.pop(name) for name in _REPOSITORY if name in environment}
    # Git tells its hooks where its folder is, and would take any folder that it is run in for the top of the work tree.
    # Who names both means it.
    if len(given) == len(_REPOSITORY):
        environment |= {name: str(Path(path).absolute()) for name, path in given.items()}
    return environment
