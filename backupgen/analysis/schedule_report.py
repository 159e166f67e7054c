"""What there is to say about a schedule, in every format of `backupgen schedule`.

Instants are epoch seconds, durations seconds. Everything is sorted and ready to print; nothing is computed here.
"""

from dataclasses import dataclass
from typing import Literal, NamedTuple

from backupgen.conventions.roles import PodRole

Verdict = Literal["conflict", "wait", "shared"]


class Run(NamedTuple):
    """One window of an operation."""

    start: int
    """The slot."""
    end: int
    """When its last process has ended if it starts on time: slot + deadline + grace."""
    latest_end: int
    """The same, if it starts as late as Kubernetes may start it. Exclusion is proved up to here."""


class Row(NamedTuple):
    """One operation."""

    name: str
    """The CronJob's name."""
    kind: PodRole
    repository: str
    node: str
    """Empty where the fleet names none."""
    written: str
    """What `at:` says: a cron expression, or `auto`."""
    cron: str
    """What the CronJob says: after `auto`, `skip` and yielding."""
    timezone: str
    deadline: int
    start_within: int
    grace: int
    lock: str
    """`shared`, `exclusive` or `none`."""
    suspended: bool
    left_out: tuple[int, ...]
    """The hours that it leaves out to give way, in its own zone."""
    causes: tuple[str, ...]
    """To which operations it gives way."""
    line: int | None
    """Where its slot stands in fleet.yaml."""
    next_start: int | None
    """Its first slot from the start of what is shown on, which may lie beyond the end; None if there is none."""
    runs: tuple[Run, ...]
    """Those whose worst-case windows touch the time that is shown, by their start."""


class Clash(NamedTuple):
    """Two operations that exclude each other and can run at the same time."""

    one: str
    other: str
    """The exclusive one."""
    why: str
    """Which locks clash, in words."""
    first: int | None
    """When they meet next; None, if never again."""
    per_year: float
    lines: tuple[int | None, int | None]
    """Where their slots stand in fleet.yaml."""
    remedies: tuple[str, ...]
    """Each would do on its own, and is proved."""


class Wait(NamedTuple):
    """A meeting that is no conflict, because the wait for the lock is bounded and there is time for it."""

    waiter: str
    holder: str
    seconds: int
    """The longest wait in one run."""


class Overlap(NamedTuple):
    """Two operations of a repository or a node that can run at the same time."""

    one: str
    other: str
    on_time: bool
    """Also if both start on time; else only if one starts late."""
    verdict: Verdict
    """They exclude each other; they do, but the wait is covered; they only share what they run on."""


class Crowding(NamedTuple):
    """More at once than a repository or a node is meant to take."""

    pool: str
    """`repository main`, `node zfs`."""
    limit: int
    worst: int
    names: tuple[str, ...]
    first: int
    """When: the next time from the start of what is shown on, or the first one in the cycle if that is no week away."""


@dataclass(frozen=True, slots=True)
class ScheduleReport:
    """The schedule of a fleet between two instants."""

    fleet: str
    """The fleet's name."""
    timezone: str
    """The zone that times are shown in."""
    start: int
    end: int
    rows: tuple[Row, ...]
    clashes: tuple[Clash, ...]
    """Empty, and no reservations: it is proved that operations which exclude each other never meet."""
    waits: tuple[Wait, ...]
    crowdings: tuple[Crowding, ...]
    pairs: int
    """How many pairs of operations share a repository or a node; 0, if there are too many to look at."""
    overlapping: int
    """How many of them can run at the same time."""
    overlapping_on_time: int
    """How many of them do so even if everything starts on time."""
    overlaps: tuple[Overlap, ...]
    """These pairs."""
    tzdata: str
    """The version of the time zone database that all of this holds for; empty: it is not to be said."""
    reservations: tuple[str, ...] = ()
    """What takes the proof out of backupgen's hands; while there is any, nothing is proved."""
    file: str = "fleet.yaml"
    """The file whose lines are named, as in findings."""
    color: bool = False
    width: int = 100
    """How many columns a line may take."""

    @property
    def proved(self) -> bool:
        """Whether it holds that operations which exclude each other never meet."""
        return not self.clashes and not self.reservations
