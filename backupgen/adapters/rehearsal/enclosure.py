"""Namespaces of our own, and a file system in memory: what a rehearsal happens in.

A process holds them. It reads from a pipe that only backupgen writes to, so that it ends when backupgen does, whatever
ends it; and with it, as it is the first process of its PID namespace, everything that runs there, every mount, and the
files. nsenter starts processes in it. Its users are ours: as root all of them, with newuidmap those that /etc/subuid
gives us, else only one.
"""

import contextlib
import io
import os
import shlex
import signal
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import IO, Any, Final, NamedTuple

_HOLD: Final = "echo held; exec cat >/dev/null"
_NAMESPACES: Final = ("--mount", "--net", "--pid", "--uts", "--ipc")
_ENVIRONMENT: Final = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"}
_LAST_USER: Final = 65_535
_FOLDERS: Final = ("/mnt", "/media", "/srv", "/opt")
"""Where the file system may be mounted; what lies there is hidden from the rehearsal."""


class Users(Enum):
    """Which users there are."""

    REAL = "those of this machine"
    MAPPED = "those that newuidmap maps"
    ONE = "one"

    @property
    def difference(self) -> str:
        """What cannot be as in a cluster with these users; empty: nothing."""
        if self is not Users.ONE:
            return ""
        return (
            "there is one user only, so all pods run as it, and what users keep from each other is not tried; install"
            " newuidmap (Debian: uidmap) and give yourself ids in /etc/subuid and /etc/subgid, or run it as root"
        )


class EnclosureError(Exception):
    """The machine does not allow what a rehearsal needs; the message says what."""


class CommandError(EnclosureError):
    """A command that had to succeed did not."""


class File(NamedTuple):
    """A file, folder or link to be made."""

    path: str
    content: bytes | None
    """None: a folder."""
    uid: int = 0
    gid: int = 0
    mode: int = 0o644
    link: str = ""
    """Where a symbolic link leads to."""


class Enclosure:
    """The namespaces of one rehearsal. A context manager: at its end nothing of them is left."""

    def __init__(self, programs: Mapping[str, str]) -> None:
        """Make the namespaces. `programs` are the places of util-linux's tools. Raises EnclosureError."""
        self._programs = programs
        self.root = _folder(programs.values())
        self._started: list[subprocess.Popen[bytes]] = []
        self._open = contextlib.ExitStack()
        self.users, self._holder = _hold(programs["unshare"])
        try:
            self._enter = self._entrance()
            self._prepare()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> "Enclosure":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End everything that runs in it."""
        if self._holder.stdin is not None:
            self._holder.stdin.close()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._holder.pid, signal.SIGKILL)
        for process in (self._holder, *self._started):
            process.wait()
        if self._holder.stdout is not None:
            self._holder.stdout.close()
        self._open.close()

    def _entrance(self) -> tuple[str, ...]:
        pid = self._holder.pid
        child = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()[0]
        # Our own user is root in there; to become it, nothing has to be changed.
        user = () if self.users is Users.REAL else ("--user", "--preserve-credentials")
        return (self._programs["nsenter"], f"--target={child}", *user, *_NAMESPACES, "--")

    def _prepare(self) -> None:
        mount = ["mount", "-t", "tmpfs", "-o", "mode=0755", "backupgen", self.root]
        self.script([["ip", "link", "set", "lo", "up"], mount])

    def start(self, command: Sequence[str], **options: Any) -> subprocess.Popen[bytes]:
        """Start a program in the enclosure. `options` are those of Popen."""
        options = {"env": _ENVIRONMENT, "stdin": subprocess.DEVNULL, **options}
        process = subprocess.Popen((*self._enter, *command), cwd="/", start_new_session=True, **options)  # noqa: S603
        self._started = [one for one in self._started if one.poll() is None] + [process]
        return process

    def nameless_file(self) -> IO[bytes]:
        """Return a file outside of the enclosure that is open until its end, and has no name that could be left."""
        return self._open.enter_context(tempfile.TemporaryFile())

    def run(self, command: Sequence[str], content: bytes = b"") -> bytes:
        """Run a program as the enclosure's root, and return what it prints. Raises CommandError."""
        process = self.start(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        printed, said = process.communicate(content)
        if process.returncode != 0:
            raise CommandError(f"`{command[0]}` failed: {said.decode(errors='replace').strip()}")
        return printed

    def script(self, commands: Iterable[Sequence[str]]) -> None:
        """Run commands, one after the other; the first that fails ends it. Raises CommandError."""
        self.run(["sh", "-e", "-s"], "".join(f"{shlex.join(command)}\n" for command in commands).encode())

    def put(self, files: Iterable[File]) -> None:
        """Make files; folders above them that are missing are root's."""
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
            for file in files:
                archive.addfile(_member(file), io.BytesIO(file.content or b""))
        owner = "--no-same-owner" if self.users is Users.ONE else "--same-owner"
        command = ["tar", "--extract", "--preserve-permissions", owner, "--numeric-owner", "--directory=/", "--file=-"]
        self.run(command, buffer.getvalue())

    def read(self, path: str) -> bytes:
        """Return a file's content; nothing, if there is none."""
        with contextlib.suppress(CommandError):
            return self.run(["cat", path])
        return b""

    def python(self, script: Path, *arguments: str) -> tuple[str, ...]:
        """Return the command that runs a Python script with this interpreter and the standard library alone."""
        return (sys.executable, "-I", "-S", str(script), *arguments)


def pipe_of(stream: IO[bytes] | None) -> IO[bytes]:
    """Return a stream of a process that was started with a pipe for it."""
    if stream is None:
        raise AssertionError("the process was started without this pipe")
    return stream


def _hold(unshare: str) -> tuple[Users, "subprocess.Popen[bytes]"]:
    tried: list[str] = []
    for users, options in _ways():
        command = (unshare, *options, *_NAMESPACES, "--fork", "--kill-child", "--mount-proc", "--propagation=private")
        holder = subprocess.Popen(  # noqa: S603
            (*command, "sh", "-c", _HOLD),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            cwd="/",
        )
        if pipe_of(holder.stdout).readline() == b"held\n":
            if holder.stderr is not None:
                holder.stderr.close()
            return users, holder
        tried.append(holder.communicate()[1].decode(errors="replace").strip())
    raise EnclosureError(
        f"this machine does not let {'root' if os.geteuid() == 0 else 'its users'} make namespaces: {tried[-1]}"
    )


def _ways() -> Iterator[tuple[Users, tuple[str, ...]]]:
    if os.geteuid() != 0:
        yield Users.MAPPED, ("--user", "--map-root-user", "--map-auto")
    elif _has_all_users():
        yield Users.REAL, ()
    yield Users.ONE, ("--user", "--map-root-user")


def _has_all_users() -> bool:
    """Whether root is root of every user: in a container without root it is not."""
    lines = Path("/proc/self/uid_map").read_text(encoding="ascii").splitlines()
    return sum(int(line.split()[2]) for line in lines) > _LAST_USER


def _folder(programs: Iterable[str]) -> str:
    """Return where the file system in memory is mounted: a folder that holds none of the programs."""
    needed = [*programs, sys.executable, str(Path(sys.executable).resolve()), sys.prefix, sys.base_prefix, __file__]
    for folder in _FOLDERS:
        if Path(folder).is_dir() and not any(path.startswith(f"{folder}/") for path in needed):
            return folder
    raise EnclosureError(f"expected one of the folders {', '.join(_FOLDERS)}, to mount something at")


def _member(file: File) -> tarfile.TarInfo:
    info = tarfile.TarInfo(file.path.lstrip("/"))
    info.uid, info.gid, info.mode = file.uid, file.gid, file.mode
    if file.link:
        info.type, info.linkname = tarfile.SYMTYPE, file.link
    elif file.content is None:
        info.type = tarfile.DIRTYPE
    else:
        info.size = len(file.content)
    return info
