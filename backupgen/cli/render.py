"""`backupgen render`."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from backupgen.cli import exits, terminal
from backupgen.cli.compiling import Compilation, compile_file
from backupgen.cli.showing import exit_code, given_flags, note_findings
from backupgen.conventions.naming import SEALED_SUFFIX
from backupgen.diagnostics import Checked, has_errors
from backupgen.diagnostics.wording import counted

if TYPE_CHECKING:
    from backupgen.adapters.write import WriteResult
    from backupgen.sealing.seal import Sealed

_MOST_LISTED = 20


@dataclass(frozen=True, slots=True)
class RenderOptions:
    """The flags of `render`."""

    fleet: Path
    out: Path
    templates: Path | None
    dry_run: bool
    strict: bool = False
    """Whether it is an error if a Secret cannot be sealed."""


def render(options: RenderOptions) -> int:
    """Compile the fleet and write it. Returns the exit code."""
    from backupgen.adapters.write import write_manifests

    compilation = compile_file(options.fleet, options.templates, options.out)
    note_findings(compilation.findings, compilation.sources, targets=compilation.targets)
    if compilation.compiled is None:
        terminal.note(f"nothing was written to {options.out}\n")
        return exit_code(compilation.findings, readable=compilation.readable)
    sealed = _seal(options, compilation)
    note_findings(sealed.findings, compilation.sources)
    if sealed.value is None:
        terminal.note(f"nothing was written to {options.out}\n")
        return exits.FOUND
    written = write_manifests(options.out, compilation.manifests, sealed.value, dry_run=options.dry_run)
    note_findings(written.findings, {})
    if written.value is None:
        terminal.note(f"{options.out} is not up to date\n")
        return exits.FOUND
    summary = [
        *_summary(written.value, options, _placeholders(written.value, sealed.value)),
        *_left_behind(written.value, compilation),
    ]
    terminal.result("".join(f"{line}\n" for line in summary))
    return exits.CLEAN


def _seal(options: RenderOptions, compilation: Compilation) -> "Checked[Sealed]":
    """Seal what can be sealed; without values, nothing is looked at."""
    from backupgen.adapters.values import values_path
    from backupgen.cli.surroundings import surroundings_of, values_are_given
    from backupgen.sealing.checks import no_values
    from backupgen.sealing.seal import Sealed

    if not values_are_given(options.fleet):
        return Checked(None, (no_values(str(values_path(options.fleet))),)) if options.strict else Checked(Sealed())
    from backupgen.cli.sealing import seal_all

    around = surroundings_of(compilation, options.fleet, options.out)
    if around.value is None:
        return Checked(None, around.findings)
    sealed = seal_all(around.value, strict=options.strict)
    findings = (*around.value.findings, *sealed.findings)
    return Checked(None if has_errors(findings) else sealed.value, findings)


def _placeholders(result: "WriteResult", sealed: "Sealed") -> int:
    """How many Secrets hold placeholders."""
    present = (*result.written, *result.unchanged)
    return sum(1 for path in present if path.endswith(SEALED_SUFFIX) and path not in sealed.texts)


def _summary(result: "WriteResult", options: RenderOptions, open_: int) -> Iterator[str]:
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
        flags = given_flags(options.fleet, options.out, options.templates)
        yield f"next: review {options.out}, prove it with `backupgen check{flags}`, and commit it"
        if open_:
            yield f"      {counted(open_, 'Secret')} with placeholders: `backupgen secrets{flags}` says how to seal"


def _left_behind(result: "WriteResult", compilation: Compilation) -> Iterator[str]:
    """Say which groups of the Pushgateway nobody reports to any more, and how they are deleted."""
    if compilation.compiled is None or not result.before:
        return
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
