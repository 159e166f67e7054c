"""The apps whose databases a fleet dumps: real servers with sample data, in pods of their own."""

import json
import shlex
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from backupgen.adapters.rehearsal.container import Bind, Launch, RunningContainer, command_of
from backupgen.adapters.rehearsal.enclosure import EnclosureError, File
from backupgen.adapters.rehearsal.image import APP_USER, PATH
from backupgen.adapters.rehearsal.pods import Node
from backupgen.integrations.dump_tools import SampleServer

_READY: Final = "the app is ready"
_INIT: Final = "scratch/init.sql"
_PRINTING: Final = """own=$1
shift
total=$#
number=0
for word; do
  number=$((number + 1))
  [ "$number" -gt $((total - own)) ] || set -- "$@" "$word"
done
shift "$total"
exec "$@" cat /content
"""
"""Runs what it is given with `cat /content` in place of its last words, as many as the first argument says."""


class AppPod(NamedTuple):
    """How kubectl finds the pod of an app."""

    namespace: str
    name: str
    container: str
    labels: Mapping[str, str]


class App(NamedTuple):
    """An app in whose pod dumps run."""

    pod: AppPod
    command: tuple[str, ...]
    """What a program is put behind to run in the pod."""
    environment: Mapping[str, str]

    def for_api(self) -> dict[str, object]:
        """Return the app as inside/api.py reads it."""
        about = {**self.pod._asdict(), "labels": dict(self.pod.labels)}
        return {**about, "command": self.command, "environment": dict(self.environment)}


class Apps:
    """Starts apps."""

    def __init__(self, node: Node, password: str) -> None:
        """`password`: that of every database's user."""
        self._node = node
        self._password = password
        self.running: dict[str, RunningContainer] = {}
        """The databases, by the names of their pods."""

    def printing(self, pod: AppPod, content: bytes, words: int) -> App:
        """Return an app that prints the same whatever runs in it: for a dump whose program is not rehearsed.

        `words`: how many the dump's command has. What dump.sh puts before them is run as it is.
        """
        place = self._folder(pod)
        self._node.enclosure.put([File(place, None, mode=0o755), File(f"{place}/content", content)])
        bind = Bind(f"{place}/content", "/content", read_only=True)
        return App(pod, self._command(pod, (bind,), ("sh", "-c", _PRINTING, "sh", str(words))), {"PATH": PATH})

    def database(self, pod: AppPod, server: SampleServer, user: str, database: str, size: int) -> App:
        """Start a database with sample rows of at least `size` bytes, and return it. Raises EnclosureError."""
        environment = {"PATH": PATH, **server.environment(user, database, self._password)}
        app = self._app(pod, {"data": server.data, "run": server.sockets}, environment)
        return self._started(app, server.start, server.statements(user, self._password, size))

    def _app(self, pod: AppPod, folders: Mapping[str, str], environment: Mapping[str, str]) -> App:
        place = self._folder(pod)
        files = [File(place, None, mode=0o755), File(f"{place}/scratch", None, mode=0o1777)]
        files += [File(f"{place}/{folder}", None, APP_USER, APP_USER, 0o755) for folder in folders]
        self._node.enclosure.put(files)
        places = {**folders, "scratch": "/tmp"}  # noqa: S108 (the pod's own)
        binds = tuple(Bind(f"{place}/{folder}", path, read_only=False) for folder, path in places.items())
        return App(pod, self._command(pod, binds, ()), environment)

    def _folder(self, pod: AppPod) -> str:
        return f"{self._node.enclosure.root}/apps/{pod.namespace}/{pod.name}"

    def _command(self, pod: AppPod, binds: tuple[Bind, ...], arguments: tuple[str, ...]) -> tuple[str, ...]:
        launch = Launch(pod.name, APP_USER, APP_USER, (), (), binds, read_only_root=True, arguments=arguments)
        return command_of(self._node.enclosure, self._node.image, self._node.programs, launch)

    def _started(self, app: App, script: str, sql: str) -> App:
        self._node.enclosure.put([File(f"{self._folder(app.pod)}/{_INIT}", sql.encode())])
        command = (*app.command, "sh", "-c", f"{script}\necho {shlex.quote(_READY)}\nwait\n")
        container = RunningContainer(self._node.enclosure, command, app.pod.name, app.environment)
        self.running[app.pod.name] = container
        while f"{_READY}\n" not in container.log:
            end = container.wait(0.05)
            if end is not None:
                raise EnclosureError(f"the database `{app.pod.name}` did not start: {end.log.strip()}")
        return app


def api_state(rights: Mapping[str, Sequence[tuple[str, str, str]]], apps: Sequence[App]) -> bytes:
    """Return what inside/api.py reads: who may do what (token -> namespace, verb, resource), and the apps."""
    return json.dumps({"may": rights, "pods": [app.for_api() for app in apps]}).encode()
