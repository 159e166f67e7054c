"""`check --format concise`: one line a finding, as editors and `grep` like it."""

from backupgen.diagnostics import Finding
from backupgen.report.findings.check_report import Report, spot_place, summary
from backupgen.report.lines import visible


def render(report: Report) -> str:
    """Return `FILE:LINE:COLUMN: SEVERITY[CODE SLUG] MESSAGE` for every finding, then the summary."""
    return "".join(f"{line}\n" for line in [*map(_line, report.findings), summary(report)])


def _line(finding: Finding) -> str:
    where = spot_place(finding)
    head = f"{where}: " if where else ""
    return visible(f"{head}{finding.severity.value}[{finding.info.code} {finding.info.slug}] {finding.message}")
