"""The apps whose databases a fleet dumps: real servers with sample data, in pods of their own."""

import json
import shlex
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from backupgen.adapters.rehearsal.container import Bind, Launch, RunningContainer, command_of
from backupgen.adapters.rehearsal.enclosure import EnclosureError, File
from backupgen.adapters.rehearsal.image import APP_USER, PATH
from backupgen.adapters.rehearsal.pods import Node

_READY: Final = "the app is ready"
_INIT: Final = "scratch/init.sql"
_MARIADB: Final = """set -eu
umask 022
mariadb-install-db --no-defaults --datadir=/var/lib/mysql --auth-root-authentication-method=normal \\
  --skip-test-db >/tmp/log 2>&1 || { cat /tmp/log; exit 1; }
mariadbd --no-defaults --datadir=/var/lib/mysql --socket=/run/mysqld/mysqld.sock --pid-file=/run/mysqld/pid \\
  --skip-networking --init-file=/tmp/init.sql >/tmp/log 2>&1 &
until mariadb --no-defaults --socket=/run/mysqld/mysqld.sock --user=root --password="$MARIADB_ROOT_PASSWORD" \\
  --execute='SELECT count(*) FROM sample.rows' >/dev/null 2>&1; do
  kill -0 $! || { cat /tmp/log; exit 1; }
  sleep 0.1
done
echo """
_POSTGRES: Final = """set -eu
printf %s "$POSTGRES_PASSWORD" >/tmp/password
initdb --pgdata=/var/lib/postgresql/data --username="$POSTGRES_USER" --pwfile=/tmp/password --auth=scram-sha-256 \\
  --no-sync --encoding=UTF8 --locale=C >/tmp/log 2>&1 || { cat /tmp/log; exit 1; }
postgres -D /var/lib/postgresql/data -k /var/run/postgresql -c listen_addresses= >/tmp/log 2>&1 &
export PGPASSWORD="$POSTGRES_PASSWORD" PGHOST=/var/run/postgresql PGUSER="$POSTGRES_USER"
until psql --dbname=postgres --command='SELECT 1' >/dev/null 2>&1; do
  kill -0 $! || { cat /tmp/log; exit 1; }
  sleep 0.1
done
[ "$POSTGRES_DB" = postgres ] || createdb "$POSTGRES_DB" || exit 1
psql --quiet --dbname="$POSTGRES_DB" --file=/tmp/init.sql
echo """
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
_ROWS: Final = "CREATE TABLE sample AS SELECT n, md5(n::text) FROM generate_series(1, :rows) n;\n"


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

    def mariadb(self, pod: AppPod, user: str) -> App:
        """Start a MariaDB with some rows, and return it. Raises EnclosureError."""
        account = f"'{user}'@'localhost'"
        # --init-file takes one statement a line.
        statements = (
            f"ALTER USER 'root'@'localhost' IDENTIFIED BY '{self._password}'",
            f"CREATE USER IF NOT EXISTS {account} IDENTIFIED BY '{self._password}'",
            f"GRANT RELOAD, PROCESS, LOCK TABLES, BINLOG MONITOR ON *.* TO {account}",
            "CREATE DATABASE sample CHARACTER SET utf8mb4",
            "CREATE TABLE sample.rows (id INT PRIMARY KEY, content TEXT)",
            "INSERT INTO sample.rows SELECT seq, SHA2(seq, 512) FROM sample.seq_1_to_2000",
        )
        sql = "".join(f"{one};\n" for one in statements)
        environment = {"PATH": PATH, "MARIADB_ROOT_PASSWORD": self._password}
        app = self._app(pod, {"data": "/var/lib/mysql", "run": "/run/mysqld"}, environment)
        return self._started(app, _MARIADB, sql)

    def postgres(self, pod: AppPod, user: str, database: str, size: int) -> App:
        """Start a PostgreSQL with rows of at least `size` bytes, and return it. Raises EnclosureError."""
        user = user or "postgres"
        environment = {"PATH": PATH, "POSTGRES_USER": user, "POSTGRES_PASSWORD": self._password}
        environment["POSTGRES_DB"] = database or user
        rows = max(500, size // 16)
        sql = f"\\set rows {rows}\n{_ROWS}"
        app = self._app(pod, {"data": "/var/lib/postgresql", "run": "/var/run/postgresql"}, environment)
        return self._started(app, _POSTGRES, sql)

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
        command = (*app.command, "sh", "-c", f"{script}{shlex.quote(_READY)}\nwait\n")
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
