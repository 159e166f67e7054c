"""What is known about a code before anything is found: the text of `check --explain` and of the documentation."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from backupgen.diagnostics.wording import phrase


class Severity(StrEnum):
    """How bad a finding is. An error stops the compile; a warning and an info do not."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"

    def fails(self, *, strict: bool) -> bool:
        """Whether `check` fails for a finding of it; `strict` lets a warning count as an error."""
        return self is Severity.ERROR or (strict and self is Severity.WARNING)


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeInfo:
    """One code of the catalogue. Codes are stable: never reused, never renumbered.

    It is declared in the module of its rule, or in `codes.py` of the package that reports it, and nowhere else:
    `pipeline.CATALOGUE` collects them.
    """

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

    @property
    def help(self) -> str:
        """What to do, as the help of a finding that knows nothing more particular."""
        return phrase(self.fix)


def declared(names: Mapping[str, object]) -> tuple[CodeInfo, ...]:
    """The codes among the names of a module, in their order there; a catalogue ends with `declared(globals())`."""
    return tuple(value for value in names.values() if isinstance(value, CodeInfo))
