"""What helps to write fleet.yaml: next, explain, init, schema, completion."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from backupgen.cli.completing import target_names, zone_names
from backupgen.cli.options import Fleet, Out, end

app = typer.Typer()


@app.command("next")
def next_(
    expression: Annotated[str, typer.Argument(metavar="EXPR", help="A slot as in `at:`, or a cron expression.")],
    zone: Annotated[
        str, typer.Option("--tz", metavar="ZONE", help="The time zone that it is meant in.", autocompletion=zone_names)
    ] = "UTC",
    start: Annotated[
        str | None, typer.Option("--from", metavar="T", help="Since when, such as 2026-03-29T02:00; now, if left out.")
    ] = None,
    count: Annotated[int, typer.Option("--count", metavar="N", min=1, max=100_000, help="How many runs.")] = 10,
    form: Annotated[Literal["text", "json"], typer.Option("--format", help="How to print them.")] = "text",
) -> None:
    """Print when a schedule fires next, as Kubernetes has it.

    In local time and in UTC. Exits with 1 if it never fires.
    """

    def command() -> int:
        from backupgen.cli.next import NextOptions
        from backupgen.cli.next import next_ as run

        return run(NextOptions(expression, zone, start, count, form))

    end(command)


@app.command()
def explain(
    target: Annotated[
        str,
        typer.Argument(
            metavar="TARGET", help="Its name in the fleet.", show_default=False, autocompletion=target_names
        ),
    ],
    fleet: Fleet = Path("fleet.yaml"),
    out: Out = Path("out"),
    form: Annotated[Literal["text", "json"], typer.Option("--format", help="How to report.")] = "text",
) -> None:
    """Say what a target comes to, and where each value comes from.

    When it runs, where its snapshots go, which objects are rendered for it; and every setting with the place in the
    fleet that it comes from, or what it is derived from. Exits with 1 if the target has an error.
    """

    def command() -> int:
        from backupgen.cli.explain import ExplainOptions
        from backupgen.cli.explain import explain as run

        return run(ExplainOptions(target, fleet, out, form))

    end(command)


@app.command()
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
) -> None:
    """Write a first fleet.yaml.

    Small, with comments, and its schema for editors beside it. Asks for what the flags do not say, unless there is no
    terminal. Never overwrites a file.
    """

    def command() -> int:
        from backupgen.cli.init import InitOptions
        from backupgen.cli.init import init as run

        return run(InitOptions(fleet, name, home_namespace, timezone, image, repository, tuple(target or ()), yes))

    end(command)


@app.command()
def schema() -> None:
    """Print the JSON schema of fleet.yaml, for editors."""

    def command() -> int:
        from backupgen.cli.schema import schema as run

        return run()

    end(command)


@app.command()
def completion(
    shell: Annotated[
        Literal["bash", "zsh", "fish"], typer.Argument(metavar="bash|zsh|fish", help="Whose.", show_default=False)
    ],
) -> None:
    """Print what a shell reads to complete.

    Commands and flags, the targets of the fleet, the codes of findings, time zones.
    """

    def command() -> int:
        from backupgen.cli.completion import completion as run

        return run(shell)

    end(command)
