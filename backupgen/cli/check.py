"""`backupgen check`."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from backupgen.cli import clock, exits, terminal
from backupgen.cli.compiling import Compilation, compile_file
from backupgen.cli.showing import exit_code
from backupgen.diagnostics import Finding, Severity


@dataclass(frozen=True, slots=True)
class CheckOptions:
    """The flags of `check`."""

    fleet: Path
    out: Path
    templates: Path | None
    format: str
    select: Sequence[str] = ()
    ignore: Sequence[str] = ()
    strict: bool = False
    """Whether a warning counts as an error."""
    repo: Path | None = None
    """The GitOps tree to compare with."""


def check(options: CheckOptions) -> int:
    """Prove the fleet sound, and out/ to be what it says. Returns the exit code."""
    from backupgen.pipeline import CATALOGUE
    from backupgen.report.findings import FORMATS
    from backupgen.report.findings.check_report import Report, arrange
    from backupgen.report.findings.selection import UnknownCodeError, selected_codes

    try:
        selected = selected_codes(options.select, options.ignore, CATALOGUE)
    except UnknownCodeError as error:
        terminal.note(f"{error}\n")
        return exits.USAGE
    compilation = compile_file(options.fleet, options.templates, options.out)
    audited, texts, readable = _audited(options, compilation)
    # Whatever is selected, what keeps the fleet from being compiled is said: nothing else was looked at.
    stopping = tuple(one for one in compilation.findings if one.severity is Severity.ERROR)
    every = arrange((*compilation.findings, *_out_findings(options, compilation), *audited))
    findings = arrange((*stopping, *(one for one in every if one.info.code in selected)))
    report = Report(
        findings,
        hidden=len(every) - len(findings),
        catalogue=CATALOGUE,
        sources={**texts, **compilation.sources},
        targets=compilation.targets,
        manifests=len(compilation.manifests),
        color=terminal.colored(sys.stdout),
        width=terminal.width(sys.stdout),
        strict=options.strict,
    )
    terminal.result(FORMATS[options.format](report))
    return exit_code(findings, readable=compilation.readable and readable, strict=options.strict)


def _audited(options: CheckOptions, compilation: Compilation) -> tuple[tuple[Finding, ...], Mapping[str, str], bool]:
    """Compare with the tree, if one is named and the fleet could be compiled.

    Returns what was found, the texts that it points at, and whether the tree could be read.
    """
    if options.repo is None or compilation.compiled is None:
        return (), {}, True
    from backupgen.cli.auditing import audit_tree

    return audit_tree(compilation.compiled, options.repo, options.out, clock.now())


def _out_findings(options: CheckOptions, compilation: Compilation) -> tuple[Finding, ...]:
    """Compare with what is committed, if there is something to compare with."""
    from backupgen.cli.surroundings import surroundings_of
    from backupgen.diff.staleness import staleness

    around = surroundings_of(compilation, options.fleet, options.out)
    if around.value is None:
        return around.findings
    tree = around.value.tree
    return (*around.value.findings, *staleness(compilation.manifests, tree), *around.value.of_secrets())


def explain(code: str) -> int:
    """Print all that is known about a code, or the slug of one. Returns the exit code."""
    from backupgen.pipeline import CATALOGUE
    from backupgen.report.findings.code_page import explain as explanation
    from backupgen.report.findings.selection import UnknownCodeError, code_of

    try:
        info = code_of(code, CATALOGUE)
    except UnknownCodeError as error:
        terminal.note(f"{error}\n")
        return exits.USAGE
    terminal.result(explanation(info, width=min(terminal.width(sys.stdout), 80)))
    return exits.CLEAN
