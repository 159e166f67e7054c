"""What is known about a code before anything is found: the text of `check --explain` and of the documentation."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How bad a finding is. An error stops the compile; a warning and an info do not."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"

    def fails(self, *, strict: bool) -> bool:
        """Whether `check` fails for a finding of it; `strict` lets a warning count as an error."""
        return self is Severity.ERROR or (strict and self is Severity.WARNING)


@dataclass(frozen=True, slots=True)
class CodeInfo:
    """One code of the catalogue. Codes are stable: never reused, never renumbered."""

    code: str
    """`BG` and three digits; the first is the stage: 1 source, 2 fleet, 3 schedule, 4 rules, 5 manifests and out."""
    slug: str
    """The name under which a finding can be waived: lower case, words joined by dashes."""
    severity: Severity
    summary: str
    """One line: what the code reports."""
    why: str
    """What goes wrong at night if nothing is done."""
    fix: str
    """What to do."""
    bad: str
    """What yields this code: a fragment of fleet.yaml, in which `…` stands for what a healthy fleet has there.

    Of what no fragment can show: a file, after its path in a comment, or a command. The tests execute it.
    """
    good: str
    """The same, mended."""
    voids_proof: bool = False
    """Whether the proof of the schedule rests on what this denies. While it stands, even waived, nothing is proved."""

    @property
    def page(self) -> str:
        """Its page in the documentation, below the root of backupgen's own repository."""
        return f"docs/findings/{self.code}.md"
