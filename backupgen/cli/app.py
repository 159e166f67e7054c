"""The commands and their flags, for Typer. What they do lies in a module each, imported when it runs.

`--help` costs what is imported here: no rich, no pydantic, no completion.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal, NoReturn

import typer

from backupgen.cli.guard import guarded

app = typer.Typer(
    name="backupgen",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 clean, 1 errors or differences, 2 wrong usage or unreadable input, 3 a fault of backupgen.",
)

Fleet = Annotated[Path, typer.Option("--fleet", metavar="FILE", help="The fleet.")]
Out = Annotated[Path, typer.Option("--out", metavar="DIR", help="The folder of the rendered files.")]
Templates = Annotated[
    Path | None,
    typer.Option("--templates", metavar="DIR", help="Templates of your own, instead of or on top of builtin ones."),
]


class _Settings:
    """What the options before the command say."""

    trace = False


def _end(command: Callable[[], int]) -> NoReturn:
    raise typer.Exit(guarded(command, trace=_Settings.trace))


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
    _Settings.trace = trace


@app.command()
def render(
    fleet: Fleet = Path("fleet.yaml"),
    out: Out = Path("out"),
    templates: Templates = None,
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be written; exits with 0 all the same.")
    ] = False,
) -> None:
    """Write the manifests.

    Writes nothing when anything is wrong, and never overwrites or removes a file that it did not write, that was
    changed by hand since, or that somebody else sealed. Files that are as they should be are not touched.

    Seals the Secrets whose values are there, if sops and a key are; a sealed Secret that still holds the right values
    keeps its bytes.
    """

    def command() -> int:
        from backupgen.cli.render import RenderOptions
        from backupgen.cli.render import render as run

        return run(RenderOptions(fleet, out, templates, dry_run))

    _end(command)


@app.command()
def check(
    fleet: Fleet = Path("fleet.yaml"),
    out: Out = Path("out"),
    templates: Templates = None,
    repo: Annotated[
        Path | None,
        typer.Option("--repo", metavar="DIR", help="Compare with the manifests in this GitOps tree as well."),
    ] = None,
    form: Annotated[
        Literal["text", "concise", "json", "github", "sarif", "junit"], typer.Option("--format", help="How to report.")
    ] = "text",
    code: Annotated[
        str | None, typer.Option("--explain", metavar="CODE", help="Explain a finding's code or name instead.")
    ] = None,
    select: Annotated[
        list[str] | None, typer.Option("--select", metavar="CODES", help="Report these findings only.")
    ] = None,
    ignore: Annotated[list[str] | None, typer.Option("--ignore", metavar="CODES", help="Leave these out.")] = None,
    *,
    strict: Annotated[bool, typer.Option("--strict", help="Let warnings count as errors.")] = False,
) -> None:
    """Prove the fleet sound, and the committed files up to date.

    Needs no cluster, no key and no network. Exits with 1 if there is a finding of severity error.

    CODES are codes, beginnings of codes or names, joined by commas: --select BG4,slot-capacity --ignore BG405. An error
    that keeps the fleet from being compiled is reported whatever is selected.
    With --repo, also: volumes of the tree that no target holds, claims and pods that the tree does not have, access
    modes and users that differ, and whether Prometheus takes metrics and alerts. Charts have to be rendered first.
    """

    def command() -> int:
        from backupgen.cli import check as module

        if code is not None:
            return module.explain(code)
        options = module.CheckOptions(fleet, out, templates, form, select or (), ignore or (), strict, repo)
        return module.check(options)

    _end(command)


@app.command()
def diff(
    fleet: Fleet = Path("fleet.yaml"),
    out: Out = Path("out"),
    templates: Templates = None,
    against: Annotated[
        str | None,
        typer.Option("--against", metavar="REV", help="Compare with a revision of Git instead of the folder."),
    ] = None,
    form: Annotated[Literal["text", "json", "markdown"], typer.Option("--format", help="How to report.")] = "text",
) -> None:
    """Say what rendering would change, in words of backups.

    First what is less safe than before, what somebody has to do once, and what else it means; then the objects, field
    by field. Comments and layout do not count.

    Exits with 0 if nothing differs, 1 if something does, 2 if one side cannot be read.
    """

    def command() -> int:
        from backupgen.cli.diff import DiffOptions
        from backupgen.cli.diff import diff as run

        return run(DiffOptions(fleet, out, templates, against, form))

    _end(command)


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

    _end(command)


@app.command()
def rehearse(
    fleet: Fleet = Path("fleet.yaml"),
    templates: Templates = None,
    target: Annotated[
        list[str] | None, typer.Option("--target", metavar="NAME", help="Only this target; may be given several times.")
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

    _end(command)


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

    _end(command)


@app.command()
def bootstrap(fleet: Fleet = Path("fleet.yaml"), templates: Templates = None) -> None:
    """Print the one-shot Job that makes a repository.

    One for each repository without an `id`, for `kubectl apply -f -`. Exits with 1 if every repository has its id.
    """

    def command() -> int:
        from backupgen.cli.bootstrap import BootstrapOptions
        from backupgen.cli.bootstrap import bootstrap as run

        return run(BootstrapOptions(fleet, templates))

    _end(command)


@app.command()
def restore(
    target: Annotated[str, typer.Argument(metavar="TARGET", help="What is to be restored.")],
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

    _end(command)


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

    _end(command)


@app.command()
def schema() -> None:
    """Print the JSON schema of fleet.yaml, for editors."""

    def command() -> int:
        from backupgen.cli.schema import schema as run

        return run()

    _end(command)


def run() -> NoReturn:
    """Run the command line of the process, and exit."""
    app(prog_name="backupgen")
    raise SystemExit  # pragma: no cover - Typer has exited
