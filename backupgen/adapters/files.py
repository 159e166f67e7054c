"""What the user wrote: fleet.yaml is read, and its first text written."""

import os
import shutil
import stat
import tempfile
from pathlib import Path
from typing import Final

from backupgen.diagnostics import Checked, Finding, Spot
from backupgen.source.codes import UNREADABLE_FILE

LARGEST: Final = 32 << 20
"""Bytes. Ten thousand targets take about five million; what is larger was not meant."""


def read_fleet(path: Path) -> Checked[bytes]:
    """Return the bytes of fleet.yaml; a file that is missing, no file, unreadable or too large is a finding."""
    try:
        # Without O_NONBLOCK a named pipe would wait for somebody who writes.
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            if problem := _unfit(os.fstat(handle)):
                return _unreadable(path, problem)
            with open(handle, "rb", closefd=False) as file:
                return Checked(file.read())
        finally:
            os.close(handle)
    except FileNotFoundError:
        return _unreadable(path, "this file does not exist")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        return _unreadable(path, f"this file cannot be read: {reason.lower()}")


def replace_fleet(path: Path, before: bytes, after: bytes) -> str:
    """Replace fleet.yaml by another text, at once and as a whole; its mode stays, and a link stays a link.

    `before` is what was read: if it is no longer what lies there, nothing is replaced. Returns why not, in words; empty
    if it was.
    """
    target = Path(os.path.realpath(path))
    try:
        if target.read_bytes() != before:
            return "it was changed meanwhile"
        with tempfile.NamedTemporaryFile(dir=target.parent, prefix=f".{target.name}.", delete=False) as file:
            temporary = Path(file.name)
            try:
                file.write(after)
                file.flush()
                shutil.copymode(target, temporary)
                temporary.replace(target)
            except BaseException:
                temporary.unlink(missing_ok=True)
                raise
    except OSError as error:
        return (error.strerror or str(error)).lower()
    return ""


def write_new(path: Path, text: str) -> str:
    """Write a file that does not exist, as a whole or not at all. Returns why not, in words; empty if it was."""
    try:
        # The complete file gets its name at once, and only if nobody has it: a link is refused where a rename is not.
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.") as file:
            file.write(text.encode())
            file.flush()
            Path(file.name).chmod(0o644)
            os.link(file.name, path)
    except FileExistsError:
        return "there is one already"
    except OSError as error:
        return (error.strerror or str(error)).lower()
    return ""


def _unfit(status: os.stat_result) -> str:
    if stat.S_ISDIR(status.st_mode):
        return "this is a folder, expected a file"
    if not stat.S_ISREG(status.st_mode):
        return "this is not a regular file"
    if status.st_size > LARGEST:
        return f"this file has {status.st_size} bytes, expected at most {LARGEST}"
    return ""


def _unreadable(path: Path, message: str) -> Checked[bytes]:
    finding = Finding(UNREADABLE_FILE, message, Spot(file=str(path)), "name another file with `--fleet`")
    return Checked(None, (finding,))
