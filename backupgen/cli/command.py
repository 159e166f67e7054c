"""How a command is declared: one function with its flags, its help and its body, which returns the exit code.

A module of `backupgen.cli.commands` for each. All of them are imported for `--help`, so what is expensive is imported
in the body; flags that several have stand here.
"""

import functools
import inspect
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any, Final, Literal, NamedTuple, NoReturn, ParamSpec

import typer

from backupgen.cli.guard import guarded

P = ParamSpec("P")

Fleet = Annotated[Path, typer.Option("--fleet", metavar="FILE", help="The fleet.")]
Out = Annotated[Path, typer.Option("--out", metavar="DIR", help="The folder of the rendered files.")]
Templates = Annotated[
    Path | None,
    typer.Option(
        "--templates",
        metavar="DIR",
        help="Templates of your own, instead of or on top of builtin ones. They are code.",
    ),
]


class OneOf(tuple[str, ...]):
    """What a flag accepts, where only a table knows it: `Annotated[str, OneOf(FORMATS), typer.Option(...)]`."""

    __slots__ = ()

    def __new__(cls, names: Iterable[str]) -> "OneOf":
        """Take the keys of a table, in their order."""
        return super().__new__(cls, names)


class Command(NamedTuple):
    """A command, ready for Typer."""

    order: int
    run: Callable[..., NoReturn]
    hidden: bool


COMMANDS: Final[dict[str, Command]] = {}
"""Every command that was declared, by its name."""


class Settings:
    """What the options before the command say."""

    trace = False


def command(order: int, *, hidden: bool = False) -> Callable[[Callable[P, int]], Callable[P, int]]:
    """Declare a function as the command of its name: its docstring is the help, its result the exit code.

    `order` is its place among the commands of `--help`, which does not show a `hidden` one. The function itself stays
    as it is. Run as a command, it ends the process with an exit code whatever happens (`guard`).
    """

    def declare(body: Callable[P, int]) -> Callable[P, int]:
        @functools.wraps(body)
        def run(*args: P.args, **kwargs: P.kwargs) -> NoReturn:
            raise typer.Exit(guarded(lambda: body(*args, **kwargs), trace=Settings.trace))

        signature = inspect.signature(body)
        flags = [flag.replace(annotation=_with_choices(flag.annotation)) for flag in signature.parameters.values()]
        run.__signature__ = signature.replace(parameters=flags)  # type: ignore[attr-defined]
        COMMANDS[body.__name__.rstrip("_")] = Command(order, run, hidden)
        return body

    return declare


def _with_choices(annotation: Any) -> Any:
    """Return a type as Typer knows it: with OneOf, the Literal that mypy does not let anybody make of a table."""
    metadata = getattr(annotation, "__metadata__", ())
    for item in metadata:
        if isinstance(item, OneOf):
            return Annotated[(Literal[item], *(other for other in metadata if other is not item))]
    return annotation
