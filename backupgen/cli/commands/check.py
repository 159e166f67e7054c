"""`backupgen check`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from backupgen.cli import clock, exits, terminal
from backupgen.cli.command import Fleet, OneOf, Out, Templates, command
from backupgen.cli.completing import finding_codes
from backupgen.report.findings import FORMATS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backupgen.cli.compiling import Compilation
    from backupgen.diagnostics import Finding


@command(20)
def check(
    fleet: Fleet = Path("fleet.yaml"),
    out: Out = Path("out"),
    templates: Templates = None,
    repo: Annotated[
        Path | None,
        typer.Option("--repo", metavar="DIR", help="Compare with the manifests in this GitOps tree as well."),
    ] = None,
    form: Annotated[str, OneOf(FORMATS), typer.Option("--format", help="How to report.")] = "text",
    code: Annotated[
        str | None,
        typer.Option(
            "--explain",
            metavar="CODE",
            help="Explain a finding's code or name instead.",
            autocompletion=finding_codes,
        ),
    ] = None,
    select: Annotated[
        list[str] | None, typer.Option("--select", metavar="CODES", help="Report these findings only.")
    ] = None,
    ignore: Annotated[list[str] | None, typer.Option("--ignore", metavar="CODES", help="Leave these out.")] = None,
    *,
    strict: Annotated[bool, typer.Option("--strict", help="Let warnings count as errors.")] = False,
) -> int:
    """Prove the fleet sound, and the committed files up to date.

    Needs no cluster, no key and no network. Exits with 1 if there is a finding of severity error.

    CODES are codes, beginnings of codes or names, joined by commas: --select BG4,slot-capacity --ignore BG405. An error
    that keeps the fleet from being compiled is reported whatever is selected.

    With --repo, also: volumes of the tree that no target holds, claims and pods that the tree does not have, access
    modes and users that differ, and whether Prometheus takes metrics and alerts. Charts have to be rendered first.
    """
    if code is not None:
        return _explain(code)
    from backupgen.cli.compiling import compile_file
    from backupgen.cli.showing import exit_code
    from backupgen.diagnostics import Severity
    from backupgen.pipeline import CATALOGUE
    from backupgen.report.findings.check_report import Report, arrange
    from backupgen.report.findings.selection import UnknownCodeError, selected_codes

    try:
        selected = selected_codes(select or (), ignore or (), CATALOGUE)
    except UnknownCodeError as error:
        terminal.note(f"{error}\n")
        return exits.USAGE
    compilation = compile_file(fleet, templates, out)
    audited, texts, readable = _audited(compilation, repo, out)
    # Whatever is selected, what keeps the fleet from being compiled is said: nothing else was looked at.
    stopping = tuple(one for one in compilation.findings if one.severity is Severity.ERROR)
    every = arrange((*compilation.findings, *_out_findings(compilation, fleet, out), *audited))
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
        strict=strict,
    )
    terminal.result(FORMATS[form](report))
    return exit_code(findings, readable=compilation.readable and readable, strict=strict)


def _audited(
    compilation: "Compilation", repo: Path | None, out: Path
) -> "tuple[tuple[Finding, ...], Mapping[str, str], bool]":
    """Compare with the tree, if one is named and the fleet could be compiled.

    Returns what was found, the texts that it points at, and whether the tree could be read.
    """
    if repo is None or compilation.compiled is None:
        return (), {}, True
    from backupgen.cli.auditing import audit_tree

    return audit_tree(compilation.compiled, repo, out, clock.now())


def _out_findings(compilation: "Compilation", fleet: Path, out: Path) -> "tuple[Finding, ...]":
    """Compare with what is committed, if there is something to compare with."""
    from backupgen.cli.surroundings import surroundings_of
    from backupgen.diff.staleness import staleness

    around = surroundings_of(compilation, fleet, out)
    if around.value is None:
        return around.findings
    tree = around.value.tree
    return (*around.value.findings, *staleness(compilation.manifests, tree), *around.value.of_secrets())


def _explain(code: str) -> int:
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
