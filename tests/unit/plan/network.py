"""A small network: decides from rendered policies whether a connection gets through, at both of its ends."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Any

Object = Mapping[str, Any]

NAMESPACE = "k8s:io.kubernetes.pod.namespace"


@dataclass(frozen=True)
class Pod:
    namespace: str
    labels: tuple[tuple[str, str], ...]

    def carries(self, labels: Mapping[str, str]) -> bool:
        return set(labels.items()) <= set(self.labels)


@dataclass(frozen=True)
class Host:
    name: str
    address: str
    api_server: bool = False


def pod(namespace: str, labels: Mapping[str, str]) -> Pod:
    return Pod(namespace, tuple(sorted(labels.items())))


class Network:
    """Some policies in force."""

    def __init__(self, policies: Iterable[Object]) -> None:
        self._policies = list(policies)
        self._ruling: dict[tuple[Pod, str], list[list[Object]]] = {}

    def allow(self, source: Pod, to: Pod | Host, port: int, protocol: str = "TCP") -> bool:
        """A connection needs the leave of both sides; a side that no policy rules gives it."""
        out = _side(self._of(source, "egress"), to, port, protocol)
        return out and (isinstance(to, Host) or _side(self._of(to, "ingress"), source, port, protocol))

    def _of(self, end: Pod, side: str) -> list[list[Object]]:
        """The rules of each policy that rules one direction of a pod."""
        if (end, side) not in self._ruling:
            rules = [_rules(policy, side) for policy in self._policies if _selects(policy, end)]
            self._ruling[end, side] = [found for found in rules if found is not None]
        return self._ruling[end, side]


def _side(ruling: list[list[Object]], peer: Pod | Host, port: int, protocol: str) -> bool:
    return not ruling or any(_matches(rule, peer, port, protocol) for rules in ruling for rule in rules)


def _selects(policy: Object, source: Pod) -> bool:
    spec = policy["spec"]
    selector = spec["podSelector"] if policy["kind"] == "NetworkPolicy" else spec["endpointSelector"]
    return policy["metadata"]["namespace"] == source.namespace and source.carries(selector["matchLabels"])


def _rules(policy: Object, side: str) -> list[Object] | None:
    """The rules of one direction; None: the policy does not rule it."""
    spec = policy["spec"]
    if policy["kind"] == "NetworkPolicy":
        return spec.get(side, []) if side.capitalize() in spec["policyTypes"] else None
    # Cilium: "If omitted or empty, this rule does not apply" (the CRD's description).
    return spec.get(side) or None


def _matches(rule: Object, peer: Pod | Host, port: int, protocol: str) -> bool:
    if "toPorts" in rule or any(key.startswith(("from", "to")) and len(key) > 4 for key in rule):
        return _cilium(rule, peer, port, protocol)
    peers = rule.get("to", rule.get("from"))
    wanted = rule.get("ports")
    return (peers is None or any(_kubernetes_peer(item, peer) for item in peers)) and (
        wanted is None or any(item["port"] == port and item["protocol"] == protocol for item in wanted)
    )


def _kubernetes_peer(item: Object, peer: Pod | Host) -> bool:
    if "ipBlock" in item:
        return isinstance(peer, Host) and _contains(item["ipBlock"]["cidr"], peer)
    return (
        isinstance(peer, Pod)
        and item["namespaceSelector"]["matchLabels"] == {"kubernetes.io/metadata.name": peer.namespace}
        and peer.carries(item.get("podSelector", {}).get("matchLabels", {}))
    )


def _cilium(rule: Object, peer: Pod | Host, port: int, protocol: str) -> bool:
    ports = [item for entry in rule.get("toPorts", []) for item in entry["ports"]]
    if ports and not any(item["port"] == str(port) and item["protocol"] == protocol for item in ports):
        return False
    matchers: dict[str, Callable[[Any], bool]] = {
        "fromEndpoints": lambda item: _endpoint(item, peer),
        "toEndpoints": lambda item: _endpoint(item, peer),
        "fromEntities": lambda item: _entity(item, peer),
        "toEntities": lambda item: _entity(item, peer),
        "toCIDR": lambda item: isinstance(peer, Host) and _contains(item, peer),
        "toFQDNs": lambda item: isinstance(peer, Host) and _name(item, peer.name),
    }
    (key,) = rule.keys() - {"toPorts"}
    return any(matchers[key](item) for item in rule[key])


def _endpoint(item: Object, peer: Pod | Host) -> bool:
    labels = dict(item["matchLabels"])
    return isinstance(peer, Pod) and labels.pop(NAMESPACE) == peer.namespace and peer.carries(labels)


def _entity(item: str, peer: Pod | Host) -> bool:
    assert item in {"none", "kube-apiserver"}
    return item == "kube-apiserver" and isinstance(peer, Host) and peer.api_server


def _name(item: Object, name: str) -> bool:
    if "matchName" in item:
        return item["matchName"] == name
    return re.fullmatch(re.escape(item["matchPattern"]).replace(r"\*", "[-a-z0-9_]*"), name) is not None


def _contains(cidr: str, host: Host) -> bool:
    network, address = ip_network(cidr), ip_address(host.address)
    return network.version == address.version and address in network
