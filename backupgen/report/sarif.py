"""`check --format sarif`: SARIF 2.1.0 (OASIS Standard, 27 March 2020), for code scanning services."""

import json
from pathlib import PurePath
from typing import Any, Final
from urllib.parse import quote

from backupgen import __version__
from backupgen.diagnostics import CodeInfo, Finding, Severity, Spot
from backupgen.report.model import Report

_SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS: Final = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}


def render(report: Report) -> str:
    """Return the report as one SARIF run, ASCII only, with a line break at the end."""
    found = {finding.info.code: finding.info for finding in report.findings}
    infos = {info.code: info for info in report.catalogue} | found
    rules = [infos[code] for code in sorted(infos)]
    index = {info.code: number for number, info in enumerate(rules)}
    driver = {"name": "backupgen", "version": __version__, "rules": [_rule(info) for info in rules]}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding, index[finding.info.code]) for finding in report.findings],
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _rule(info: CodeInfo) -> dict[str, Any]:
    return {
        "id": info.code,
        "name": "".join(word.capitalize() for word in info.slug.split("-")),
        "shortDescription": {"text": info.summary},
        "fullDescription": {"text": info.why},
        "help": {"text": info.fix},
        "defaultConfiguration": {"level": _LEVELS[info.severity]},
    }


def _result(finding: Finding, index: int) -> dict[str, Any]:
    text = f"{finding.message}\n{finding.help}" if finding.help else finding.message
    result: dict[str, Any] = {
        "ruleId": finding.info.code,
        "ruleIndex": index,
        "level": _LEVELS[finding.severity],
        "message": {"text": text},
        "locations": [],
    }
    if finding.spot.file is not None:
        result["locations"] = [{"physicalLocation": _physical(finding.spot.file, finding.spot)}]
    related = [
        {"id": number, "message": {"text": other.message}, "physicalLocation": _physical(other.spot.file, other.spot)}
        for number, other in enumerate(finding.related)
        if other.spot.file is not None
    ]
    return result | ({"relatedLocations": related} if related else {})


def _physical(file: str, spot: Spot) -> dict[str, Any]:
    physical: dict[str, Any] = {"artifactLocation": {"uri": _uri(file)}}
    if spot.span is not None:
        physical["region"] = {
            "startLine": spot.span.line,
            "startColumn": spot.span.column,
            "endLine": spot.span.end_line,
            "endColumn": spot.span.end_column,
        }
    return physical


def _uri(file: str) -> str:
    path = PurePath(file)
    if path.is_absolute():
        return path.as_uri()
    return quote(path.as_posix(), errors="replace")
