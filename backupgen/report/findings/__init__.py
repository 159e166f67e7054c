"""`check`: findings to text, in every format. Pure; a format is imported when it is asked for."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from backupgen.report.findings.check_report import Report


def _text(report: "Report") -> str:
    from backupgen.report.findings.findings_text import render

    return render(report)


def _concise(report: "Report") -> str:
    from backupgen.report.findings.concise import render

    return render(report)


def _json(report: "Report") -> str:
    from backupgen.report.findings.findings_json import render

    return render(report)


def _github(report: "Report") -> str:
    from backupgen.report.findings.github import render

    return render(report)


def _sarif(report: "Report") -> str:
    from backupgen.report.findings.sarif import render

    return render(report)


def _junit(report: "Report") -> str:
    from backupgen.report.findings.junit import render

    return render(report)


FORMATS: Final[Mapping[str, "Callable[[Report], str]"]] = {
    "text": _text,
    "concise": _concise,
    "json": _json,
    "github": _github,
    "sarif": _sarif,
    "junit": _junit,
}
"""The formats of `check --format`."""
