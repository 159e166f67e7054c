"""BG439: `connects_to` opens the way to everybody."""

from collections.abc import Iterator
from ipaddress import ip_network
from typing import Final

from backupgen.diagnostics import CodeInfo, Finding, Severity
from backupgen.rules.base import Rule, RuleContext, finding

INFO = CodeInfo(
    code="BG439",
    slug="wide-egress",
    severity=Severity.WARNING,
    summary="A range of addresses in `connects_to` is nearly everybody.",
    why="A pod that holds the repository's password may then send anything anywhere: the policy protects nothing.",
    fix="Name the pods, the host or the addresses that the command talks to.",
    bad="network_policies: kubernetes\nbefore: curl -s https://wiki.example.com/pause\n"
    "connects_to: [{cidr: 0.0.0.0/0, port: 443}]",
    good="network_policies: kubernetes\nbefore: curl -s https://wiki.example.com/pause\n"
    "connects_to: [{cidr: 192.0.2.7/32, port: 443}]",
)
_WIDEST: Final = {4: 8, 6: 16}
"""The shortest prefix that still means somebody: a private network of its own (RFC 1918: 10.0.0.0/8)."""


def check(context: RuleContext) -> Iterator[Finding]:
    """Report each such peer, where policies are rendered."""
    if context.fleet.network_policies == "none":
        return
    for target in context.fleet.targets:
        for index, peer in enumerate(target.connects_to):
            if peer.cidr and _wide(peer.cidr):
                path = (*target.job.path, "connects_to", index, "cidr")
                message = f"`{peer.cidr}` lets `{target.job.name}` talk to nearly everybody"
                yield finding(INFO, message, path, "name pods, a host, or a narrower range")


def _wide(cidr: str) -> bool:
    network = ip_network(cidr)
    return network.prefixlen < _WIDEST[network.version]


RULE = Rule(INFO, check)
