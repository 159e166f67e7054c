"""What the jobs report to, and what watches them."""

from typing import Annotated

from pydantic import Field, PlainValidator, StrictInt, WithJsonSchema

from backupgen.conventions.alert_names import ALERT_NAMES
from backupgen.diagnostics.wording import listed
from backupgen.language import scalars as s
from backupgen.language.schema.model import Model


class Ntfy(Model):
    """The ntfy topic that failures are sent to."""

    server: s.Line
    """The server's URL."""
    topic: s.Topic
    """The topic. On a public server it is a password: choose one that cannot be guessed."""
    auth: s.Bool | None = None
    """Whether the server wants credentials; they are the value `ntfy-credentials`, as `user:password` or a token."""
    priority: Annotated[StrictInt, Field(ge=1, le=5)] | None = None
    """The priority, 1 to 5; 4 by default."""
    tags: tuple[s.Tag, ...] | None = None
    """Tags, shown as emoji; `bangbang` by default."""
    title: s.Line | None = None
    """The title; `<hostname> - Backup failed` by default."""
    pod_labels: s.Labels | None = None
    """The labels of the server's pods, where it runs in this cluster."""


class Pushgateway(Model):
    """The Prometheus Pushgateway that the jobs report to."""

    url: s.Line
    """Its URL."""
    pod_labels: s.Labels | None = None
    """The labels of its pods; needed for network policies, where it runs in this cluster."""


def _alert_name(value: object) -> str:
    if isinstance(value, str) and value in ALERT_NAMES:
        return value
    from difflib import get_close_matches

    near = get_close_matches(str(value), ALERT_NAMES, 1)
    hint = f"did you mean `{near[0]}`?" if near else f"they are {listed(ALERT_NAMES)}"
    raise s.refuse(f"`{s.shown(value)}` is none of the compiler's alerts", hint)


AlertName = Annotated[str, PlainValidator(_alert_name), WithJsonSchema({"type": "string", "enum": [*ALERT_NAMES]})]


AlertLabels = dict[s.LabelName, s.Text]


class AlertChange(Model):
    """What is different about one of the compiler's alerts."""

    enabled: s.Bool | None = None
    """Whether it is rendered; yes by default."""
    severity: s.LabelName | None = None
    """Another severity."""
    for_: s.Duration | None = Field(default=None, alias="for")
    """How long its condition holds before it fires."""
    threshold: s.Percent | None = None
    """From which share on: of the deadline for `BackupNearDeadline`, of the quota for `BackupRepositoryNearQuota`;
    80% by default. The others' thresholds follow from schedules."""
    labels: AlertLabels | None = None
    """Further labels of it, for Alertmanager's routes."""


class OwnAlert(Model):
    """An alert of your own, rendered beside the compiler's."""

    expr: s.Text
    """Its condition, in PromQL."""
    for_: s.Duration | None = Field(default=None, alias="for")
    """How long the condition holds before it fires; 5m by default."""
    severity: s.LabelName | None = None
    """Its severity; `warning` by default."""
    summary: s.Text
    """What happened, in one line."""
    description: s.Text | None = None
    """What it means, and what to do."""
    labels: AlertLabels | None = None
    """Further labels of it."""


class Prometheus(Model):
    """The pods of Prometheus, which the network policies let in to scrape."""

    namespace: s.DnsLabel | None = None
    """Their namespace; that of the alerts by default."""
    pod_labels: Annotated[s.Labels, Field(min_length=1)] | None = None
    """Their labels; `app.kubernetes.io/name: prometheus` by default, as Prometheus Operator sets it."""


class Alerts(Model):
    """The PrometheusRule, and the ServiceMonitor of the fleet's own REST servers."""

    namespace: s.DnsLabel
    """Where it lies."""
    labels: s.Labels | None = None
    """The labels by which Prometheus finds it."""
    annotations: s.Annotations | None = None
    """Further annotations."""
    runbooks: s.Line | None = None
    """The URL of out/_runbooks for people, such as `https://git.example.org/home/src/branch/main/out/_runbooks`. Each
    alert's `runbook_url` begins with it; without it, alerts name the page's path only."""
    alert_labels: AlertLabels | None = None
    """Labels of every alert, for Alertmanager's routes."""
    kube_state_metrics: s.Bool | None = None
    """Whether kube-state-metrics is scraped, with its own labels honoured (as kube-prometheus-stack does it). With it,
    alerts also tell of jobs that were killed or never started, and of CronJobs that are gone; no by default."""
    prometheus: Prometheus | None = None
    """The pods of Prometheus, where they are not those of a Prometheus Operator beside the alerts."""
    rules: dict[AlertName, AlertChange] | None = None
    """What is different about the compiler's alerts, by name."""
    own: dict[s.LabelName, OwnAlert] | None = None
    """Alerts of your own, by name."""


class Dashboard(Model):
    """The Grafana dashboard, a ConfigMap for Grafana's sidecar."""

    namespace: s.DnsLabel
    """Where it lies."""
    labels: s.Labels | None = None
    """The labels by which Grafana's sidecar finds it."""
    annotations: s.Annotations | None = None
    """Further annotations, such as the folder."""
