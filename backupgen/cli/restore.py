"""`backupgen restore`."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from backupgen.cli import exits, terminal
from backupgen.cli.compiling import compile_file
from backupgen.cli.showing import exit_code, note_findings, note_unknown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backupgen.plan.restore import Origin

_SNAPSHOT: Final = re.compile("latest|[0-9a-f]{4,64}")


@dataclass(frozen=True, slots=True)
class RestoreOptions:
    """The flags of `restore`."""

    target: str
    fleet: Path
    templates: Path | None
    mirror: str | None
    snapshot: str | None
    bare: bool
    """Whether the manifest is printed without the steps."""


def restore(options: RestoreOptions) -> int:
    """Print how a target is restored, as a manifest with the steps in its comments. Returns the exit code."""
    from backupgen.manifests import render_restore
    from backupgen.plan.restore import restore_of
    from backupgen.plan.runbooks import restore_variables

    if options.snapshot is not None and not _SNAPSHOT.fullmatch(options.snapshot):
        terminal.note(f"`{options.snapshot}` is no snapshot, expected its ID, such as `0a1b2c3d`, or `latest`\n")
        return exits.USAGE
    compilation = compile_file(options.fleet, options.templates, None)
    if compilation.compiled is None:
        note_findings(compilation.findings, compilation.sources, targets=compilation.targets)
        return exit_code(compilation.findings, readable=compilation.readable)
    fleet, templates = compilation.compiled.fleet, compilation.compiled.templates
    target = next((one for one in fleet.targets if one.name == options.target), None)
    if target is None:
        note_unknown("the fleet has no target", options.target, [one.name for one in fleet.targets])
        return exits.USAGE
    facts = restore_of(fleet, target)
    origin = _origin(facts.origins, options.mirror)
    if origin is None:
        mirrors = [one.mirror for one in facts.origins if one.mirror]
        note_unknown(f"the repository of `{target.name}` has no mirror", options.mirror or "", mirrors)
        return exits.USAGE
    variables = restore_variables(
        facts._replace(origins=(origin,)), options.snapshot or "latest", _flags(options), bare=options.bare
    )
    rendered = render_restore(variables, templates)
    if rendered.value is None:
        note_findings(rendered.findings, {})
        return exits.FOUND
    terminal.result(rendered.value)
    return exits.CLEAN


def _origin(origins: "Sequence[Origin]", mirror: str | None) -> "Origin | None":
    return next((origin for origin in origins if origin.mirror == (mirror or "")), None)


def _flags(options: RestoreOptions) -> str:
    """The flags that make the same manifest."""
    from shlex import quote

    given = [f" --from {options.mirror}"] if options.mirror else []
    given += [f" --snapshot {options.snapshot}"] if options.snapshot else []
    given += [f" --fleet {quote(str(options.fleet))}"] if str(options.fleet) != "fleet.yaml" else []
    given += [f" --templates {quote(str(options.templates))}"] if options.templates else []
    return "".join(given)
