"""`backupgen secrets`."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from backupgen.cli.command import Fleet, Out, Templates, command


@command(60)
def secrets(
    action: Annotated[
        Literal["status", "seal", "edit"] | None,
        typer.Argument(metavar="[status|seal|edit]", help="What to do; left out, begin.", show_default=False),
    ] = None,
    fleet: Fleet = Path("fleet.yaml"),
    out: Out = Path("out"),
    templates: Templates = None,
) -> int:
    """Keep the credentials of the fleet, sealed by sops.

    They lie in one file beside the fleet's, fleet.values.enc.yaml, of which sops encrypts every value. Without an
    action, the file is made, or gets the names that it lacks, and it is said what comes next.

    edit opens it in your editor, through sops. seal is render, but fails if a Secret cannot be sealed on this machine.
    status says how values and Secrets stand and, where a key is, compares what the Secrets hold. A single value may
    come from the environment instead: BACKUPGEN_VALUE_RESTIC_PASSWORD is restic-password.
    """
    from backupgen.cli import values_file
    from backupgen.cli.commands.render import write_fleet
    from backupgen.cli.compiling import Paths

    paths = Paths(fleet, out, templates)
    match action:
        case None:
            return values_file.begin(paths)
        case "seal":
            return write_fleet(paths, strict=True)
        case "edit":
            return values_file.edit(paths)
        case "status":
            return values_file.status(paths)
