"""The rehearsal of a fleet: one step after the other, each with a verdict."""

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Final

from backupgen.adapters.rehearsal.enclosure import EnclosureError
from backupgen.adapters.rehearsal.sources import Source
from backupgen.adapters.rehearsal.stage import Stage
from backupgen.adapters.rehearsal.volumes import place_of
from backupgen.conventions.roles import PodRole
from backupgen.plan.facts.workloads import Mount
from backupgen.rehearsal.course import Course, Known
from backupgen.rehearsal.environment import ConfigError
from backupgen.rehearsal.job import COMPLETE, Job
from backupgen.rehearsal.outcome import JobEnd, Rehearsal, Step, Verdict, judge_job
from backupgen.rehearsal.pod import Container, Pod, StagedVolume
from backupgen.resolve.resolved import Mirror, Operation, Repository, Target

_ID: Final = re.compile(r'"id": *"([0-9a-f]{64})"')
_SAVED: Final = re.compile(r"^snapshot ([0-9a-f]{8,}) saved$", re.MULTILINE)
_ROUNDS: Final = 3
"""How often the first target is backed up, so that the retention has something to forget.

Of two snapshots restic keeps both: the newest, and the oldest while a keep rule is not used up.
"""
_AGAIN: Final = "again, for the retention to choose from"
_INIT: Final = "restic init && restic cat config --no-lock"
_INIT_MIRROR: Final = """
export RESTIC_FROM_REPOSITORY="$RESTIC_REPOSITORY" RESTIC_FROM_PASSWORD="$RESTIC_PASSWORD"
export RESTIC_REPOSITORY="$MIRROR_RESTIC_REPOSITORY" RESTIC_PASSWORD="${MIRROR_RESTIC_PASSWORD:-$RESTIC_PASSWORD}"
restic init --copy-chunker-params && restic cat config --no-lock"""
_RESTORE: Final = """
[ -z "${MIRROR_RESTIC_REPOSITORY:-}" ] || export RESTIC_REPOSITORY="$MIRROR_RESTIC_REPOSITORY" \\
  RESTIC_PASSWORD="${MIRROR_RESTIC_PASSWORD:-$RESTIC_PASSWORD}"
number=0
failed=0
for tag; do
  restic restore latest --no-lock --tag "$tag" --target "/rehearsal/$number" || failed=$?
  number=$((number + 1))
done
exit "$failed"
"""
_COPY: Final = "MIRROR_RESTIC_REPOSITORY"
_SCRATCH: Final = "/rehearsal"
_PATIENCE: Final = 600
"""Seconds for a step that is no CronJob of the fleet."""


class Rehearser:
    """Runs a course on a stage."""

    def __init__(self, stage: Stage, course: Course, begin: Callable[[str], None]) -> None:
        """`begin` is called with the name of each step that begins."""
        self._stage = stage
        self._course = course
        self._begin = begin
        self._known = Known()
        self._sources: dict[str, Source] = {}

    def run(self) -> Rehearsal:
        """Run everything; a step that fails does not keep the others from being run, unless they need it."""
        started = time.monotonic()
        steps = tuple(self._steps())
        seconds = time.monotonic() - started
        users = self._stage.enclosure.users.difference
        differences = (*self._course.differences(self._known), *([users] if users else []))
        return Rehearsal(self._course.fleet.name, steps, seconds, differences)

    def _steps(self) -> Iterator[Step]:
        servers = list(self._start_servers())
        yield from servers
        broken = any(step.verdict is not Verdict.OK for step in servers)
        for repository in self._course.repositories:
            yield from self._repository(repository, broken="a server did not start" if broken else "")

    # --- servers ------------------------------------------------------------------------------------------------------

    def _start_servers(self) -> Iterator[Step]:
        changed, servers = self._course.stand_ins(self._stage.value_of)
        self._known = replace(self._known, replaced=changed)
        self._stage.prepare(servers)
        for server in servers:
            host = server.host.removesuffix(".cluster.local").removesuffix(".svc")
            yield self._attempt("server", f"{server.kind} {host}", "", partial(self._stage.start, server))
        for repository in self._course.repositories:
            if repository.server is not None:
                name, namespace = repository.server.name, repository.server.namespace
                yield self._attempt("server", name, namespace, partial(self._stage.start_deployment, namespace, name))

    def _attempt(self, phase: str, name: str, namespace: str, action: Callable[[], object]) -> Step:
        """A step that is no Job."""
        self._begin(f"{phase} {name}" if phase == "server" else f"sample data for {name}")
        started = time.monotonic()
        step = Step(phase, name, namespace, Verdict.OK)
        try:
            action()
        except (EnclosureError, ConfigError) as error:
            reason, _, log = str(error).partition("\n")
            step = replace(step, verdict=Verdict.FAILED, reason=reason, log=log)
        return replace(step, seconds=time.monotonic() - started)

    # --- repositories -------------------------------------------------------------------------------------------------

    def _repository(self, repository: Repository, broken: str) -> Iterator[Step]:
        operations = tuple(self._course.operations(repository))
        if broken:
            yield from (_not_run(operation, broken) for operation in operations)
            return
        initialised = self._initialise(operations[0], repository.name, _INIT, "RESTIC_REPOSITORY")
        yield initialised
        if initialised.verdict is not Verdict.OK:
            yield from (_not_run(operation, "the repository was not initialised") for operation in operations)
            return
        backups = [operation for operation in operations if operation.role is PodRole.BACKUP]
        yield from self._back_up(backups)
        for operation in operations:
            if operation.copy is not None:
                yield from self._mirror(operation, operation.copy)
            elif operation.role is not PodRole.BACKUP:
                yield self._operate(operation)
        if not repository.mirrors:
            yield self._restore(backups[0], f"from {repository.name}")

    def _initialise(self, operation: Operation, name: str, script: str, variable: str) -> Step:
        """Make a repository; `variable` is the one with its URL."""
        step, end = self._by_hand("init", name, operation, ("sh", "-c", script))
        found = _ID.search(end.log) if end is not None else None
        if step.verdict is Verdict.OK and found is None:
            return replace(step, verdict=Verdict.FAILED, reason="restic tells no id")
        if found is not None:
            url = self._pod(operation).containers[0].environment[variable]
            self._known = replace(self._known, ids={**self._known.ids, name: found[1], url: found[1]})
        return step

    def _back_up(self, backups: list[Operation]) -> Iterator[Step]:
        rounds = [(operation, 0) for operation in backups]
        rounds += [(backups[0], round_) for round_ in range(1, _ROUNDS)]
        for operation, round_ in rounds:
            made = None if operation.target is None else self._make_source(operation, operation.target, round_)
            step = self._operate(operation) if made is None else made
            yield replace(step, notes=(*step.notes, _AGAIN)) if round_ else step

    def _make_source(self, operation: Operation, target: Target, round_: int) -> Step | None:
        """Make or change what is backed up; a step only if that fails."""

        def make() -> None:
            if target.name not in self._sources:
                self._sources[target.name] = Source(self._stage, target, self._pod(operation))
            self._sources[target.name].change(round_)

        step = self._attempt("backup", operation.job.name, operation.job.namespace, make)
        return None if step.verdict is Verdict.OK else step

    def _mirror(self, operation: Operation, mirror: Mirror) -> Iterator[Step]:
        if mirror.method == "restic_copy":
            made = self._initialise(operation, f"{operation.repository.name}/{mirror.name}", _INIT_MIRROR, _COPY)
            yield made
            if made.verdict is not Verdict.OK:
                yield _not_run(operation, "its repository was not initialised")
                return
        step = self._operate(operation)
        yield step
        if step.verdict is Verdict.OK:
            yield self._restore(operation, f"from {mirror.name}")
        else:
            yield Step("restore", f"from {mirror.name}", "", Verdict.NOT_RUN, "there is no mirror")

    # --- Jobs ---------------------------------------------------------------------------------------------------------

    def _pod(self, operation: Operation) -> Pod:
        changes = self._course.changes(operation, self._stage.value_of, self._known)
        return self._stage.pod(self._course.cron_job(operation), changes)

    def _operate(self, operation: Operation) -> Step:
        """Run a CronJob's Job."""
        job = operation.job
        self._begin(f"{operation.role.phrase} {job.name}")
        step = Step(operation.role.phrase, job.name, job.namespace, Verdict.FAILED)
        try:
            changes = self._course.changes(operation, self._stage.value_of, self._known)
            end = self._stage.run(job.namespace, job.name, changes)
        except ConfigError as error:
            return replace(step, reason=f"CreateContainerConfigError: {error}")
        except EnclosureError as error:
            return replace(step, reason=str(error))
        reports = self._course.fleet.pushgateway is not None
        verdict, reason = judge_job(end, reports=reports)
        source = self._sources.get(operation.target.name) if operation.target is not None else None
        return replace(
            step,
            verdict=verdict,
            reason=reason,
            exit_codes=tuple(pod.exit_code for pod in end.pods),
            seconds=end.seconds,
            metrics=len(end.metrics) if reports else None,
            snapshots=_snapshots(operation, end),
            notifications=end.notifications,
            notes=source.notes if source is not None else (),
            log=end.log if verdict is not Verdict.OK else "",
        )

    def _by_hand(
        self,
        phase: str,
        name: str,
        operation: Operation,
        arguments: tuple[str, ...],
        scratch: StagedVolume | None = None,
    ) -> tuple[Step, JobEnd | None]:
        """Run a command in a pod such as an operation's, without its volumes."""
        self._begin(f"{phase} {name}")
        step = Step(phase, name, operation.job.namespace, Verdict.FAILED)
        try:
            pod = _bare(self._pod(operation), arguments, scratch)
            self._stage.own_places(pod)
            job = Job(f"{phase}-{operation.job.name}", pod.namespace, _PATIENCE, 0, (), {})
            end = self._stage.run_pod(job, pod)
        except (ConfigError, EnclosureError) as error:
            return replace(step, reason=str(error)), None
        step = replace(step, exit_codes=tuple(pod.exit_code for pod in end.pods), seconds=end.seconds)
        if end.ending != COMPLETE:
            return replace(step, reason=end.ending.reason, log=end.log), end
        return replace(step, verdict=Verdict.OK), end

    def _restore(self, operation: Operation, name: str) -> Step:
        """Restore every tag, and compare what comes back with what was backed up."""
        targets = [one for one in self._course.targets_of(operation.repository) if one.name in self._sources]
        scratch = StagedVolume("scratch", place=f"rehearsal/{operation.job.name}")
        arguments = ("sh", "-c", _RESTORE, "sh", *(target.tag for target in targets))
        step, _ = self._by_hand("restore", name, operation, arguments, scratch)
        if step.verdict is not Verdict.OK:
            return step
        place = place_of(self._stage.enclosure, scratch.place)
        results = [self._sources[one.name].faults_of(f"{place}/{number}") for number, one in enumerate(targets)]
        wrong = [fault for _, faults in results for fault in faults]
        files = sum(count for count, _ in results)
        step = replace(step, snapshots=f"{len(targets)} restored", notes=(f"{files} files as they were",))
        if wrong:
            return replace(step, verdict=Verdict.FAILED, reason=wrong[0], log="".join(f"{one}\n" for one in wrong))
        return step


def _not_run(operation: Operation, reason: str) -> Step:
    return Step(operation.role.phrase, operation.job.name, operation.job.namespace, Verdict.NOT_RUN, reason)


def _bare(pod: Pod, arguments: tuple[str, ...], scratch: StagedVolume | None) -> Pod:
    """The pod with one container, which runs something else and has none of the volumes that outlive it."""
    volumes = {volume.name: volume for volume in pod.volumes if not volume.place}
    container: Container = pod.containers[0]
    mounts = tuple(mount for mount in container.mounts if mount.volume in volumes)
    if scratch is not None:
        volumes[scratch.name] = scratch
        mounts = (*mounts, Mount(scratch.name, _SCRATCH))
    container = container._replace(arguments=arguments, mounts=mounts)
    return pod._replace(init_containers=(), containers=(container,), volumes=tuple(volumes.values()))


def _snapshots(operation: Operation, end: JobEnd) -> str:
    """What a Job did to snapshots, in few words."""
    match operation.role:
        case PodRole.BACKUP:
            return ", ".join(found[:8] for found in _SAVED.findall(end.log))
        case PodRole.RETENTION:
            kept = [value for name, value in end.metrics.items() if name.startswith("backup_repository_snapshots")]
            return f"{sum(kept):.0f} kept" if kept else ""
        case PodRole.RESTORE_TEST:
            tested = [name for name in end.metrics if name.startswith("backup_restore_status")]
            return f"{len(tested)} tested" if tested else ""
        case PodRole.MIRROR:
            copied = end.metrics.get("backup_mirror_snapshots")
            return f"{copied:.0f} copied" if copied is not None else ""
        case _:
            return ""
