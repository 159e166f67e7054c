"""What every report of a rehearsal is made from."""

from dataclasses import dataclass

from backupgen.rehearsal.outcome import Rehearsal


@dataclass(frozen=True, slots=True)
class RehearsalReport:
    """The outcome, ready to be shown."""

    rehearsal: Rehearsal
    color: bool = False
