"""`backupgen diff`."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from backupgen.cli import exits, terminal
from backupgen.cli.compiling import compile_file
from backupgen.cli.showing import exit_code, note_findings
from backupgen.diagnostics import Checked, has_errors


@dataclass(frozen=True, slots=True)
class DiffOptions:
    """The flags of `diff`."""

    fleet: Path
    out: Path
    templates: Path | None
    against: str | None
    format: str


def diff(options: DiffOptions) -> int:
    """Say what rendering would change. Returns the exit code."""
    from backupgen.diff.compare import compare
    from backupgen.diff.impact import impact
    from backupgen.report.changes import CHANGE_FORMATS, ChangeReport
    from backupgen.sealing.sealed import is_sealed

    compilation = compile_file(options.fleet, options.templates)
    note_findings(compilation.findings, compilation.sources, targets=compilation.targets)
    if compilation.compiled is None:
        return exit_code(compilation.findings, readable=compilation.readable)
    new = compilation.manifests
    before = _before(options, new)
    note_findings(before.findings, {})
    if before.value is None or has_errors(before.findings):
        return exits.USAGE  # a comparison with what could be read alone would call the rest new
    old = before.value
    changes = compare(old, new)
    touched = [path for path in {**old, **new} if old.get(path) != new.get(path)]
    reworded = 0 if changes else sum(1 for path in touched if not is_sealed(path, old.get(path, "")))
    report = ChangeReport(
        changes,
        impact(changes),
        options.against or str(options.out),
        reworded,
        color=terminal.colored(sys.stdout),
        width=terminal.width(sys.stdout),
    )
    terminal.result(CHANGE_FORMATS[options.format](report))
    return exits.FOUND if changes else exits.CLEAN


def _before(options: DiffOptions, manifests: Mapping[str, str]) -> Checked[Mapping[str, str]]:
    """Return the files to compare with: those in out/, or those of a revision."""
    if options.against is None:
        from backupgen.adapters.tree import read_out

        tree = read_out(options.out, manifests)
        return Checked(tree.value.files if tree.value else None, tree.findings)
    from backupgen.adapters.git import tree_at
    from backupgen.diff.inventory import own_files

    read = tree_at(options.against, options.out)
    return Checked(None if read.value is None else own_files(read.value, manifests), read.findings)
