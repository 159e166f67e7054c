"""Reading a GitOps tree: every YAML and JSON file of a folder, without ever leaving it."""

import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from backupgen.audit.codes import UNREADABLE_TREE
from backupgen.audit.tree import Content
from backupgen.diagnostics import Checked, Finding, Spot

LARGEST: Final = 16 << 20
"""Bytes. The largest bundles of resource definitions have about five million."""
_ENDINGS: Final = (".yaml", ".yml", ".json")
_NAMES: Final = frozenset({"Kustomization"})
_LEFT_OUT: Final = frozenset({"node_modules"})


def open_tree(root: Path, leave_out: Iterable[Path]) -> Checked[Iterator[Content]]:
    """Return what lies in a folder, sorted: hidden folders, those to leave out, and links are not followed.

    A file or folder below it that cannot be read is a content with a problem. Without a value: the folder itself cannot
    be read.
    """
    try:
        os.scandir(root).close()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        message = f"this folder cannot be read: {reason.lower()}"
        return Checked(None, (Finding(UNREADABLE_TREE, message, Spot(file=str(root))),))
    return Checked(_walk(root, {one for path in leave_out if (one := _identity(path))}))


def place_in_git(root: Path) -> str:
    """Return the path of a folder below the nearest folder above that is a Git repository; empty, if it is one."""
    absolute = root.resolve()
    for parent in (absolute, *absolute.parents):
        if _identity(parent / ".git"):
            return "" if parent == absolute else absolute.relative_to(parent).as_posix()
    return ""


def _walk(root: Path, leave_out: set[tuple[int, int]]) -> Iterator[Content]:
    folders = [""]
    while folders:
        folder = folders.pop()
        try:
            with os.scandir(root / folder) as entries:
                listed = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            yield Content(folder, b"", f"this folder cannot be read: {(error.strerror or str(error)).lower()}")
            continue
        inner: list[str] = []
        for entry in listed:
            path = f"{folder}/{entry.name}" if folder else entry.name
            if entry.is_dir(follow_symlinks=False):
                hidden = entry.name.startswith(".") or entry.name in _LEFT_OUT
                if not hidden and (not leave_out or _identity(Path(entry.path)) not in leave_out):
                    inner.append(path)
            elif (entry.name.endswith(_ENDINGS) or entry.name in _NAMES) and entry.is_file(follow_symlinks=False):
                yield _content(path, entry.path)
        folders += reversed(inner)


def _content(path: str, place: str) -> Content:
    try:
        handle = os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(handle, "rb") as file:
            status = os.fstat(handle)
            if not stat.S_ISREG(status.st_mode):
                return Content(path, b"")
            if status.st_size > LARGEST:
                return Content(path, b"", f"this file has {status.st_size} bytes, more than any manifest")
            return Content(path, file.read())
    except OSError as error:
        return Content(path, b"", f"this file cannot be read: {(error.strerror or str(error)).lower()}")


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except (OSError, ValueError):
        return None
    return status.st_dev, status.st_ino
