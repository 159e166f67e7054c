"""`backupgen restore`."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from backupgen.cli import exits, terminal
from backupgen.cli.command import Fleet, Templates, command
from backupgen.cli.completing import target_names

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backupgen.plan.restore import Origin

_SNAPSHOT: Final = re.compile("latest|[0-9a-f]{4,64}")


@command(80)
def restore(
    name: Annotated[str, typer.Argument(metavar="TARGET", help="What is to be restored.", autocompletion=target_names)],
    fleet: Fleet = Path("fleet.yaml"),
    templates: Templates = None,
    mirror: Annotated[
        str | None, typer.Option("--from", metavar="MIRROR", help="Take the data from this mirror of the repository.")
    ] = None,
    snapshot: Annotated[
        str | None, typer.Option("--snapshot", metavar="ID", help="Which snapshot; the newest one, if left out.")
    ] = None,
    *,
    bare: Annotated[bool, typer.Option("--manifest", help="Print the pod's manifest alone.")] = False,
) -> int:
    """Print how a target is restored, and the pod for it.

    The output is the pod's manifest for `kubectl apply -f -`; the steps, with every command, are its comments. They are
    those of the target's page below out/_runbooks. Nothing is changed: it needs no cluster and no credentials.
    """
    from backupgen.cli.compiling import compile_file
    from backupgen.cli.showing import exit_code, note_findings, note_unknown
    from backupgen.manifests import render_restore
    from backupgen.plan.restore import restore_of
    from backupgen.plan.runbooks import restore_variables

    if snapshot is not None and not _SNAPSHOT.fullmatch(snapshot):
        terminal.note(f"`{snapshot}` is not a snapshot, expected its ID, such as `0a1b2c3d`, or `latest`\n")
        return exits.USAGE
    compilation = compile_file(fleet, templates, None)
    if compilation.compiled is None:
        note_findings(compilation.findings, compilation.sources, targets=compilation.targets)
        return exit_code(compilation.findings, readable=compilation.readable)
    compiled = compilation.compiled
    target = next((one for one in compiled.fleet.targets if one.name == name), None)
    if target is None:
        note_unknown("the fleet has no target", name, [one.name for one in compiled.fleet.targets])
        return exits.USAGE
    facts = restore_of(compiled.fleet, target)
    origin = _origin(facts.origins, mirror)
    if origin is None:
        mirrors = [one.mirror for one in facts.origins if one.mirror]
        note_unknown(f"the repository of `{target.name}` has no mirror", mirror or "", mirrors)
        return exits.USAGE
    variables = restore_variables(
        facts._replace(origins=(origin,)), snapshot or "latest", _flags(fleet, templates, mirror, snapshot), bare=bare
    )
    rendered = render_restore(variables, compiled.templates)
    if rendered.value is None:
        note_findings(rendered.findings, {})
        return exits.FOUND
    terminal.result(rendered.value)
    return exits.CLEAN


def _origin(origins: "Sequence[Origin]", mirror: str | None) -> "Origin | None":
    return next((origin for origin in origins if origin.mirror == (mirror or "")), None)


def _flags(fleet: Path, templates: Path | None, mirror: str | None, snapshot: str | None) -> str:
    """The flags that make the same manifest."""
    from shlex import quote

    given = [f" --from {mirror}"] if mirror else []
    given += [f" --snapshot {snapshot}"] if snapshot else []
    given += [f" --fleet {quote(str(fleet))}"] if str(fleet) != "fleet.yaml" else []
    given += [f" --templates {quote(str(templates))}"] if templates else []
    return "".join(given)
