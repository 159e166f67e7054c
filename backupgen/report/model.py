"""What every report is made from."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from backupgen.diagnostics import CodeInfo, Finding, Severity


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome of `check`, ready to be shown."""

    findings: tuple[Finding, ...]
    """Located, and arranged by `arrange`."""
    catalogue: tuple[CodeInfo, ...] = ()
    """Every code that could have been found."""
    sources: Mapping[str, str] = field(default_factory=dict)
    """The text of the files that findings point at, without byte order mark, by the name that the spots use."""
    targets: int = 0
    manifests: int = 0
    color: bool = False
    width: int = 100
    """How many cells a line of text may take."""
    strict: bool = False
    """Whether warnings count as errors."""
    hidden: int = 0
    """How many findings were found and not selected."""
    limit: int | None = 50
    """How many findings the text format shows in full; `None` for all."""

    def count(self, severity: Severity) -> int:
        """Return how many findings have the severity."""
        return sum(1 for finding in self.findings if finding.severity is severity)


def arrange(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the findings without repetitions, ordered by file, line, column, code and message.

    Findings without a place come first. Two findings are the same if all five are.
    """
    unique = {_order(finding): finding for finding in reversed(tuple(findings))}
    return tuple(unique[key] for key in sorted(unique))


def _order(finding: Finding) -> tuple[str, int, int, str, str]:
    span = finding.spot.span
    line, column = (span.line, span.column) if span else (0, 0)
    return finding.spot.file or "", line, column, finding.info.code, finding.message


def place(file: str | None, line: int | None, column: int | None) -> str:
    """Return `FILE:LINE:COLUMN` as far as it is known."""
    return ":".join(str(part) for part in (file, line, column) if part is not None)


def spot_place(finding: Finding) -> str:
    """Return the finding's `FILE:LINE:COLUMN` as far as it is known."""
    span = finding.spot.span
    return place(finding.spot.file, span.line if span else None, span.column if span else None)
