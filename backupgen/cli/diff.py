"""`backupgen diff`."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from backupgen.cli import clock, exits, terminal
from backupgen.cli.compiling import compile_file
from backupgen.cli.showing import exit_code, given_flags, note_findings
from backupgen.diagnostics import Checked, has_errors

if TYPE_CHECKING:
    from backupgen.diff.compare import Change
    from backupgen.diff.impact import Impact
    from backupgen.diff.inventory import Inventory
    from backupgen.pipeline import Compiled
    from backupgen.sealing.values import Sources


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
    from backupgen.cli.surroundings import changed_values, sources_of
    from backupgen.diff.compare import compare
    from backupgen.report.changes import CHANGE_FORMATS
    from backupgen.report.changes.change_report import ChangeReport
    from backupgen.sealing.sealed import is_sealed

    compilation = compile_file(options.fleet, options.templates, options.out)
    note_findings(compilation.findings, compilation.sources, targets=compilation.targets)
    if compilation.compiled is None:
        return exit_code(compilation.findings, readable=compilation.readable)
    new = compilation.manifests
    before = _before(options, new)
    note_findings(before.findings, {})
    if before.value is None or has_errors(before.findings):
        return exits.USAGE  # a comparison with what could be read alone would call the rest new
    old, inventory = before.value
    sources = sources_of(compilation, options.fleet)
    changes = compare(old, new, changed_values(compilation, sources, old, inventory))
    touched = [path for path in {**old, **new} if old.get(path) != new.get(path)]
    reworded = 0 if changes else sum(1 for path in touched if not is_sealed(path, old.get(path, "")))
    report = ChangeReport(
        changes,
        _impact(changes, options, compilation.compiled, sources) if changes else (),
        options.against or str(options.out),
        reworded,
        color=terminal.colored(sys.stdout),
        width=terminal.width(sys.stdout),
    )
    terminal.result(CHANGE_FORMATS[options.format](report))
    return exits.FOUND if changes else exits.CLEAN


def _impact(
    changes: "tuple[Change, ...]", options: DiffOptions, compiled: "Compiled", sources: "Sources"
) -> "tuple[Impact, ...]":
    """Say what the changes mean, if they are deployed now."""
    from backupgen.diff.impact import impact
    from backupgen.diff.impact.situation import situation_of
    from backupgen.sealing.references import references, secrets_of

    needed = references(compiled.fleet, secrets_of(compiled.plan))
    situation = replace(
        situation_of(compiled.fleet, compiled.proof, compiled.plan),
        given=frozenset(name for name in needed if sources.has(name)),
        since=clock.now(),
        bootstrap=f"backupgen bootstrap{given_flags(options.fleet, Path('out'), options.templates)}",
        secrets=f"backupgen secrets{given_flags(options.fleet, options.out, options.templates)}",
    )
    return impact(changes, situation)


def _before(options: DiffOptions, manifests: Mapping[str, str]) -> "Checked[tuple[Mapping[str, str], Inventory]]":
    """Return the files to compare with, and their inventory: those in out/, or those of a revision."""
    if options.against is None:
        from backupgen.adapters.tree import read_out

        tree = read_out(options.out, manifests)
        return Checked((tree.value.files, tree.value.inventory) if tree.value else None, tree.findings)
    from backupgen.adapters.git import tree_at
    from backupgen.diff.inventory import inventory_of, own_files

    read = tree_at(options.against, options.out)
    if read.value is None:
        return Checked(None, read.findings)
    if not read.value:
        terminal.note(f"{options.against} has no files in {options.out}: everything is new\n")
    return Checked((own_files(read.value, manifests), inventory_of(read.value)), read.findings)
