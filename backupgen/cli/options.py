"""What the commands share: options that several have, and how each ends."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from backupgen.cli.guard import guarded

Fleet = Annotated[Path, typer.Option("--fleet", metavar="FILE", help="The fleet.")]
Out = Annotated[Path, typer.Option("--out", metavar="DIR", help="The folder of the rendered files.")]
Templates = Annotated[
    Path | None,
    typer.Option("--templates", metavar="DIR", help="Templates of your own, instead of or on top of builtin ones."),
]


class Settings:
    """What the options before the command say."""

    trace = False


def end(command: Callable[[], int]) -> NoReturn:
    """Run the body of a command, and end with its exit code."""
    raise typer.Exit(guarded(command, trace=Settings.trace))
