"""`backupgen render`."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from backupgen.cli import exits, terminal
from backupgen.cli.compiling import compile_file
from backupgen.cli.showing import exit_code, note_findings

if TYPE_CHECKING:
    from backupgen.adapters.write import WriteResult

_MOST_LISTED = 20


@dataclass(frozen=True, slots=True)
class RenderOptions:
    """The flags of `render`."""

    fleet: Path
    out: Path
    templates: Path | None
    dry_run: bool


def render(options: RenderOptions) -> int:
    """Compile the fleet and write it. Returns the exit code."""
    from backupgen.adapters.write import write_manifests

    compilation = compile_file(options.fleet, options.templates, options.out)
    note_findings(compilation.findings, compilation.sources, targets=compilation.targets)
    if compilation.compiled is None:
        terminal.note(f"nothing was written to {options.out}\n")
        return exit_code(compilation.findings, readable=compilation.readable)
    written = write_manifests(options.out, compilation.manifests, dry_run=options.dry_run)
    note_findings(written.findings, {})
    if written.value is None:
        terminal.note(f"{options.out} is not up to date\n")
        return exits.FOUND
    terminal.result("".join(f"{line}\n" for line in _summary(written.value, options)))
    return exits.CLEAN


def _summary(result: "WriteResult", options: RenderOptions) -> Iterator[str]:
    listed = [("+", path) for path in result.written] + [("-", path) for path in result.removed]
    listed.sort(key=lambda one: one[1])
    if len(listed) <= _MOST_LISTED:
        yield from (f"{sign} {options.out}/{path}" for sign, path in listed)
    else:
        yield from _by_folder(listed, options.out)
    yield from (
        f"= {options.out}/{path} (sealed; part of nothing any more, delete it yourself)" for path in result.kept_foreign
    )
    verb = "would be written" if options.dry_run else "written"
    counts = [(len(result.written), verb), (len(result.removed), "removed"), (len(result.unchanged), "unchanged")]
    counts.append((len(result.sealed) + len(result.kept_foreign), "sealed and kept"))
    said = ", ".join(f"{number} {what}" for number, what in counts if number or what == verb)
    yield f"{options.out}: {said}"
    if listed and not options.dry_run:
        given = [f" --fleet {options.fleet}"] if str(options.fleet) != "fleet.yaml" else []
        given += [f" --out {options.out}"] if str(options.out) != "out" else []
        given += [f" --templates {options.templates}"] if options.templates else []
        yield f"next: review {options.out}, prove it with `backupgen check{''.join(given)}`, and commit it"


def _by_folder(listed: list[tuple[str, str]], out: Path) -> Iterator[str]:
    folders: dict[str, Counter[str]] = {}
    for sign, path in listed:
        folder = path.rpartition("/")[0]
        folders.setdefault(folder, Counter())[sign] += 1
    for folder, signs in list(folders.items())[:_MOST_LISTED]:
        said = " ".join(f"{sign}{signs[sign]}" for sign in "+-" if signs[sign])
        yield f"{said} {out}/{folder}".rstrip("/")
    if len(folders) > _MOST_LISTED:
        yield f"and {len(folders) - _MOST_LISTED} more folders"
