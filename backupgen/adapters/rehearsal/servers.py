"""The servers that the pods talk to: those that the fleet runs itself, and stand-ins for the others."""

import json
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import IO, Final

from backupgen.adapters.rehearsal.container import RunningContainer
from backupgen.adapters.rehearsal.enclosure import CommandError, EnclosureError, File
from backupgen.adapters.rehearsal.network import Network
from backupgen.adapters.rehearsal.pods import Node
from backupgen.adapters.rehearsal.volumes import Volumes, place_of
from backupgen.rehearsal.pod import Pod
from backupgen.rehearsal.stand_ins import StandIn
from backupgen.rehearsal.values import htpasswd_line

INSIDE: Final = Path(__file__).parent / "inside"
_PATIENCE: Final = "20"
"""Seconds in which a server has to take connections."""


class Server:
    """A server that was started."""

    def __init__(
        self, name: str, process: "subprocess.Popen[bytes] | None" = None, said: IO[bytes] | None = None
    ) -> None:
        """Take its process, which everything that it started dies with, and the file of its standard error."""
        self.name = name
        self._process = process
        self._said = said

    def stop(self) -> None:
        """End it at once."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    @property
    def log(self) -> str:
        """What it printed."""
        if self._said is None:
            return ""
        self._said.seek(0)
        return self._said.read().decode(errors="replace").strip()


class PodServer(Server):
    """A server that is a pod of the fleet."""

    def __init__(self, name: str, containers: list[RunningContainer]) -> None:
        """Take its containers."""
        super().__init__(name)
        self._containers = containers

    def stop(self) -> None:
        """End it as kubelet does."""
        for one in self._containers:
            one.signal("TERM")
        for one in self._containers:
            if one.wait(10) is None:
                one.signal("KILL")
                one.wait()

    @property
    def log(self) -> str:
        """What its containers printed."""
        return "".join(one.log for one in self._containers)


class Servers:
    """Starts servers in an enclosure."""

    def __init__(self, node: Node, addresses: Mapping[str, str]) -> None:
        """`addresses`: host -> where it is found on the loopback interface."""
        self._node = node
        self._enclosure = node.enclosure
        self._addresses = addresses
        self._folder = f"{node.enclosure.root}/servers"
        self.notifications = f"{self._folder}/notifications.jsonl"
        node.enclosure.put([File(self._folder, None, mode=0o755), File(self.notifications, b"")])

    def make_certificate(self, hosts: Iterable[str]) -> str:
        """Make a certificate for these hosts, which is its own authority, for the servers to show; return it (PEM).

        Raises EnclosureError.
        """
        names = ",".join(f"DNS:{host}" for host in hosts)
        what = ("-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2")
        whose = ("-subj", "/CN=backupgen rehearsal", "-addext", f"subjectAltName={names}")
        files = ("-keyout", self._tls("key"), "-out", self._tls("certificate"))
        self._enclosure.run([self._node.programs["openssl"], "req", *what, *whose, *files])
        web = {"tls_server_config": {"cert_file": self._tls("certificate"), "key_file": self._tls("key")}}
        self._enclosure.put([File(self._tls("web"), json.dumps(web).encode())])
        return self._enclosure.read(self._tls("certificate")).decode()

    def _tls(self, name: str) -> str:
        return f"{self._folder}/{name}.pem"

    def start(self, server: StandIn) -> Server:
        """Start a stand-in and wait until it answers. Raises EnclosureError."""
        address = f"{self._addresses[server.host]}:{server.port}"
        command = {"pushgateway": self._pushgateway, "rest": self._rest, "s3": self._s3}
        argv = command.get(server.kind, self._channel)(server, address)
        return self._started(server.host, argv, address)

    def run_script(self, name: str, *arguments: str, at: str) -> Server:
        """Start a server of our own that listens at an address. Raises EnclosureError."""
        return self._started(name, self._enclosure.python(INSIDE / name, *arguments), at)

    def run_pod(self, pod: Pod, name: str, address: str) -> PodServer:
        """Start a pod of the fleet that serves, at an address, and wait until every port of it answers.

        Raises EnclosureError.
        """
        volumes = Volumes(self._enclosure, pod, name)
        network = Network(self._enclosure, address, self._node.programs)
        containers = [self._node.start(pod, one, name, volumes, network=network) for one in pod.containers]
        server = PodServer(name, containers)
        self._await(server, [f"{address}:{port}" for one in pod.containers for port in one.ports])
        return server

    def _started(self, name: str, command: Iterable[str], address: str) -> Server:
        said = self._enclosure.nameless_file()
        # nsenter stays outside; what it starts dies with it.
        tied = (self._node.programs["setpriv"], "--pdeathsig=KILL", *command)
        process = self._enclosure.start(tied, stdout=subprocess.DEVNULL, stderr=said, env=self._environment())
        server = Server(name, process, said)
        self._await(server, [address])
        return server

    def _environment(self) -> dict[str, str]:
        return {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": self._folder, "LC_ALL": "C.UTF-8"}

    def _await(self, server: Server, places: list[str]) -> None:
        try:
            self._enclosure.run(self._enclosure.python(INSIDE / "wait_for_ports.py", _PATIENCE, *places))
        except CommandError:
            server.stop()
            said = f": {server.log}" if server.log else ""
            raise EnclosureError(f"`{server.name}` does not answer at {', '.join(places)}{said}") from None

    def _pushgateway(self, server: StandIn, address: str) -> tuple[str, ...]:
        tls = (f"--web.config.file={self._tls('web')}",) if server.tls else ()
        flags = (f"--web.listen-address={address}", "--persistence.file=", f"--web.route-prefix={server.prefix or '/'}")
        return (self._node.programs["prometheus-pushgateway"], *flags, *tls)

    def _channel(self, server: StandIn, address: str) -> tuple[str, ...]:
        tls = (self._tls("certificate"), self._tls("key")) if server.tls else ()
        user = ":".join(server.users[0]) if server.users else ""
        host, _, port = address.rpartition(":")
        return self._enclosure.python(INSIDE / "notifications.py", host, port, self.notifications, user, *tls)

    def _rest(self, server: StandIn, address: str) -> tuple[str, ...]:
        data, users = self.data_of(server.host), f"{self._folder}/{server.host}.htpasswd"
        lines = "".join(f"{htpasswd_line(user, password)}\n" for user, password in server.users)
        self._enclosure.put([File(data, None, mode=0o755), File(users, lines.encode())])
        who = ("--htpasswd-file", users) if server.users else ("--no-auth",)
        tls = ("--tls", "--tls-cert", self._tls("certificate"), "--tls-key", self._tls("key")) if server.tls else ()
        return (self._node.programs["restic-rest-server"], "--listen", address, "--path", data, *who, *tls)

    def _s3(self, server: StandIn, address: str) -> tuple[str, ...]:
        data = self.data_of(server.host)
        self._enclosure.put(File(f"{data}/{bucket}", None, mode=0o755) for bucket in server.buckets)
        keys = tuple(word for user in server.users for word in ("--auth-key", ",".join(user)))
        tls = ("--cert", self._tls("certificate"), "--key", self._tls("key")) if server.tls else ()
        flags = ("--addr", address, *keys, *tls, "--config", "/dev/null")
        return (self._node.programs["rclone"], "serve", "s3", *flags, data)

    def data_of(self, host: str) -> str:
        """Return where a stand-in keeps its data."""
        return place_of(self._enclosure, f"servers/{host}")
