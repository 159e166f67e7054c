"""The programs that a rehearsal of a fleet takes, and the Debian packages that bring them."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from backupgen.integrations.dump_tools import BY_VERIFY_KIND, DUMP_TOOLS, DumpTool
from backupgen.rehearsal.stand_ins import StandIn
from backupgen.resolve.resolved import ResolvedFleet, Target

_ALWAYS: Final = ("bwrap", "unshare", "nsenter", "setpriv", "ip", "mount", "tar", "sha256sum", "restic", "curl")
_OF_KIND: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "pushgateway": ("prometheus-pushgateway",),
        "rest": ("restic-rest-server",),
        "s3": ("rclone",),
    }
)
_OF_RULE: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {"sqlite": ("sqlite3",), **{tool.verify: tool.verify_programs for tool in DUMP_TOOLS.values()}}
)

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
        **{name: program.package for tool in DUMP_TOOLS.values() for name, program in tool.server.programs.items()},
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
        found |= dict.fromkeys(_OF_KIND.get(server.kind, ()), f"the server at {server.host}:{server.port}")
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
    rules = tuple(program for rule in target.verify for program in _OF_RULE.get(rule.kind, ()))
    tools = [tool for tool in (tool_in_pod(target), *sampling_tools(target)) if tool is not None]
    return (*rules, *(program for tool in tools for program in tool.server.programs))


def sampling_tools(target: Target) -> tuple[DumpTool, ...]:
    """Return the tools that have to make a target's sample files, because nothing else can."""
    dump = target.dump.file if target.dump is not None else None
    kinds = {rule.kind for rule in target.verify if rule.file != dump}
    return tuple(tool for kind, tool in BY_VERIFY_KIND.items() if kind in kinds and tool.sample is None)


def tool_in_pod(target: Target) -> DumpTool | None:
    """Return the tool whose database has to run in the app's pod for a target's dump."""
    return target.dump_in_pod.known_tool if target.dump_in_pod is not None else None


def missing(needed: Mapping[str, str], found: Mapping[str, str]) -> tuple[Missing, ...]:
    """Return the programs that are needed and not found (name -> path)."""
    return tuple(Missing(name, PACKAGES[name], why) for name, why in needed.items() if name not in found)
