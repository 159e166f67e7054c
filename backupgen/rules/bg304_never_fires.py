"""BG304: a schedule without a single instant."""

from collections.abc import Iterator

from backupgen.diagnostics import CodeInfo, Finding, Severity
from backupgen.rules.base import Rule, RuleContext, finding
from backupgen.schedule import CronExpr, ever_fires, load_zone

INFO = CodeInfo(
    code="BG304",
    slug="never-fires",
    severity=Severity.ERROR,
    summary="A schedule never fires.",
    why="Kubernetes accepts it, logs an error nobody reads, and never starts the job.",
    fix="Correct the day or the month.",
    bad='at: "0 12 30 2 *"',
    good='at: "0 12 28 2 *"',
)


def check(context: RuleContext) -> Iterator[Finding]:
    """Report each such slot."""
    for job in context.fleet.jobs():
        if isinstance(job.slot, CronExpr) and not ever_fires(job.slot, load_zone(job.timezone)):
            yield finding(INFO, f"`{job.slot}` never fires in `{job.timezone}`", (*job.path, "at"))


RULE = Rule(INFO, check)
