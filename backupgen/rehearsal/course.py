"""The course of a rehearsal: what is run of a fleet, in which order, and what is different from the cluster."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from backupgen.conventions import naming
from backupgen.rehearsal.cluster import Cluster, Object
from backupgen.rehearsal.environment import environment_of
from backupgen.rehearsal.job import job_of
from backupgen.rehearsal.plan_file import restricted
from backupgen.rehearsal.pod import Changes
from backupgen.rehearsal.samples import is_lowered
from backupgen.rehearsal.stand_ins import Replaced, StandIn, replaced, replacements, stand_ins
from backupgen.rehearsal.values import ValueOf
from backupgen.resolve.resolved import Operation, Repository, ResolvedFleet, Target

_PLAN: Final = "plan.sh"
_HOOKS: Final = ("PRE_HOOK", "POST_HOOK")
_PINS: Final[Mapping[str, str]] = MappingProxyType(
    {"RESTIC_REPOSITORY_ID": "RESTIC_REPOSITORY", "MIRROR_REPOSITORY_ID": "MIRROR_RESTIC_REPOSITORY"}
)
"""The variable that pins a repository's id -> the one with its URL."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known only once a rehearsal has begun."""

    replaced: tuple[Replaced, ...] = ()
    ids: Mapping[str, str] = field(default_factory=dict)
    """The ids of the throw-away repositories, by URL; and by the name that the fleet gives a repository."""


@dataclass(frozen=True, slots=True)
class Course:
    """What is rehearsed of a fleet."""

    fleet: ResolvedFleet
    cluster: Cluster
    targets: tuple[Target, ...]

    @property
    def repositories(self) -> tuple[Repository, ...]:
        """The repositories of the rehearsed targets."""
        names = {target.repository for target in self.targets}
        return tuple(one for one in self.fleet.repositories if one.name in names)

    def targets_of(self, repository: Repository) -> tuple[Target, ...]:
        """The rehearsed targets that a repository holds."""
        return tuple(target for target in self.targets if target.repository == repository.name)

    def operations(self, repository: Repository) -> Iterator[Operation]:
        """Yield what is run of a repository: the backups of the rehearsed targets, then its own operations."""
        targets = self.targets_of(repository)
        for operation in self.fleet.operations():
            if operation.repository == repository and (operation.target is None or operation.target in targets):
                yield operation

    def cron_job(self, operation: Operation) -> Object:
        """Return the rendered CronJob of an operation."""
        return self.cluster.objects[("CronJob", operation.job.namespace, operation.job.name)]

    def stand_ins(self, value_of: ValueOf) -> tuple[tuple[Replaced, ...], tuple[StandIn, ...]]:
        """Return the repositories that get another URL, and the servers to start. Raises ConfigError."""
        environments = tuple(self._environments(value_of))
        changed = replacements(environments)
        after = tuple({**environment, **replaced(environment, changed)} for environment in environments)
        return changed, stand_ins(after, self.cluster)

    def servers(self) -> tuple[StandIn, ...]:
        """Return the servers to start, without their true users."""
        return self.stand_ins(lambda name: name)[1]

    def _environments(self, value_of: ValueOf) -> Iterator[dict[str, str]]:
        """The environment of every container that is run."""
        for repository in self.repositories:
            for operation in self.operations(repository):
                for container in self._containers(operation):
                    yield environment_of(container, operation.job.namespace, self.cluster, value_of, {})

    def _containers(self, operation: Operation) -> tuple[Object, ...]:
        spec = job_of(self.cron_job(operation)).template["spec"]
        return (*spec.get("initContainers", ()), *spec["containers"])

    def changes(self, operation: Operation, value_of: ValueOf, known: Known) -> Changes:
        """Return what a rehearsal has different from a rendered CronJob. Raises ConfigError."""
        container = self._containers(operation)[-1]
        environment = environment_of(container, operation.job.namespace, self.cluster, value_of, {})
        altered = replaced(environment, known.replaced)
        altered |= {hook: _hook(hook) for hook in _HOOKS if hook in environment}
        reached = {**environment, **altered}
        own = known.ids.get(operation.repository.name, "")
        for pin, variable in _PINS.items():
            if pin in environment:
                altered[pin] = known.ids.get(reached.get(variable, ""), own)
        return Changes(environment=altered, files=self._plan(operation))

    def _plan(self, operation: Operation) -> dict[str, dict[str, str]]:
        """The plan of a job on the whole repository, without the targets that are not rehearsed."""
        name = naming.plan(operation.job.name)
        found = self.cluster.find("ConfigMap", operation.job.namespace, name)
        if found is None:
            return {}
        tags = {target.tag for target in self.targets_of(operation.repository)}
        return {name: {_PLAN: restricted(found["data"][_PLAN], tags)}}

    def differences(self, known: Known) -> tuple[str, ...]:
        """Say what is not as in the cluster, for the whole rehearsal."""
        return tuple(self._differences(known))

    def _differences(self, known: Known) -> Iterator[str]:
        for url, instead in known.replaced:
            yield f"{url} is {instead} here: no server can stand in under its own name"
        pinned = [repository.name for repository in self.repositories if repository.id is not None]
        if pinned:
            yield f"the pinned id is that of a repository made for the rehearsal ({', '.join(pinned)})"
        for target in self.targets:
            if target.before:
                yield f"the hooks of `{target.name}` are not run: the app is not here"
        large = [rule.file for target in self.targets for rule in target.verify if is_lowered(rule)]
        if large:
            yield f"less sample data than the verify rules ask for, and so lowered in the plan: {', '.join(large)}"


def _hook(name: str) -> str:
    return f"echo '{name} is not run in a rehearsal: the app is not here'"


def chosen(fleet: ResolvedFleet, names: Iterable[str]) -> tuple[tuple[Target, ...], tuple[str, ...]]:
    """Return the targets of these names (all, if there is none), and the names that the fleet does not have."""
    wanted = tuple(dict.fromkeys(names))
    known = {target.name for target in fleet.targets}
    unknown = tuple(name for name in wanted if name not in known)
    return tuple(target for target in fleet.targets if not wanted or target.name in wanted), unknown
