"""`backupgen explain`: a target as it is meant, every value with where it comes from."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from backupgen.cli import clock, exits, terminal
from backupgen.cli.command import Fleet, OneOf, Out, command
from backupgen.cli.completing import target_names
from backupgen.report.target import TARGET_FORMATS


@command(100)
def explain(
    target: Annotated[
        str,
        typer.Argument(
            metavar="TARGET", help="Its name in the fleet.", show_default=False, autocompletion=target_names
        ),
    ],
    fleet: Fleet = Path("fleet.yaml"),
    out: Out = Path("out"),
    form: Annotated[str, OneOf(TARGET_FORMATS), typer.Option("--format", help="How to report.")] = "text",
) -> int:
    """Say what a target comes to, and where each value comes from.

    When it runs, where its snapshots go, which objects are rendered for it; and every setting with the place in the
    fleet that it comes from, or what it is derived from. Exits with 1 if the target has an error.
    """
    from dataclasses import replace

    from backupgen.analysis.target import target_report
    from backupgen.cli.compiling import schedule_file
    from backupgen.cli.showing import exit_code, note_findings, note_unknown
    from backupgen.rules import RuleContext

    now = clock.now()
    judged = schedule_file(fleet, out, now)
    scheduled = judged.scheduled
    if scheduled is None:
        note_findings(judged.findings, judged.sources)
        return exit_code(judged.findings, readable=judged.readable)
    names = [one.name for one in scheduled.fleet.targets]
    if target not in names:
        note_unknown("the fleet has no target", target, names)
        return exits.USAGE
    context = RuleContext(scheduled.fleet, scheduled.schedule_input, scheduled.outcome, now)
    report = target_report(scheduled.document, context, target)
    color, width = terminal.colored(sys.stdout), terminal.width(sys.stdout)
    terminal.result(TARGET_FORMATS[form](replace(report, color=color, width=width)))
    # Of the findings, those of this target alone: the whole fleet is the business of `check`.
    own = [finding for finding in judged.findings if finding.target == target]
    note_findings(own, judged.sources, targets=1)
    return exit_code(own)
