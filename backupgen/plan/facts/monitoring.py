"""What watches the fleet: the rules of Prometheus, as an object and as files of promtool, and the dashboard."""

from typing import NamedTuple

from backupgen.plan.facts.manifest import Meta, manifest
from backupgen.plan.panel import Panel
from backupgen.resolve.resolved import StringMap


class AlertRule(NamedTuple):
    """An alerting rule."""

    alert: str
    expr: str
    for_: str
    labels: StringMap
    annotations: StringMap


class RecordingRule(NamedTuple):
    """A recording rule: a constant of the fleet as a series, or what is remembered of one."""

    record: str
    expr: str
    labels: StringMap


@manifest("prometheus-rule.yaml.j2", "monitoring.coreos.com/v1", "PrometheusRule")
class PrometheusRule(NamedTuple):
    """All rules of the fleet."""

    meta: Meta
    expectations: tuple[RecordingRule, ...]
    alerts: tuple[AlertRule, ...]


@manifest("rule-file.yaml.j2")
class RuleFile(NamedTuple):
    """The same rules as a file of Prometheus, for the tests: promtool reads no PrometheusRule."""

    name: str
    expectations: tuple[RecordingRule, ...]
    alerts: tuple[AlertRule, ...]


class RuleCheck(NamedTuple):
    """What an expression yields at a time of a story: exactly these samples."""

    time: str
    expr: str
    samples: tuple[tuple[str, int | float], ...]
    """Series and value."""


class RuleStory(NamedTuple):
    """A test of promtool."""

    name: str
    interval: str
    """The time between two samples of a series."""
    series: tuple[tuple[str, str], ...]
    """Series and values, in promtool's notation."""
    checks: tuple[RuleCheck, ...]


@manifest("rule-tests.yaml.j2")
class RuleTests(NamedTuple):
    """A file of tests of promtool."""

    rule_file: str
    """The file with the rules, beside it."""
    interval: str
    """The time between two evaluations."""
    stories: tuple[RuleStory, ...]


@manifest("service-monitor.yaml.j2", "monitoring.coreos.com/v1", "ServiceMonitor")
class ServiceMonitor(NamedTuple):
    """Tells Prometheus Operator to scrape a Service of the fleet's own."""

    meta: Meta
    selector: StringMap
    port: str
    """The port's name."""


@manifest("dashboard-configmap.yaml.j2", "v1", "ConfigMap")
class DashboardConfigMap(NamedTuple):
    """The Grafana dashboard for Grafana's sidecar."""

    meta: Meta
    title: str
    uid: str
    instances: str
    """The series whose instances can be chosen."""
    runbooks: str
    """The address of the runbooks, without a slash at its end; empty: there is none."""
    panels: tuple[Panel, ...]
