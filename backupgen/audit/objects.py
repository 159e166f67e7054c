"""What the audit wants to know of the objects of a cluster: claims, workloads, what they mount, as whom they run."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any, Final, NamedTuple

from backupgen.audit.instance import Instance
from backupgen.diagnostics import NodePath, Related, Spot
from backupgen.resolve.resolved import StringMap
from backupgen.source.untyped import get_path, mapping, mappings, numbered_mappings, strings

WORKLOADS: Final[Mapping[str, NodePath]] = {
    "Deployment": ("spec", "template"),
    "StatefulSet": ("spec", "template"),
    "DaemonSet": ("spec", "template"),
    "ReplicaSet": ("spec", "template"),
    "ReplicationController": ("spec", "template"),
    "Job": ("spec", "template"),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
    "Pod": (),
}
"""Where each kind has its pod template."""
CLAIM: Final = "PersistentVolumeClaim"
OWNERS: Final = frozenset({CLAIM, *WORKLOADS})
"""The kinds that have volumes."""
_DEFAULT_CONTAINER: Final = "kubectl.kubernetes.io/default-container"
_MOST_REPLICAS: Final = 1000


class Claim(NamedTuple):
    """A PersistentVolumeClaim."""

    instance: Instance
    name: str
    modes: tuple[str, ...]
    volume: str
    """The PersistentVolume that it asks for by name."""


class Mounted(NamedTuple):
    """A claim in a container."""

    claim: str
    container: str


class Folder(NamedTuple):
    """A folder of the node that a pod mounts."""

    path: str
    type: str
    container_mounts: tuple[str, ...]
    """The containers that mount it."""
    spot: Spot


class Template(NamedTuple):
    """A claim template of a StatefulSet, or the storage of a database cluster."""

    name: str
    claims: tuple[str, ...]
    modes: tuple[str, ...]
    spot: Spot


class Identity(NamedTuple):
    """As whom a container runs."""

    user: int | None
    group: int | None
    """The group that kubelet gives the volumes to."""
    spot: Spot


class Workload:
    """A workload and its pods."""

    def __init__(self, instance: Instance, name: str) -> None:
        self.instance = instance
        self.name = name
        self.kind = instance.resource.kind
        self._at = WORKLOADS[self.kind]
        self._pod = mapping(instance.resource.data, *self._at, "spec")

    @property
    def namespace(self) -> str | None:
        """Its namespace."""
        return self.instance.namespace

    @cached_property
    def labels(self) -> StringMap | None:
        """The labels of its pods; None, if one of them is unknown."""
        own = self.instance.strings(get_path(self.instance.resource.data, *self._at, "metadata", "labels"))
        return None if own is None else {**own, **self.instance.labels}

    @cached_property
    def claims(self) -> Mapping[str, tuple[str, ...]]:
        """The claims behind each of the pod's volumes, by the volume's name."""
        found: dict[str, tuple[str, ...]] = {one.name: one.claims for one in self.templates}
        for volume in mappings(self._pod.get("volumes")):
            claim = self.instance.claim(get_path(volume, "persistentVolumeClaim", "claimName"))
            if claim is not None:
                found[str(volume.get("name"))] = (claim,)
        return found

    @cached_property
    def templates(self) -> tuple[Template, ...]:
        """Its claim templates, with the claims that it makes of them."""
        data = self.instance.resource.data
        if self.kind != "StatefulSet":
            return ()
        first = self.instance.number(get_path(data, "spec", "ordinals", "start")) or 0
        replicas = self.instance.number(get_path(data, "spec", "replicas"))
        # A set that is scaled to none keeps its claims.
        count = min(max(1 if replicas is None else replicas, 1), _MOST_REPLICAS)
        found: list[Template] = []
        for index, template in numbered_mappings(get_path(data, "spec", "volumeClaimTemplates")):
            name = self.instance.text(get_path(template, "metadata", "name"))
            if name is not None:
                claims = tuple(f"{name}-{self.name}-{number}" for number in range(first, first + count))
                at = ("spec", "volumeClaimTemplates", index, "metadata", "name")
                found.append(Template(name, claims, modes_of(template), self.instance.resource.spot(*at)))
        return tuple(found)

    def folders(self) -> Iterator[Folder]:
        """Yield the folders of the node that its pods mount."""
        for index, volume in numbered_mappings(self._pod.get("volumes")):
            path = self.instance.text(get_path(volume, "hostPath", "path"))
            if path is not None:
                name = str(volume.get("name"))
                mounts = tuple(str(one.get("name")) for _, one in self._containers() if name in _mounts(one))
                at = (*self._at, "spec", "volumes", index, "hostPath", "path")
                kind = str(get_path(volume, "hostPath", "type") or "")
                yield Folder(path, kind, mounts, self.instance.resource.spot(*at))

    def claims_of(self, container: str) -> frozenset[str]:
        """Return the claims that a container mounts; the name may be empty, for the one that `kubectl exec` takes."""
        chosen = container or self._default_container()
        return frozenset(
            claim
            for _, one in self._containers()
            if one.get("name") == chosen
            for volume in _mounts(one)
            for claim in self.claims.get(volume, ())
        )

    def folders_of(self, container: str) -> Iterator[str]:
        """Yield the folders of the node that a container mounts."""
        chosen = container or self._default_container()
        yield from (folder.path for folder in self.folders() if chosen in folder.container_mounts)

    def identities(self, claim: str) -> Iterator[Identity]:
        """Yield as whom each container runs that mounts a claim."""
        group = self.instance.number(get_path(self._pod, "securityContext", "fsGroup"))
        common = self.instance.number(get_path(self._pod, "securityContext", "runAsUser"))
        inner: NodePath = (*self._at, "spec", "securityContext")
        for path, container in self._containers():
            if not any(claim in self.claims.get(volume, ()) for volume in _mounts(container)):
                continue
            own = self.instance.number(get_path(container, "securityContext", "runAsUser"))
            if own is not None:
                spot = self.instance.resource.spot(*path, "securityContext", "runAsUser")
            else:
                key = "runAsUser" if common is not None else "fsGroup"
                spot = self.instance.resource.spot(*inner, key)
            yield Identity(common if own is None else own, group, spot)

    def _containers(self) -> Iterator[tuple[NodePath, Mapping[str, Any]]]:
        for index, container in numbered_mappings(self._pod.get("containers")):
            yield (*self._at, "spec", "containers", index), container

    def _default_container(self) -> str:
        annotated = get_path(self.instance.resource.data, *self._at, "metadata", "annotations", _DEFAULT_CONTAINER)
        first = next((one.get("name") for _, one in self._containers()), None)
        return str(annotated or first)


def _mounts(container: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(str(mount.get("name")) for mount in mappings(container.get("volumeMounts")))


def modes_of(claim: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the access modes of a claim or a claim template."""
    return tuple(strings(get_path(claim, "spec", "accessModes")))


def located(instance: Instance) -> tuple[Related, ...]:
    """Return the place that gives an object its namespace, where that is not the object itself."""
    if instance.placed is None or instance.namespace is None:
        return ()
    return (Related(f"which puts it in `{instance.namespace}`", instance.placed),)
