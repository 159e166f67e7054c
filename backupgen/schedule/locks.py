"""What an operation does to a repository, and which operations must never meet.

Source: restic's own lock matrix (shared: backup, restore, copy; exclusive: forget, prune, check), measured.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

from backupgen.schedule.cron import CronExpr
from backupgen.schedule.windows import Timing

MARGIN: Final = 30
"""Seconds between windows that exclude each other.

A Job's deadline counts from its `startTime`, which the controller sets a moment after the slot. The kubelet hears of it
later still, and takes up to two seconds more than the grace to kill. Each of these may take seconds while the API
server is slow to answer.
"""


class Use(StrEnum):
    """What an operation does to its repository."""

    BACKUP = "backup"
    """Appends under a shared lock."""
    READ = "read"
    """A restore test, the source of a copy: a shared lock."""
    EXCLUSIVE = "exclusive"
    """forget, prune, check."""
    FILE_COPY = "file-copy"
    """A copy of the repository's files from listings frozen in a safe order: no lock at all, so nothing waits."""

    @property
    def lock(self) -> str:
        """`shared`, `exclusive` or `none`."""
        return {"backup": "shared", "read": "shared", "exclusive": "exclusive", "file-copy": "none"}[self.value]


class Why(StrEnum):
    """Why two operations exclude each other."""

    BOTH_EXCLUSIVE = "exclusive/exclusive"
    SHARED = "shared/exclusive"
    COPY = "copy/exclusive"


class PoolKind(StrEnum):
    """What operations share without excluding each other."""

    REPOSITORY = "repository"
    """Its backups share its disk and its network."""
    NODE = "node"
    """All operations that run on it share it, whatever their repository."""


class Pool(NamedTuple):
    """A repository or a node that takes only so many operations at once."""

    kind: PoolKind
    name: str


@dataclass(frozen=True, slots=True)
class Operation:
    """Something that runs on a schedule and uses a repository. All durations are whole seconds.

    Raises ValueError for a deadline that is not positive and for a negative duration.
    """

    name: str
    repository: str
    use: Use
    schedule: CronExpr
    zone: str
    """A time zone name that `zones.load_zone` accepts."""
    deadline: int
    """activeDeadlineSeconds: from the Job's start to SIGTERM, retries and waiting for locks included."""
    start_within: int
    """startingDeadlineSeconds: how late Kubernetes may still start the Job."""
    grace: int
    """From SIGTERM to SIGKILL."""
    lock_wait: int = 0
    """restic's --retry-lock."""
    may_yield: bool = False
    """A backup that may leave out hours in which it would meet an exclusive operation."""
    needs: int | None = None
    """The time that the work itself takes at most; None for the whole deadline, which leaves no time to wait."""

    lock_within: int | None = None
    """How long after the Job's start it asks for its one lock, which it keeps to its end; None if at any time."""
    locks: int = 1
    """How many times one run takes the repository's lock at most: its restic commands, in each of its attempts."""
    node: str = ""
    """The node that it runs on, where that is known."""

    def __post_init__(self) -> None:
        durations = (self.start_within, self.grace, self.lock_wait, self.needs or 0, self.lock_within or 0)
        if self.deadline <= 0 or min(durations) < 0:
            raise ValueError(f"operation {self.name!r} has a duration that is not a duration")
        if self.locks < 1:
            raise ValueError(f"operation {self.name!r} takes no lock at all")

    def pools(self) -> Iterator[Pool]:
        """What it takes a place in."""
        if self.use is Use.BACKUP:
            yield Pool(PoolKind.REPOSITORY, self.repository)
        if self.node:
            yield Pool(PoolKind.NODE, self.node)

    @property
    def hold(self) -> int:
        """The longest time from the Job's start to the end of its last process."""
        return self.deadline + self.grace

    @property
    def nominal(self) -> Timing:
        """When it runs if Kubernetes starts it on time."""
        return Timing.of(self.schedule, self.zone, self.hold)

    @property
    def worst(self) -> Timing:
        """When it may run if Kubernetes starts it as late as allowed, and is slow to end it."""
        return Timing.of(self.schedule, self.zone, self.start_within + self.hold + MARGIN)

    @property
    def slack(self) -> int:
        """How long it can wait for locks in one run and still do its work."""
        needs = self.deadline if self.needs is None else self.needs
        return min(self.lock_wait, self.deadline - needs)


def exclusion(use: Use, other: Use) -> Why | None:
    """Say why two uses of one repository exclude each other; None if they do not."""
    if Use.EXCLUSIVE not in (use, other):
        return None
    if use is other:
        return Why.BOTH_EXCLUSIVE
    return Why.COPY if Use.FILE_COPY in (use, other) else Why.SHARED
