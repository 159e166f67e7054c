"""What the fleet expects of its jobs, as recorded series: the list of jobs, how late each may be, and a memory.

The list is what alerts join with. So a job that has never reported, one whose group a restarted Pushgateway has
forgotten, and one that is no longer in the fleet are told apart, and a removed job raises nothing though its group
lives on.

A threshold is the longest time from a slot to the second one after it (to the one after those that may be missed,
where the fleet says how many), plus all by which a punctual run may differ: it starts late (`start_within`), runs until
the deadline, ends slowly (`grace`); metrics arrive when a run ends. One missed run stays below it, two never do. The
gaps are measured together, since twice the longest gap would be hours too much for a schedule that leaves out some
hours.
"""

from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple

from backupgen.conventions import metrics
from backupgen.plan.alert_rules import RecordingRule
from backupgen.plan.promql import select
from backupgen.resolve.resolved import Job, ResolvedFleet, StringMap
from backupgen.resolve.targets import MAX_SHRINK
from backupgen.schedule import CronExpr, load_zone, longest_gaps

Kind = Literal["backup", "retention", "restore-test", "mirror"]

MEMORY = "6h"
"""For how long Prometheus itself may be down without forgetting. A longer one would cost more at each evaluation."""


class Watched(NamedTuple):
    """A job of the fleet, as alerts name it."""

    job: Job
    kind: Kind
    repository: str
    target: str = ""
    """What it backs up, if it does."""
    mirror: str = ""
    """The mirror that it makes or tests, if it does."""
    max_shrink: int = MAX_SHRINK
    """By how many percent its snapshots may shrink."""
    within: int = 0
    """The greatest age of the last start, in seconds, that is in order; 0: it is not expected to run."""


def watched_jobs(fleet: ResolvedFleet, schedules: Mapping[str, CronExpr]) -> tuple[Watched, ...]:
    """List every job. Suspended ones, and those that never fire, are not expected to run.

    `schedules` maps a job's name to its effective schedule, in the job's zone. Raises KeyError for a job without one.
    """
    return tuple(
        item if item.job.suspend else item._replace(within=overdue_after(item.job, schedules[item.job.name]) or 0)
        for item in _jobs(fleet)
    )


def expectations(fleet: ResolvedFleet, schedules: Mapping[str, CronExpr]) -> tuple[Watched, ...]:
    """List the jobs that are expected to run. Raises KeyError as `watched_jobs` does."""
    return tuple(item for item in watched_jobs(fleet, schedules) if item.within)


def overdue_after(job: Job, schedule: CronExpr) -> int | None:
    """After how many seconds without a run too many in a row are missed for certain; None: it never runs."""
    missed = longest_gaps(schedule, load_zone(job.timezone), job.missed_slots + 1)
    return None if missed is None else missed + job.start_within + job.deadline + job.grace


def _jobs(fleet: ResolvedFleet) -> Iterator[Watched]:
    for target in fleet.targets:
        yield Watched(target.job, "backup", target.repository, target.name, max_shrink=target.max_shrink)
    for repository in fleet.repositories:
        if repository.retention:
            yield Watched(repository.retention.job, "retention", repository.name)
        if repository.restore_test:
            yield Watched(repository.restore_test.job, "restore-test", repository.name)
        for mirror in repository.mirrors:
            yield Watched(mirror.job, "mirror", repository.name, mirror=mirror.name)
            if mirror.restore_test:
                yield Watched(mirror.restore_test.job, "restore-test", repository.name, mirror=mirror.name)


def recordings(fleet: ResolvedFleet, watched: tuple[Watched, ...]) -> tuple[RecordingRule, ...]:
    """Return the rules that record what is expected, constants first."""
    name = fleet.name
    expected = [item for item in watched if item.within]
    shrinking = [item for item in expected if item.kind == "backup" and item.max_shrink != MAX_SHRINK]
    sized = [repository for repository in fleet.repositories if repository.quota is not None]
    return (
        *(_constant(metrics.EXPECTED_WITHIN, name, item, str(item.within)) for item in expected),
        *(_of_instance(name, item.job) for item in watched),
        *(_constant(metrics.MAX_SHRINK, name, item, f"{item.max_shrink / 100:g}") for item in shrinking),
        *(RecordingRule(metrics.QUOTA, f"vector({one.quota})", _of_repository(name, one.name)) for one in sized),
        _memory(metrics.EXPECTED_SINCE, name, f"group by (instance) ({_list(name)}) * time()", lasting=True),
        _memory(metrics.LAST_START, name, _latest(metrics.START)),
        _memory(metrics.LAST_SUCCESS_SEEN, name, _latest(metrics.LAST_SUCCESS)),
    )


def _of_instance(fleet: str, job: Job) -> RecordingRule:
    """With no more labels than needed: there is one for each job of the fleet."""
    return RecordingRule(metrics.JOB_DEADLINE, f"vector({job.deadline})", {"fleet": fleet, "instance": job.instance})


def _of_repository(fleet: str, repository: str) -> StringMap:
    return {"fleet": fleet, "repository": repository}


def _constant(record: str, fleet: str, item: Watched, value: str) -> RecordingRule:
    labels = {
        "fleet": fleet,
        "instance": item.job.instance,
        "namespace": item.job.namespace,
        "cronjob": item.job.name,
        "kind": item.kind,
        "repository": item.repository,
    }
    further = {"target": item.target, "mirror": item.mirror}
    return RecordingRule(record, f"vector({value})", labels | {key: text for key, text in further.items() if text})


def _list(fleet: str) -> str:
    return select(metrics.EXPECTED_WITHIN, fleet=fleet)


def _latest(metric: str) -> str:
    return f"max by (instance) ({select(metric, job=metrics.JOB)})"


def _memory(record: str, fleet: str, now: str, *, lasting: bool = False) -> RecordingRule:
    """A rule that falls back on its own last value; a `lasting` one keeps its first. Jobs that left are forgotten."""
    before = f"max by (instance) (last_over_time({select(record, fleet=fleet)}[{MEMORY}]))"
    either = f"{before}\nor on (instance) {now}" if lasting else f"{now}\nor on (instance) {before}"
    return RecordingRule(record, f"({either})\nand on (instance) {_list(fleet)}", {"fleet": fleet})
