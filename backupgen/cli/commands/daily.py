"""The daily tools: render, check, diff."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from backupgen.cli.completing import finding_codes
from backupgen.cli.options import Fleet, Out, Templates, end

app = typer.Typer()


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

    end(command)


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
        str | None,
        typer.Option(
            "--explain",
            metavar="CODE",
            help="Explain a finding's code or name instead.",
            autocompletion=finding_codes,
        ),
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

    end(command)


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

    end(command)
