"""What runs: CronJobs, Jobs, the REST server, and the ConfigMaps that their containers read."""

from typing import Literal, NamedTuple

from backupgen.plan.facts.manifest import Meta, manifest
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


@manifest("cronjob.yaml.j2", "batch/v1", "CronJob")
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


@manifest("job.yaml.j2", "batch/v1", "Job")
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


@manifest("deployment.yaml.j2", "apps/v1", "Deployment")
class Deployment(NamedTuple):
    """The REST server's Deployment: one replica, recreated."""

    meta: Meta
    selector: StringMap
    pod: Pod


@manifest("service.yaml.j2", "v1", "Service")
class Service(NamedTuple):
    """A ClusterIP Service."""

    meta: Meta
    selector: StringMap
    ports: tuple[Port, ...]


@manifest("scripts-configmap.yaml.j2", "v1", "ConfigMap")
class ScriptsConfigMap(NamedTuple):
    """The ConfigMap with the shared scripts; the template stage reads them from `templates/scripts/`."""

    meta: Meta
    scripts: tuple[str, ...]


class PlanLine(NamedTuple):
    """One call in a job's plan file: a function of its script, and the arguments, which the template quotes."""

    function: str
    arguments: tuple[str, ...]


@manifest("plan-configmap.yaml.j2", "v1", "ConfigMap")
class PlanConfigMap(NamedTuple):
    """The ConfigMap that tells retention or restore test what to do."""

    meta: Meta
    lines: tuple[PlanLine, ...]
