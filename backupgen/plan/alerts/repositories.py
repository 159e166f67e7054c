"""The alerts about repositories: a lock that nobody lets go of, little room, a server that is down."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from backupgen.conventions import metrics
from backupgen.conventions.roles import PodRole
from backupgen.plan.alerts.draft import JOB, LOGS, NOT_OF_MIRRORS, RETENTIONS, Draft, ExpressionBuilder, positive
from backupgen.plan.expectations import MonitoredJob
from backupgen.plan.promql import select
from backupgen.resolve.alerting import Alerts
from backupgen.resolve.resolved import Repository, ResolvedFleet
from backupgen.schedule import CronExpr, load_zone, longest_gap

HELD = 'holder!=""'
_HOUR = 3600


def repository_alerts(
    fleet: ResolvedFleet,
    wanted: Alerts,
    expr: ExpressionBuilder,
    expected: Sequence[MonitoredJob],
    schedules: Mapping[str, CronExpr],
) -> Iterator[Draft]:
    """The alerts about the repositories of a fleet. Raises KeyError if an expected job has no schedule."""
    yield _lock_held(expr, _longest_hold(expected, schedules))
    if any(item.role is PodRole.RETENTION for item in expected):
        yield _retention_refused(expr)
    if any(repository.quota is not None for repository in fleet.repositories):
        yield _near_quota(expr, wanted.threshold("BackupRepositoryNearQuota"))
    served = [repository for repository in fleet.repositories if repository.server is not None]
    if served:
        yield _server_down(served)


def _longest_hold(expected: Sequence[MonitoredJob], schedules: Mapping[str, CronExpr]) -> int:
    """For how many seconds the fleet's own jobs may be seen to hold a lock: an hour at least.

    The longest run, and the time until the next job of the repository looks again.
    """
    holds = [_HOUR]
    lockers = sorted((item for item in expected if not item.mirror), key=lambda item: item.repository)
    for _, group in groupby(lockers, key=lambda item: item.repository):
        jobs = [item.job for item in group]
        looks = [longest_gap(schedules[job.name], load_zone(job.timezone)) or 0 for job in jobs]
        holds.append(max(job.deadline + job.grace for job in jobs) + min(looks))
    return max(holds)


def _lock_held(expr: ExpressionBuilder, longest: int) -> Draft:
    # Only what the job saw that looked last: what others have pushed may be hours old. Whoever holds a lock writes it
    # anew every five minutes, so its own time would not say since when.
    seen = f"max by (instance, holder) ({select(metrics.REPOSITORY_LOCK, HELD, job=metrics.JOB)})"
    lookers = f"group by (instance, repository) ({expr.expected(NOT_OF_MIRRORS)})"
    starts = f"{select(metrics.LAST_START, fleet=expr.fleet)} * on (instance) group_left (repository) {lookers}"
    return Draft(
        alert="BackupLockHeld",
        expr=f"max by (repository, holder) (\n"
        f"{seen} * on (instance) group_left (repository) {lookers}\n"
        f"and on (instance) topk by (repository) (1, {starts})\n)",
        for_=longest,
        severity="warning",
        summary="{{ $labels.holder }} does not let go of repository {{ $labels.repository }}",
        description="Each job that began since has seen this lock, for longer than any job of the fleet runs: a "
        "restic that hangs, a forgotten `restic mount`, or one whose lock cannot be removed. While it is shared, "
        "nothing is removed or checked; while it is exclusive, nothing is backed up.",
    )


def _retention_refused(expr: ExpressionBuilder) -> Draft:
    return Draft(
        alert="BackupRetentionRefused",
        expr=expr.with_job_labels(positive(metrics.RETENTION_REFUSED, "tag"), RETENTIONS),
        for_=300,
        severity="critical",
        summary=f"{JOB} refuses to thin out tag {{{{ $labels.tag }}}}",
        description="Snapshots with this tag are not what its schedule makes: somebody may be writing them in its "
        "name, to push out the good ones, or the data has shrunk. None of them was removed, and nothing is pruned "
        f"until somebody has looked. {LOGS}",
    )


def _near_quota(expr: ExpressionBuilder, percent: int) -> Draft:
    owners = f"group by (instance, repository) ({expr.expected(RETENTIONS)})"
    sizes = f"{expr.last(metrics.REPOSITORY_SIZE)} * on (instance) group_left (repository) {owners}"
    quota = select(metrics.QUOTA, fleet=expr.fleet)
    return Draft(
        alert="BackupRepositoryNearQuota",
        expr=f"max by (repository) ({sizes})\n/ on (repository) {quota} > {percent / 100:g}",
        for_=300,
        severity="warning",
        summary="repository {{ $labels.repository }} needs {{ $value | humanizePercentage }} of its quota",
        description="The snapshots need nearly all of it. When there is no room left, every backup fails, and the "
        "retention as well: it needs room before it frees any. Give it more, keep fewer snapshots, or "
        "exclude what need not be kept.",
    )


def _server_down(served: Sequence[Repository]) -> Draft:
    down = []
    for repository in served:
        server = repository.server
        assert server is not None  # noqa: S101 (who calls has looked)
        # `absent` of a comparison has no labels.
        expr = f"absent({select('up', job=server.name, namespace=server.namespace)} == 1)"
        labels = {"namespace": server.namespace, "server": server.name, "repository": repository.name}
        for label, text in labels.items():
            expr = f'label_replace({expr}, "{label}", "{text}", "", "")'
        down.append(expr)
    return Draft(
        alert="BackupServerDown",
        expr="\nor ".join(down),
        for_=900,
        severity="critical",
        summary="the REST server of repository {{ $labels.repository }} is down, or is not scraped",
        description="While the server is down, nothing can be backed up or restored. Look at its Deployment, its "
        "volume and its node; and whether Prometheus knows its ServiceMonitor.",
    )
