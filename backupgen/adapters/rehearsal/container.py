"""One container: a process that bubblewrap puts into a root file system and a PID namespace of its own."""

import contextlib
import json
import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from backupgen.adapters.rehearsal.enclosure import Enclosure, Users, pipe_of
from backupgen.adapters.rehearsal.image import APP_USER, PATH, Image
from backupgen.rehearsal.outcome import ContainerEnd

_MOST_LOG: Final = 1 << 20
"""Bytes of a container's log that are kept: the last ones."""


class Bind(NamedTuple):
    """A folder or file of the enclosure in a container."""

    place: str
    path: str
    read_only: bool


class Launch(NamedTuple):
    """What bubblewrap needs to know."""

    hostname: str
    uid: int
    gid: int
    groups: tuple[int, ...]
    capabilities: tuple[str, ...]
    binds: tuple[Bind, ...]
    read_only_root: bool
    arguments: tuple[str, ...]


def command_of(enclosure: Enclosure, image: Image, programs: Mapping[str, str], launch: Launch) -> tuple[str, ...]:
    """Return the command, to be run in the enclosure, that is the container."""
    options = ["--unshare-pid", "--unshare-uts", "--unshare-ipc", "--hostname", launch.hostname]
    options += ["--die-with-parent", "--as-pid-1", "--chdir", "/"]
    user: tuple[str, ...] = ()
    if enclosure.users is Users.ONE:
        # The same for all: a file of another user could not be restored, since restic cannot give it to nobody we know.
        options += ["--unshare-user", "--uid", str(APP_USER), "--gid", str(APP_USER), "--cap-drop", "ALL"]
        options += [word for one in launch.capabilities for word in ("--cap-add", f"CAP_{one}")]
    else:
        user = _become(programs["setpriv"], launch)
    options += [*image.options(), *_mounts(launch.binds)]
    if launch.read_only_root:
        options += ["--remount-ro", "/"]
    return (programs["bwrap"], *options, "--", *user, *launch.arguments)


def _become(setpriv: str, launch: Launch) -> tuple[str, ...]:
    bounding = ",".join(("-all", *(f"+{one.lower()}" for one in launch.capabilities)))
    groups = f"--groups={','.join(map(str, launch.groups))}" if launch.groups else "--clear-groups"
    ids = (f"--reuid={launch.uid}", f"--regid={launch.gid}", groups)
    return (setpriv, *ids, "--no-new-privs", f"--bounding-set={bounding}", "--inh-caps=-all")


def _mounts(binds: Iterable[Bind]) -> Iterator[str]:
    """Mount points are made by bubblewrap; folders above them would be its owner's alone without `--perms`."""
    done: list[str] = []
    for bind in sorted(binds, key=lambda one: one.path):
        for above in _above(bind.path):
            if not any(above == path or above.startswith(f"{path}/") for path in done):
                yield from ("--perms", "0755", "--dir", above)
        yield from ("--ro-bind" if bind.read_only else "--bind", bind.place, bind.path)
        done.append(bind.path)


def _above(path: str) -> Iterator[str]:
    parts = path.strip("/").split("/")
    return ("/" + "/".join(parts[:count]) for count in range(1, len(parts)))


class RunningContainer:
    """A container that was started."""

    def __init__(
        self,
        enclosure: Enclosure,
        command: tuple[str, ...],
        name: str,
        environment: Mapping[str, str],
        on_line: Callable[["RunningContainer", str], None] | None = None,
        within: tuple[str, ...] = (),
    ) -> None:
        """Start it, behind the command `within`. `on_line` is called with each line that it prints."""
        self.name = name
        self._enclosure = enclosure
        self._started = time.monotonic()
        self._log: list[bytes] = []
        self._kept = 0
        self._on_line = on_line
        place, said = os.pipe()
        bwrap, *rest = command
        self._process = enclosure.start(
            (*within, bwrap, "--info-fd", str(said), *rest),
            env={"PATH": PATH, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=(said,),
        )
        os.close(said)
        self._pid = _child(place)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        with pipe_of(self._process.stdout) as printed:
            for line in printed:
                self._log.append(line)
                self._kept += len(line)
                while self._kept > _MOST_LOG and len(self._log) > 1:
                    self._kept -= len(self._log.pop(0))
                if self._on_line is not None:
                    self._on_line(self, line.decode(errors="replace").rstrip("\n"))

    @property
    def log(self) -> str:
        """What it has printed so far."""
        return b"".join(self._log).decode(errors="replace")

    def signal(self, name: str) -> None:
        """Send a signal (`TERM`, `KILL`) to its first process, as a container runtime does. Nothing, if it is gone."""
        if self._pid and self._process.poll() is None:
            self._enclosure.run(["sh", "-c", 'kill -s "$1" "$2" 2>/dev/null || :', "sh", name, str(self._pid)])

    def wait(self, seconds: float | None = None) -> ContainerEnd | None:
        """Wait until it ends, or for so many seconds; None: it still runs."""
        try:
            code = self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None
        self._reader.join()
        return ContainerEnd(self.name, code if code >= 0 else 128 - code, time.monotonic() - self._started, self.log)


def _child(place: int) -> int:
    """The process id, in the enclosure, of a container's first process; 0, if bubblewrap did not come so far."""
    told = b""
    with os.fdopen(place, "rb", buffering=0) as stream:
        # The pipe's other end stays open in nsenter, so its end is not to be waited for.
        while part := stream.read(4096):
            told += part
            with contextlib.suppress(ValueError):
                return int(json.loads(told)["child-pid"])
    return 0
