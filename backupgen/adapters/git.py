"""Reading a folder as it was in a Git revision, without a checkout. Git is run as it is, never through a shell."""

import os
import subprocess
from pathlib import Path
from typing import Final

from backupgen.adapters.environment import environment_of_others
from backupgen.diagnostics import Checked, Finding, Spot
from backupgen.diff import codes

_FILES: Final = frozenset({"100644", "100755"})
"""The modes of files; links and submodules have others."""


class _GitError(Exception):
    """Git is missing or refused; the message is for the user."""


def tree_at(revision: str, out: Path) -> Checked[dict[str, str]]:
    """Return the files below `out` as they were in `revision`: path below it -> text.

    Links and files that are not UTF-8 are left out. A folder that the revision does not have is empty.
    A finding: Git is missing, `out` lies in no repository, the revision does not exist.
    """
    place = out.resolve()
    folder = next(above for above in (place, *place.parents) if above.is_dir())
    try:
        commit = _git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{tree}}")
        top = Path(os.fsdecode(_git(folder, "rev-parse", "--show-toplevel").removesuffix(b"\n")))
        entries = _list(top, commit.decode().strip(), place.relative_to(top.resolve()).as_posix())
        return Checked(_read(top, entries))
    except _GitError as error:
        message = str(error) or f"Git knows no revision `{revision}`"
        remedy = "name a commit, branch or tag; in CI, fetch it first, for instance with `git fetch origin main`"
        return Checked(None, (Finding(codes.REVISION_UNREADABLE, message, Spot(), remedy),))


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
        try:
            files[path] = content.decode()
        except UnicodeDecodeError:
            continue
    return files


def _git(folder: Path, *arguments: str, request: bytes = b"") -> bytes:
    """Run Git in a folder. Raises _GitError, without a message if Git itself says none."""
    # English, so that messages are the same everywhere; and no lock, so that an editor's Git is not disturbed.
    environment = environment_of_others({"LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0"})
    command = ["git", "--no-replace-objects", "-C", str(folder), *arguments]
    try:
        done = subprocess.run(command, input=request, capture_output=True, env=environment, check=False)  # noqa: S603
    except FileNotFoundError:
        raise _GitError("Git is not installed, or not on PATH") from None
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise _GitError(f"Git says: {said[0].removeprefix('fatal: ')}" if said else "")
    return done.stdout
