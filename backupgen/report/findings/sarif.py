"""`check --format sarif`: SARIF 2.1.0 (OASIS Standard, 27 March 2020), for code scanning services."""

import json
from collections import Counter
from collections.abc import Iterator
from hashlib import sha256
from pathlib import PurePath
from typing import Any, Final
from urllib.parse import quote

from backupgen import __version__
from backupgen.diagnostics import CodeInfo, Finding, Severity, Spot
from backupgen.report.findings.check_report import Report
from backupgen.report.findings.code_page import page
from backupgen.report.findings.excerpt import source_lines

_SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS: Final = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}


def render(report: Report) -> str:
    """Return the report as one SARIF run, ASCII only, with a line break at the end."""
    found = {finding.info.code: finding.info for finding in report.findings}
    infos = {info.code: info for info in report.catalogue} | found
    rules = [infos[code] for code in sorted(infos)]
    index = {info.code: number for number, info in enumerate(rules)}
    fleet = next(iter(report.sources), None)
    driver = {"name": "backupgen", "version": __version__, "rules": [_rule(info) for info in rules]}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [
            _result(finding, finding.spot.file or fleet, index[finding.info.code], fingerprint)
            for finding, fingerprint in zip(report.findings, _fingerprints(report), strict=True)
        ],
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _rule(info: CodeInfo) -> dict[str, Any]:
    return {
        "id": info.code,
        "name": "".join(word.capitalize() for word in info.slug.split("-")),
        "shortDescription": {"text": info.summary},
        "fullDescription": {"text": info.why},
        "help": {"text": info.fix, "markdown": page(info)},
        "defaultConfiguration": {"level": _LEVELS[info.severity]},
    }


def _fingerprints(report: Report) -> Iterator[str]:
    """What makes a result the same one in the next run: the text of its line, not the line's number.

    GitHub knows a result again by `primaryLocationLineHash`, and has no other way where nobody computes it.
    """
    seen: Counter[str] = Counter()
    for finding in report.findings:
        file, span = finding.spot.file or "", finding.spot.span
        text = source_lines(report.sources.get(file, ""))
        line = text[span.line - 1].strip() if span and span.line <= len(text) else ""
        key = "\n".join((finding.info.code, file, finding.target or "", line))
        digest = sha256(key.encode(errors="replace")).hexdigest()[:16]
        seen[digest] += 1
        yield f"{digest}:{seen[digest]}"


def _result(finding: Finding, file: str | None, index: int, fingerprint: str) -> dict[str, Any]:
    """One result. A finding without a file of its own is shown at the fleet's: GitHub drops what has no place."""
    text = "\n".join(part for part in (finding.message, finding.cause, finding.help) if part)
    result: dict[str, Any] = {
        "ruleId": finding.info.code,
        "ruleIndex": index,
        "level": _LEVELS[finding.severity],
        "message": {"text": text},
        "locations": [],
        "partialFingerprints": {"primaryLocationLineHash": fingerprint},
    }
    if file is not None:
        result["locations"] = [{"physicalLocation": _physical(file, finding.spot)}]
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
