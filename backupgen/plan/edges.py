"""Who talks to whom: one table of edges, from which the network policies of both sides are made.

Symmetry follows: what a client may reach and whom a server lets in are the two ends of one edge.

A policy sees a connection as it arrives at the pod, so its port is the container's, while a URL has the Service's. The
fleet knows the URL only: where a Service's `port` and `targetPort` differ, a target's `connects_to` can name the pod's.
The fleet's own REST servers use one number for both.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Literal

from backupgen.conventions import naming
from backupgen.conventions.roles import PodRole
from backupgen.diagnostics import NodePath
from backupgen.integrations.dump_tools import RestoreMode
from backupgen.integrations.location import Location
from backupgen.plan.peers import Place, Places, host_location, selector
from backupgen.resolve.resolved import Job, Operation, ResolvedFleet, StringMap, Target

Peer = Place | Literal["dns", "api-server"]


@dataclass(frozen=True, slots=True)
class Client:
    """Pods that share one policy."""

    policy: str
    namespace: str
    role: PodRole
    pods: StringMap
    """Their labels."""
    job: Job | None
    """The job that starts them; None: the runbooks do."""


@dataclass(frozen=True, slots=True)
class Edge:
    """A connection that is allowed."""

    client: Client
    peer: Peer


def edges(fleet: ResolvedFleet) -> tuple[Edge, ...]:
    """The table. The edges of a client stand together, each peer once."""
    places = Places(fleet)
    found: list[Edge] = []
    for operation in fleet.operations():
        job = operation.job
        client = Client(job.name, job.namespace, operation.role, selector(fleet.name, operation.role, job.name), job)
        peers = (*_of_operation(operation, places), *_reports(fleet, job, places), *_of_app(operation.target, places))
        found += _edges(client, peers)
    restored: dict[str, list[Target]] = {}
    for target in fleet.targets:
        restored.setdefault(target.job.namespace, []).append(target)
    for namespace, targets in sorted(restored.items()):
        pods = selector(fleet.name, PodRole.RESTORE)
        client = Client(naming.RESTORE_POLICY, namespace, PodRole.RESTORE, pods, None)
        found += _edges(client, _of_restore(fleet, targets, places))
    return tuple(found)


def _edges(client: Client, peers: Iterable[Peer]) -> Iterator[Edge]:
    seen: list[Peer] = []
    for peer in ("dns", *peers):
        if peer not in seen:
            seen.append(peer)
            yield Edge(client, peer)


def _of_operation(operation: Operation, places: Places) -> Iterator[Peer]:
    """The repositories that an operation reaches."""
    repository, mirror, copy = operation.repository, operation.mirror, operation.copy
    if operation.retention is not None:
        yield places.maintenance(repository)
    # rclone reads the volume of the fleet's own server, which it mounts; the test of a mirror reads the mirror alone.
    elif mirror is None or (copy is not None and (copy.method != "rclone" or repository.server is None)):
        yield places.of(repository.location)
    if mirror is not None:
        yield places.of(mirror.to)


def _of_app(target: Target | None, places: Places) -> Iterator[Peer]:
    """What a target's dump and its hooks reach."""
    if target is not None:
        if target.dump_in_pod is not None:
            yield "api-server"
        yield from (places.written(peer) for peer in target.connects_to)


def _of_restore(fleet: ResolvedFleet, targets: Collection[Target], places: Places) -> Iterator[Peer]:
    """A restore reads the repositories of its namespace's targets, or their mirrors.

    What a client dumped over the network goes back the same way.
    """
    names = {target.repository for target in targets}
    for repository in fleet.repositories:
        if repository.name in names:
            yield places.of(repository.location)
            yield from (places.of(mirror.to) for mirror in repository.mirrors)
    for target in targets:
        restore = target.dump.restore if target.dump is not None else None
        if restore is not None and restore.mode is RestoreMode.CLIENT:
            yield from (places.written(peer) for peer in target.connects_to)


def _reports(fleet: ResolvedFleet, job: Job, places: Places) -> Iterator[Peer]:
    if fleet.pushgateway is not None:
        yield places.of(fleet.pushgateway.location, fleet.pushgateway.pod_labels)
    for channel in job.channels:
        yield places.of(channel.server, channel.pod_labels)


def unreachable(fleet: ResolvedFleet) -> tuple[tuple[NodePath, str], ...]:
    """The URLs that the policies cannot be exact about: where they stand in fleet.yaml, and what is wrong.

    For a Service of the cluster whose pods' labels nobody gives, every pod of its namespace is allowed; a host without
    a dot may be a Service's short name, which no policy matches. Nothing, where the fleet renders no policies.
    """
    if fleet.network_policies == "none":
        return ()
    places = Places(fleet)
    return tuple(
        (path, text)
        for path, location, labels in urls(fleet)
        if not places.known(location) and (text := _doubt(location, labels))
    )


def urls(fleet: ResolvedFleet) -> Iterator[tuple[NodePath, Location, StringMap]]:
    """The URLs that jobs reach: where they stand in fleet.yaml, and the labels of the pods behind them."""
    for repository in fleet.repositories:
        yield (*repository.path, "url"), repository.location, {}
        for mirror in repository.mirrors:
            yield (*mirror.job.path, "to"), mirror.to, {}
    if fleet.pushgateway is not None:
        yield ("pushgateway", "url"), fleet.pushgateway.location, fleet.pushgateway.pod_labels
    for channel in {each.kind.key: each for job in reversed(fleet.jobs()) for each in job.channels}.values():
        yield (channel.kind.key, channel.kind.url), channel.server, channel.pod_labels
    for target in fleet.targets:
        for index, peer in enumerate(target.connects_to):
            if peer.host:
                yield (*target.job.path, "connects_to", index, "host"), host_location(peer), {}


def _doubt(location: Location, labels: StringMap) -> str:
    if location.service is not None and not labels:
        namespace = location.service[1]
        return (
            f"the pods behind `{location.text}` are not known, expected their labels: the network policies allow port "
            f"{location.port} of every pod in `{namespace}`"
        )
    if location.service is None and "." not in location.host and not _is_address(location.host):
        return (
            f"`{location.host}` is not a full host name, expected one such as `ntfy.example.org` or "
            f"`ntfy.tools.svc.cluster.local`: the network policies cannot tell where it leads"
        )
    return ""


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
