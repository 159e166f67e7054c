"""A pod as kubelet has to start it: every reference followed, every default filled in."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from backupgen.conventions.units import quantity_value
from backupgen.plan.facts.workloads import Mount
from backupgen.rehearsal.cluster import Cluster, Object
from backupgen.rehearsal.environment import ConfigError, arguments_of, data_of, environment_of
from backupgen.rehearsal.values import ValueOf

_NO_CHANGES: Final[Mapping[str, str]] = {}
_GRACE: Final = 30
"""Kubernetes' own terminationGracePeriodSeconds."""
_FILE_MODE: Final = 0o644
"""Kubernetes' own defaultMode of files made from a ConfigMap or Secret."""


class StagedVolume(NamedTuple):
    """A pod's volume, by where its contents come from. Exactly one of `files`, `place` and `empty` is meant."""

    name: str
    files: Mapping[str, str] | None = None
    """Contents that come with the pod: ConfigMap, Secret, token."""
    mode: int = _FILE_MODE
    place: str = ""
    """What outlives the pod: `claims/NAMESPACE/NAME`, or `host/PATH` of the node."""
    size: int = 0
    """How much an empty volume takes; 0: no limit."""
    owned: bool = True
    """Whether kubelet gives it to the pod's fsGroup."""


class Container(NamedTuple):
    """One container."""

    name: str
    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    mounts: tuple[Mount, ...]
    read_only_root: bool
    capabilities: tuple[str, ...]
    """What is added to no capability at all."""
    ports: tuple[int, ...] = ()


class Pod(NamedTuple):
    """One pod. Its name is given when it starts."""

    namespace: str
    uid: int
    gid: int
    fs_group: int | None
    grace: int
    account: str
    init_containers: tuple[Container, ...]
    containers: tuple[Container, ...]
    volumes: tuple[StagedVolume, ...]


@dataclass(frozen=True, slots=True)
class Changes:
    """What a rehearsal, or a test that plants a fault, has different from the rendered pod."""

    environment: Mapping[str, str] = field(default_factory=dict)
    """Variables of every container, set or replaced."""
    arguments: tuple[str, ...] | None = None
    """What the main container runs instead."""
    flags: tuple[str, ...] = ()
    """What is put before the arguments of the main container's script."""
    files: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """The contents of volumes: the ConfigMap's or Secret's name -> its files."""
    sizes: Mapping[str, int] = field(default_factory=dict)
    """How much a volume holds, by its name; one that had no limit gets one."""
    deadline: int | None = None
    grace: int | None = None


def pod_of(
    template: Object, namespace: str, cluster: Cluster, value_of: ValueOf, changes: Changes | None = None
) -> Pod:
    """Return the pod that a template makes in a namespace. Raises ConfigError for what kubelet would refuse."""
    changes = changes or Changes()
    spec = template["spec"]
    security = spec.get("securityContext", {})
    uid = int(security.get("runAsUser", 0))
    if security.get("runAsNonRoot") and uid == 0:
        raise ConfigError("container has runAsNonRoot and image will run as root")

    def containers(key: str, changed: Changes) -> Iterator[Container]:
        for one in spec.get(key, ()):
            environment = environment_of(one, namespace, cluster, value_of, changed.environment)
            yield _container(one, environment, changed)

    account = spec.get("serviceAccountName", "")
    maker = _Maker(namespace, account, cluster, value_of, changes)
    return Pod(
        namespace=namespace,
        uid=uid,
        gid=int(security.get("runAsGroup", uid)),
        fs_group=security.get("fsGroup"),
        grace=spec.get("terminationGracePeriodSeconds", _GRACE) if changes.grace is None else changes.grace,
        account=account,
        init_containers=tuple(containers("initContainers", Changes(environment=changes.environment))),
        containers=tuple(containers("containers", changes)),
        volumes=tuple(maker.volume(one) for one in spec.get("volumes", ())),
    )


def _container(one: Object, environment: Mapping[str, str], changes: Changes) -> Container:
    security = one.get("securityContext", {})
    return Container(
        name=one["name"],
        arguments=_changed(arguments_of(one, environment), len(one.get("command", ())), changes),
        environment=environment,
        mounts=tuple(
            Mount(mount["name"], mount["mountPath"], mount.get("subPath", ""), bool(mount.get("readOnly")))
            for mount in one.get("volumeMounts", ())
        ),
        read_only_root=bool(security.get("readOnlyRootFilesystem")),
        capabilities=tuple(security.get("capabilities", {}).get("add", ())),
        ports=tuple(int(port["containerPort"]) for port in one.get("ports", ())),
    )


def _changed(arguments: tuple[str, ...], command: int, changes: Changes) -> tuple[str, ...]:
    if changes.arguments is not None:
        return changes.arguments
    return (*arguments[:command], *changes.flags, *arguments[command:])


class _Maker(NamedTuple):
    """What the volumes of one pod are made with."""

    namespace: str
    account: str
    cluster: Cluster
    value_of: ValueOf
    changes: Changes

    def volume(self, one: Object) -> StagedVolume:
        name = one["name"]
        match one:
            case {"configMap": source}:
                return self._files(name, "ConfigMap", source["name"], source)
            case {"secret": source}:
                return self._files(name, "Secret", source["secretName"], source)
            case {"persistentVolumeClaim": {"claimName": claim}}:
                return StagedVolume(name, place=f"claims/{self.namespace}/{claim}")
            case {"hostPath": {"path": path}}:
                return StagedVolume(name, place=f"host/{path.strip('/')}", owned=False)
            case {"projected": source}:
                return StagedVolume(name, files=self._access(), mode=_mode(source))
            case {"ephemeral": {"volumeClaimTemplate": {"spec": claim}}}:
                size = claim["resources"]["requests"]["storage"]
            case _:
                size = (one.get("emptyDir") or {}).get("sizeLimit", 0)
        return StagedVolume(name, size=self.changes.sizes.get(name, quantity_value(str(size))))

    def _files(self, name: str, kind: str, reference: str, source: Mapping[str, Any]) -> StagedVolume:
        data = data_of(self.cluster, kind, self.namespace, reference, self.value_of)
        return StagedVolume(name, files={**data, **self.changes.files.get(reference, {})}, mode=_mode(source))

    def _access(self) -> dict[str, str]:
        token = self.value_of(f"token-{self.namespace}-{self.account}")
        return {"token": token, "namespace": self.namespace, "ca.crt": ""}


def _mode(source: Mapping[str, Any]) -> int:
    return int(source.get("defaultMode", _FILE_MODE))


def volume_of(pod: Pod, path: str) -> tuple[StagedVolume, str] | None:
    """Return the volume that holds `path` in the pod's main containers, and the path within it; None, if none does."""
    mounts = [mount for one in pod.containers for mount in one.mounts if _below(path, mount.path)]
    if not mounts:
        return None
    mount = max(mounts, key=lambda one: len(one.path))
    inner = "/".join(part for part in (mount.sub_path, path[len(mount.path) :].strip("/")) if part)
    return next(volume for volume in pod.volumes if volume.name == mount.volume), inner


def _below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(f"{folder.rstrip('/')}/")
