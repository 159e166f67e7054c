"""`backupgen render`."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from backupgen.cli import exits, terminal
from backupgen.cli.command import Fleet, Out, Templates, command

if TYPE_CHECKING:
    from backupgen.adapters.write import WriteResult
    from backupgen.cli.compiling import Compilation, Paths
    from backupgen.diagnostics import Checked
    from backupgen.sealing.seal import Sealed

_MOST_LISTED = 20


@command(10)
def render(
    fleet: Fleet = Path("fleet.yaml"),
    out: Out = Path("out"),
    templates: Templates = None,
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be written; exits with 0 all the same.")
    ] = False,
) -> int:
    """Write the manifests.

    Writes nothing when anything is wrong, and never overwrites or removes a file that it did not write, that was
    changed by hand since, or that somebody else sealed. Files that are as they should be are not touched.

    Seals the Secrets whose values are there, if sops and a key are; a sealed Secret that still holds the right values
    keeps its bytes.
    """
    from backupgen.cli.compiling import Paths

    return write_fleet(Paths(fleet, out, templates), dry_run=dry_run)


def write_fleet(paths: "Paths", *, dry_run: bool = False, strict: bool = False) -> int:
    """Compile the fleet and write it; `strict`: it is an error if a Secret cannot be sealed. Returns the exit code."""
    from backupgen.adapters.write import write_manifests
    from backupgen.cli.compiling import compile_file
    from backupgen.cli.showing import exit_code, note_findings

    compilation = compile_file(paths.fleet, paths.templates, paths.out)
    note_findings(compilation.findings, compilation.sources, targets=compilation.targets)
    if compilation.compiled is None:
        terminal.note(f"nothing was written to {paths.out}\n")
        return exit_code(compilation.findings, readable=compilation.readable)
    sealed = _seal(compilation, paths, strict=strict)
    note_findings(sealed.findings, compilation.sources)
    if sealed.value is None:
        terminal.note(f"nothing was written to {paths.out}\n")
        return exits.FOUND
    written = write_manifests(paths.out, compilation.manifests, sealed.value, dry_run=dry_run)
    note_findings(written.findings, {})
    if written.value is None:
        terminal.note(f"{terminal.plain(str(paths.out))} is not up to date\n")
        return exits.FOUND
    summary = [
        *_summary(written.value, paths, _placeholders(written.value, sealed.value), dry_run=dry_run),
        *_left_behind(written.value, compilation),
    ]
    terminal.result("".join(f"{line}\n" for line in summary))
    return exits.CLEAN


def _seal(compilation: "Compilation", paths: "Paths", *, strict: bool) -> "Checked[Sealed]":
    """Seal what can be sealed; without values, nothing is looked at."""
    from backupgen.adapters.values import values_path
    from backupgen.cli.surroundings import surroundings_of, values_are_given
    from backupgen.diagnostics import Checked, has_errors
    from backupgen.sealing.checks import no_values
    from backupgen.sealing.seal import Sealed

    if not values_are_given(paths.fleet):
        return Checked(None, (no_values(str(values_path(paths.fleet))),)) if strict else Checked(Sealed())
    from backupgen.cli.sealing import seal_all

    around = surroundings_of(compilation, paths.fleet, paths.out)
    if around.value is None:
        return Checked(None, around.findings)
    sealed = seal_all(around.value, strict=strict)
    findings = (*around.value.findings, *sealed.findings)
    return Checked(None if has_errors(findings) else sealed.value, findings)


def _placeholders(result: "WriteResult", sealed: "Sealed") -> int:
    """How many Secrets hold placeholders."""
    from backupgen.conventions.naming import SEALED_SUFFIX

    present = (*result.written, *result.unchanged)
    return sum(1 for path in present if path.endswith(SEALED_SUFFIX) and path not in sealed.texts)


def _summary(result: "WriteResult", paths: "Paths", open_: int, *, dry_run: bool) -> Iterator[str]:
    from backupgen.diagnostics.wording import counted

    out = terminal.plain(str(paths.out))
    listed = [("+", path) for path in result.written] + [("-", path) for path in result.removed]
    listed.sort(key=lambda one: one[1])
    if len(listed) <= _MOST_LISTED:
        yield from (f"{sign} {out}/{terminal.plain(path)}" for sign, path in listed)
    else:
        yield from _by_folder(listed, out)
    yield from (
        f"= {out}/{terminal.plain(path)} (kept: sealed, or not backupgen's own; delete it yourself)"
        for path in result.kept_foreign
    )
    verb = "would be written" if dry_run else "written"
    counts = [(len(result.written), verb), (len(result.removed), "removed"), (len(result.unchanged), "unchanged")]
    counts.append((len(result.sealed) + len(result.kept_foreign), "sealed and kept"))
    said = ", ".join(f"{number} {what}" for number, what in counts if number or what == verb)
    yield f"{out}: {said}"
    if listed and not dry_run:
        flags = paths.flags()
        yield f"next: review {out}, prove it with `backupgen check{flags}`, and commit it"
        if open_:
            yield f"      {counted(open_, 'Secret')} with placeholders: `backupgen secrets{flags}` says how to seal"


def _left_behind(result: "WriteResult", compilation: "Compilation") -> Iterator[str]:
    """Say which groups of the Pushgateway nobody reports to any more, and how they are deleted."""
    if compilation.compiled is None or not result.before:
        return
    from backupgen.diagnostics.wording import counted
    from backupgen.diff.groups import abandoned_in

    before = {path: content.decode(errors="replace") for path, content in result.before.items()}
    groups = abandoned_in(before, compilation.manifests, compilation.compiled.plan)
    if not groups:
        return
    yield f"once this is deployed, delete what the Pushgateway goes on showing of {counted(len(groups), 'job')}:"
    commands = list(dict.fromkeys(command for group in groups for command in group.deletion()))
    yield from (f"  {command}" for command in commands[:_MOST_LISTED])
    if len(commands) > _MOST_LISTED:
        yield f"  and {len(commands) - _MOST_LISTED} more; `backupgen diff --against REV --format json` has them all"


def _by_folder(listed: list[tuple[str, str]], out: str) -> Iterator[str]:
    folders: dict[str, Counter[str]] = {}
    for sign, path in listed:
        folder = path.rpartition("/")[0]
        folders.setdefault(folder, Counter())[sign] += 1
    for folder, signs in list(folders.items())[:_MOST_LISTED]:
        said = " ".join(f"{sign}{signs[sign]}" for sign in "+-" if signs[sign])
        yield f"{said} {out}/{terminal.plain(folder)}".rstrip("/")
    if len(folders) > _MOST_LISTED:
        yield f"and {len(folders) - _MOST_LISTED} more folders"
