"""`backupgen init`: a first fleet.yaml, from flags or from a dialogue."""

import os
from pathlib import Path
from typing import Annotated

import typer

from backupgen.cli import exits, terminal
from backupgen.cli.command import Fleet, command
from backupgen.cli.completing import zone_names

_SCHEMA = "fleet.schema.json"


@command(110)
def init(
    fleet: Fleet = Path("fleet.yaml"),
    name: Annotated[str | None, typer.Option("--name", metavar="NAME", help="The fleet's name.")] = None,
    home_namespace: Annotated[
        str | None, typer.Option("--home-namespace", metavar="NAME", help="Where the fleet's own jobs run.")
    ] = None,
    timezone: Annotated[
        str | None, typer.Option("--timezone", metavar="ZONE", help="Such as Europe/Berlin.", autocompletion=zone_names)
    ] = None,
    repository: Annotated[
        str | None, typer.Option("--repository", metavar="URL", help="As restic writes it, without a password.")
    ] = None,
    image: Annotated[str | None, typer.Option("--image", metavar="IMAGE", help="The image with restic.")] = None,
    target: Annotated[
        list[str] | None,
        typer.Option("--target", metavar="NAMESPACE/NAME=CLAIM[:UID]", help="A volume; may be given several times."),
    ] = None,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing; what is not given gets its default.")] = False,
) -> int:
    """Write a first fleet.yaml.

    Small, with comments, and its schema for editors beside it. Asks for what the flags do not say, unless there is no
    terminal. Never overwrites a file.
    """
    from backupgen.cli.dialogue import Given, StopError, answers
    from backupgen.cli.starter import compose

    try:
        if os.path.lexists(fleet):
            raise StopError(f"{fleet} is there already; nothing was written")
        given = Given(name, home_namespace, timezone, repository, image, target or ())
        text = compose(answers(given, ask=not yes))
        _prove(text, fleet)
        _write(text, fleet)
    except StopError as stop:
        terminal.note(f"{stop}\n")
        return exits.USAGE
    return exits.CLEAN


def _prove(text: str, fleet: Path) -> None:
    """Compile what is about to be written: a file that backupgen itself refuses helps nobody."""
    from backupgen.cli.dialogue import StopError
    from backupgen.cli.showing import note_findings
    from backupgen.diagnostics import has_errors
    from backupgen.pipeline import compile_fleet

    checked = compile_fleet(text.encode(), str(fleet))
    if has_errors(checked.findings):
        note_findings(checked.findings, {str(fleet): text})
        raise StopError("such a fleet cannot be; nothing was written")


def _write(text: str, fleet: Path) -> None:
    from backupgen.adapters.files import write_new
    from backupgen.cli.commands.schema import schema_text
    from backupgen.cli.compiling import Paths
    from backupgen.cli.dialogue import StopError

    if reason := write_new(fleet, text):
        raise StopError(f"{fleet} cannot be written: {reason}")
    place, wanted = fleet.parent / _SCHEMA, schema_text()
    reason = write_new(place, wanted)
    beside = f" and {place}" if not reason else ""
    if reason and not (place.is_file() and place.read_text(encoding="utf-8", errors="replace") == wanted):
        terminal.note(f"{place} was left as it is ({reason}); `backupgen schema` prints the present one\n")
    flags = Paths(fleet).flags()
    terminal.result(
        f"{fleet}{beside}: written\n"
        "next:\n"
        f"  read {fleet}, and put in what only you know: the labels of the apps' pods, their uids\n"
        f"  backupgen render{flags}      writes the manifests into out/\n"
        f"  backupgen check{flags}       says what is still to do\n"
        f"  backupgen secrets{flags}     begins the file with the credentials\n"
        f"  backupgen bootstrap{flags}   prints the Job that makes the repository\n"
    )
