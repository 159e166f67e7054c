"""The last line of a report for people."""

from collections import Counter
from collections.abc import Iterable

from backupgen.diagnostics import Finding, Severity
from backupgen.diagnostics.wording import counted
from backupgen.report.model import Report


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
