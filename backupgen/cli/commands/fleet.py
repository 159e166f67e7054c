"""What is done with a fleet now and then: schedule, rehearse, secrets, bootstrap, restore."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from backupgen.cli.completing import target_names
from backupgen.cli.options import Fleet, Out, Templates, end

app = typer.Typer()


@app.command()
def schedule(
    fleet: Fleet = Path("fleet.yaml"),
    out: Out = Path("out"),
    start: Annotated[
        str | None, typer.Option("--from", metavar="T", help="Since when, such as 2026-03-29; today, if left out.")
    ] = None,
    days: Annotated[int, typer.Option("--days", metavar="N", min=1, max=366, help="How many days to show.")] = 1,
    form: Annotated[
        Literal["table", "json", "svg", "ics"], typer.Option("--format", help="How to show them.")
    ] = "table",
    *,
    pin: Annotated[
        bool, typer.Option("--pin", help="Write the slots that were chosen for `at: auto` into the fleet instead.")
    ] = False,
) -> None:
    """Show when everything runs, and what is proved about it.

    Windows reach from the slot to deadline and grace period, and further, if a run starts late. Exits with 1 if there
    is a conflict.
    """

    def command() -> int:
        from backupgen.cli.schedule import ScheduleOptions
        from backupgen.cli.schedule import schedule as run

        return run(ScheduleOptions(fleet, out, start, days, form, pin))

    end(command)


@app.command()
def rehearse(
    fleet: Fleet = Path("fleet.yaml"),
    templates: Templates = None,
    target: Annotated[
        list[str] | None,
        typer.Option(
            "--target",
            metavar="NAME",
            help="Only this target; may be given several times.",
            autocompletion=target_names,
        ),
    ] = None,
    form: Annotated[Literal["text", "json"], typer.Option("--format", help="How to report.")] = "text",
) -> None:
    """Run the rendered fleet on this machine, with the real restic.

    Every pod, as rendered, in containers of its own, with sample data and a throw-away repository: backups, retention,
    restore test, mirror, and a restore from it. Needs no cluster and no root, touches no real data, and leaves
    nothing behind. Exits with 1 if anything failed.
    """

    def command() -> int:
        from backupgen.cli.rehearse import RehearseOptions
        from backupgen.cli.rehearse import rehearse as run

        return run(RehearseOptions(fleet, templates, tuple(target or ()), form))

    end(command)


@app.command()
def secrets(
    action: Annotated[
        Literal["status", "seal", "edit"] | None,
        typer.Argument(metavar="[status|seal|edit]", help="What to do; left out, begin.", show_default=False),
    ] = None,
    fleet: Fleet = Path("fleet.yaml"),
    out: Out = Path("out"),
    templates: Templates = None,
) -> None:
    """Keep the credentials of the fleet, sealed by sops.

    They lie in one file beside the fleet's, fleet.values.enc.yaml, of which sops encrypts every value. Without an
    action, the file is made, or gets the names that it lacks, and it is said what comes next.

    edit opens it in your editor, through sops. seal is render, but fails if a Secret cannot be sealed on this machine.
    status says how values and Secrets stand and, where a key is, compares what the Secrets hold. A single value may
    come from the environment instead: BACKUPGEN_VALUE_RESTIC_PASSWORD is restic-password.
    """

    def command() -> int:
        if action == "seal":
            from backupgen.cli.render import RenderOptions, render

            return render(RenderOptions(fleet, out, templates, dry_run=False, strict=True))
        from backupgen.cli import secrets as module

        run = {None: module.begin, "status": module.status, "edit": module.edit}[action]
        return run(module.SecretsOptions(fleet, out, templates))

    end(command)


@app.command()
def bootstrap(fleet: Fleet = Path("fleet.yaml"), templates: Templates = None) -> None:
    """Print the one-shot Job that makes a repository.

    One for each repository without an `id`, for `kubectl apply -f -`. Exits with 1 if every repository has its id.
    """

    def command() -> int:
        from backupgen.cli.bootstrap import BootstrapOptions
        from backupgen.cli.bootstrap import bootstrap as run

        return run(BootstrapOptions(fleet, templates))

    end(command)


@app.command()
def restore(
    target: Annotated[
        str, typer.Argument(metavar="TARGET", help="What is to be restored.", autocompletion=target_names)
    ],
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
) -> None:
    """Print how a target is restored, and the pod for it.

    The output is the pod's manifest for `kubectl apply -f -`; the steps, with every command, are its comments. They are
    those of the target's page below out/_runbooks. Nothing is changed: it needs no cluster and no credentials.
    """

    def command() -> int:
        from backupgen.cli.restore import RestoreOptions
        from backupgen.cli.restore import restore as run

        return run(RestoreOptions(target, fleet, templates, mirror, snapshot, bare))

    end(command)
