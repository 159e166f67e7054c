"""`check --format json`: for programs. The shape is part of the interface."""

import json
from typing import Any

from backupgen.diagnostics import Finding, Severity, Spot
from backupgen.report.findings.check_report import Report


def render(report: Report) -> str:
    """Return the report as JSON, ASCII only, with a line break at the end."""
    document = {
        "findings": [_finding(finding) for finding in report.findings],
        "summary": {
            "errors": report.count(Severity.ERROR),
            "warnings": report.count(Severity.WARNING),
            "infos": report.count(Severity.INFO),
            "targets": report.targets,
            "manifests": report.manifests,
        },
    }
    return json.dumps(document, indent=2) + "\n"


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "code": finding.info.code,
        "slug": finding.info.slug,
        "severity": finding.severity.value,
        "message": finding.message,
        "cause": finding.cause,
        "help": finding.help,
        "docs": finding.info.page,
        **_place(finding.spot),
        "target": finding.target,
        "related": [{"message": other.message, **_place(other.spot)} for other in finding.related],
    }


def _place(spot: Spot) -> dict[str, Any]:
    return {
        "file": spot.file,
        "line": spot.span.line if spot.span else None,
        "column": spot.span.column if spot.span else None,
    }
