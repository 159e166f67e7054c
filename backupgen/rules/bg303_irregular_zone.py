"""BG303: a time zone in which Kubernetes' cron library departs from its own rule."""

from collections.abc import Iterator

from backupgen.diagnostics import CodeInfo, Finding, Severity
from backupgen.rules.base import Rule, RuleContext, finding
from backupgen.schedule import load_zone

INFO = CodeInfo(
    code="BG303",
    slug="irregular-zone",
    severity=Severity.WARNING,
    summary="The time zone changes at midnight or not by a whole hour.",
    why="Around such a change the library of Kubernetes (robfig/cron v3) loses or repeats runs: no proof covers that.",
    fix="Write the slots in another zone, such as `UTC`.",
    bad="timezone: Africa/Cairo",
    good="timezone: Europe/Berlin",
    voids_proof=True,
)


def check(context: RuleContext) -> Iterator[Finding]:
    """Report each zone once, where it is first used."""
    seen: set[str] = set()
    for job in sorted(context.fleet.jobs(), key=lambda job: job.timezone != context.fleet.timezone):
        if job.timezone in seen:
            continue
        seen.add(job.timezone)
        reason = load_zone(job.timezone).irregular
        if reason:
            path = ("timezone",) if job.timezone == context.fleet.timezone else (*job.path, "timezone")
            message = f"`{job.timezone}`: {reason}; there is no proof of when its jobs run"
            yield finding(INFO, message, path, "write the slots in `UTC`")


RULE = Rule(INFO, check)
