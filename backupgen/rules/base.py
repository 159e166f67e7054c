"""What a rule is, and what it sees."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from backupgen.diagnostics import CodeInfo, Finding, NodePath, Spot
from backupgen.language.paths import target_of
from backupgen.resolve.resolved import Job, ResolvedFleet, Waiver
from backupgen.resolve.schedule_input import ScheduleInput
from backupgen.schedule import Conflict, Operation, ScheduleProof, irregular_zones, load_zone, shortest_gap


@dataclass(frozen=True)
class RuleContext:
    """A resolved fleet, and the proof of its schedule or the witnesses against it."""

    fleet: ResolvedFleet
    schedule_input: ScheduleInput
    outcome: ScheduleProof | tuple[Conflict, ...]
    since: int
    """Now, as far as findings know: from when on they name instants, and waivers expire; epoch seconds."""
    shell: Callable[[str], str] | None = None
    """What the machine's shell says against a script, empty if nothing; None, if there is nobody to ask."""
    own_scripts: tuple[str, ...] = ()
    """The user's scripts in place of backupgen's own, as findings show them."""

    @property
    def conflicts(self) -> tuple[Conflict, ...]:
        """The operations that exclude each other and meet."""
        return self.outcome if isinstance(self.outcome, tuple) else ()

    @property
    def proof(self) -> ScheduleProof | None:
        """The proof, if there is no conflict."""
        return None if isinstance(self.outcome, tuple) else self.outcome

    @cached_property
    def irregular(self) -> tuple[str, ...]:
        """The zones of operations in which Kubernetes departs from its own rule, so that nothing is proved there."""
        return irregular_zones(operation.zone for operation in self.schedule_input.operations)

    @cached_property
    def today(self) -> date:
        """The day that it is in the fleet's time zone."""
        return day_of(self.fleet, self.since)

    @cached_property
    def waivers(self) -> tuple[Waiver, ...]:
        """The waivers that have not expired."""
        return tuple(waiver for waiver in self.fleet.waivers if not is_expired(waiver, self.today))

    @cached_property
    def jobs(self) -> Mapping[str, Job]:
        """Every job by its name."""
        return {job.name: job for job in self.fleet.jobs()}

    @cached_property
    def operations(self) -> Mapping[str, Operation]:
        """Every operation by the name of its job: with what is left after yielding, if there is a proof."""
        operations = self.proof.operations if self.proof else self.schedule_input.operations
        return {operation.name: operation for operation in operations}

    @cached_property
    def cadences(self) -> Mapping[str, int]:
        """The shortest time between two runs, in seconds, by the name of the job; one that never fires twice has none.

        In UTC, so that the hour which a clock change takes away once a year does not count.
        """
        utc = load_zone("UTC")
        gaps = {name: shortest_gap(operation.schedule, utc) for name, operation in self.operations.items()}
        return {name: gap for name, gap in gaps.items() if gap is not None}


def day_of(fleet: ResolvedFleet, since: int) -> date:
    """The day that it is at an instant, in epoch seconds, in the fleet's time zone."""
    return load_zone(fleet.timezone).wall(since).date()


def is_expired(waiver: Waiver, today: date) -> bool:
    """Whether the last day of a waiver has passed."""
    return waiver.until is not None and waiver.until < today


@dataclass(frozen=True, slots=True)
class Rule:
    """One judgement about a whole fleet: a code, and a pure generator of its findings."""

    info: CodeInfo
    check: Callable[[RuleContext], Iterator[Finding]]


def finding(info: CodeInfo, message: str, path: NodePath, help_: str = "", *, on_key: bool = False) -> Finding:
    """A finding of a rule, at a path of fleet.yaml."""
    return Finding(info, message, Spot(path=path, on_key=on_key), help_, target_of(path))
