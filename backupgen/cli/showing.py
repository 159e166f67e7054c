"""Findings on a stream."""

import sys
from collections.abc import Iterable, Mapping, Sequence

from backupgen.cli import exits, terminal
from backupgen.diagnostics import Finding, Severity
from backupgen.diagnostics.wording import did_you_mean, listed


def note_findings(findings: Iterable[Finding], sources: Mapping[str, str], *, targets: int = 0) -> None:
    """Write findings to standard error as text, for the commands whose result is something else. None: nothing."""
    from backupgen.report.findings import FORMATS
    from backupgen.report.findings.check_report import Report, arrange

    arranged = arrange(finding for finding in findings if finding.severity is not Severity.INFO)
    if arranged:
        color, width = terminal.colored(sys.stderr), terminal.width(sys.stderr)
        report = Report(arranged, sources=sources, targets=targets, color=color, width=width)
        terminal.note(FORMATS["text"](report))


def exit_code(findings: Iterable[Finding], *, readable: bool = True, strict: bool = False) -> int:
    """The exit code that findings stand for; `strict` lets a warning count as an error."""
    if not readable:
        return exits.USAGE
    return exits.FOUND if any(finding.severity.fails(strict=strict) for finding in findings) else exits.CLEAN


def note_unknown(what: str, name: str, known: Sequence[str]) -> None:
    """Say that there is no such thing as somebody named, such as `the fleet has no target`, and what was meant."""
    expected = did_you_mean(name, known, f"it has {listed(known) or 'none'}")
    terminal.note(f"{what} `{name}`: {expected}\n")
