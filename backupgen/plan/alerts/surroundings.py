"""The alerts about what surrounds the jobs: Kubernetes, as kube-state-metrics sees it, and the scraping.

kube-state-metrics has to keep its own labels (`honorLabels`), so that `namespace` is the object's. Its metrics are
those of its documentation (docs/metrics/workload: job, cronjob, pod).
"""

from collections.abc import Iterator

from backupgen.conventions import metrics
from backupgen.grammars.go_template import as_template
from backupgen.plan.alerts.draft import JOB, LOGS, Draft, ExpressionBuilder
from backupgen.plan.promql import select
from backupgen.resolve.alerting import Alerts
from backupgen.resolve.resolved import ResolvedFleet

KUBE_METRICS = (
    "kube_job_owner",
    "kube_job_status_start_time",
    "kube_job_failed",
    "kube_pod_owner",
    "kube_pod_status_phase",
    "kube_pod_init_container_status_running",
    "kube_cronjob_info",
    "kube_cronjob_spec_suspend",
)
"""What is read of kube-state-metrics."""

_OWNERS = (
    'label_replace(max by (namespace, job_name, owner_name) (kube_job_owner{owner_kind="CronJob"}), '
    '"cronjob", "$1", "owner_name", "(.+)")'
)
"""Each Job of a CronJob, with its CronJob's name."""


def infrastructure_alerts(fleet: ResolvedFleet, wanted: Alerts, expr: ExpressionBuilder) -> Iterator[Draft]:
    """The alerts about the surroundings of a fleet."""
    yield _not_in_fleet(fleet)
    yield _labels_lost()
    if wanted.kube_state_metrics:
        yield _job_killed(expr)
        yield _job_stuck(expr)
        yield _cronjob_missing(expr)


def _not_in_fleet(fleet: ResolvedFleet) -> Draft:
    # Of every fleet that this Prometheus knows: several may share one Pushgateway.
    group = f"{_pushgateway(fleet)}/metrics/job/{metrics.JOB}/instance/{{{{ $labels.instance }}}}"
    return Draft(
        alert="BackupNotInFleet",
        expr=f"{ExpressionBuilder.last(metrics.START)}\nunless on (instance) {metrics.JOB_DEADLINE}",
        for_=3600,
        severity="warning",
        summary="{{ $labels.instance }} has reported, but no fleet has it",
        description="The Pushgateway never forgets a group by itself. If the target was removed or renamed, delete its "
        f"group: curl -X DELETE {group}. If it should be backed up, it is missing in fleet.yaml.",
    )


def _pushgateway(fleet: ResolvedFleet) -> str:
    return as_template(fleet.pushgateway.location.text.rstrip("/")) if fleet.pushgateway is not None else ""


def _labels_lost() -> Draft:
    return Draft(
        alert="BackupLabelsLost",
        expr=f"count by (job, instance) ({select(metrics.START, exported_job=metrics.JOB)})",
        for_=900,
        severity="critical",
        summary="Prometheus does not keep the labels of what the backups push",
        description="The Pushgateway is scraped by job {{ $labels.job }} without `honor_labels: true` (in a "
        "ServiceMonitor: `honorLabels: true`), so no alert about a backup can fire: nobody knows whose metrics these "
        "are.",
    )


def _jobs(expr: ExpressionBuilder) -> str:
    return f"group by ({', '.join(metrics.OF_JOB)}) ({expr.expected()})"


def _of_cronjob(jobs: str) -> str:
    """Values by namespace and Job -> the greatest by namespace and CronJob."""
    return f"max by (namespace, cronjob) (\n{_OWNERS}\n* on (namespace, job_name) group_left () ({jobs})\n)"


def _job_killed(expr: ExpressionBuilder) -> Draft:
    failed = (
        "max by (namespace, job_name) (kube_job_status_start_time)\n"
        'and on (namespace, job_name) kube_job_failed{condition="true"} == 1'
    )
    last = select(metrics.LAST_START, fleet=expr.fleet)
    since = select(metrics.EXPECTED_SINCE, fleet=expr.fleet)
    return Draft(
        alert="BackupJobKilled",
        # A report of this Job would be newer than the Job.
        expr=f"time() - (\n{_jobs(expr)}\n* on (namespace, cronjob) group_left () {_of_cronjob(failed)}\n"
        f"> on (instance) group_left () ({last} or on (instance) {since} * 0)\n)",
        for_=300,
        severity="critical",
        summary=f"{JOB} failed without a report, in a Job begun {{{{ $value | humanizeDuration }}}} ago",
        description="Kubernetes says that the Job has failed, but none of its pods has reported anything: none started "
        f"before the deadline, or it was killed (memory, eviction, a lost node). {LOGS}",
    )


def _job_stuck(expr: ExpressionBuilder) -> Draft:
    waiting = (
        'kube_pod_owner{owner_kind="Job"}\n'
        'and on (namespace, pod) kube_pod_status_phase{phase="Pending"} == 1\n'
        # Pods count as pending while their dumps run.
        "unless on (namespace, pod) kube_pod_init_container_status_running == 1"
    )
    jobs = f'max by (namespace, job_name) (label_replace(\n{waiting},\n"job_name", "$1", "owner_name", "(.+)"))'
    return Draft(
        alert="BackupJobStuck",
        expr=f"{_jobs(expr)}\n* on (namespace, cronjob) group_left () {_of_cronjob(jobs)}",
        for_=300,
        severity="warning",
        summary=f"a pod of {JOB} does not start",
        description="A pod waits for a node, for the app's pod beside which it has to run, for its image, or for a "
        f"Secret, ConfigMap or volume that is not there. {LOGS}",
    )


def _cronjob_missing(expr: ExpressionBuilder) -> Draft:
    return Draft(
        alert="BackupCronJobMissing",
        expr=f"{_jobs(expr)}\nunless on (namespace, cronjob) (\n"
        "kube_cronjob_info unless on (namespace, cronjob) kube_cronjob_spec_suspend == 1\n)\n"
        # Without kube-state-metrics nothing is known.
        "and on () count(kube_cronjob_info)",
        for_=900,
        severity="critical",
        summary=f"CronJob {JOB} is not in the cluster, or is suspended",
        description="The fleet expects the CronJob to run. It was not applied, was deleted, or was suspended by hand "
        f"and forgotten. {LOGS}",
    )
