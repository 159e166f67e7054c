"""ResolvedFleet -> the Jobs that make its repositories, once, before their ids are pinned.

They are started by hand and are no part of out/: what Git holds is applied again and again. Such a Job borrows the
identity of a job of the fleet: its namespace, the Secret, and the labels by which the network policies and the server
know its pods. So what is in out/ has to be applied first, the Secrets filled in.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from backupgen.conventions import naming
from backupgen.conventions.roles import PodRole
from backupgen.plan.facts import workloads
from backupgen.plan.facts.manifest import Meta, Plan, Unit
from backupgen.plan.mirrors import copy_environment
from backupgen.plan.pods import (
    client_environment,
    maintenance_environment,
    run_environment,
    script_container,
    script_pod,
)
from backupgen.resolve.resolved import Job, Operation, ResolvedFleet

DEADLINE = 900
"""restic needs seconds; the rest is for the image and a server that is just starting."""


class _Identity(NamedTuple):
    """Whose identity the Job borrows, and how it finds the repository then."""

    job: Job
    role: PodRole
    secret: str
    environment: Mapping[str, str]


def bootstrap_plan(fleet: ResolvedFleet) -> Plan:
    """The Jobs for the repositories, and for the mirrors that are repositories of their own, that have no id yet.

    Without any, the plan is empty; a repository that no job of the fleet uses gets none. A mirror's turn comes when the
    repository that it copies has its id.
    """
    return Plan(fleet.name, tuple(_units(fleet)))


def _units(fleet: ResolvedFleet) -> Iterator[Unit]:
    for repository in fleet.repositories:
        if repository.id is None:
            own = [each for each in fleet.operations() if each.repository == repository and each.mirror is None]
            if own:
                identity = _borrowed(min(own, key=lambda operation: operation.target is not None))
                yield _unit(fleet, naming.bootstrap(repository.name), identity, ".".join(map(str, repository.path)))
            continue
        for operation in repository.operations():
            mirror = operation.copy
            if mirror is not None and mirror.method == "restic_copy" and mirror.id is None:
                identity = _borrowed(operation)
                name = naming.mirror_bootstrap(repository.name, mirror.name)
                yield _unit(fleet, name, identity, ".".join(map(str, mirror.job.path)))


def _borrowed(operation: Operation) -> _Identity:
    job, repository, target = operation.job, operation.repository, operation.target
    if operation.copy is not None:
        environment = copy_environment(repository, operation.copy)
    elif operation.retention is not None:
        environment = maintenance_environment(repository, job)
    else:
        environment = client_environment(repository, job)
    return _Identity(job, operation.role, naming.secret(job.name if target is None else target.name), environment)


def _unit(fleet: ResolvedFleet, name: str, identity: _Identity, place: str) -> Unit:
    job, namespace = identity.job, identity.job.namespace
    environment = {
        **identity.environment,
        **run_environment(job),
        "BACKUP_DEADLINE": str(DEADLINE),
        "BOOTSTRAP_PLACE": place,
    }
    container = script_container(job, "bootstrap", environment, (), secrets=(identity.secret,))
    pod = script_pod(fleet, job, identity.role, container)
    notes = (
        f"Makes the repository of `{place}`, once; where there is one already, it changes nothing and fails.",
        "Apply out/ first, with its Secrets filled in. Then:",
        "backupgen bootstrap | kubectl apply -f -",
        f"kubectl -n {namespace} wait --for=condition=complete --timeout={DEADLINE}s job/{name}",
        f"kubectl -n {namespace} logs job/{name}",
        f"The log ends with the repository's id. Write it into fleet.yaml, below `{place}`, render and commit.",
        f"To try again: kubectl -n {namespace} delete job/{name}",
    )
    return Unit.of(workloads.Job(Meta(name, namespace, pod.labels), notes, DEADLINE, pod))
