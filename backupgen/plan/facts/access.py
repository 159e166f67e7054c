"""Who may do what: Secrets, the accounts of dumps, network policies."""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from backupgen.plan.facts.manifest import Meta, manifest
from backupgen.resolve.resolved import StringMap


class HtpasswdUser(NamedTuple):
    """A line of an htpasswd file, `user:hash`."""

    user: str
    password: str
    """The name of the password's value."""


class SecretKey(NamedTuple):
    """A key of a Secret."""

    key: str
    source: str | tuple[HtpasswdUser, ...]
    """The name of the value that it holds, or the lines of the htpasswd file that it is."""

    @property
    def values(self) -> tuple[str, ...]:
        """The names of the values that it is made of."""
        return (self.source,) if isinstance(self.source, str) else tuple(user.password for user in self.source)


@manifest("secret.yaml.j2", "v1", "Secret", sealed=True)
class Secret(NamedTuple):
    """A Secret, SOPS-ready: complete but for its values."""

    meta: Meta
    keys: tuple[SecretKey, ...]


@manifest("service-account.yaml.j2", "v1", "ServiceAccount")
class ServiceAccount(NamedTuple):
    """The ServiceAccount of a dump."""

    meta: Meta


@manifest("role.yaml.j2", "rbac.authorization.k8s.io/v1", "Role")
class Role(NamedTuple):
    """What a dump may do in its namespace: look for the app's pod, and run a command in it."""

    meta: Meta


@manifest("role-binding.yaml.j2", "rbac.authorization.k8s.io/v1", "RoleBinding")
class RoleBinding(NamedTuple):
    """Gives a dump's Role to its ServiceAccount."""

    meta: Meta
    role: str
    service_account: str


@dataclass(frozen=True, slots=True)
class PodPeer:
    """Pods of a namespace; no labels mean all of them."""

    kind: ClassVar = "pods"
    namespace: str
    labels: StringMap
    ports: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class HostPeer:
    """A host outside the cluster."""

    kind: ClassVar = "host"
    host: str
    port: int
    aliases: tuple[str, ...] = ()
    """Further names under which a client looks for it; `*` stands for any characters but the dot."""


@dataclass(frozen=True, slots=True)
class CidrPeer:
    """A range of addresses."""

    kind: ClassVar = "cidr"
    cidr: str
    port: int


@manifest("network-policy.yaml.j2", "networking.k8s.io/v1", "NetworkPolicy")
class NetworkPolicy(NamedTuple):
    """Who may talk to the selected pods, and to whom they may talk. What is not named is denied."""

    meta: Meta
    selector: StringMap
    ingress: tuple[PodPeer, ...]
    egress: tuple[PodPeer | HostPeer | CidrPeer, ...]
    dns: bool
    """Whether the pods resolve names."""
    api_server: bool
    """Whether the pods use the Kubernetes API."""
    restrict_egress: bool = True
    """False: only ingress is ruled (a server of somebody else)."""


@manifest("cilium-network-policy.yaml.j2", "cilium.io/v2", "CiliumNetworkPolicy")
class CiliumNetworkPolicy(NetworkPolicy):
    """The same, as Cilium has it: hosts by their names."""
