"""The fleet as it is meant: no default is left open, and every node knows the path that it came from.

Durations are seconds, paths are absolute, patterns are as restic gets them.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Final, Literal, NamedTuple

from backupgen.conventions.roles import PodRole
from backupgen.diagnostics import NodePath
from backupgen.integrations.channels import Channel, Ntfy
from backupgen.integrations.dump_tools import DUMP_TOOLS, DumpTool, Restore, VerifyKind
from backupgen.integrations.location import Location
from backupgen.language import schema
from backupgen.language.defaults import default_of
from backupgen.resolve.alerting import Alerts
from backupgen.resolve.delivery import Gitops, Recipients
from backupgen.schedule import Auto, CronExpr

StringMap = Mapping[str, str]

HOOK_TIMEOUT: Final[int] = default_of(schema.Target, "hook_timeout")
"""Seconds that a hook gets when a run has to end (`BACKUP_HOOK_TIMEOUT` in templates/scripts/lib.sh)."""


class User(NamedTuple):
    """The user of a pod. Root carries the reason why."""

    uid: int
    gid: int
    fs_group: int | None = None
    reason: str | None = None


class Toleration(NamedTuple):
    """A toleration; an empty string is a field that is left out."""

    key: str
    operator: str
    value: str
    effect: str


class PodPlacement(NamedTuple):
    """Where a pod may run and what it may use."""

    node_selector: StringMap
    tolerations: tuple[Toleration, ...]
    requests: StringMap
    limits: StringMap


class Job(NamedTuple):
    """How an operation runs."""

    name: str
    """The CronJob's name, and the `app.kubernetes.io/name` of its pods."""
    instance: str
    """The snapshots' host and the Pushgateway's instance."""
    namespace: str
    timezone: str
    slot: CronExpr | Auto
    every: int
    """The cadence of an `auto` slot; 0 where the slot is given."""
    deadline: int
    start_within: int
    retries: int
    needs: int | None
    """How long a run takes at most once it has its lock, if the fleet says so."""
    grace: int
    history: tuple[int, int]
    """Succeeded and failed Jobs that are kept."""
    suspend: bool
    missed_slots: int
    """How many runs in a row may be missed."""
    hook_timeout: int
    """How long a hook may take when the run has to end."""
    image: str
    cache_size: str
    """Empty: no limit."""
    cache_in_memory: bool
    placement: PodPlacement
    user: User
    labels: StringMap
    annotations: StringMap
    channels: tuple[Channel, ...]
    """Where its failures are told."""
    path: NodePath

    @property
    def ntfy(self) -> Ntfy | None:
        """The topic of ntfy that its failures are sent to."""
        return next((channel for channel in self.channels if isinstance(channel, Ntfy)), None)

    @property
    def ends_itself(self) -> int:
        """When a run ends itself, ahead of its deadline, to report (`job_start` in templates/scripts/lib.sh)."""
        limit = self.deadline - 60 if self.deadline >= 600 else self.deadline * 9 // 10
        return limit - max(0, self.hook_timeout - HOOK_TIMEOUT)


class SourceVolume(NamedTuple):
    """A claim or a folder of the node."""

    name: str
    claim: str | None
    host_path: str | None
    access: str
    """The claim's access mode; empty for a folder."""
    paths: tuple[str, ...]
    """The folders of it that are mounted; all of it, if there are none."""
    sentinel: str
    """What has to be there before anything is backed up; empty: nothing is said."""
    path: NodePath

    @property
    def shared(self) -> bool:
        """Whether several nodes may mount it at once."""
        return self.access in {"ReadWriteMany", "ReadOnlyMany"}


class Dump(NamedTuple):
    """A command whose output is backed up as a file."""

    in_pod: StringMap
    """The labels of the app's pod; without any, the command runs in the job's own container."""
    container: str
    command: tuple[str, ...]
    file: str
    """The dump's absolute path in the snapshot."""
    staging_claim: str | None
    staging_size: str
    tool: str
    """The key of `DUMP_TOOLS`; empty for a command of the fleet's own."""
    user: str
    """Whom the tool logs in as; empty if the fleet does not say it."""
    database: str
    """What the tool dumps; empty if the fleet does not say it."""
    restore: Restore | None
    """How it gets back into the database; None if that is not known."""

    @property
    def known_tool(self) -> DumpTool | None:
        """The ready-made dump that it is, if it is one."""
        return DUMP_TOOLS.get(self.tool)


class VerifyRule(NamedTuple):
    """What the restore test looks for in a snapshot."""

    kind: VerifyKind
    file: str
    """The absolute path in the snapshot."""
    min_bytes: int
    min_files: int
    derived: bool
    """Whether the compiler made it up because the fleet gives none."""


class Peer(NamedTuple):
    """Somebody whom a job talks to: pods, a host name or a range of addresses."""

    pod: StringMap
    namespace: str
    host: str
    cidr: str
    port: int


class Target(NamedTuple):
    """One thing that is backed up."""

    name: str
    job: Job
    repository: str
    skip: int
    """The hours in which it does not start, as a bit set."""
    between: int
    """The hours in which the compiler may let it start, with `at: auto`, as a bit set."""
    yields: bool
    """Whether it leaves out the hours in which it could meet an exclusive operation."""
    volumes: tuple[SourceVolume, ...]
    dump: Dump | None
    with_pod: StringMap
    exclude: tuple[str, ...]
    backup_args: tuple[str, ...]
    tag: str
    keep: tuple[str, ...]
    verify: tuple[VerifyRule, ...]
    sentinels: tuple[tuple[str, ...], ...]
    """For each volume that has any: absolute paths of which one has to be there before anything is backed up."""
    max_age: int | None
    """How old the newest snapshot may be; None: what its schedule says."""
    max_shrink: int
    """By how many percent a snapshot may be smaller than the one before it."""
    before: str
    after: str
    credentials: StringMap
    """Environment variables of its own -> names of values."""
    connects_to: tuple[Peer, ...]

    @property
    def dump_in_pod(self) -> Dump | None:
        """The dump, if its command runs in the app's pod."""
        return self.dump if self.dump is not None and self.dump.in_pod else None


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
