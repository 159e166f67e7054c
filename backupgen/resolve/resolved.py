"""The fleet as it is meant: no default is left open, and every node knows the path that it came from.

Durations are seconds, paths are absolute, patterns are as restic gets them.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Literal, NamedTuple

from backupgen.conventions.roles import PodRole
from backupgen.diagnostics import NodePath
from backupgen.integrations.channels import Channel
from backupgen.integrations.location import Location
from backupgen.resolve.alerting import Alerts
from backupgen.resolve.delivery import Gitops, Recipients
from backupgen.resolve.resolved_target import (
    HOOK_TIMEOUT,
    Dump,
    Job,
    Peer,
    PodPlacement,
    SourceVolume,
    StringMap,
    Target,
    Toleration,
    User,
    VerifyRule,
)

__all__ = [
    "HOOK_TIMEOUT", "Dashboard", "Dump", "Images", "Job", "Mirror", "Node", "Operation", "Peer", "PodPlacement",
    "Pushgateway", "Repository", "ResolvedFleet", "RestoreTest", "Retention", "Server", "SourceVolume", "StringMap",
    "Target", "Toleration", "User", "VerifyRule", "Waiver",
]  # fmt: skip


class Retention(NamedTuple):
    """Forget, prune and check."""

    job: Job
    keep: tuple[str, ...]
    """The flags of `restic forget`."""
    read_data: int
    """In how many runs the check reads the whole repository; 0 reads no data."""
    legacy: Mapping[str, int]
    """Tags that no target has any more -> the age in days at which their snapshots are forgotten."""


class RestoreTest(NamedTuple):
    """Restores every tag."""

    job: Job
    scratch_size: str
    storage_class: str | None


class Mirror(NamedTuple):
    """A second copy of the repository."""

    name: str
    job: Job
    to: Location
    method: Literal["rclone", "restic_copy"]
    id: str | None
    """The copy's id, where it is a repository of its own."""
    read_data: int
    """In how many runs the check reads the whole copy; 0 reads no data."""
    restore_test: RestoreTest | None
    credentials: StringMap


class Server(NamedTuple):
    """The REST server: an append-only endpoint for everybody, one with all rights for the retention."""

    name: str
    namespace: str
    port: int
    maintenance_port: int
    image: str
    user: User
    volume: SourceVolume
    placement: PodPlacement
    labels: StringMap
    annotations: StringMap
    path: NodePath


class Repository(NamedTuple):
    """A restic repository."""

    name: str
    location: Location
    id: str | None
    lock_wait: int
    parallel: int
    quota: int | None
    """How many bytes there are for it."""
    credentials: StringMap
    """Environment variables of the clients -> names of values."""
    server: Server | None
    retention: Retention | None
    restore_test: RestoreTest | None
    mirrors: tuple[Mirror, ...]
    path: NodePath

    def lock_wait_of(self, job: Job) -> int:
        """How long a job's commands wait for a lock.

        Not so long that the work would not be done by the deadline; where nobody says how long that takes, half of it.
        Else a lock would be reported as a hang.
        """
        return min(self.lock_wait, job.deadline // 2 if job.needs is None else job.ends_itself - job.needs)

    def operations(self) -> Iterator["Operation"]:
        """Yield the operations on the whole repository: retention, restore test, each mirror and the test of it."""
        if self.retention is not None:
            yield Operation(PodRole.RETENTION, self.retention.job, self)
        if self.restore_test is not None:
            yield Operation(PodRole.RESTORE_TEST, self.restore_test.job, self)
        for mirror in self.mirrors:
            yield Operation(PodRole.MIRROR, mirror.job, self, mirror=mirror)
            if mirror.restore_test is not None:
                yield Operation(PodRole.RESTORE_TEST, mirror.restore_test.job, self, mirror=mirror)


class Operation(NamedTuple):
    """A CronJob of the fleet: what it does, to which repository."""

    role: PodRole
    job: Job
    repository: Repository
    target: Target | None = None
    """What a backup backs up."""
    mirror: Mirror | None = None
    """The mirror that it makes, or that it tests."""

    @property
    def retention(self) -> Retention | None:
        """What a retention forgets; None for another operation."""
        return self.repository.retention if self.role is PodRole.RETENTION else None

    @property
    def restore_test(self) -> RestoreTest | None:
        """Where a restore test restores; None for another operation."""
        tested = self.repository if self.mirror is None else self.mirror
        return tested.restore_test if self.role is PodRole.RESTORE_TEST else None

    @property
    def copy(self) -> Mirror | None:
        """What a mirror makes; None for another operation."""
        return self.mirror if self.role is PodRole.MIRROR else None


class Node(NamedTuple):
    """A node, or a group of them, that takes only so many jobs at once."""

    name: str
    labels: StringMap
    parallel: int
    path: NodePath


class Images(NamedTuple):
    """The container images, by digest."""

    restic: str
    rest_server: str
    """Empty: no server of the fleet's own."""
    kubectl: str
    """Empty: no dump in an app's pod."""


class Dashboard(NamedTuple):
    """The Grafana dashboard, a ConfigMap for Grafana's sidecar."""

    namespace: str
    labels: StringMap
    annotations: StringMap


class Pushgateway(NamedTuple):
    """The Pushgateway that jobs report to."""

    location: Location
    pod_labels: StringMap


class Waiver(NamedTuple):
    """A finding that is accepted at a place of the fleet and below it."""

    scope: NodePath
    slug: str
    reason: str
    until: date | None
    """The last day on which it is accepted."""

    @property
    def path(self) -> NodePath:
        """The waiver's own place."""
        return (*self.scope, "waive", self.slug)


class ResolvedFleet(NamedTuple):
    """The whole fleet."""

    name: str
    home_namespace: str
    timezone: str
    kubernetes: int | None
    """The minor of Kubernetes 1, if the fleet says it."""
    images: Images
    image_pull_secrets: tuple[str, ...]
    repositories: tuple[Repository, ...]
    targets: tuple[Target, ...]
    """Sorted by name, so that the order of the file changes no output."""
    nodes: tuple[Node, ...]
    """Those with the most labels first: a job runs on the first that it fits."""
    reflect_scripts: bool
    network_policies: Literal["none", "kubernetes", "cilium"]
    pushgateway: Pushgateway | None
    channels: tuple[Channel, ...]
    """Where failures are told, unless a job says otherwise."""
    alerts: Alerts | None
    dashboard: Dashboard | None
    gitops: Gitops | None
    sops: Recipients | None
    labels: StringMap
    """The labels of every object."""
    annotations: StringMap
    """The annotations of every object."""
    unprotected: StringMap
    """Which claims and folders are not backed up, as patterns, and why."""
    waivers: tuple[Waiver, ...]

    def repository(self, name: str) -> Repository:
        """The repository of that name."""
        return next(repository for repository in self.repositories if repository.name == name)

    def operations(self) -> Iterator[Operation]:
        """Yield every operation: the backups in the order of the targets, then those on each whole repository."""
        repositories = {repository.name: repository for repository in self.repositories}
        for target in self.targets:
            yield Operation(PodRole.BACKUP, target.job, repositories[target.repository], target)
        for repository in self.repositories:
            yield from repository.operations()

    def jobs(self) -> tuple[Job, ...]:
        """The job of every operation, of a fleet that is not whole as well: a target's repository may be missing."""
        own = [operation.job for repository in self.repositories for operation in repository.operations()]
        return (*(target.job for target in self.targets), *own)

    def targets_of(self, repository: str) -> tuple[Target, ...]:
        """The targets that a repository holds."""
        return tuple(target for target in self.targets if target.repository == repository)
