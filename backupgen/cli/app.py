"""The program: its name, the options before the command, and the commands in the order of `--help`.

`--help` costs what is imported here: no rich, no pydantic, no completion.
"""

import os
from importlib import import_module
from pkgutil import iter_modules
from typing import Annotated, NoReturn

import typer

from backupgen.cli import commands, exits
from backupgen.cli.command import COMMANDS, Settings
from backupgen.cli.completing import VARIABLE, prepare

app = typer.Typer(
    name="backupgen",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 clean, 1 errors or differences, 2 wrong usage or unreadable input, 3 a fault of backupgen.",
)

for module in iter_modules(commands.__path__):
    import_module(f"{commands.__name__}.{module.name}")
for name, declared in sorted(COMMANDS.items(), key=lambda item: item[1].order):
    app.command(name, hidden=declared.hidden)(declared.run)


def _version(asked: bool) -> None:  # noqa: FBT001 (Typer's interface)
    if asked:
        from backupgen import __version__

        typer.echo(f"backupgen {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    *,
    version: Annotated[  # noqa: ARG001 (its callback does the work)
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
    trace: Annotated[bool, typer.Option("--traceback", help="Show the traceback if backupgen itself fails.")] = False,
) -> None:
    """Compile one fleet.yaml into a restic backup fleet for Kubernetes, and prove that its schedules never collide."""
    Settings.trace = trace


def run() -> NoReturn:
    """Run the command line of the process, and exit."""
    if VARIABLE in os.environ:
        prepare()
    try:
        app(prog_name="backupgen")
    except ValueError:
        if VARIABLE not in os.environ:
            raise
        # The shell's variables about what is to be completed are not what they should be.
        raise SystemExit(exits.USAGE) from None
    raise SystemExit  # pragma: no cover - Typer has exited
