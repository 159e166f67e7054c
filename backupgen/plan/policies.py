"""The network policies: the table of edges, projected to both of its sides.

One policy a job, one a REST server, one for the Pushgateway, and one a namespace for the pods that the runbooks start:
a new target leaves the policies of the others alone. Servers let in roles, by label and namespace, so that no list of
clients is kept by hand.

A policy isolates the pods that it selects. That is why ntfy, the apps of `connects_to` and repositories that the fleet
does not run get none: they have clients that the fleet does not know. Theirs is the egress of the jobs only.
"""

from collections.abc import Iterator
from itertools import groupby
from typing import TYPE_CHECKING

from backupgen.conventions import naming
from backupgen.conventions.roles import PodRole
from backupgen.plan.edges import Client, Edge, edges
from backupgen.plan.facts.access import CiliumNetworkPolicy, NetworkPolicy, PodPeer
from backupgen.plan.facts.manifest import Meta, Unit
from backupgen.plan.peers import Places
from backupgen.plan.pods import fleet_meta

if TYPE_CHECKING:
    from backupgen.resolve.resolved import Pushgateway, ResolvedFleet, Server, StringMap

_Policy = type[NetworkPolicy]


def network_policies(fleet: "ResolvedFleet") -> tuple[Unit, ...]:
    """One unit for each policy, jobs before servers; none, if the fleet wants none.

    Ports are those of the URLs (`backupgen.plan.edges` says what follows from that). `unreachable` there names the URLs
    whose policies are wider than they should be.
    """
    if fleet.network_policies == "none":
        return ()
    table = edges(fleet)
    policy = CiliumNetworkPolicy if fleet.network_policies == "cilium" else NetworkPolicy
    places = Places(fleet)
    found = [
        *_clients(fleet, policy, table),
        *(_server(fleet, policy, server, places, table) for server in places.servers),
    ]
    if fleet.pushgateway is not None and fleet.pushgateway.pod_labels and fleet.pushgateway.location.service:
        found.append(_pushgateway(fleet, policy, fleet.pushgateway, table))
    return tuple(map(Unit.of, found))


def _clients(fleet: "ResolvedFleet", policy: _Policy, table: tuple[Edge, ...]) -> Iterator[NetworkPolicy]:
    """The policies of the pods that hold credentials: nobody may talk to them."""
    for (namespace, name), group in groupby(table, key=lambda edge: (edge.client.namespace, edge.client.policy)):
        own = tuple(group)
        peers = [edge.peer for edge in own]
        client = own[0].client
        yield policy(
            meta=Meta(
                name, namespace, _labels(fleet, client), client.job.annotations if client.job else fleet.annotations
            ),
            selector=client.pods,
            ingress=(),
            egress=tuple(peer for peer in peers if not isinstance(peer, str)),
            dns="dns" in peers,
            api_server="api-server" in peers,
        )


def _labels(fleet: "ResolvedFleet", client: Client) -> "StringMap":
    own = naming.pod_labels(fleet.name, client.policy, client.role)
    return {**(client.job.labels if client.job else fleet.labels), **own}


def _server(
    fleet: "ResolvedFleet",
    policy: _Policy,
    server: "Server",
    places: Places,
    table: tuple[Edge, ...],
) -> NetworkPolicy:
    """The REST server's policy: each port for its roles, the first for Prometheus too, and no way out."""
    pods = places.server_pods(server)
    alerts = fleet.alerts
    scraper = (PodPeer(alerts.prometheus_namespace, alerts.prometheus_pods, (server.port,)),) if alerts else ()
    labels = {**server.labels, **naming.pod_labels(fleet.name, server.name, PodRole.SERVER)}
    return policy(
        meta=Meta(server.name, server.namespace, labels, server.annotations),
        selector=pods,
        ingress=(*scraper, *_ingress(fleet, table, server.namespace, pods, naming.ROLE_LABEL)),
        egress=(),
        dns=False,
        api_server=False,
    )


def _pushgateway(
    fleet: "ResolvedFleet",
    policy: _Policy,
    pushgateway: "Pushgateway",
    table: tuple[Edge, ...],
) -> NetworkPolicy:
    """The Pushgateway's ingress: the fleet's jobs, and its own namespace."""
    _, namespace = pushgateway.location.service or ("", "")
    name = naming.pushgateway_policy(fleet.name)
    # Whoever scrapes it usually runs beside it, and would be locked out with everybody else.
    ports = (pushgateway.location.port,)
    scrapers = [PodPeer(namespace, {}, ports)]
    if fleet.alerts is not None and fleet.alerts.prometheus_namespace != namespace:
        scrapers.append(PodPeer(fleet.alerts.prometheus_namespace, fleet.alerts.prometheus_pods, ports))
    jobs = _ingress(fleet, table, namespace, pushgateway.pod_labels, naming.COMPONENT_LABEL)
    return policy(
        meta=fleet_meta(fleet, name, namespace),
        selector=pushgateway.pod_labels,
        ingress=(*scrapers, *jobs),
        egress=(),
        dns=False,
        api_server=False,
        restrict_egress=False,
    )


def _ingress(
    fleet: "ResolvedFleet", table: tuple[Edge, ...], namespace: str, pods: "StringMap", by: str
) -> tuple[PodPeer, ...]:
    """The other end of the edges that lead to some pods: the clients' namespaces, and what their label `by` says."""
    ports: dict[tuple[str, str], set[int]] = {}
    for edge in table:
        peer = edge.peer
        if isinstance(peer, PodPeer) and peer.namespace == namespace and peer.labels == pods:
            mark = naming.pod_labels(fleet.name, "", edge.client.role)[by]
            ports.setdefault((edge.client.namespace, mark), set()).update(peer.ports)
    return tuple(
        PodPeer(origin, {naming.PART_OF_LABEL: fleet.name, by: mark}, tuple(sorted(numbers)))
        for (origin, mark), numbers in sorted(ports.items())
    )
