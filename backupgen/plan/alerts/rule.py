"""ResolvedFleet -> PrometheusRule: the alerts of the hand-written fleet, and those that it lacked.

Each alert is one rule that joins with the list of expected jobs, whatever the fleet's size. The names, severities and
meanings of the hand-written ones are kept; what they could not see is seen here: every exit code but 0 is told, a job's
own schedule sets its threshold, and silence is no success. What an alert says of its job are the labels of
`metrics.OF_JOB`.
"""

from collections.abc import Iterator, Mapping

from backupgen.conventions import naming
from backupgen.conventions.units import format_duration
from backupgen.grammars.go_template import as_template
from backupgen.plan.alerts.draft import Draft, ExpressionBuilder
from backupgen.plan.alerts.repositories import repository_alerts
from backupgen.plan.alerts.runs import run_alerts
from backupgen.plan.alerts.surroundings import infrastructure_alerts
from backupgen.plan.expectations import MonitoredJob, monitored_jobs, recordings
from backupgen.plan.facts.monitoring import AlertRule, PrometheusRule
from backupgen.plan.pods import fleet_meta
from backupgen.resolve.alerting import AlertChange, Alerts, OwnAlert
from backupgen.resolve.resolved import ResolvedFleet
from backupgen.schedule import CronExpr


def prometheus_rule(fleet: ResolvedFleet, schedules: Mapping[str, CronExpr]) -> PrometheusRule | None:
    """Derive the rules of a fleet; None for a fleet without `alerts`.

    `schedules` maps each job's name to the schedule that is rendered for it, yielded hours left out; its zone is the
    job's. Raises KeyError if a job that is not suspended has none.
    """
    if fleet.alerts is None:
        return None
    monitored = monitored_jobs(fleet, schedules)
    return PrometheusRule(
        meta=fleet_meta(fleet, naming.ALERTS, fleet.alerts.namespace, fleet.alerts.labels, fleet.alerts.annotations),
        expectations=recordings(fleet, monitored),
        alerts=(
            *(
                _finish(draft, change, fleet)
                for draft in _drafts(fleet, fleet.alerts, monitored, schedules)
                if (change := fleet.alerts.change(draft.alert)).enabled
            ),
            *(_own(own, fleet.alerts, fleet.name) for own in fleet.alerts.own),
        ),
    )


def _drafts(
    fleet: ResolvedFleet, wanted: Alerts, monitored: tuple[MonitoredJob, ...], schedules: Mapping[str, CronExpr]
) -> Iterator[Draft]:
    expr = ExpressionBuilder(fleet.name)
    expected = [item for item in monitored if item.max_success_age]
    yield from run_alerts(wanted, expr, expected)
    yield from repository_alerts(fleet, wanted, expr, expected, schedules)
    yield from infrastructure_alerts(fleet, wanted, expr)


def _finish(draft: Draft, change: AlertChange, fleet: ResolvedFleet) -> AlertRule:
    alerts = fleet.alerts
    assert alerts is not None  # noqa: S101 (who calls has looked)
    own = {"severity": change.severity or draft.severity, "fleet": fleet.name}
    runbook = {"runbook": naming.runbook_of_alert(draft.alert)}
    if alerts.runbooks:
        runbook = {"runbook_url": f"{as_template(alerts.runbooks)}/{naming.alert_page(draft.alert)}"}
    return AlertRule(
        alert=draft.alert,
        expr=draft.expr,
        for_=format_duration(change.for_ or draft.for_),
        labels={**alerts.alert_labels, **change.labels, **own},
        annotations={"summary": draft.summary, "description": draft.description, **runbook},
    )


def _own(alert: OwnAlert, alerts: Alerts, fleet: str) -> AlertRule:
    described = {"description": alert.description} if alert.description else {}
    return AlertRule(
        alert=alert.name,
        expr=alert.expr,
        for_=format_duration(alert.for_),
        labels={**alerts.alert_labels, **alert.labels, "severity": alert.severity, "fleet": fleet},
        annotations={"summary": alert.summary, **described},
    )
