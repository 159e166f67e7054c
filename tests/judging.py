"""A fleet.yaml judged as `check` judges it, up to the plan, as lines that a test can keep."""

from backupgen.diagnostics import Finding
from backupgen.fleet.load import load_fleet
from backupgen.fleet.resolve import resolve_fleet
from backupgen.fleet.timetable import operations_of, parallel_of
from backupgen.rules import RuleContext, judge
from backupgen.schedule import prove
from backupgen.source import Document, read_document


def judged(raw: bytes) -> tuple[Finding, ...]:
    """Every located finding of the first stage that has an error, or of all of them."""
    read = read_document(raw, "fleet.yaml")
    if read.value is None:
        return read.findings
    return tuple(read.value.locate(finding) for finding in _of_document(read.value))


def _of_document(document: Document) -> tuple[Finding, ...]:
    loaded = load_fleet(document)
    if loaded.value is None:
        return loaded.findings
    resolved = resolve_fleet(loaded.value)
    if resolved.value is None:
        return resolved.findings
    outcome = prove(operations_of(resolved.value), parallel_of(resolved.value))
    return (*resolved.findings, *judge(RuleContext(resolved.value, outcome)))


def lines_of(findings: tuple[Finding, ...]) -> list[str]:
    """`line:column code message`, in the order of the text."""
    found = [(finding.spot.span, finding) for finding in findings]
    ordered = sorted((span.line, span.column, finding.info.code, finding.message) for span, finding in found if span)
    assert len(ordered) == len(found), "a finding without a place"
    return [f"{line}:{column} {code} {message}" for line, column, code, message in ordered]
