"""ResolvedFleet -> PrometheusRule: the seven alerts of the hand-written fleet, and one for backups that never succeed.

Each alert is one rule that joins with the list of expected jobs, whatever the fleet's size. The names, severities and
meanings are those of the hand-written rules; what they could not see is seen here: every exit code but 0 is a failure,
a job's own schedule sets its threshold, and the restore test and the mirror have failed as well when they end before
they have anything to report.
"""

from collections.abc import Mapping, Sequence

from backupgen.fleet import metrics, naming
from backupgen.fleet.resolved import ResolvedFleet
from backupgen.plan.expectations import Kind, expectations, recordings
from backupgen.plan.model import AlertRule, PrometheusRule
from backupgen.plan.pods import fleet_meta
from backupgen.plan.promql import one_of, select
from backupgen.schedule import CronExpr

OWN_KINDS: tuple[Kind, ...] = ("backup", "retention")
"""The jobs that write the repository. Restore tests and mirrors have alerts of their own."""

LABELS = "fleet, namespace, cronjob, kind, target"
"""What an alert says of its job beside the instance."""

NEVER = 86400
"""How long a new job has to report at least before it counts as one that never ran, in seconds."""

LOGS = (
    "Look at the jobs of CronJob {{ $labels.cronjob }} in namespace {{ $labels.namespace }}: "
    "kubectl -n {{ $labels.namespace }} get cronjob,job,pod -l app.kubernetes.io/name={{ $labels.cronjob }}, "
    "then the log of the last pod."
)
JOB = "{{ $labels.cronjob }} (namespace {{ $labels.namespace }})"

EXIT_CODES = (
    "1 failed, 3 snapshot incomplete, 10 no repository, 11 repository locked, 12 wrong password, "
    "124 out of time, 130 and 143 interrupted; the log has the others"
)


def prometheus_rule(fleet: ResolvedFleet, schedules: Mapping[str, CronExpr]) -> PrometheusRule | None:
    """Derive the rules of a fleet; None for a fleet without `alerts`.

    `schedules` maps each job's name to the schedule that is rendered for it, yielded hours left out; its zone is the
    job's. Raises KeyError if a job that is not suspended has none.
    """
    if fleet.alerts is None:
        return None
    expected = expectations(fleet, schedules)
    rules = _Rules(fleet.name)
    kinds = {item.kind for item in expected}
    return PrometheusRule(
        meta=fleet_meta(fleet, naming.ALERTS, fleet.alerts.namespace, fleet.alerts.labels, fleet.alerts.annotations),
        expectations=recordings(fleet.name, expected),
        alerts=(
            rules.failed(),
            rules.not_succeeding(),
            rules.overdue(),
            rules.never_run(),
            *([rules.restore_test_failed(), rules.restore_test_stale()] if "restore-test" in kinds else []),
            *([rules.mirror_failed(), rules.mirror_stale()] if "mirror" in kinds else []),
        ),
    )


class _Rules:
    """The alerts of the fleet of a name."""

    def __init__(self, fleet: str) -> None:
        self.fleet = fleet

    def expected(self, kinds: Sequence[Kind] = ()) -> str:
        """The list of expected jobs with their thresholds."""
        return select(metrics.EXPECTED_WITHIN, *([one_of("kind", kinds)] if kinds else []), fleet=self.fleet)

    def age(self, record: str) -> str:
        """How long ago a recorded instant was, by instance."""
        return f"time() - {select(record, fleet=self.fleet)}"

    def late(self, kinds: Sequence[Kind]) -> str:
        """The jobs that have not started for two runs; the value is the time since the last start."""
        return f"{self.age(metrics.LAST_START)}\n> on (instance) group_left ({LABELS}) {self.expected(kinds)}"

    def told(self, values: str, kinds: Sequence[Kind]) -> str:
        """Values by instance, of expected jobs only, with the jobs' labels."""
        jobs = f"group by (instance, {LABELS}) ({self.expected(kinds)})"
        return f"({values})\n* on (instance) group_left ({LABELS}) {jobs}"

    def failed(self) -> AlertRule:
        return AlertRule(
            alert="BackupFailed",
            expr=self.told(_positive(metrics.STATUS), OWN_KINDS),
            for_="5m",
            severity="critical",
            summary=f"{JOB} failed with exit code {{{{ $value }}}}",
            description=f"The last run reported a failure ({EXIT_CODES}). {LOGS}",
        )

    def not_succeeding(self) -> AlertRule:
        # A job that has not succeeded yet counts from the time since which it has been expected. One that does not even
        # start is BackupOverdue.
        last = select(metrics.LAST_SUCCESS_SEEN, fleet=self.fleet)
        since = select(metrics.EXPECTED_SINCE, fleet=self.fleet)
        success = f"time() - ({last} or on (instance) {since})"
        starts = f"{self.age(metrics.LAST_START)} <= on (instance) {self.expected(OWN_KINDS)}"
        return AlertRule(
            alert="BackupNotSucceeding",
            expr=f"({success}\n> on (instance) group_left ({LABELS}) {self.expected(OWN_KINDS)})\n"
            f"and on (instance) ({starts})",
            for_="10m",
            severity="critical",
            summary=f"{JOB} has not succeeded for {{{{ $value | humanizeDuration }}}}",
            description="The job starts, but no run has succeeded in the time of two of its runs, so the newest good "
            f"snapshot gets too old. {LOGS}",
        )

    def missed(self, alert: str, kinds: Sequence[Kind], description: str) -> AlertRule:
        """Two runs in a row of a job's own schedule have not started."""
        return AlertRule(
            alert=alert,
            expr=self.late(kinds),
            for_="10m",
            severity="warning",
            summary=f"{JOB} last started {{{{ $value | humanizeDuration }}}} ago",
            description=f"{description} {LOGS}",
        )

    def overdue(self) -> AlertRule:
        return self.missed(
            "BackupOverdue",
            OWN_KINDS,
            "At least two consecutive runs of its own schedule were missed or ended without a report: the "
            "CronJob is gone or suspended, its pods do not start, or they cannot reach the Pushgateway.",
        )

    def never_run(self) -> AlertRule:
        new = f"{self.age(metrics.EXPECTED_SINCE)}\n> on (instance) group_left ({LABELS})"
        return AlertRule(
            alert="BackupNeverRun",
            expr=f"({new} clamp_min({self.expected()}, {NEVER}))\n"
            f"unless on (instance) {select(metrics.LAST_START, fleet=self.fleet)}",
            for_="10m",
            severity="warning",
            summary=f"{JOB} has never reported a run",
            description="The job has been expected for {{ $value | humanizeDuration }}, a day and two of its runs at "
            f"least, but there is no metric of it: it was not deployed, or its pods do not start. {LOGS}",
        )

    def restore_test_failed(self) -> AlertRule:
        tags = _positive(metrics.RESTORE_STATUS, "tag")
        return AlertRule(
            alert="BackupRestoreTestFailed",
            expr=self.told(f"{tags} or on (instance) {_positive(metrics.STATUS)}", ["restore-test"]),
            for_="1h",
            severity="critical",
            summary=f"{JOB} could not verify {{{{ if $labels.tag }}}}tag {{{{ $labels.tag }}}}"
            "{{ else }}the backups{{ end }} (exit code {{ $value }})",
            description="The drill could not restore or verify a snapshot, or ended before it could: nobody "
            f"knows whether this backup can be restored. {LOGS}",
        )

    def restore_test_stale(self) -> AlertRule:
        return self.missed(
            "BackupRestoreTestStale",
            ["restore-test"],
            "Two consecutive restore tests were missed, so nothing says that the backups can be restored: "
            "the CronJob is gone or suspended, or its pods do not start.",
        )

    def mirror_failed(self) -> AlertRule:
        return AlertRule(
            alert="BackupMirrorFailed",
            expr=self.told(
                f"{_positive(metrics.MIRROR_STATUS)} or on (instance) {_positive(metrics.STATUS)}", ["mirror"]
            ),
            for_="1h",
            severity="warning",
            summary=f"{JOB} failed with exit code {{{{ $value }}}}",
            description=f"The last run of the mirror failed; the second copy is not up to date. {LOGS}",
        )

    def mirror_stale(self) -> AlertRule:
        return self.missed(
            "BackupMirrorStale",
            ["mirror"],
            "Two consecutive runs of the mirror were missed: the second copy is freezing. The CronJob is "
            "gone or suspended, or its pods do not start.",
        )


def _positive(metric: str, *labels: str) -> str:
    return f"max by ({', '.join(('instance', *labels))}) ({select(metric, job=metrics.JOB)}) > 0"
