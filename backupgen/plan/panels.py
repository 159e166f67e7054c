"""The panels of the dashboard, in the order in which somebody on call looks at them.

First whether everything is protected, and what is wrong since when; then each target and each job of the repositories,
what ran in the last day, and at last how things went before.
"""

from collections.abc import Iterable, Iterator

from backupgen.conventions import metrics, naming
from backupgen.plan import panel as look
from backupgen.plan.panel import LabelColumn, Look, Panel, Query
from backupgen.plan.series import Series
from backupgen.resolve.resolved import ResolvedFleet

Column = tuple[str, str, Look]
"""A query's expression, legend and look."""

JOB = LabelColumn("instance", "Job")
NAMESPACE = LabelColumn("namespace", "Namespace")


def panels(fleet: ResolvedFleet, runbooks: str) -> Iterator[Panel]:
    """Yield the panels, not yet placed. `runbooks` is an address without a slash at its end, or empty."""
    series = Series(fleet)
    if series.recorded:
        yield from _overview(series)
        yield _alerts(series, runbooks)
        yield _targets(fleet, series, runbooks)
        if any(operation.target is None for operation in fleet.operations()):
            yield _repository_jobs(series)
    else:
        yield _pushed_jobs(series)
    yield from _timelines(fleet, series)
    yield from _operations(fleet, series)
    yield from _history(series)
    yield from _sizes(fleet, series)


def _overview(series: Series) -> Iterator[Panel]:
    size = (6, 4)
    expected, on_time = series.expected(), series.on_time(metrics.LAST_SUCCESS_SEEN)
    text = "Yes: no job's last success is older than it may be. Jobs that are suspended are not expected."
    unprotected = f"count({expected}) - (count({on_time}) or vector(0))"
    yield _panel("stat", "Is everything protected?", text, size, (unprotected, "", look.PROTECTED))
    # Where nothing is expected, the rules are not there: then nothing is known, instead of nothing wrong.
    none = f"0 * count({expected})"
    text = "The alerts that are firing."
    yield _panel("stat", "Alerts", text, size, (f"count({series.alerts()}) or {none}", "", look.ALERTS))
    text = "The expected jobs whose last run ended with another exit code than 0."
    failed = f"count({series.last(metrics.STATUS)} > 0 and on (instance) {expected}) or {none}"
    yield _panel("stat", "Last run failed", text, size, (failed, "", look.FAILURES))
    text = "The expected jobs that have missed more runs than they may, or never reported one."
    missing = f"count({expected} unless on (instance) ({series.on_time(metrics.LAST_START)})) or {none}"
    yield _panel("stat", "Overdue or never run", text, size, (missing, "", look.FAILURES))


def _alerts(series: Series, runbooks: str) -> Panel:
    return _panel(
        "table",
        "What is wrong",
        "The alerts that are firing, and since when what they tell of has been so.",
        (24, 6),
        (series.alerts_since(), "Since", look.SINCE),
        columns=(
            LabelColumn("alertname", "Alert", _page(runbooks, naming.alert_page(look.CELL))),
            LabelColumn("severity", "Severity"),
            _target(runbooks),
            JOB,
            LabelColumn("tag", "Tag"),
            LabelColumn("repository", "Repository"),
            NAMESPACE,
        ),
    )._replace(no_value="No alert is firing")


def _targets(fleet: ResolvedFleet, series: Series, runbooks: str) -> Panel:
    repositories = fleet.repositories
    tested = any(repository.restore_test for repository in repositories)
    mirrored = any(repository.mirrors for repository in repositories)
    return _panel(
        "table",
        "Targets",
        "The last success may be as old as `Allowed`, which follows from the schedule. `Tested` and `Mirrored` say how "
        "long ago the last restore test and the last good run of every mirror ended.",
        (24, 10),
        *_ages(series, "backup"),
        (series.last(metrics.STATUS, "backup"), "Last run", look.CODE),
        *_durations(series, "backup"),
        (series.last(metrics.SNAPSHOT_BYTES, "backup"), "Size", look.BYTES),
        *([(series.restored(fleet), "Restore test", look.CODE)] if tested else []),
        *([(series.tested_ago(fleet), "Tested", look.DURATION)] if tested else []),
        *([(series.mirrored_ago(), "Mirrored", look.DURATION)] if mirrored else []),
        columns=(JOB, _target(runbooks), NAMESPACE),
        sort_by="Of allowed",
    )


def _repository_jobs(series: Series) -> Panel:
    kinds = ("retention", "restore-test", "mirror")
    return _panel(
        "table",
        "Retention, restore tests and mirrors",
        "The last success may be as old as `Allowed`, which follows from the schedule.",
        (24, 6),
        *_ages(series, *kinds),
        (series.last(metrics.STATUS, *kinds), "Last run", look.CODE),
        *_durations(series, *kinds),
        columns=(JOB, LabelColumn("kind", "Kind"), NAMESPACE),
        sort_by="Of allowed",
    )


def _pushed_jobs(series: Series) -> Panel:
    return _panel(
        "table",
        "Jobs",
        "The last run of each job that has reported.",
        (24, 10),
        (f"time() - {series.last(metrics.LAST_SUCCESS)}", "Last success", look.DURATION),
        (f"time() - {series.last(metrics.START)}", "Last start", look.DURATION),
        (series.last(metrics.STATUS), "Last run", look.CODE),
        (series.last(metrics.DURATION), "Duration", look.DURATION),
        (series.last(metrics.SNAPSHOT_BYTES), "Size", look.BYTES),
        columns=(JOB,),
        sort_by="Last success",
    )


def _ages(series: Series, *kinds: str) -> tuple[Column, ...]:
    return (
        (series.allowed(*kinds), "Allowed", look.DURATION),
        (series.success_age(*kinds), "Last success", look.DURATION),
        (f"({series.success_age(*kinds)})\n/ on (instance) {series.within(*kinds)}", "Of allowed", look.OF_ALLOWED),
    )


def _durations(series: Series, *kinds: str) -> tuple[Column, ...]:
    duration = series.last(metrics.DURATION, *kinds)
    return (
        (duration, "Duration", look.DURATION),
        (f"({duration})\n/ on (instance) {series.deadline(*kinds)}", "Of deadline", look.OF_DEADLINE),
    )


def _timelines(fleet: ResolvedFleet, series: Series) -> Iterator[Panel]:
    size = (24, 12)
    text = (
        "What ran when, and how it ended. A bar begins with its run and goes on for five minutes after it, so that "
        "short ones are seen; a run is known when it has ended."
    )
    runs = (series.runs(max((job.deadline for job in fleet.jobs()), default=0)), "{{instance}}", look.RUN)
    yield _panel("state-timeline", "The last 24 hours", text, size, runs)._replace(last_day=True)
    text = "The exit code of the last run over time."
    status = (series.last(metrics.STATUS), "{{instance}}", look.CODE)
    yield _panel("state-timeline", "History", text, size, status)


def _operations(fleet: ResolvedFleet, series: Series) -> Iterator[Panel]:
    if any(repository.restore_test for repository in fleet.repositories):
        yield _panel(
            "table",
            "Restore tests",
            "The last drill, by tag: exit code 72 says that a verify rule found something else than it expected.",
            (12, 8),
            (series.last_by(metrics.RESTORE_STATUS, "instance", "tag"), "Result", look.CODE),
            (series.last_by(metrics.RESTORE_AGE, "instance", "tag"), "Age of the snapshot", look.SNAPSHOT_AGE),
            (series.last_by(metrics.RESTORE_SIZE, "instance", "tag"), "Restored", look.BYTES),
            columns=(LabelColumn("tag", "Tag"), JOB),
        )
    if any(repository.mirrors for repository in fleet.repositories):
        yield _panel(
            "table",
            "Mirrors",
            "The last run of each mirror. A failed one leaves the second copy as it was.",
            (12, 8),
            (series.last(metrics.MIRROR_STATUS), "Result", look.CODE),
            (f"time() - {series.last(metrics.MIRROR_TIME)}", "Ended", look.DURATION),
            (series.last(metrics.MIRROR_SNAPSHOTS), "Snapshots", look.NUMBER),
            columns=(JOB,),
        )


def _history(series: Series) -> Iterator[Panel]:
    duration = series.last(metrics.DURATION)
    text = "How long the last run took."
    yield _panel("timeseries", "Duration", text, (12, 8), (duration, "{{instance}}", look.DURATION))
    if series.recorded:
        text = "How much of its deadline the last run took. At the deadline it is ended."
        share = (f"{duration} / on (instance) {series.deadline()}", "{{instance}}", look.OF_DEADLINE)
        yield _panel("timeseries", "Duration against deadline", text, (12, 8), share)


def _sizes(fleet: ResolvedFleet, series: Series) -> Iterator[Panel]:
    text = "The size of the source in the last snapshot. A sudden drop may be lost data."
    size = (series.last(metrics.SNAPSHOT_BYTES), "{{instance}}", look.BYTES)
    yield _panel("timeseries", "Size", text, (12, 8), size)
    if any(repository.restore_test for repository in fleet.repositories):
        size = (series.last_by(metrics.RESTORE_SIZE, "instance", "tag"), "{{tag}} ({{instance}})", look.BYTES)
        yield _panel("timeseries", "Restored size", "What the drill restored, by tag.", (12, 8), size)
    if any(repository.retention for repository in fleet.repositories):
        title, text = "Snapshots in the repository", "How many snapshots each tag has after the retention."
        count = (series.last_by(metrics.REPOSITORY_SNAPSHOTS, "tag"), "{{tag}}", look.NUMBER)
        yield _panel("timeseries", title, text, (12, 8), count)
    if series.recorded and any(repository.quota is not None for repository in fleet.repositories):
        title, text = "Repository against its quota", "How much of its quota the repository's snapshots need."
        yield _panel("timeseries", title, text, (12, 8), (series.of_quota(), "{{repository}}", look.OF_DEADLINE))


def _target(runbooks: str) -> LabelColumn:
    return LabelColumn("target", "Target", _page(runbooks, naming.target_page(look.CELL)))


def _page(runbooks: str, page: str) -> str:
    return f"{runbooks}/{page}" if runbooks else ""


def _panel(
    kind: look.Kind,
    title: str,
    description: str,
    size: tuple[int, int],
    *queries: Column,
    columns: Iterable[LabelColumn] = (),
    sort_by: str = "",
) -> Panel:
    named = (Query(chr(ord("A") + index), *column) for index, column in enumerate(queries))
    return Panel(kind, title, description, tuple(named), *size, columns=tuple(columns), sort_by=sort_by)
