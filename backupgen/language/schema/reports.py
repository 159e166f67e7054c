"""What the jobs report to, and what watches them."""

from typing import Annotated

from pydantic import Field, PlainValidator, StrictInt, WithJsonSchema

from backupgen.conventions.alert_names import ALERT_NAMES
from backupgen.diagnostics.wording import did_you_mean, listed
from backupgen.language import patterns
from backupgen.language import scalars as s
from backupgen.language.refusals import refuse, shown
from backupgen.language.schema.model import Model, optional, required, whole


class Ntfy(Model):
    """The ntfy topic that failures are sent to."""

    server: s.Line = required(
        schema=whole(patterns.HTTP_URL), examples=["https://ntfy.sh", "http://ntfy.tools.svc:8080"]
    )
    """The server's URL."""
    topic: s.Topic = required(examples=["backup-7f3a"])
    """The topic. On a public server it is a password: choose one that cannot be guessed."""
    auth: s.Bool | None = optional(default=False)
    """Whether the server wants credentials; they are the value `ntfy-credentials`, as `user:password` or a token."""
    priority: Annotated[StrictInt, Field(ge=1, le=5)] | None = optional(default=4, examples=[4])
    """The priority, 1 to 5."""
    tags: tuple[s.Tag, ...] | None = optional(default=["bangbang"], examples=[["warning", "floppy_disk"]])
    """Tags, shown as emoji."""
    title: s.Line | None = optional(follows="`<hostname> - Backup failed`", examples=["backup failed"])
    """The title."""
    pod_labels: s.Selector | None = optional(examples=[{"app": "ntfy"}])
    """The labels of the server's pods, where it runs in this cluster."""


class Pushgateway(Model):
    """The Prometheus Pushgateway that the jobs report to."""

    url: s.Line = required(
        schema=whole(patterns.HTTP_URL), examples=["http://prometheus-pushgateway.monitoring.svc:9091"]
    )
    """Its URL."""
    pod_labels: s.Selector | None = optional(examples=[{"app.kubernetes.io/name": "prometheus-pushgateway"}])
    """The labels of its pods; needed for network policies, where it runs in this cluster."""


def _alert_name(value: object) -> str:
    if isinstance(value, str) and value in ALERT_NAMES:
        return value
    hint = did_you_mean(str(value), ALERT_NAMES, f"they are {listed(ALERT_NAMES)}")
    raise refuse(f"`{shown(value)}` is none of the compiler's alerts", hint)


AlertName = Annotated[str, PlainValidator(_alert_name), WithJsonSchema({"type": "string", "enum": [*ALERT_NAMES]})]


AlertLabels = dict[s.LabelName, s.Text]


class AlertChange(Model):
    """What is different about one of the compiler's alerts."""

    enabled: s.Bool | None = optional(default=True)
    """Whether it is rendered."""
    severity: s.LabelName | None = optional(examples=["page"])
    """Another severity."""
    for_: s.Duration | None = optional(alias="for", examples=["15m"])
    """How long its condition holds before it fires."""
    threshold: s.Percent | None = optional(follows="80%", examples=["90%"])
    """From which share on: of the deadline for `BackupNearDeadline`, of the quota for `BackupRepositoryNearQuota`.
    The others' thresholds follow from schedules."""
    labels: AlertLabels | None = optional(examples=[{"team": "night"}])
    """Further labels of it, for Alertmanager's routes."""


class OwnAlert(Model):
    """An alert of your own, rendered beside the compiler's."""

    expr: s.Text = required(examples=['node_filesystem_avail_bytes{mountpoint="/pool"} < 50e9'])
    """Its condition, in PromQL."""
    for_: s.Duration | None = optional(alias="for", default="5m", examples=["30m"])
    """How long the condition holds before it fires."""
    severity: s.LabelName | None = optional(default="warning")
    """Its severity."""
    summary: s.Text = required(examples=["the pool has less than 50 GB left"])
    """What happened, in one line."""
    description: s.Text | None = optional(examples=["Give it a disk."])
    """What it means, and what to do."""
    labels: AlertLabels | None = optional(examples=[{"team": "home"}])
    """Further labels of it."""


class Prometheus(Model):
    """The pods of Prometheus, which the network policies let in to scrape."""

    namespace: s.DnsLabel | None = optional(follows="that of the alerts", examples=["monitoring"])
    """Their namespace."""
    pod_labels: s.Selector | None = optional(
        default={"app.kubernetes.io/name": "prometheus"}, examples=[{"app.kubernetes.io/name": "prometheus"}]
    )
    """Their labels; Prometheus Operator sets those of the default."""


class Alerts(Model):
    """The PrometheusRule, and the ServiceMonitor of the fleet's own REST servers."""

    namespace: s.DnsLabel = required(examples=["monitoring"])
    """Where it lies."""
    labels: s.Labels | None = optional(examples=[{"release": "kube-prometheus-stack"}])
    """The labels by which Prometheus finds it."""
    annotations: s.Annotations | None = optional(examples=[{"example.com/owner": "platform"}])
    """Further annotations."""
    runbooks: s.Line | None = optional(
        schema=whole(patterns.HTTP_URL), examples=["https://git.example.org/home/src/branch/main/out/_runbooks"]
    )
    """The URL of out/_runbooks for people, such as `https://git.example.org/home/src/branch/main/out/_runbooks`. Each
    alert's `runbook_url` begins with it; without it, alerts name the page's path only."""
    alert_labels: AlertLabels | None = optional(examples=[{"team": "home"}])
    """Labels of every alert, for Alertmanager's routes."""
    kube_state_metrics: s.Bool | None = optional(default=False)
    """Whether kube-state-metrics is scraped, with its own labels honoured (as kube-prometheus-stack does it). With it,
    alerts also tell of jobs that were killed or never started, and of CronJobs that are gone."""
    prometheus: Prometheus | None = None
    """The pods of Prometheus, where they are not those of a Prometheus Operator beside the alerts."""
    rules: dict[AlertName, AlertChange] | None = optional(examples=[{"BackupNearDeadline": {"threshold": "90%"}}])
    """What is different about the compiler's alerts, by name."""
    own: dict[s.LabelName, OwnAlert] | None = optional(
        examples=[{"PoolAlmostFull": {"expr": "pool_free_bytes < 50e9", "summary": "the pool is almost full"}}]
    )
    """Alerts of your own, by name."""


class Dashboard(Model):
    """The Grafana dashboard, a ConfigMap for Grafana's sidecar."""

    namespace: s.DnsLabel = required(examples=["monitoring"])
    """Where it lies."""
    labels: s.Labels | None = optional(examples=[{"grafana_dashboard": "1"}])
    """The labels by which Grafana's sidecar finds it."""
    annotations: s.Annotations | None = optional(examples=[{"grafana_folder": "Backups"}])
    """Further annotations, such as the folder."""
