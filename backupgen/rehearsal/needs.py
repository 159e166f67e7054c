"""The programs that a rehearsal of a fleet takes, and the Debian packages that bring them."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from backupgen.rehearsal.stand_ins import StandIn
from backupgen.resolve.resolved import ResolvedFleet, Target

_ALWAYS: Final = ("bwrap", "unshare", "nsenter", "setpriv", "ip", "mount", "tar", "sha256sum", "restic", "curl")
_OF_KIND: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "pushgateway": ("prometheus-pushgateway",),
        "ntfy": (),
        "rest": ("restic-rest-server",),
        "s3": ("rclone",),
    }
)
_OF_RULE: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {"sqlite": ("sqlite3",), "xbstream": ("mbstream", "mariabackup"), "file": (), "dir": (), "pgdump": ("pg_restore",)}
)
_MARIADB: Final = ("mariadbd", "mariadb-install-db", "mariadb", "mariabackup", "mbstream")
_POSTGRES: Final = ("initdb", "postgres", "psql", "pg_dump", "pg_restore")

PACKAGES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "bwrap": "bubblewrap",
        "unshare": "util-linux",
        "nsenter": "util-linux",
        "setpriv": "util-linux",
        "mount": "mount",
        "ip": "iproute2",
        "tar": "tar",
        "sha256sum": "coreutils",
        "restic": "restic",
        "curl": "curl",
        "openssl": "openssl",
        "rclone": "rclone",
        "sqlite3": "sqlite3",
        "restic-rest-server": "restic-rest-server",
        "prometheus-pushgateway": "prometheus-pushgateway",
        "mariadbd": "mariadb-server-core",
        "mariadb-install-db": "mariadb-server-core",
        "mariadb": "mariadb-client-core",
        "mariabackup": "mariadb-backup",
        "mbstream": "mariadb-backup",
        "initdb": "postgresql",
        "postgres": "postgresql",
        "psql": "postgresql-client",
        "pg_dump": "postgresql-client",
        "pg_restore": "postgresql-client",
    }
)
"""Program -> the Debian package that brings it."""


class Missing(NamedTuple):
    """A program that is not there."""

    program: str
    package: str
    why: str


def programs(fleet: ResolvedFleet, targets: Iterable[Target], servers: Iterable[StandIn]) -> dict[str, str]:
    """Return the programs that a rehearsal of these targets takes, each with what it is for."""
    found = dict.fromkeys(_ALWAYS, "every rehearsal")
    for server in servers:
        found |= dict.fromkeys(_OF_KIND[server.kind], f"the server at {server.host}:{server.port}")
        if server.tls:
            found.setdefault("openssl", f"the certificate of {server.host}")
    rehearsed = tuple(targets)
    repositories = {target.repository for target in rehearsed}
    for repository in fleet.repositories:
        if repository.name in repositories and repository.server is not None:
            found.setdefault("restic-rest-server", f"the Deployment `{repository.server.name}`")
        if repository.name in repositories and any(mirror.method == "rclone" for mirror in repository.mirrors):
            found.setdefault("rclone", "the mirrors")
    for target in rehearsed:
        for program in _of_target(target):
            found.setdefault(program, f"`{target.name}`")
    return found


def _of_target(target: Target) -> tuple[str, ...]:
    rules = tuple(program for rule in target.verify for program in _OF_RULE[rule.kind])
    return (*rules, *_of_database(database_of(target)), *_of_database(sampled_by(target)))


def _of_database(name: str) -> tuple[str, ...]:
    return {"mariadb": _MARIADB, "postgres": _POSTGRES, "": ()}[name]


def sampled_by(target: Target) -> str:
    """Return the database whose tool has to make a target's sample data; empty: none."""
    dump = target.dump.file if target.dump is not None else None
    return "mariadb" if any(rule.kind == "xbstream" and rule.file != dump for rule in target.verify) else ""


def database_of(target: Target) -> str:
    """Return the database that runs in the app's pod for a target's dump; empty: the dump is not one of ours."""
    dump = target.dump_in_pod
    if dump is None:
        return ""
    return {"mariabackup": "mariadb", "pg_dump": "postgres", None: ""}[dump.tool]


def missing(needed: Mapping[str, str], found: Mapping[str, str]) -> tuple[Missing, ...]:
    """Return the programs that are needed and not found (name -> path)."""
    return tuple(Missing(name, PACKAGES[name], why) for name, why in needed.items() if name not in found)
