"""ResolvedFleet -> DashboardConfigMap: the Grafana dashboard, its panels and their queries.

Each query reads what the scripts push or what the fleet's rules record. The list of expected jobs and their thresholds
come from the rules, so the dashboard of a fleet without `alerts` has no query that needs them.
"""

from collections.abc import Iterable, Iterator
from typing import Literal

from backupgen.fleet import metrics, naming
from backupgen.fleet.resolved import ResolvedFleet
from backupgen.plan.model import DashboardConfigMap, Panel, Query
from backupgen.plan.pods import fleet_meta
from backupgen.plan.promql import select

CHOSEN = 'instance=~"$instance"'
"""The dashboard's variable."""

WIDTH = 24
"""The columns of Grafana's grid."""

Column = tuple[str, str, str]
"""A query's expression, legend and unit."""


def dashboard(fleet: ResolvedFleet) -> DashboardConfigMap | None:
    """Derive the dashboard; None for a fleet without `dashboard`."""
    if fleet.dashboard is None:
        return None
    wanted = fleet.dashboard
    expected = select(metrics.EXPECTED_WITHIN, fleet=fleet.name)
    return DashboardConfigMap(
        meta=fleet_meta(fleet, naming.DASHBOARD, wanted.namespace, wanted.labels, wanted.annotations),
        title=f"Backups of {fleet.name}",
        uid=naming.dashboard_uid(fleet.name),
        instances=select(metrics.START, job=metrics.JOB) if fleet.alerts is None else expected,
        panels=tuple(_placed(_known(_panels(fleet), recorded=fleet.alerts is not None))),
    )


def _known(panels: Iterable[Panel], *, recorded: bool) -> Iterator[Panel]:
    """Leave out the queries of series that are not recorded, and panels without a query."""
    for panel in panels:
        queries = panel.queries
        if not recorded:
            names = [metric.name for metric in metrics.RECORDED]
            queries = tuple(query for query in queries if not any(name in query.expr for name in names))
        if queries:
            yield panel._replace(queries=queries)


def _placed(panels: Iterable[Panel]) -> Iterator[Panel]:
    """Put the panels beside each other, in rows as high as their highest panel."""
    x = y = row = 0
    for panel in panels:
        if x + panel.width > WIDTH:
            x, y, row = 0, y + row, 0
        yield panel._replace(x=x, y=y)
        x, row = x + panel.width, max(row, panel.height)


def _panels(fleet: ResolvedFleet) -> Iterator[Panel]:
    yield from _overview(fleet)
    yield from _runs(fleet)
    repositories = fleet.repositories
    if any(repository.retention for repository in repositories):
        title, text = "Snapshots in the repository", "How many snapshots each tag has after the retention."
        query = (_last(metrics.REPOSITORY_SNAPSHOTS, "tag"), "{{tag}}", "short")
        yield _panel("timeseries", title, text, (12, 8), query, by="tag")
    if any(repository.restore_test for repository in repositories):
        yield from _restores()
    if any(repository.mirrors for repository in repositories):
        title, text = "Mirrors", "The last run of each mirror. A failed one leaves the second copy as it was."
        yield _panel(
            "table",
            title,
            text,
            (12, 8),
            (_last(metrics.MIRROR_STATUS), "Exit code", "none"),
            (f"time() - {_last(metrics.MIRROR_TIME)}", "Last run ended", "s"),
            (_last(metrics.MIRROR_SNAPSHOTS), "Snapshots", "short"),
        )


def _overview(fleet: ResolvedFleet) -> Iterator[Panel]:
    expected = select(metrics.EXPECTED_WITHIN, CHOSEN, fleet=fleet.name)
    success = f"time() - {select(metrics.LAST_SUCCESS_SEEN, CHOSEN, fleet=fleet.name)} <= on (instance) {expected}"
    start = f"time() - {select(metrics.LAST_START, CHOSEN, fleet=fleet.name)} <= on (instance) {expected}"
    size = (6, 4)
    text = "The share of expected jobs whose last success is no older than two of their runs."
    share = f"(count({success}) or vector(0)) / count({expected})"
    yield _panel("stat", "Succeeded in time", text, size, (share, "", "percentunit"), good_from=1)
    text = "The jobs that the fleet expects to run: suspended ones are not."
    yield _panel("stat", "Expected jobs", text, size, (f"count({expected})", "", "none"))
    text = "The expected jobs whose last run ended with another exit code than 0."
    failed = f"count({_last(metrics.STATUS)} > 0 and on (instance) {expected}) or vector(0)"
    yield _panel("stat", "Last run failed", text, size, (failed, "", "none"), bad_from=1)
    text = "The expected jobs that have missed two runs, or never reported one."
    missing = f"count({expected} unless on (instance) ({start})) or vector(0)"
    yield _panel("stat", "Overdue or never run", text, size, (missing, "", "none"), bad_from=1)


def _runs(fleet: ResolvedFleet) -> Iterator[Panel]:
    within = f"max by (instance) ({select(metrics.EXPECTED_WITHIN, CHOSEN, fleet=fleet.name)})"
    deadline = f"max by (instance) ({select(metrics.JOB_DEADLINE, CHOSEN, fleet=fleet.name)})"
    yield _panel(
        "table",
        "Jobs",
        "The last run of each job. The last success may be as old as `Allowed`: one missed run is, two are not.",
        (24, 10),
        (f"time() - {_last(metrics.LAST_SUCCESS)}", "Last success", "s"),
        (within, "Allowed", "s"),
        (f"time() - {_last(metrics.START)}", "Last start", "s"),
        (_last(metrics.STATUS), "Exit code", "none"),
        (_last(metrics.DURATION), "Duration", "s"),
        (deadline, "Deadline", "s"),
        (_last(metrics.SNAPSHOT_BYTES), "Size", "bytes"),
        (_last(metrics.SNAPSHOT_FILES), "Files", "short"),
    )
    text = "The exit code of the last run over time: 0 is success, 3 an incomplete snapshot, 11 a locked repository."
    status = (_last(metrics.STATUS), "{{instance}}", "none")
    yield _panel("state-timeline", "History", text, (24, 8), status, bad_from=1)
    text = "How long the last run took."
    yield _panel("timeseries", "Duration", text, (12, 8), (_last(metrics.DURATION), "{{instance}}", "s"))
    text = "How much of its deadline the last run took. At the deadline it is ended."
    share = (f"{_last(metrics.DURATION)} / on (instance) {deadline}", "{{instance}}", "percentunit")
    yield _panel("timeseries", "Duration against deadline", text, (12, 8), share, bad_from=0.8)
    text = "The size of the source in the last snapshot. A sudden drop may be lost data."
    yield _panel("timeseries", "Size", text, (12, 8), (_last(metrics.SNAPSHOT_BYTES), "{{instance}}", "bytes"))


def _restores() -> Iterator[Panel]:
    yield _panel(
        "table",
        "Restore test",
        "The last drill, by tag. Exit code 72: a verify rule found something else than it expected.",
        (12, 8),
        (_last(metrics.RESTORE_STATUS, "tag"), "Exit code", "none"),
        (_last(metrics.RESTORE_AGE, "tag"), "Age of the snapshot", "s"),
        (_last(metrics.RESTORE_SIZE, "tag"), "Restored", "bytes"),
        by="tag",
    )
    size = (_last(metrics.RESTORE_SIZE, "tag"), "{{tag}}", "bytes")
    yield _panel("timeseries", "Restored size", "What the drill restored, by tag.", (12, 8), size, by="tag")


def _last(metric: str, by: str = "instance") -> str:
    """What was pushed last."""
    return f"max by ({by}) ({select(metric, CHOSEN, job=metrics.JOB)})"


def _panel(
    kind: Literal["stat", "table", "timeseries", "state-timeline"],
    title: str,
    description: str,
    size: tuple[int, int],
    *columns: Column,
    by: str = "instance",
    good_from: float | None = None,
    bad_from: float | None = None,
) -> Panel:
    queries = (Query(chr(ord("A") + index), *column) for index, column in enumerate(columns))
    return Panel(kind, title, description, tuple(queries), by, good_from, bad_from, 0, 0, *size)
