"""What every report of changes is made from."""

from dataclasses import dataclass

from backupgen.diagnostics.wording import counted
from backupgen.diff.compare import Action, Change
from backupgen.diff.impact import Impact


@dataclass(frozen=True, slots=True)
class ChangeReport:
    """The outcome of `diff`, ready to be shown."""

    changes: tuple[Change, ...]
    impact: tuple[Impact, ...]
    against: str
    """What the fleet was compared with, as the user named it."""
    reworded: int = 0
    """How many files differ in comments or layout only."""
    color: bool = False
    width: int = 100
    """How many cells a line of text may take."""

    def summary(self) -> str:
        """Return for instance `against out: 1 object added, 2 changed`."""
        counts = [(action, sum(1 for change in self.changes if change.action is action)) for action in Action]
        said = [f"{number} {action.value}" for action, number in counts if number]
        if said:
            first = counted(int(said[0].split(" ")[0]), "object")
            said[0] = f"{first} {said[0].split(' ')[1]}"
        else:
            said = ["no object differs"]
        if self.reworded:
            said.append(f"{counted(self.reworded, 'file')} in comments or layout only")
        return f"against {self.against}: {', '.join(said)}"
