"""Running pods and Jobs: what kubelet and the Job controller do."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from backupgen.adapters.rehearsal.container import Launch, RunningContainer, command_of
from backupgen.adapters.rehearsal.enclosure import Enclosure
from backupgen.adapters.rehearsal.image import Image
from backupgen.adapters.rehearsal.network import Network
from backupgen.adapters.rehearsal.volumes import Volumes
from backupgen.rehearsal.job import DEADLINE, Ending, Job, after_pod
from backupgen.rehearsal.outcome import ContainerEnd, JobEnd, PodEnd
from backupgen.rehearsal.pod import Container, Pod

OnLine = Callable[[RunningContainer, str], None]


@dataclass(frozen=True, slots=True)
class Node:
    """The machine that the pods run on."""

    enclosure: Enclosure
    image: Image
    programs: Mapping[str, str]
    variables: Mapping[str, str] = field(default_factory=dict)
    """What kubelet adds to every container's environment."""

    def run_pod(self, pod: Pod, name: str, until: float | None, on_line: OnLine | None = None) -> PodEnd:
        """Run a pod to its end: the init containers one after the other, then the containers beside each other.

        At the time `until`, of the monotonic clock, it is asked to end, and killed after its grace period.
        """
        volumes = Volumes(self.enclosure, pod, name)
        run = _PodRun(until, pod.grace)
        try:
            for group in (*((one,) for one in pod.init_containers), pod.containers):
                started = [self.start(pod, one, name, volumes, on_line) for one in group]
                if not run.await_all(started):
                    break
        finally:
            volumes.remove()
        return PodEnd(name, tuple(run.ends), run.stopped, run.killed)

    def start(
        self,
        pod: Pod,
        container: Container,
        hostname: str,
        volumes: Volumes,
        on_line: OnLine | None = None,
        network: Network | None = None,
    ) -> RunningContainer:
        """Start one container of a pod; without a `network` of its own, in the one that the Jobs share."""
        launch = Launch(
            hostname=hostname[:63],
            uid=pod.uid,
            gid=pod.gid,
            groups=() if pod.fs_group is None else (pod.fs_group,),
            capabilities=container.capabilities,
            binds=volumes.binds(container),
            read_only_root=container.read_only_root,
            arguments=container.arguments,
        )
        environment = {"HOSTNAME": hostname[:63], **self.variables, **container.environment}
        command = command_of(self.enclosure, self.image, self.programs, launch)
        within = () if network is None else network.entrance
        return RunningContainer(self.enclosure, command, container.name, environment, on_line, within)

    def run_job(self, job: Job, pod: Pod, names: Iterator[str], on_line: OnLine | None = None) -> JobEnd:
        """Run a Job's pods until one succeeds, the attempts are used up, or its time is over.

        The pauses between the attempts, 10 s and more in a cluster, are left out.
        """
        started = time.monotonic()
        until = None if job.deadline is None else started + job.deadline
        pods: list[PodEnd] = []
        ending: Ending | None = None
        while ending is None:
            pods.append(self.run_pod(pod, next(names), until, on_line))
            ending = DEADLINE if pods[-1].stopped else after_pod(job, [one.exit_codes for one in pods])
        return JobEnd(job.name, ending, tuple(pods), time.monotonic() - started)


class _PodRun:
    """The containers of one pod, on their way to their ends."""

    def __init__(self, until: float | None, grace: int) -> None:
        self._until = until
        self._grace = grace
        self.ends: list[ContainerEnd] = []
        self.stopped = False
        self.killed = False

    def await_all(self, containers: list[RunningContainer]) -> bool:
        """Wait for all of them, within the time; whether all succeeded."""
        waiting = self._await(containers, self._until)
        if waiting:
            self.stopped = True
            for one in waiting:
                one.signal("TERM")
            waiting = self._await(waiting, time.monotonic() + self._grace)
        if waiting:
            self.killed = True
            for one in waiting:
                one.signal("KILL")
            self._await(waiting, None)
        return not self.stopped and all(end.exit_code == 0 for end in self.ends)

    def _await(self, containers: list[RunningContainer], until: float | None) -> list[RunningContainer]:
        """Wait for containers; return those that still run."""
        waiting: list[RunningContainer] = []
        for one in containers:
            end = one.wait(None if until is None else max(0.0, until - time.monotonic()))
            if end is None:
                waiting.append(one)
            else:
                self.ends.append(end)
        return waiting
