"""Which volumes of a cluster the fleet backs up, or uses itself."""

from collections.abc import Iterable, Iterator
from posixpath import normpath
from typing import NamedTuple

from backupgen.audit.cluster import CNPG_LABEL, Cluster, Database
from backupgen.audit.objects import Claim, Workload
from backupgen.resolve.resolved import Dump, ResolvedFleet, SourceVolume, StringMap, Target


class Place(NamedTuple):
    """A folder of a node that a target holds, or some folders of it."""

    path: str
    parts: tuple[str, ...]

    def holds(self, path: str) -> bool:
        """Whether a folder lies in it, or is that of which it takes parts."""
        if not _within(path, self.path):
            return False
        return any(_within(path, part) or _within(part, path) for part in self.parts or (self.path,))


class Protection:
    """What a fleet holds of a cluster."""

    def __init__(self, fleet: ResolvedFleet, cluster: Cluster) -> None:
        self._cluster = cluster
        self._claims: set[tuple[str, str]] = set()
        self._places: list[Place] = []
        self._databases: set[int] = set()
        for target in fleet.targets:
            self._add(target.job.namespace, target.volumes)
            if target.dump is not None:
                self._add_dump(target, target.dump)
        for repository in fleet.repositories:
            if repository.server is not None:
                self._add(repository.server.namespace, (repository.server.volume,))
        self._names = {name for _, name in self._claims}

    def holds_claim(self, namespace: str | None, name: str) -> bool:
        """Whether the fleet holds a claim; where its namespace is unknown, one of its name."""
        return name in self._names if namespace is None else (namespace, name) in self._claims

    def holds(self, claim: Claim) -> bool:
        """Whether the fleet holds a claim of the tree, under its name or as the folder that it lies in."""
        folders = self._cluster.folders_of(claim)
        return self.holds_claim(claim.instance.namespace, claim.name) or any(map(self.holds_folder, folders))

    def holds_folder(self, path: str) -> bool:
        """Whether the fleet holds a folder of a node. Which node, the tree does not say."""
        clean = normpath(path)
        return any(place.holds(clean) for place in self._places)

    def holds_database(self, database: Database) -> bool:
        """Whether a target dumps a database cluster, or it backs itself up."""
        return database.own_backup or id(database.instance.resource) in self._databases

    def _add(self, namespace: str, volumes: Iterable[SourceVolume]) -> None:
        for volume in volumes:
            if volume.claim is not None:
                self._claims.add((namespace, volume.claim))
            if volume.host_path is not None:
                parts = tuple(normpath(f"{volume.host_path}/{part}") for part in volume.paths)
                self._places.append(Place(volume.host_path, parts))

    def _add_dump(self, target: Target, dump: Dump) -> None:
        """Add what the command of a dump reads: what is mounted where it runs, or by the pods that it talks to."""
        if dump.staging_claim is not None:
            self._claims.add((target.job.namespace, dump.staging_claim))
        for namespace, labels in _dumped(target, dump):
            for workload in self._cluster.workloads_in(namespace):
                if matches(workload.labels, labels):
                    self._add_mounts(workload, workload.namespace or namespace, dump.container)
            for database in self._cluster.databases_in(namespace):
                if labels.get(CNPG_LABEL) == database.name:
                    self._databases.add(id(database.instance.resource))

    def _add_mounts(self, workload: Workload, namespace: str, container: str) -> None:
        self._claims.update((namespace, claim) for claim in workload.claims_of(container))
        self._places += (Place(normpath(path), ()) for path in workload.folders_of(container))


def matches(labels: StringMap | None, wanted: StringMap) -> bool:
    """Whether pods with these labels are among those that are wanted; unknown labels are none."""
    return labels is not None and all(labels.get(key) == value for key, value in wanted.items())


def _dumped(target: Target, dump: Dump) -> Iterator[tuple[str, StringMap]]:
    if dump.in_pod:
        yield target.job.namespace, dump.in_pod
    else:
        yield from ((peer.namespace, peer.pod) for peer in target.connects_to if peer.pod)


def _within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(f"{folder.rstrip('/')}/")
