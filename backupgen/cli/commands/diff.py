"""`backupgen diff`."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from backupgen.cli import clock, exits, terminal
from backupgen.cli.command import Fleet, OneOf, Out, Templates, command
from backupgen.report.changes import CHANGE_FORMATS

if TYPE_CHECKING:
    from backupgen.cli.compiling import Paths
    from backupgen.diagnostics import Checked
    from backupgen.diff.compare import Change
    from backupgen.diff.impact import Impact
    from backupgen.diff.inventory import Inventory
    from backupgen.pipeline import Compiled
    from backupgen.sealing.values import Sources


@command(30)
def diff(
    fleet: Fleet = Path("fleet.yaml"),
    out: Out = Path("out"),
    templates: Templates = None,
    against: Annotated[
        str | None,
        typer.Option("--against", metavar="REV", help="Compare with a revision of Git instead of the folder."),
    ] = None,
    form: Annotated[str, OneOf(CHANGE_FORMATS), typer.Option("--format", help="How to report.")] = "text",
) -> int:
    """Say what rendering would change, in words of backups.

    First what is less safe than before, what somebody has to do once, and what else it means; then the objects, field
    by field. Comments and layout do not count.

    Exits with 0 if nothing differs, 1 if something does, 2 if one side cannot be read.
    """
    from backupgen.cli.compiling import Paths, compile_file
    from backupgen.cli.showing import exit_code, note_findings
    from backupgen.cli.surroundings import changed_values, sources_of
    from backupgen.diagnostics import has_errors
    from backupgen.diff.compare import compare
    from backupgen.report.changes.change_report import ChangeReport
    from backupgen.sealing.sealed import is_sealed

    compilation = compile_file(fleet, templates, out)
    note_findings(compilation.findings, compilation.sources, targets=compilation.targets)
    if compilation.compiled is None:
        return exit_code(compilation.findings, readable=compilation.readable)
    new = compilation.manifests
    before = _before(out, against, new)
    note_findings(before.findings, {})
    if before.value is None or has_errors(before.findings):
        return exits.USAGE  # a comparison with what could be read alone would call the rest new
    old, inventory = before.value
    sources = sources_of(compilation, fleet)
    changes = compare(old, new, changed_values(compilation, sources, old, inventory))
    touched = [path for path in {**old, **new} if old.get(path) != new.get(path)]
    reworded = 0 if changes else sum(1 for path in touched if not is_sealed(path, old.get(path, "")))
    report = ChangeReport(
        changes,
        _impact(changes, Paths(fleet, out, templates), compilation.compiled, sources) if changes else (),
        against or str(out),
        reworded,
        color=terminal.colored(sys.stdout),
        width=terminal.width(sys.stdout),
    )
    terminal.result(CHANGE_FORMATS[form](report))
    return exits.FOUND if changes else exits.CLEAN


def _impact(
    changes: "tuple[Change, ...]", paths: "Paths", compiled: "Compiled", sources: "Sources"
) -> "tuple[Impact, ...]":
    """Say what the changes mean, if they are deployed now."""
    from dataclasses import replace

    from backupgen.diff.impact import impact
    from backupgen.diff.impact.situation import situation_of
    from backupgen.sealing.references import references, secrets_of

    needed = references(compiled.fleet, secrets_of(compiled.plan))
    situation = replace(
        situation_of(compiled.fleet, compiled.proof, compiled.plan),
        given=frozenset(name for name in needed if sources.has(name)),
        since=clock.now(),
        bootstrap=f"backupgen bootstrap{paths._replace(out=Path('out')).flags()}",
        secrets=f"backupgen secrets{paths.flags()}",
    )
    return impact(changes, situation)


def _before(
    out: Path, against: str | None, manifests: Mapping[str, str]
) -> "Checked[tuple[Mapping[str, str], Inventory]]":
    """Return the files to compare with, and their inventory: those in out/, or those of a revision."""
    from backupgen.diagnostics import Checked

    if against is None:
        from backupgen.adapters.tree import read_out

        tree = read_out(out, manifests)
        return Checked((tree.value.files, tree.value.inventory) if tree.value else None, tree.findings)
    from backupgen.adapters.git import tree_at
    from backupgen.diff.inventory import inventory_of, own_files

    read = tree_at(against, out)
    if read.value is None:
        return Checked(None, read.findings)
    if not read.value:
        terminal.note(f"{against} has no files in {out}: everything is new\n")
    return Checked((own_files(read.value, manifests), inventory_of(read.value)), read.findings)
