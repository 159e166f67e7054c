"""BG304: a schedule without a single instant."""

from collections.abc import Iterator

from backupgen.diagnostics import CodeInfo, Finding, Severity
from backupgen.rules.base import Rule, RuleContext, finding
from backupgen.schedule import CronExpr, load_zone, longest_gap

INFO = CodeInfo(
    code="BG304",
    slug="never-fires",
    severity=Severity.ERROR,
    summary="A schedule never fires.",
    why="Kubernetes accepts it, logs an error nobody reads, and never starts the job.",
    fix="Correct the day or the month.",
    bad='at: "0 3 30 2 *"',
    good='at: "0 3 28 2 *"',
)


def check(context: RuleContext) -> Iterator[Finding]:
    """Report each such slot."""
    for job in context.fleet.jobs():
        if isinstance(job.slot, CronExpr) and longest_gap(job.slot, load_zone(job.timezone)) is None:
            yield finding(INFO, f"`{job.slot}` never fires in `{job.timezone}`", (*job.path, "at"))


RULE = Rule(INFO, check)
