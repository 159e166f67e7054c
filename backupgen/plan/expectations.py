"""What the fleet expects of its jobs, as recorded series: the list of jobs, how late each may be, and a memory.

The list is what alerts join with. So a job that has never reported, one whose group a restarted Pushgateway has
forgotten, and one that is no longer in the fleet are told apart, and a removed job raises nothing though its group
lives on.

A threshold is the longest time from a slot to the second one after it, plus all by which a punctual run may differ: it
starts late (`start_within`), runs until the deadline, ends slowly (`grace`); metrics arrive when a run ends. One
missed run stays below it, two never do. The two gaps are measured together, since twice the longest gap would be hours
too much for a schedule that leaves out some hours.
"""

from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple

from backupgen.fleet import metrics
from backupgen.fleet.resolved import Job, ResolvedFleet
from backupgen.plan.model import RecordingRule
from backupgen.plan.promql import select
from backupgen.schedule import CronExpr, load_zone
from backupgen.schedule.spans import longest_two_gaps

Kind = Literal["backup", "retention", "restore-test", "mirror"]

MEMORY = "6h"
"""For how long Prometheus itself may be down without forgetting. A longer one would cost more at each evaluation."""


class Expectation(NamedTuple):
    """A job that is expected to run."""

    job: Job
    kind: Kind
    repository: str
    target: str
    within: int
    """The greatest age of the last start, in seconds, that is in order."""


def expectations(fleet: ResolvedFleet, schedules: Mapping[str, CronExpr]) -> tuple[Expectation, ...]:
    """List the jobs that are expected to run: not the suspended ones, nor those that never fire.

    `schedules` maps a job's name to its effective schedule, in the job's zone. Raises KeyError for a job without one.
    """
    found = []
    for kind, repository, target, job in _jobs(fleet):
        if not job.suspend:
            within = overdue_after(job, schedules[job.name])
            if within is not None:
                found.append(Expectation(job, kind, repository, target, within))
    return tuple(found)


def overdue_after(job: Job, schedule: CronExpr) -> int | None:
    """After how many seconds without a run two in a row are missed for certain; None for a job that never runs."""
    missed = longest_two_gaps(schedule, load_zone(job.timezone))
    return None if missed is None else missed + job.start_within + job.deadline + job.grace


def _jobs(fleet: ResolvedFleet) -> Iterator[tuple[Kind, str, str, Job]]:
    for target in fleet.targets:
        yield "backup", target.repository, target.name, target.job
    for repository in fleet.repositories:
        if repository.retention:
            yield "retention", repository.name, "", repository.retention.job
        if repository.restore_test:
            yield "restore-test", repository.name, "", repository.restore_test.job
        for mirror in repository.mirrors:
            yield "mirror", repository.name, "", mirror.job
            if mirror.restore_test:
                yield "restore-test", repository.name, "", mirror.restore_test.job


def recordings(fleet: str, expected: tuple[Expectation, ...]) -> tuple[RecordingRule, ...]:
    """Return the rules that record the expectations of the fleet of that name, constants first."""
    return (
        *(_constant(metrics.EXPECTED_WITHIN, fleet, item, item.within) for item in expected),
        *(_constant(metrics.EXPECTED_DEADLINE, fleet, item, item.job.deadline) for item in expected),
        _memory(metrics.EXPECTED_SINCE, fleet, f"group by (instance) ({_list(fleet)}) * time()", lasting=True),
        _memory(metrics.LAST_START, fleet, _latest(metrics.START)),
        _memory(metrics.LAST_SUCCESS_SEEN, fleet, _latest(metrics.LAST_SUCCESS)),
    )


def _constant(record: str, fleet: str, item: Expectation, value: int) -> RecordingRule:
    labels = {
        "fleet": fleet,
        "instance": item.job.instance,
        "namespace": item.job.namespace,
        "cronjob": item.job.name,
        "kind": item.kind,
        "repository": item.repository,
    }
    return RecordingRule(record, f"vector({value})", labels | ({"target": item.target} if item.target else {}))


def _list(fleet: str) -> str:
    return select(metrics.EXPECTED_WITHIN, fleet=fleet)


def _latest(metric: str) -> str:
    return f"max by (instance) ({select(metric, job=metrics.JOB)})"


def _memory(record: str, fleet: str, now: str, *, lasting: bool = False) -> RecordingRule:
    """A rule that falls back on its own last value; a `lasting` one keeps its first. Jobs that left are forgotten."""
    before = f"max by (instance) (last_over_time({select(record, fleet=fleet)}[{MEMORY}]))"
    either = f"{before}\nor on (instance) {now}" if lasting else f"{now}\nor on (instance) {before}"
    return RecordingRule(record, f"({either})\nand on (instance) {_list(fleet)}", {"fleet": fleet})
