"""What helps to write fleet.yaml: next, schema."""

from typing import Annotated, Literal

import typer

from backupgen.cli.options import end

app = typer.Typer()


@app.command("next")
def next_(
    expression: Annotated[str, typer.Argument(metavar="EXPR", help="A slot as in `at:`, or a cron expression.")],
    zone: Annotated[str, typer.Option("--tz", metavar="ZONE", help="The time zone that it is meant in.")] = "UTC",
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
def schema() -> None:
    """Print the JSON schema of fleet.yaml, for editors."""

    def command() -> int:
        from backupgen.cli.schema import schema as run

        return run()

    end(command)
