"""From text to the fleet, and findings as short as a test reads them."""

from backupgen.diagnostics import Checked, Finding
from backupgen.language.load import load_fleet
from backupgen.resolve.fleet import resolve_fleet
from backupgen.resolve.resolved import ResolvedFleet
from backupgen.source import Document, read_document

DIGEST = "sha256:" + "0" * 64
IMAGES = f"images: {{restic: r@{DIGEST}, kubectl: k@{DIGEST}, rest_server: s@{DIGEST}}}"
HEAD = f"""\
fleet: f
home_namespace: home
timezone: Europe/Berlin
{IMAGES}
"""
REPOSITORY = "repository: {url: s3:s3.example.com/backup}\n"
TARGET = 'a: {namespace: n, at: ":20", deadline: 9m, run_as: 1000, volume: {pvc: a}}'


def document(text: str) -> Document:
    """The text as a document; it must be YAML without a fault."""
    checked = read_document(text.encode(), "fleet.yaml")
    assert checked.value is not None, [finding.message for finding in checked.findings]
    return checked.value


def resolve(text: str) -> tuple[Checked[ResolvedFleet], tuple[Finding, ...]]:
    """The resolved fleet, and the located findings of the stage that ended it."""
    read = document(text)
    loaded = load_fleet(read)
    checked = resolve_fleet(loaded.value) if loaded.value is not None else Checked(None, loaded.findings)
    return checked, tuple(read.locate(finding) for finding in checked.findings)


def findings(text: str) -> list[str]:
    """`line:column code message` for each finding, in the order of the text."""
    found = [(finding.spot.span, finding) for finding in resolve(text)[1]]
    ordered = sorted((span.line, span.column, finding.info.code, finding.message) for span, finding in found if span)
    assert len(ordered) == len(found)
    return [f"{line}:{column} {code} {message}" for line, column, code, message in ordered]


def resolved(text: str) -> ResolvedFleet:
    """The resolved fleet of a text without a mistake."""
    checked, located = resolve(text)
    assert checked.value is not None, located
    return checked.value


def fleet(targets: str = TARGET, *, repository: str = REPOSITORY, more: str = "") -> str:
    """A whole fleet around lines of `targets:`, with further lines at the top level."""
    indented = "".join(f"  {line}\n" for line in targets.splitlines())
    return f"{HEAD}{repository}{more}targets:\n{indented}"


def marked(text: str) -> tuple[str, str]:
    """The text without its mark `§`, and `line:column` of what the mark stands before."""
    before, _, after = text.partition("§")
    line = before.count("\n") + 1
    return before + after, f"{line}:{len(before) - before.rfind(chr(10))}"
