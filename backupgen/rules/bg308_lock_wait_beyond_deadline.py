"""BG308: commands that may wait for a lock longer than their job has time."""

from collections.abc import Iterator

from backupgen.conventions.units import format_duration
from backupgen.diagnostics import CodeInfo, Finding, Severity
from backupgen.resolve.repositories import LOCK_WAIT
from backupgen.resolve.resolved import Repository
from backupgen.rules.base import Rule, RuleContext, finding
from backupgen.rules.wording import some

INFO = CodeInfo(
    code="BG308",
    slug="lock-wait-beyond-deadline",
    severity=Severity.WARNING,
    summary="A repository's `lock_wait` is not shorter than the deadline of a job that uses it.",
    why="The job cannot wait that long: it would be ended, and a lock would be reported as a hang. So it waits less.",
    fix="Shorten `lock_wait`, or give the job a longer deadline and say with `needs` how much of it the work takes.",
    bad="lock_wait: 30m\n…\ndeadline: 10m",
    good="lock_wait: 30m\n…\ndeadline: 50m\nneeds: 10m",
)


def check(context: RuleContext) -> Iterator[Finding]:
    """Report each repository once whose `lock_wait` is longer than the default."""
    for repository in context.fleet.repositories:
        if repository.lock_wait > LOCK_WAIT:
            yield from _judge(context, repository)


def _judge(context: RuleContext, repository: Repository) -> Iterator[Finding]:
    jobs = (operation.job for operation in context.fleet.operations() if operation.repository == repository)
    short = [job for job in jobs if job.deadline <= repository.lock_wait]
    if short:
        waits = format_duration(max(repository.lock_wait_of(job) for job in short))
        message = (
            f"{some([job.name for job in short])} cannot wait {format_duration(repository.lock_wait)} for a lock: "
            f"the deadline comes first, so it is {waits} at most"
        )
        yield finding(INFO, message, (*repository.path, "lock_wait"), "shorten it, or lengthen the deadlines")


RULE = Rule(INFO, check)
