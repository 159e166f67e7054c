"""`check --format github`: workflow commands, which GitHub Actions shows as annotations on the changed lines.

The escapes are those of `escapeData` and `escapeProperty` in actions/toolkit, packages/core/src/command.ts.
"""

from typing import Final

from backupgen.diagnostics import Finding, Severity
from backupgen.report.findings.check_report import Report, place
from backupgen.report.lines import visible

_COMMANDS: Final = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def render(report: Report) -> str:
    """Return one workflow command a finding, each on a line of its own."""
    return "".join(f"{_command(finding)}\n" for finding in report.findings)


def escape_data(text: str) -> str:
    """Escape a command's message."""
    return visible(text, keep="\r\n\t").replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def escape_property(text: str) -> str:
    """Escape the value of a command's property."""
    return escape_data(text).replace(":", "%3A").replace(",", "%2C")


def _command(finding: Finding) -> str:
    properties: dict[str, str | int] = {}
    span = finding.spot.span
    if finding.spot.file is not None:
        properties["file"] = finding.spot.file
        if span is not None:
            properties |= {"line": span.line, "endLine": span.end_line}
            if span.line == span.end_line:
                properties |= {"col": span.column, "endColumn": max(span.column, span.end_column - 1)}
    properties["title"] = f"{finding.info.code} {finding.info.slug}"
    listed = ",".join(f"{name}={escape_property(str(value))}" for name, value in properties.items())
    return f"::{_COMMANDS[finding.severity]} {listed}::{escape_data(_message(finding))}"


def _message(finding: Finding) -> str:
    lines = [finding.message]
    for other in finding.related:
        span = other.spot.span
        where = place(other.spot.file, span.line if span else None, span.column if span else None)
        lines.append(f"{other.message}: {where}" if where else other.message)
    if finding.cause:
        lines.append(f"cause: {finding.cause}")
    if finding.help:
        lines.append(f"help: {finding.help}")
    return "\n".join(lines)
