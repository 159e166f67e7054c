"""The root file system of every container: this machine's programs, and nothing of its configuration.

It stands in for the fleet's images. What those hold is not rehearsed: restic, rclone and all other programs are this
machine's.
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from backupgen.adapters.rehearsal.enclosure import Enclosure, File
from backupgen.adapters.rehearsal.programs import OTHER_NAMES

PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""That of container images, unless they say otherwise."""
_SYSTEM: Final = ("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix")
_LOADER: Final = ("/etc/ld.so.cache", "/etc/alternatives")
APP_USER: Final = 999
"""The user of the apps whose databases are dumped."""
_PASSWD: Final = (
    f"root:x:0:0::/root:/bin/sh\napp:x:{APP_USER}:{APP_USER}::/:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n"
)
_GROUP: Final = f"root:x:0:\napp:x:{APP_USER}:\nnogroup:x:65534:\n"


class Image:
    """The image, made once in an enclosure."""

    def __init__(self, enclosure: Enclosure, programs: Mapping[str, str]) -> None:
        """Make the image with these programs (name -> path on this machine). Raises EnclosureError."""
        self._enclosure = enclosure
        self.folder = f"{enclosure.root}/image"
        enclosure.put(
            [
                File(f"{self.folder}/bin", None, mode=0o755),
                *self._etc({"passwd": _PASSWD, "group": _GROUP, "nsswitch.conf": "hosts: files\n", "hosts": ""}),
            ]
        )
        enclosure.script(self._bindings(programs))

    def name_hosts(self, hosts: Mapping[str, str], certificate: str) -> None:
        """Make hosts known (name -> address), and a certificate that every program trusts (PEM; empty: none)."""
        lines = ["127.0.0.1 localhost", *(f"{address} {host}" for host, address in hosts.items())]
        files = {"hosts": "".join(f"{line}\n" for line in lines), "ssl/certs/ca-certificates.crt": certificate}
        self._enclosure.put(self._etc(files))

    def add_program(self, name: str, script: str) -> None:
        """Put a script under a name on the PATH of every container."""
        self._enclosure.put([File(f"{self.folder}/bin/{name}", script.encode(), mode=0o755)])

    def add_printing(self, name: str, instance: str, content: bytes) -> None:
        """Put a program on the PATH that prints the same whatever it is asked, to the job with this RESTIC_HOSTNAME."""
        script = '#!/bin/sh\nexec cat "${0%/*}/.printed/$RESTIC_HOSTNAME"\n'
        self.add_program(name, script)
        self._enclosure.put([File(f"{self.folder}/bin/.printed/{instance}", content)])

    def options(self) -> Iterator[str]:
        """Yield bubblewrap's options for the root file system."""
        yield from ("--ro-bind", "/usr", "/usr", "--ro-bind", f"{self.folder}/bin", "/usr/local/bin")
        for place in map(Path, _SYSTEM):
            if place.is_symlink():
                yield from ("--symlink", str(place.readlink()), str(place))
            elif place.is_dir():
                yield from ("--ro-bind", str(place), str(place))
        yield from ("--perms", "0755", "--dir", "/etc")
        for name in ("passwd", "group", "nsswitch.conf", "hosts", "ssl"):
            yield from ("--ro-bind", f"{self.folder}/etc/{name}", f"/etc/{name}")
        for place in map(Path, _LOADER):
            if place.exists():
                yield from ("--ro-bind", str(place), str(place))
        yield from ("--proc", "/proc", "--dev", "/dev")

    def _etc(self, files: Mapping[str, str]) -> list[File]:
        return [
            File(f"{self.folder}/etc/ssl/certs", None, mode=0o755),
            *(File(f"{self.folder}/etc/{name}", text.encode()) for name, text in files.items()),
        ]

    def _bindings(self, programs: Mapping[str, str]) -> Iterable[list[str]]:
        """Links to what lies below /usr, which every container has; other programs are mounted, each as one file."""
        for name, place in programs.items():
            for called in (name, *OTHER_NAMES.get(name, ())):
                target = f"{self.folder}/bin/{called}"
                if Path(place).is_relative_to("/usr") and not Path(place).is_relative_to("/usr/local"):
                    yield ["ln", "-s", "--", place, target]
                else:
                    yield ["touch", target]
                    yield ["mount", "--bind", "--", str(Path(place).resolve()), target]
