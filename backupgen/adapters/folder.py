"""A folder whose inside is reached without ever following a symbolic link, whoever changes it meanwhile.

Every step opens one name relative to an open folder (`openat` with `O_NOFOLLOW`), so a link is refused where it is
met, and nothing can be swapped for one between a look and a write.
"""

import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Final

from backupgen.diagnostics import Finding, Spot
from backupgen.diff import codes

LARGEST: Final = 64 << 20
"""Bytes: nothing that is rendered comes near, and what is larger would only fill the memory."""
_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class BlockedError(Exception):
    """A path below the folder cannot be used; `finding` says why."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.message)
        self.finding = finding


def by_folder(paths: Mapping[str, object] | set[str]) -> dict[str, list[str]]:
    """Group paths by the folder that they lie in; folders and names sorted, the root is the empty string."""
    grouped: dict[str, list[str]] = {}
    for path in sorted(paths):
        folder, _, name = path.rpartition("/")
        grouped.setdefault(folder, []).append(name)
    return grouped


def join(folder: str, name: str) -> str:
    """The path of a name in a folder below the root."""
    return f"{folder}/{name}" if folder else name


@contextmanager
def open_below(root: int, folder: str, shown: str, *, create: bool = False) -> Iterator[int | None]:
    """Open a folder below the open folder `root`; None if it does not exist, unless it is to be created.

    `shown` is the root's name for findings. Raises BlockedError for a link or a file on the way, and OSError.
    """
    handle = os.dup(root)
    try:
        missing = False
        done: list[str] = []
        for part in folder.split("/") if folder else ():
            done.append(part)
            inner = _enter(handle, part, f"{shown}/{'/'.join(done)}", create=create)
            if inner is None:
                missing = True
                break
            os.close(handle)
            handle = inner
        yield None if missing else handle
    finally:
        os.close(handle)


def _enter(handle: int, name: str, shown: str, *, create: bool) -> int | None:
    if create:
        # Another run may have made it in the meantime.
        with suppress(FileExistsError):
            os.mkdir(name, 0o755, dir_fd=handle)
    try:
        return os.open(name, _FOLDER, dir_fd=handle)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise BlockedError(_why(name, handle, shown, error, expected="folder")) from None


def read_file(handle: int, name: str, shown: str, *, most: int | None = None) -> bytes | None:
    """Return the bytes of a file in an open folder; None if it does not exist.

    With `most`, only so many from its beginning. Raises BlockedError if it is a link, a folder or something else that
    is no file, is larger than anything that is rendered, or cannot be read.
    """
    try:
        file = os.open(name, _FILE, dir_fd=handle)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise BlockedError(_why(name, handle, shown, error, expected="file")) from None
    try:
        status = os.fstat(file)
        if not stat.S_ISREG(status.st_mode):
            raise BlockedError(_in_the_way(status.st_mode, shown, expected="file"))
        if most is not None:
            return os.read(file, most)
        if status.st_size > LARGEST:
            message = f"this file has {status.st_size} bytes, expected at most {LARGEST}"
            raise BlockedError(Finding(codes.OUT_UNREADABLE, message, Spot(file=shown), "move or delete it"))
        return _read_all(file, status.st_size)
    except OSError as error:
        raise BlockedError(_unreadable(shown, error)) from None
    finally:
        os.close(file)


def _read_all(file: int, size: int) -> bytes:
    # One call reads a small file; the size may have changed since.
    content = os.read(file, size + 1)
    while len(content) > size and (more := os.read(file, 1 << 16)):
        content += more
    return content


def _why(name: "str | os.PathLike[str]", handle: int | None, shown: str, error: OSError, *, expected: str) -> Finding:
    """Explain why a name cannot be opened as what is expected."""
    try:
        mode = os.stat(name, dir_fd=handle, follow_symlinks=False).st_mode
    except OSError:
        return _unreadable(shown, error)
    fits = stat.S_ISDIR(mode) if expected == "folder" else stat.S_ISREG(mode)
    return _unreadable(shown, error) if fits else _in_the_way(mode, shown, expected=expected)


def _in_the_way(mode: int, shown: str, *, expected: str) -> Finding:
    if stat.S_ISLNK(mode):
        message = f"this is a symbolic link, expected a {expected}"
        return Finding(codes.OUT_SYMLINK, message, Spot(file=shown), "replace the link, or choose another `--out`")
    found = "a folder" if stat.S_ISDIR(mode) else "a file" if stat.S_ISREG(mode) else "no regular file"
    message = f"this is {found}, where a {expected} would be rendered"
    return Finding(codes.OUT_FOREIGN, message, Spot(file=shown), "move or delete it, or choose another `--out`")


def _unreadable(shown: str, error: OSError) -> Finding:
    message = f"this cannot be read: {(error.strerror or str(error)).lower()}"
    return Finding(codes.OUT_UNREADABLE, message, Spot(file=shown), "see to its permissions")


@contextmanager
def open_root(path: "os.PathLike[str]") -> Iterator[int | None]:
    """Open the folder that out/ is; None if it does not exist.

    Raises BlockedError if it is a link or no folder. Links on the way to it are the user's own affair.
    """
    try:
        handle = os.open(path, _FOLDER)
    except FileNotFoundError:
        yield None
        return
    except OSError as error:
        raise BlockedError(_why(path, None, os.fspath(path), error, expected="folder")) from None
    try:
        yield handle
    finally:
        os.close(handle)
