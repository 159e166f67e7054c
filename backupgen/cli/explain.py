"""`backupgen explain`: a target as it is meant, every value with where it comes from."""

import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

from backupgen.cli import exits, terminal
from backupgen.cli.compiling import circumstances, shown
from backupgen.cli.showing import exit_code, note_findings


@dataclass(frozen=True, slots=True)
class ExplainOptions:
    """The arguments of `explain`."""

    target: str
    fleet: Path
    out: Path
    format: str


def explain(options: ExplainOptions) -> int:
    """Print all about a target. Returns the exit code: 2 for a target that the fleet does not have."""
    from backupgen.adapters.files import read_fleet
    from backupgen.pipeline import schedule_fleet
    from backupgen.report.target import TARGET_FORMATS
    from backupgen.report.target.build import build_report
    from backupgen.rules import RuleContext

    raw = read_fleet(options.fleet)
    if raw.value is None:
        note_findings(raw.findings, {})
        return exits.USAGE
    now = int(time.time())
    checked = schedule_fleet(raw.value, str(options.fleet), circumstances(options.out, now))
    scheduled = checked.value
    if scheduled is None:
        note_findings(checked.findings, {str(options.fleet): shown(raw.value)})
        return exit_code(checked.findings)
    names = [target.name for target in scheduled.fleet.targets]
    if options.target not in names:
        terminal.note(_unknown(options.target, names, options.fleet))
        return exits.USAGE
    context = RuleContext(scheduled.fleet, scheduled.timetable, scheduled.outcome, now)
    report = build_report(scheduled.document, context, options.target)
    color, width = terminal.colored(sys.stdout), terminal.width(sys.stdout)
    terminal.result(TARGET_FORMATS[options.format](replace(report, color=color, width=width)))
    # Of the findings, those of this target alone: the whole fleet is the business of `check`.
    own = [finding for finding in checked.findings if finding.target == options.target]
    note_findings(own, {str(options.fleet): shown(raw.value)}, targets=1)
    return exit_code(own)


def _unknown(name: str, names: list[str], fleet: Path) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, names, n=1)
    hint = f"did you mean `{near[0]}`?" if near else f"it has {', '.join(f'`{one}`' for one in names)}"
    return f"{fleet} has no target `{name}`; {hint}\n"
