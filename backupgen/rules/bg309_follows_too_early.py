"""BG309: a mirror or a restore test that begins while what it should follow may still run."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from backupgen.diagnostics import CodeInfo, Finding, Severity
from backupgen.resolve.resolved import Job, Repository
from backupgen.rules.base import Rule, RuleContext, finding
from backupgen.rules.wording import SHOWN, slots_of, some, windows
from backupgen.schedule import begins_inside

INFO = CodeInfo(
    code="BG309",
    slug="follows-too-early",
    severity=Severity.WARNING,
    summary="A mirror or a restore test begins while what it should follow may still run.",
    why="It takes the snapshot before: the copy, or what is known to be restorable, is older by a whole run.",
    fix="Start it when that has ended for certain: `start_within` + `deadline` + `grace` after its slot.",
    bad='mirrors: {offsite: {at: "05:00", …}}\n…\ntargets: {photos: {at: "04:30", deadline: 1h, …}}',
    good='mirrors: {offsite: {at: "06:00", …}}\n…\ntargets: {photos: {at: "04:30", deadline: 1h, …}}',
)


def check(context: RuleContext) -> Iterator[Finding]:
    """Report each mirror and each restore test with what it misses."""
    for repository in context.fleet.repositories:
        for operation in repository.operations():
            if operation.restore_test is not None and operation.mirror is not None:
                yield from _judge(context, operation.job, [operation.mirror.job.name])
            elif operation.retention is None:
                yield from _judge(context, operation.job, _seldom(context, repository, operation.job))


def _seldom(context: RuleContext, repository: Repository, job: Job) -> list[str]:
    """The backups of which a run counts: of an hourly one a daily mirror always misses an hour."""
    own = context.cadences.get(job.name, 0)
    backups = [target.job.name for target in context.fleet.targets_of(repository.name)]
    return [name for name in backups if 2 * context.cadences.get(name, 0) >= own]


def _judge(context: RuleContext, job: Job, followed: Sequence[str]) -> Iterator[Finding]:
    nominal = context.operations[job.name].nominal
    missed = [name for name in followed if begins_inside(nominal, context.operations[name].worst)]
    if missed:
        message = (
            f"`{job.name}` can begin before {some(missed)} has ended, and then takes the snapshot of the run before"
        )
        help_ = "start it later, or what it follows earlier"
        found = finding(INFO, message, (*job.path, "at"), help_)
        cause = windows(context, missed[:1], late=True)
        yield replace(found, related=slots_of(context, missed[:SHOWN]), cause=cause)


RULE = Rule(INFO, check)
