"""What every report of `check` is made from, and the lines that it ends with."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from backupgen.diagnostics import CodeInfo, Finding, Severity
from backupgen.diagnostics.wording import counted


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


def summary(report: Report) -> str:
    """Return for instance `2 errors, 1 warning in 6 targets`, or `no findings: 6 targets, 74 manifests`."""
    targets = counted(report.targets, "target")
    notes = [f"{report.hidden} not selected"] if report.hidden else []
    if not report.findings:
        notes = [targets, counted(report.manifests, "manifest"), *notes]
        return f"no findings: {', '.join(notes)}"
    if report.strict and report.count(Severity.WARNING):
        notes = ["strict: warnings count as errors", *notes]
    parts = [counted(report.count(severity), severity.value) for severity in Severity if report.count(severity)]
    listed = ", ".join(parts) + (f" in {targets}" if report.targets else "")
    return f"{listed} ({', '.join(notes)})" if notes else listed


def rest(findings: Iterable[Finding]) -> str:
    """Return for instance `13 more findings: 10 BG201, 3 BG305`."""
    codes = Counter(finding.info.code for finding in findings)
    listed = ", ".join(f"{number} {code}" for code, number in sorted(codes.items()))
    return f"{counted(codes.total(), 'more finding')}: {listed}"
