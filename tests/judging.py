"""A fleet.yaml judged as `check` judges it, up to the plan, as lines that a test can keep."""

from backupgen.adapters.shell import syntax_error
from backupgen.diagnostics import Finding
from backupgen.pipeline import CompileContext, schedule_fleet


def judged(raw: bytes, compile_context: CompileContext | None = None) -> tuple[Finding, ...]:
    """Every located finding of the first stage that has an error, or of all of them."""
    return schedule_fleet(raw, "fleet.yaml", compile_context or CompileContext(shell=syntax_error)).findings


def lines_of(findings: tuple[Finding, ...]) -> list[str]:
    """`line:column code message`, in the order of the text."""
    found = [(finding.spot.span, finding) for finding in findings]
    ordered = sorted((span.line, span.column, finding.info.code, finding.message) for span, finding in found if span)
    assert len(ordered) == len(found), "a finding without a place"
    return [f"{line}:{column} {code} {message}" for line, column, code, message in ordered]
