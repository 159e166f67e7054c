"""What became of a rehearsal: of each container, pod and Job, and the verdicts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from backupgen.rehearsal.job import Ending


class ContainerEnd(NamedTuple):
    """How a container ended."""

    name: str
    exit_code: int
    """128 and the number of the signal, if one ended it."""
    seconds: float
    log: str


class PodEnd(NamedTuple):
    """How a pod ended."""

    name: str
    containers: tuple[ContainerEnd, ...]
    stopped: bool
    """Whether it was ended from without, because the Job's time was over."""
    killed: bool
    """Whether it had to be killed, because its grace period was over as well."""

    @property
    def exit_codes(self) -> dict[str, int]:
        """The exit codes of its containers."""
        return {one.name: one.exit_code for one in self.containers}

    @property
    def exit_code(self) -> int:
        """The first exit code that is none of success, or 0."""
        return next((code for code in self.exit_codes.values() if code), 0)


@dataclass(frozen=True, slots=True)
class JobEnd:
    """How a Job ended, and what it told others."""

    name: str
    ending: Ending
    pods: tuple[PodEnd, ...]
    seconds: float
    metrics: Mapping[str, float] = field(default_factory=dict)
    """The series that it pushed: `name` or `name{label="value"}`, without the group's labels."""
    notifications: tuple[str, ...] = ()
    """The titles of the notifications that it sent."""

    @property
    def log(self) -> str:
        """What its pods printed, one after the other."""
        return "".join(container.log for pod in self.pods for container in pod.containers)


class Verdict(StrEnum):
    """What a step of a rehearsal came to."""

    OK = "ok"
    FAILED = "failed"
    NOT_RUN = "not run"


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a rehearsal's table."""

    phase: str
    name: str
    namespace: str
    verdict: Verdict
    reason: str = ""
    """Why it failed or did not run."""
    exit_codes: tuple[int, ...] = ()
    """One a pod."""
    seconds: float = 0.0
    metrics: int | None = None
    """How many series were pushed; None: it pushes none."""
    snapshots: str = ""
    """The id of the snapshot that it made, or how many it had to do with."""
    notifications: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    """What was not as in the cluster."""
    log: str = ""


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """The whole of it."""

    fleet: str
    steps: tuple[Step, ...]
    seconds: float
    differences: tuple[str, ...]
    """What was not as in the cluster, for all steps."""

    @property
    def failed(self) -> bool:
        """Whether a step failed or did not run."""
        return any(step.verdict is not Verdict.OK for step in self.steps)


def judge_job(end: JobEnd, *, reports: bool) -> tuple[Verdict, str]:
    """Judge a Job that should have succeeded: it is complete, and its success has arrived at the Pushgateway."""
    if not end.ending.complete:
        return Verdict.FAILED, end.ending.reason
    if not reports:
        return Verdict.OK, ""
    if not end.metrics:
        return Verdict.FAILED, "no metrics arrived"
    status = end.metrics.get('backup_status{status="success"}')
    return (Verdict.OK, "") if status == 0 else (Verdict.FAILED, "the metrics say that it failed")
