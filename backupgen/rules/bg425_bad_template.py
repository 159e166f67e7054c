"""BG425: a text of an alert that Prometheus would refuse as a template."""

from collections.abc import Iterator, Mapping

from backupgen.diagnostics import CodeInfo, Finding, NodePath, Severity
from backupgen.grammars.go_template import template_error
from backupgen.resolve.alerting import Alerts
from backupgen.rules.base import Rule, RuleContext, finding

INFO = CodeInfo(
    code="BG425",
    slug="bad-template",
    severity=Severity.ERROR,
    summary="A label, summary or description of an alert is not a template that Prometheus can read.",
    why="Prometheus refuses the whole group of rules then, and so every alert of the fleet with it.",
    fix='Correct what stands between the braces; braces that are meant as such are written `{{ "{{" }}`.',
    bad='pushgateway: {…}\nalerts: {own: {Full: {expr: up == 0, summary: "{{ $labels.instance is full"}}, …}',
    good='pushgateway: {…}\nalerts: {own: {Full: {expr: up == 0, summary: "{{ $labels.instance }} is full"}}, …}',
)


def check(context: RuleContext) -> Iterator[Finding]:
    """Report each text of the fleet that lands in a label or an annotation of an alert."""
    alerts = context.fleet.alerts
    for path, text in _texts(alerts) if alerts is not None else ():
        if error := template_error(text):
            yield finding(INFO, f"Prometheus cannot take this as a template: {error}", path, INFO.fix)


def _texts(alerts: Alerts) -> Iterator[tuple[NodePath, str]]:
    yield from _labels(alerts.alert_labels, ("alerts", "alert_labels"))
    for name, change in alerts.changes.items():
        yield from _labels(change.labels, ("alerts", "rules", name, "labels"))
    for own in alerts.own:
        path: NodePath = ("alerts", "own", own.name)
        yield (*path, "summary"), own.summary
        yield (*path, "description"), own.description
        yield from _labels(own.labels, (*path, "labels"))


def _labels(labels: Mapping[str, str], path: NodePath) -> Iterator[tuple[NodePath, str]]:
    for key, value in labels.items():
        yield (*path, key), value


RULE = Rule(INFO, check)
