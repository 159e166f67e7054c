"""Reading files that users name: never a named pipe, a device, or what fills the memory."""

import os
import stat
from pathlib import Path
from typing import Final

LARGEST: Final = 32 << 20
"""Bytes. What is larger was not meant."""


class UnfitError(OSError):
    """Something else than a file of a sensible size; `strerror` says what."""

    def __init__(self, reason: str) -> None:
        super().__init__(None, reason)


def read_regular(path: Path, largest: int = LARGEST) -> bytes:
    """Return the bytes of a file. Raises OSError, and UnfitError for what is no file or too large."""
    try:
        # Without O_NONBLOCK a named pipe would wait for somebody who writes.
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except ValueError:  # a name with a NUL
        raise UnfitError("no file can have this name") from None
    with os.fdopen(handle, "rb") as file:
        status = os.fstat(handle)
        if stat.S_ISDIR(status.st_mode):
            raise UnfitError("this is a folder, expected a file")
        if not stat.S_ISREG(status.st_mode):
            raise UnfitError("this is not a regular file")
        if status.st_size > largest:
            raise UnfitError(f"this file has {status.st_size} bytes, expected at most {largest}")
        return file.read(largest + 1)


def is_folder(path: Path) -> bool:
    """Whether a folder is there; what no name can be is none."""
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False
