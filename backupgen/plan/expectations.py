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

from collections.abc import Mapping
from typing import NamedTuple

from backupgen.conventions import metrics
from backupgen.conventions.roles import PodRole
from backupgen.plan.facts.monitoring import RecordingRule
from backupgen.plan.promql import select
from backupgen.resolve.resolved import Job, Operation, ResolvedFleet, StringMap
from backupgen.resolve.targets import MAX_SHRINK
from backupgen.schedule import CronExpr, load_zone, longest_gaps

MEMORY = "6h"
"""For how long Prometheus itself may be down without forgetting. A longer one would cost more at each evaluation."""


class MonitoredJob(NamedTuple):
    """A job of the fleet, as alerts name it."""

    job: Job
    role: PodRole
    repository: str
    target: str
    """What it backs up; empty if it is not a backup."""
    mirror: str
    """The mirror that it makes or tests; empty if there is none."""
    max_shrink: int
    """By how many percent its snapshots may shrink."""
    max_success_age: int
    """How old its last success may be, in seconds; 0 if it is not expected to run."""


def monitored_jobs(fleet: ResolvedFleet, schedules: Mapping[str, CronExpr]) -> tuple[MonitoredJob, ...]:
    """List every job. Suspended ones, and those that never fire, are not expected to run.

    `schedules` maps a job's name to its effective schedule, in the job's zone. Raises KeyError for a job without one.
    """
    return tuple(_monitored(operation, schedules[operation.job.name]) for operation in fleet.operations())


def _monitored(operation: Operation, schedule: CronExpr) -> MonitoredJob:
    job, target, mirror = operation.job, operation.target, operation.mirror
    return MonitoredJob(
        job=job,
        role=operation.role,
        repository=operation.repository.name,
        target=target.name if target is not None else "",
        mirror=mirror.name if mirror is not None else "",
        max_shrink=target.max_shrink if target is not None else MAX_SHRINK,
        max_success_age=0 if job.suspend else overdue_after(job, schedule) or 0,
    )


def expectations(fleet: ResolvedFleet, schedules: Mapping[str, CronExpr]) -> tuple[MonitoredJob, ...]:
    """List the jobs that are expected to run. Raises KeyError as `monitored_jobs` does."""
    return tuple(item for item in monitored_jobs(fleet, schedules) if item.max_success_age)


def overdue_after(job: Job, schedule: CronExpr) -> int | None:
    """After how many seconds without a run too many in a row are missed for certain; None: it never runs."""
    missed = longest_gaps(schedule, load_zone(job.timezone), job.missed_slots + 1)
    return None if missed is None else missed + job.start_within + job.deadline + job.grace


def recordings(fleet: ResolvedFleet, monitored: tuple[MonitoredJob, ...]) -> tuple[RecordingRule, ...]:
    """Return the rules that record what is expected, constants first."""
    name = fleet.name
    expected = [item for item in monitored if item.max_success_age]
    shrinking = [item for item in expected if item.role is PodRole.BACKUP and item.max_shrink != MAX_SHRINK]
    sized = [repository for repository in fleet.repositories if repository.quota is not None]
    return (
        *(_constant(metrics.EXPECTED_WITHIN, name, item, str(item.max_success_age)) for item in expected),
        *(_of_instance(name, item.job) for item in monitored),
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


def _constant(record: str, fleet: str, item: MonitoredJob, value: str) -> RecordingRule:
    labels = {
        "fleet": fleet,
        "instance": item.job.instance,
        "namespace": item.job.namespace,
        "cronjob": item.job.name,
        "kind": item.role.value,
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
