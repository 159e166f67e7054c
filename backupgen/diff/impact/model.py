"""One consequence of a change, and what has to be known to tell it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from backupgen.diff.impact.kinds import ConsequenceKind


@dataclass(frozen=True, slots=True)
class Impact:
    """One consequence."""

    kind: ConsequenceKind
    target: str
    """The target, the job of the fleet's own, the tag or the object that it is about."""
    message: str
    """One sentence: lower case, no final period. It names `target` in backticks, or nobody."""
    commands: tuple[str, ...] = ()
    """What to run, in this order, quoted for a shell."""


@dataclass(frozen=True, slots=True)
class Holding:
    """What the fleet says of a repository."""

    id: str | None
    owners: Mapping[str, str]
    """Tag -> the target that it belongs to."""
    legacy: Mapping[str, int]
    """Tag -> the age in days at which its snapshots are forgotten."""
    forgets: bool
    """Whether there is a retention."""
    place: str
    """Where it stands in fleet.yaml."""


@dataclass(frozen=True, slots=True)
class Situation:
    """What the consequences rest on beside the changed objects: the fleet as it is now, and the clock."""

    left_out: Mapping[str, str] = field(default_factory=dict)
    """Job -> which hours its schedule leaves out and why, in words."""
    reporting: frozenset[str] = frozenset()
    """The instances that report to a Pushgateway."""
    repositories: Mapping[str, Holding] = field(default_factory=dict)
    """The repositories by their URLs."""
    needed: Mapping[tuple[str, str], Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    """Secret (namespace, name) -> key -> the names of the values that it is made of."""
    given: frozenset[str] = frozenset()
    """The names of the values that somebody has given already."""
    since: int | None = None
    """When the change is taken to be deployed, in epoch seconds; None: nobody asks what happens on the way."""
    bootstrap: str = "backupgen bootstrap"
    """The command that prints the Jobs which make the fleet's repositories."""
    secrets: str = "backupgen secrets"
    """The command that keeps the fleet's values."""
