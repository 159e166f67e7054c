"""BG414: a hook or a dump talks to somebody whom the network policy does not know."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Final

from backupgen.diagnostics import CodeInfo, Finding, NodePath, Severity
from backupgen.integrations.location import Location
from backupgen.resolve.resolved import Peer, ResolvedFleet, Target
from backupgen.rules.base import Rule, RuleContext, finding
from backupgen.rules.commands import own_commands

INFO = CodeInfo(
    code="BG414",
    slug="url-without-egress",
    severity=Severity.WARNING,
    summary="Network policies are rendered, and a hook or a dump talks to somebody who is not in `connects_to`.",
    why="The policy lets nothing out that it does not know of: the command hangs, and the run fails.",
    fix="Add whom it talks to under `connects_to`.",
    bad="network_policies: kubernetes\nbefore: wget -q http://wiki.docs.svc/pause",
    good="network_policies: kubernetes\nbefore: wget -q http://wiki.docs.svc/pause\n"
    "connects_to: [{pod: {app: wiki}, namespace: docs, port: 80}]",
)

_URL: Final = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?:[^/@\s'\"]*@)?"
    r"(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)(?![\w${(.-])(?::(?P<port>[0-9]{1,5}))?"
)
_CLIENT: Final = re.compile(
    r"\b(?:pg_dump|pg_dumpall|psql|mysqldump|mysql|mariadb-dump|mariadb|mongodump|redis-cli|influxd?)\b[^;&|]*?"
    r"\s(?:--host[= ]|-h *)['\"]?(?P<host>[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)(?![\w${(.-])"
)
_PORTS: Final = {
    "http": 80, "https": 443, "ftp": 21, "ssh": 22, "sftp": 22, "postgres": 5432, "postgresql": 5432, "mysql": 3306,
    "mongodb": 27017, "redis": 6379, "amqp": 5672, "ldap": 389, "ldaps": 636,
}  # fmt: skip
_OWN: Final = {"localhost", "127.0.0.1", "[::1]"}


@dataclass(frozen=True, slots=True)
class _Contact:
    """Whom a command names, as it names them."""

    text: str
    host: str
    port: int | None
    """None: the command does not say it, or in a way of its own."""


def check(context: RuleContext) -> Iterator[Finding]:
    """Report each command with the first of those that the policy would not let it reach."""
    if context.fleet.network_policies == "none":
        return
    for target in context.fleet.targets:
        if target.before or target.dump is not None:
            known = _known(context.fleet, target)
            for path, command in own_commands(target):
                yield from _judge(target, path, command, known)


def _known(fleet: ResolvedFleet, target: Target) -> list[Location]:
    """Where the job's policy lets it go anyway."""
    found = [fleet.repository(target.repository).location]
    found += [fleet.pushgateway.location] if fleet.pushgateway is not None else []
    return found + [channel.server for channel in target.job.channels]


def _judge(target: Target, path: NodePath, command: str, known: Sequence[Location]) -> Iterator[Finding]:
    help_ = "write `connects_to:` with their pods' labels, their host name or range of addresses, and the port"
    for contact in _contacts(command):
        if contact.host not in _OWN and not _reachable(contact, target, known):
            message = f"the network policy does not let `{target.job.name}` reach `{contact.text}`"
            yield finding(INFO, message, path, help_)
            return
    if path[-1] == "command" and not target.connects_to:
        message = f"the dump of `{target.name}` comes from somewhere else, but nothing says whom its command talks to"
        yield finding(INFO, message, path, help_)


def _contacts(command: str) -> Iterator[_Contact]:
    for match in _URL.finditer(command):
        written = match["port"]
        port = int(written) if written else _PORTS.get(match["scheme"].lower())
        yield _Contact(f"{match['host']}:{written}" if written else match["host"], match["host"].lower(), port)
    for match in _CLIENT.finditer(command):
        yield _Contact(match["host"], match["host"].lower(), None)


def _reachable(contact: _Contact, target: Target, known: Sequence[Location]) -> bool:
    if any(location.host == contact.host and contact.port in {None, location.port} for location in known):
        return True
    return any(_lets(peer, contact, target.job.namespace) for peer in target.connects_to)


def _lets(peer: Peer, contact: _Contact, own: str) -> bool:
    if peer.pod:  # the port is the container's, which a URL does not say
        return _namespace(contact.host, own) == peer.namespace
    if contact.port not in {None, peer.port}:
        return False
    if peer.host:
        return peer.host == contact.host
    address = _address(contact.host)
    return address is None or address in ip_network(peer.cidr)  # what a name stands for is not known


def _namespace(host: str, own: str) -> str | None:
    """The namespace of a Service's name: `wiki`, `wiki.docs`, `wiki.docs.svc…`."""
    parts = host.split(".")
    if len(parts) == 1:
        return own
    return parts[1] if len(parts) == 2 or parts[2] == "svc" else None


def _address(host: str) -> object:
    try:
        return ip_address(host.strip("[]"))
    except ValueError:
        return None


RULE = Rule(INFO, check)
