"""What there is to say about one target."""

from dataclasses import dataclass
from typing import Any

from backupgen.diagnostics import NodePath, Span
from backupgen.resolve.origins import OriginKind


@dataclass(frozen=True, slots=True)
class Row:
    """A setting, and where it comes from."""

    key: NodePath
    value: Any
    origin: OriginKind
    span: Span | None
    """The place in fleet.yaml; None for what is built in."""
    note: str
    """What it is derived from."""


@dataclass(frozen=True, slots=True)
class Runs:
    """When the target's job runs, and what follows from that."""

    cron: str
    """The schedule that is rendered: after `auto`, `skip` and yielding."""
    timezone: str
    chosen: bool
    """Whether the compiler chose the slot."""
    left_out: tuple[int, ...]
    """The hours that yielding left out."""
    causes: tuple[str, ...]
    """For which operations."""
    next: tuple[int, ...]
    """The next runs, epoch seconds."""
    suspended: bool
    start_within: int
    deadline: int
    grace: int
    conflicts: tuple[str, ...]
    """The operations that it can meet although they exclude each other: the fleet is not proved."""
    longest_gap: int | None
    """The longest time between two runs in seconds: so much can be lost, and what a run misses on top."""
    overdue_after: int | None
    """After so many seconds without a start, BackupOverdue fires; None: it never runs, or rests."""

    @property
    def nominal(self) -> int:
        """The seconds from the slot in which a punctual run is over."""
        return self.deadline + self.grace


@dataclass(frozen=True, slots=True)
class Home:
    """The repository, as the target sees it."""

    name: str
    url: str
    id: str | None
    lock_wait: int
    """How long its commands wait for a lock, in seconds: bounded by what its deadline leaves."""
    tag: str
    host: str
    paths: tuple[str, ...]
    """Where its files lie in a snapshot."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """An object that is rendered for the target."""

    kind: str
    namespace: str
    name: str
    file: str
    """Below out/."""


@dataclass(frozen=True, slots=True)
class TargetReport:
    """A target as it is meant, ready to be shown."""

    target: str
    file: str
    """The fleet's, as findings name it."""
    span: Span
    runs: Runs
    home: Home
    objects: tuple[Rendered, ...]
    rows: tuple[Row, ...]
    color: bool = False
    width: int = 100


def dotted(key: NodePath) -> str:
    """A key as people read it: `verify[0]`, `resources.requests.cpu`."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in key).removeprefix(".")
