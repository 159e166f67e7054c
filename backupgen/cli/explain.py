"""`backupgen explain`: a target as it is meant, every value with where it comes from."""

import sys
from dataclasses import dataclass, replace
from pathlib import Path

from backupgen.cli import clock, exits, terminal
from backupgen.cli.compiling import schedule_file
from backupgen.cli.showing import exit_code, note_findings, note_unknown


@dataclass(frozen=True, slots=True)
class ExplainOptions:
    """The arguments of `explain`."""

    target: str
    fleet: Path
    out: Path
    format: str


def explain(options: ExplainOptions) -> int:
    """Print all about a target. Returns the exit code: 2 for a target that the fleet does not have."""
    from backupgen.analysis.target import target_report
    from backupgen.report.target import TARGET_FORMATS
    from backupgen.rules import RuleContext

    now = clock.now()
    judged = schedule_file(options.fleet, options.out, now)
    scheduled = judged.scheduled
    if scheduled is None:
        note_findings(judged.findings, judged.sources)
        return exit_code(judged.findings, readable=judged.readable)
    names = [target.name for target in scheduled.fleet.targets]
    if options.target not in names:
        note_unknown("the fleet has no target", options.target, names)
        return exits.USAGE
    context = RuleContext(scheduled.fleet, scheduled.timetable, scheduled.outcome, now)
    report = target_report(scheduled.document, context, options.target)
    color, width = terminal.colored(sys.stdout), terminal.width(sys.stdout)
    terminal.result(TARGET_FORMATS[options.format](replace(report, color=color, width=width)))
    # Of the findings, those of this target alone: the whole fleet is the business of `check`.
    own = [finding for finding in judged.findings if finding.target == options.target]
    note_findings(own, judged.sources, targets=1)
    return exit_code(own)
