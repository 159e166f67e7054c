"""Turns the fleet's URLs into peers of network policies."""

from ipaddress import ip_address, ip_network

from backupgen.conventions import naming
from backupgen.conventions.roles import PodRole
from backupgen.grammars.hosts import is_bucket
from backupgen.integrations.backends import BACKENDS, S3
from backupgen.integrations.location import Location
from backupgen.plan.facts.access import CidrPeer, HostPeer, PodPeer
from backupgen.resolve.resolved import Peer as WrittenPeer
from backupgen.resolve.resolved import Repository, ResolvedFleet, Server, StringMap

Place = PodPeer | HostPeer | CidrPeer


class Places:
    """The places of a fleet's URLs."""

    def __init__(self, fleet: ResolvedFleet) -> None:
        self._fleet = fleet.name
        servers = (repository.server for repository in fleet.repositories)
        self._servers = {(server.name, server.namespace): server for server in servers if server is not None}

    @property
    def servers(self) -> tuple[Server, ...]:
        """The REST servers of the fleet, each once."""
        return tuple(self._servers.values())

    def known(self, location: Location) -> bool:
        """Whether one of the fleet's own servers answers there."""
        return location.service in self._servers

    def of(self, location: Location, labels: StringMap | None = None) -> Place:
        """Who answers at a URL: a host, or pods. Without `labels`, all pods of the Service's namespace."""
        if location.service is None:
            return _host(location)
        server = self._servers.get(location.service)
        return PodPeer(location.service[1], self.server_pods(server) if server else labels or {}, (location.port,))

    def maintenance(self, repository: Repository) -> Place:
        """Where snapshots may be removed: the server's second endpoint, or the repository itself."""
        server = repository.server
        if server is None:
            return self.of(repository.location)
        return PodPeer(server.namespace, self.server_pods(server), (server.maintenance_port,))

    def written(self, peer: WrittenPeer) -> Place:
        """A peer of `connects_to`."""
        if peer.pod:
            return PodPeer(peer.namespace, peer.pod, (peer.port,))
        if peer.cidr:
            return CidrPeer(peer.cidr, peer.port)
        return self.of(host_location(peer))

    def server_pods(self, server: Server) -> StringMap:
        """The labels of a REST server's pods."""
        return selector(self._fleet, PodRole.SERVER, server.name)


def host_location(peer: WrittenPeer) -> Location:
    """The place of a `connects_to` that names a host."""
    return Location(peer.host, "host", peer.host, peer.port, "", tls=False)


def selector(fleet: str, role: PodRole, name: str = "") -> StringMap:
    """The labels that tell the pods of a role from all others, or those of one job."""
    own = naming.pod_labels(fleet, name, role)
    keys = (naming.NAME_LABEL, naming.PART_OF_LABEL, naming.ROLE_LABEL)
    return {key: own[key] for key in (keys if name else keys[1:])}


def _host(location: Location) -> HostPeer | CidrPeer:
    # An address has no name that a policy could match.
    try:
        return CidrPeer(str(ip_network(ip_address(location.host))), location.port)
    except ValueError:
        return HostPeer(location.host, location.port, _aliases(location))


def _aliases(location: Location) -> tuple[str, ...]:
    """The other names under which a backend's clients look for a host.

    rclone and restic (through minio-go) may put the S3 bucket's name in front of the host, and minio-go replaces
    Amazon's hosts by those of the bucket's region.
    """
    backend = BACKENDS.get(location.kind)
    if backend is not S3:
        return backend.aliases if backend is not None else ()
    bucket = location.path.strip("/").partition("/")[0]
    regional = ("s3.*.amazonaws.com", "s3.dualstack.*.amazonaws.com")
    hosts = (location.host, *(regional if location.host.endswith(".amazonaws.com") else ()))
    with_bucket = tuple(f"{bucket}.{host}" for host in hosts) if is_bucket(bucket) else ()
    return (*hosts[1:], *with_bucket)
