"""ResolvedFleet -> DashboardConfigMap: the Grafana dashboard, its panels and where they stand.

Each query reads what the scripts push, what the fleet's rules record, or Prometheus' own series of alerts. The list of
expected jobs and their thresholds come from the rules, so the dashboard of a fleet without `alerts` says less.
"""

from collections.abc import Iterable, Iterator

from backupgen.conventions import metrics, naming
from backupgen.plan.facts.monitoring import DashboardConfigMap
from backupgen.plan.panel import Panel
from backupgen.plan.panels import panels
from backupgen.plan.pods import fleet_meta
from backupgen.plan.promql import select
from backupgen.resolve.resolved import ResolvedFleet

WIDTH = 24
"""The columns of Grafana's grid."""


def dashboard(fleet: ResolvedFleet) -> DashboardConfigMap | None:
    """Derive the dashboard; None for a fleet without `dashboard`."""
    if fleet.dashboard is None:
        return None
    wanted = fleet.dashboard
    runbooks = fleet.alerts.runbooks if fleet.alerts is not None else ""
    expected = select(metrics.EXPECTED_WITHIN, fleet=fleet.name)
    return DashboardConfigMap(
        meta=fleet_meta(fleet, naming.DASHBOARD, wanted.namespace, wanted.labels, wanted.annotations),
        title=f"Backups of {fleet.name}",
        uid=naming.dashboard_uid(fleet.name),
        instances=select(metrics.START, job=metrics.JOB) if fleet.alerts is None else expected,
        runbooks=runbooks,
        panels=tuple(_placed(panels(fleet, runbooks))),
    )


def _placed(panels: Iterable[Panel]) -> Iterator[Panel]:
    """Put the panels beside each other, in rows as high as their highest panel."""
    x = y = row = 0
    for panel in panels:
        if x + panel.width > WIDTH:
            x, y, row = 0, y + row, 0
        yield panel._replace(x=x, y=y)
        x, row = x + panel.width, max(row, panel.height)
