"""`backupgen check`."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from backupgen.cli import exits, terminal
from backupgen.cli.compiling import Compilation, compile_file
from backupgen.cli.showing import exit_code
from backupgen.diagnostics import Finding


@dataclass(frozen=True, slots=True)
class CheckOptions:
    """The flags of `check`."""

    fleet: Path
    out: Path
    templates: Path | None
    format: str
    repo: Path | None = None
    """The GitOps tree to compare with."""


def check(options: CheckOptions) -> int:
    """Prove the fleet sound, and out/ to be what it says. Returns the exit code."""
    from backupgen.pipeline import CATALOGUE
    from backupgen.report import FORMATS, Report, arrange

    compilation = compile_file(options.fleet, options.templates, options.out)
    audited, texts, readable = _audited(options, compilation)
    findings = arrange((*compilation.findings, *_out_findings(options, compilation), *audited))
    report = Report(
        findings,
        catalogue=CATALOGUE,
        sources={**texts, **compilation.sources},
        targets=compilation.targets,
        manifests=len(compilation.manifests),
        color=terminal.colored(sys.stdout),
        width=terminal.width(sys.stdout),
    )
    terminal.result(FORMATS[options.format](report))
    return exit_code(findings, readable=compilation.readable and readable)


def _audited(options: CheckOptions, compilation: Compilation) -> tuple[tuple[Finding, ...], Mapping[str, str], bool]:
    """Compare with the tree, if one is named and the fleet could be compiled.

    Returns what was found, the texts that it points at, and whether the tree could be read.
    """
    if options.repo is None or compilation.compiled is None:
        return (), {}, True
    from backupgen.cli.auditing import audit_tree

    return audit_tree(compilation.compiled, options.repo, options.out)


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
    from difflib import get_close_matches

    from backupgen.pipeline import CATALOGUE
    from backupgen.report.explain import explain as explanation

    known = {name: info for info in CATALOGUE for name in (info.code, info.slug)}
    info = known.get(code.upper()) or known.get(code.lower())
    if info is None:
        near = get_close_matches(code.lower(), known, n=1) or get_close_matches(code.upper(), known, n=1)
        hint = f"; perhaps `{near[0]}`" if near else ""
        terminal.note(f"there is no code `{code}`{hint}\n")
        return exits.USAGE
    terminal.result(explanation(info, width=min(terminal.width(sys.stdout), 80)))
    return exits.CLEAN
