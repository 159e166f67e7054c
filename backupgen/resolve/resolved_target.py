"""A target as it is meant, and the job that every operation has: what it runs as, where, when, and over what.

Durations are seconds, paths are absolute, patterns are as restic gets them.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from backupgen.diagnostics import NodePath
from backupgen.integrations.channels import Channel, Ntfy
from backupgen.integrations.dump_tools import DUMP_TOOLS, DumpTool, Restore, VerifyKind
from backupgen.language import schema
from backupgen.language.defaults import default_of
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
