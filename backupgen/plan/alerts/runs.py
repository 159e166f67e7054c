"""The alerts about runs: failed, late, slow, shrunk, never seen."""

from collections.abc import Iterator, Sequence

from backupgen.conventions import metrics
from backupgen.conventions.roles import PodRole
from backupgen.conventions.units import format_duration
from backupgen.plan.alerts.draft import (
    BACKUPS,
    JOB,
    LOGS,
    MIRRORS,
    NOT_OF_MIRRORS,
    OF_MIRRORS,
    RESTORE_TESTS,
    WRITERS,
    Draft,
    ExpressionBuilder,
    positive,
)
from backupgen.plan.expectations import MonitoredJob
from backupgen.plan.promql import select
from backupgen.resolve.alerting import Alerts
from backupgen.resolve.targets import MAX_SHRINK

NEVER = 86400
"""How long a new job has to report at least before it counts as one that never ran, in seconds."""
SHRINK_WINDOW = 7 * 86400
"""With how long ago a snapshot's size is compared, in seconds. However rare runs are, the last size stays pushed."""

_EXIT_CODES = (
    "1 failed, 10 no repository, 11 repository locked, 12 wrong password, 124 out of time, 130 and 143 interrupted; "
    "the log has the others"
)


def run_alerts(wanted: Alerts, expr: ExpressionBuilder, expected: Sequence[MonitoredJob]) -> Iterator[Draft]:
    """The alerts about the runs of the jobs that are expected."""
    yield _failed(expr)
    yield _partial(expr)
    yield _not_succeeding(expr)
    yield _missed(
        expr,
        "BackupOverdue",
        (WRITERS,),
        "Too many consecutive runs of its own schedule were missed or ended without a report: the CronJob is gone or "
        "suspended, its pods do not start, or they cannot reach the Pushgateway.",
    )
    yield _never_run(expr)
    yield _near_deadline(expr, wanted.threshold("BackupNearDeadline"))
    yield _snapshot_shrank(expr)
    if any(item.role is PodRole.RESTORE_TEST for item in expected):
        yield _restore_test_failed(expr)
        yield _restore_test_stale(expr)
    if any(item.mirror for item in expected):
        yield _mirror_failed(expr)
        yield _mirror_stale(expr)
        yield _mirror_unverified(expr)


def _failed(expr: ExpressionBuilder) -> Draft:
    partial = f"{expr.last(metrics.STATUS)} == 3 and on (instance) {expr.expected(BACKUPS)}"
    return Draft(
        alert="BackupFailed",
        expr=f"{expr.with_job_labels(positive(metrics.STATUS), WRITERS)}\nunless on (instance) ({partial})",
        for_=300,
        severity="critical",
        summary=f"{JOB} failed with exit code {{{{ $value }}}}",
        description=f"The last run reported a failure ({_EXIT_CODES}). {LOGS}",
    )


def _partial(expr: ExpressionBuilder) -> Draft:
    return Draft(
        alert="BackupPartial",
        expr=expr.with_job_labels(f"{expr.last(metrics.STATUS)} == 3", BACKUPS),
        for_=300,
        severity="warning",
        summary=f"{JOB} made an incomplete snapshot",
        description=f"restic could not read some of the source (exit code 3), so that is in no new snapshot. {LOGS}",
    )


def _not_succeeding(expr: ExpressionBuilder) -> Draft:
    return Draft(
        alert="BackupNotSucceeding",
        expr=expr.not_succeeding(NOT_OF_MIRRORS),
        for_=600,
        severity="critical",
        summary=f"{JOB} has not succeeded for {{{{ $value | humanizeDuration }}}}",
        description="The job starts, but for more of its runs than may be missed none has succeeded, so the newest "
        f"good snapshot, or the newest proof that one can be restored, gets too old. {LOGS}",
    )


def _missed(expr: ExpressionBuilder, alert: str, jobs: tuple[str, ...], description: str) -> Draft:
    """More runs in a row than may be missed have not started."""
    return Draft(
        alert=alert,
        expr=expr.late(*jobs),
        for_=600,
        severity="warning",
        summary=f"{JOB} last started {{{{ $value | humanizeDuration }}}} ago",
        description=f"{description} {LOGS}",
    )


def _never_run(expr: ExpressionBuilder) -> Draft:
    new = f"{expr.age(metrics.EXPECTED_SINCE)}\n> on (instance) {expr.job_labels()}"
    return Draft(
        alert="BackupNeverRun",
        expr=f"({new} clamp_min({expr.expected()}, {NEVER}))\n"
        f"unless on (instance) {select(metrics.LAST_START, fleet=expr.fleet)}",
        for_=600,
        severity="warning",
        summary=f"{JOB} has never reported a run",
        description="The job has been expected for {{ $value | humanizeDuration }}, a day and all the runs that may be "
        f"missed at least, but there is no metric of it: it was not deployed, or its pods do not start. {LOGS}",
    )


def _near_deadline(expr: ExpressionBuilder, percent: int) -> Draft:
    deadline = select(metrics.JOB_DEADLINE, fleet=expr.fleet)
    near = f"{expr.last(metrics.DURATION)} / on (instance) {deadline} > {percent / 100:g}"
    return Draft(
        alert="BackupNearDeadline",
        # A run that failed has an alert already.
        expr=expr.with_job_labels(f"{near}\nand on (instance) {expr.last(metrics.STATUS)} == 0"),
        for_=300,
        severity="warning",
        summary=f"{JOB} took {{{{ $value | humanizePercentage }}}} of its deadline",
        description="The last run succeeded, but a slower one will be ended at the deadline, and make no snapshot. "
        f"Raise its `deadline` in fleet.yaml, or find out what has slowed it down. {LOGS}",
    )


def _snapshot_shrank(expr: ExpressionBuilder) -> Draft:
    size = select(metrics.SNAPSHOT_BYTES, job=metrics.JOB)
    largest = f"max by (instance) (max_over_time({size}[{format_duration(SHRINK_WINDOW)}]))"
    usual = f"{expr.expected(BACKUPS)} * 0 + {MAX_SHRINK / 100:g}"
    allowed = f"{select(metrics.MAX_SHRINK, fleet=expr.fleet)} or on (instance) {usual}"
    return Draft(
        alert="BackupSnapshotShrank",
        expr=f"1 - {expr.last(metrics.SNAPSHOT_BYTES)} / on (instance) {largest}\n"
        f"> on (instance) {expr.job_labels()} ({allowed})",
        for_=300,
        severity="warning",
        summary=f"{JOB}: the snapshot is {{{{ $value | humanizePercentage }}}} smaller than one of the week before",
        description="Of the last week's snapshots one was larger, by more than `max_shrink` allows. Was something "
        f"deleted, is a volume not mounted, or does an exclude match too much? Older snapshots still hold it. {LOGS}",
    )


def _restore_test_failed(expr: ExpressionBuilder) -> Draft:
    tags = positive(metrics.RESTORE_STATUS, "tag")
    return Draft(
        alert="BackupRestoreTestFailed",
        expr=expr.with_job_labels(f"{tags} or on (instance) {positive(metrics.STATUS)}", RESTORE_TESTS),
        for_=3600,
        severity="critical",
        summary=f"{JOB} could not verify {{{{ if $labels.tag }}}}tag {{{{ $labels.tag }}}}"
        "{{ else }}the backups{{ end }} (exit code {{ $value }})",
        description="The drill could not restore or verify a snapshot, or ended before it could: nobody "
        f"knows whether this backup can be restored. {LOGS}",
    )


def _restore_test_stale(expr: ExpressionBuilder) -> Draft:
    return _missed(
        expr,
        "BackupRestoreTestStale",
        (RESTORE_TESTS,),
        "More restore tests than may be were missed, so nothing says that the backups can be restored: the CronJob is "
        "gone or suspended, or its pods do not start.",
    )


def _mirror_failed(expr: ExpressionBuilder) -> Draft:
    failed = f"{positive(metrics.MIRROR_STATUS)} or on (instance) {positive(metrics.STATUS)}"
    return Draft(
        alert="BackupMirrorFailed",
        expr=expr.with_job_labels(failed, MIRRORS),
        for_=3600,
        severity="warning",
        summary=f"{JOB} failed with exit code {{{{ $value }}}}",
        description=f"The last run of the mirror failed; the second copy is not up to date. {LOGS}",
    )


def _mirror_stale(expr: ExpressionBuilder) -> Draft:
    return _missed(
        expr,
        "BackupMirrorStale",
        (MIRRORS,),
        "More runs of the mirror than may be were missed: the second copy is freezing. The CronJob is gone or "
        "suspended, or its pods do not start.",
    )


def _mirror_unverified(expr: ExpressionBuilder) -> Draft:
    return Draft(
        alert="BackupMirrorUnverified",
        expr=expr.not_succeeding(OF_MIRRORS),
        for_=600,
        severity="critical",
        summary=f"{JOB} has not verified the second copy for {{{{ $value | humanizeDuration }}}}",
        description="The job starts, but for more of its runs than may be missed none has copied and checked the "
        f"mirror, or restored from it: nobody knows whether the second copy is any good. {LOGS}",
    )
