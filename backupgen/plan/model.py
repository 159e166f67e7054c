"""What is rendered: one unit for each file below out/, as typed facts. Still no YAML.

The class of a unit's facts decides its template (`manifests.render`). Everything is a tuple or an ordered mapping: the
order here is the order in the file. Mostly named tuples: to define so many dataclasses takes longer than to compile a
small fleet.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal, NamedTuple

from backupgen.plan.alert_rules import PrometheusRule, RuleFile, RuleTests
from backupgen.plan.meta import Meta
from backupgen.plan.panel import Panel
from backupgen.resolve.resolved import PodPlacement, StringMap, User


class Mount(NamedTuple):
    """A volume in a container."""

    volume: str
    path: str
    sub_path: str = ""
    read_only: bool = False


class PodVolume(NamedTuple):
    """A pod's volume. `source` says which of the other fields count."""

    name: str
    source: Literal["claim", "host_path", "config_map", "secret", "empty_dir", "ephemeral"]
    reference: str = ""
    """The claim's, ConfigMap's, Secret's or storage class's name, or the folder of the node."""
    size: str = ""
    in_memory: bool = False
    read_only: bool = False


class Port(NamedTuple):
    """A container's port."""

    name: str
    number: int


class Container(NamedTuple):
    """A container. Kubernetes' `$(VAR)` expansion is undone by the template: every string arrives as it is here."""

    name: str
    image: str
    command: tuple[str, ...]
    args: tuple[str, ...]
    env: StringMap
    secrets: tuple[str, ...]
    """The Secrets whose keys become environment variables."""
    secret_keys: StringMap
    """Environment variables taken from the key of the same name of a Secret: variable -> Secret."""
    mounts: tuple[Mount, ...]
    requests: StringMap
    limits: StringMap
    ports: tuple[Port, ...] = ()


class Pod(NamedTuple):
    """A pod's template, hardened to the `restricted` Pod Security Standard but for what `user` and `volumes` say."""

    labels: StringMap
    user: User
    placement: PodPlacement
    grace: int
    service_account: str
    """Its ServiceAccount, whose token only the init containers mount; empty: the default one, without a token."""
    with_pod: StringMap
    """The labels of the pod on whose node it has to run."""
    pull_secrets: tuple[str, ...]
    init_containers: tuple[Container, ...]
    containers: tuple[Container, ...]
    volumes: tuple[PodVolume, ...]
    only_there: bool = True
    """False: where `with_pod` is nowhere to be found, it runs elsewhere."""
    root_may: tuple[str, ...] = ("DAC_READ_SEARCH",)
    """The capabilities that root keeps."""


class CronJob(NamedTuple):
    """A CronJob."""

    meta: Meta
    schedule: str
    timezone: str
    yielded: str
    """Which hours were left out and for what, for a comment; empty: none."""
    suspend: bool
    start_within: int
    deadline: int
    retries: int
    history: tuple[int, int]
    pod: Pod


class Job(NamedTuple):
    """A Job that runs once, started by hand."""

    meta: Meta
    notes: tuple[str, ...]
    """Comment lines: how it is run, and what comes after it."""
    deadline: int
    pod: Pod


class RestorePod(NamedTuple):
    """A pod that waits for commands, started by hand."""

    meta: Meta
    notes: tuple[str, ...]
    deadline: int
    pod: Pod


class Deployment(NamedTuple):
    """The REST server's Deployment: one replica, recreated."""

    meta: Meta
    selector: StringMap
    pod: Pod


class Service(NamedTuple):
    """A ClusterIP Service."""

    meta: Meta
    selector: StringMap
    ports: tuple[Port, ...]


class ServiceMonitor(NamedTuple):
    """Tells Prometheus Operator to scrape a Service of the fleet's own."""

    meta: Meta
    selector: StringMap
    port: str
    """The port's name."""


class SecretKey(NamedTuple):
    """A key of a Secret and where its value comes from."""

    key: str
    values: tuple[str, ...]
    """The names of the values that it is made of."""
    form: Literal["value", "htpasswd"] = "value"
    """`htpasswd`: a line `user:bcrypt` for each `user=value` of `values`."""


class Secret(NamedTuple):
    """A Secret, SOPS-ready: complete but for its values."""

    meta: Meta
    keys: tuple[SecretKey, ...]


class ScriptsConfigMap(NamedTuple):
    """The ConfigMap with the shared scripts; the template stage reads them from `templates/scripts/`."""

    meta: Meta
    scripts: tuple[str, ...]


class PlanLine(NamedTuple):
    """One call in a job's plan file: a function of its script, and the arguments, which the template quotes."""

    function: str
    arguments: tuple[str, ...]


class PlanConfigMap(NamedTuple):
    """The ConfigMap that tells retention or restore test what to do."""

    meta: Meta
    lines: tuple[PlanLine, ...]


class ServiceAccount(NamedTuple):
    """The ServiceAccount of a dump."""

    meta: Meta


class Role(NamedTuple):
    """What a dump may do in its namespace: look for the app's pod, and run a command in it."""

    meta: Meta


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


class NetworkPolicy(NamedTuple):
    """Who may talk to the selected pods, and to whom they may talk. What is not named is denied."""

    meta: Meta
    kind: Literal["kubernetes", "cilium"]
    selector: StringMap
    ingress: tuple[PodPeer, ...]
    egress: tuple[PodPeer | HostPeer | CidrPeer, ...]
    dns: bool
    """Whether the pods resolve names."""
    api_server: bool
    """Whether the pods use the Kubernetes API."""
    restrict_egress: bool = True
    """False: only ingress is ruled (a server of somebody else)."""


class DashboardConfigMap(NamedTuple):
    """The Grafana dashboard for Grafana's sidecar."""

    meta: Meta
    title: str
    uid: str
    instances: str
    """The series whose instances can be chosen."""
    runbooks: str
    """The address of the runbooks, without a slash at its end; empty: there is none."""
    panels: tuple[Panel, ...]


class Kustomization(NamedTuple):
    """A kustomization.yaml."""

    resources: tuple[str, ...]
    generators: tuple[str, ...]
    notes: tuple[str, ...] = ()
    """Comment lines: what has to be applied by other means."""


class KsopsGenerator(NamedTuple):
    """The generator through which Argo CD decrypts a namespace's Secrets."""

    name: str
    files: tuple[str, ...]


class FluxKustomization(NamedTuple):
    """The Flux Kustomization of a namespace's folder."""

    meta: Meta
    path: str
    interval: str
    source_kind: str
    source_name: str
    source_namespace: str
    decryption_secret: str


class ArgoApplication(NamedTuple):
    """The Argo CD Application of a namespace's folder."""

    meta: Meta
    repo: str
    path: str
    revision: str
    project: str
    destination: str


class ChosenSlots(NamedTuple):
    """The slots that the compiler chose: the next run reads them back, so that no target moves."""

    slots: Mapping[str, str]
    """Job -> cron expression, sorted."""


class SopsConfig(NamedTuple):
    """The .sops.yaml for the rendered Secrets."""

    recipients: Mapping[str, tuple[str, ...]]


class Page(NamedTuple):
    """A page for people, in Markdown."""

    kind: Literal["overview", "restore", "exit-codes", "target", "alert"]
    """Decides its template."""
    variables: Mapping[str, object]


class Picture(NamedTuple):
    """A drawing, as SVG."""

    svg: str


Facts = (
    CronJob
    | Job
    | Deployment
    | Service
    | ServiceMonitor
    | Secret
    | ScriptsConfigMap
    | PlanConfigMap
    | ServiceAccount
    | Role
    | RoleBinding
    | NetworkPolicy
    | PrometheusRule
    | RuleFile
    | RuleTests
    | DashboardConfigMap
    | Kustomization
    | KsopsGenerator
    | FluxKustomization
    | ArgoApplication
    | ChosenSlots
    | SopsConfig
    | Page
    | Picture
)


class Unit(NamedTuple):
    """One file below out/."""

    path: str
    facts: Facts


class Plan(NamedTuple):
    """Everything that is rendered, sorted by path."""

    fleet: str
    units: tuple[Unit, ...]
