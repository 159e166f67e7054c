"""Which values a fleet refers to, and where."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from backupgen.conventions import naming
from backupgen.diagnostics import NodePath
from backupgen.integrations.channels import CHANNELS
from backupgen.plan.facts.access import Secret
from backupgen.plan.facts.manifest import Plan
from backupgen.resolve.resolved import Mirror, Repository, ResolvedFleet


class Reference(NamedTuple):
    """Why a value is needed."""

    path: NodePath
    """The place of fleet.yaml that asks for it."""
    purpose: str
    """What it is, for a comment in the values file."""


def secrets_of(plan: Plan) -> dict[str, Secret]:
    """The Secrets of a plan by their paths below out/."""
    return {unit.path: unit.facts for unit in plan.units if isinstance(unit.facts, Secret)}


def references(fleet: ResolvedFleet, secrets: Mapping[str, Secret]) -> dict[str, Reference]:
    """Return the values that the Secrets need, by name, each with the first place of the fleet that asks for it."""
    needed = {name for secret in secrets.values() for key in secret.keys for name in key.values}
    found: dict[str, Reference] = {}
    for name, reference in _all(fleet):
        if name in needed:
            found.setdefault(name, reference)
    return found


def _all(fleet: ResolvedFleet) -> Iterator[tuple[str, Reference]]:
    for repository in fleet.repositories:
        yield from _of_repository(repository)
    for repository in fleet.repositories:
        for mirror in repository.mirrors:
            yield from _of_mirror(repository, mirror)
    for target in fleet.targets:
        for variable, name in sorted(target.credentials.items()):
            path = (*target.job.path, "credentials", variable)
            yield name, Reference(path, f"{variable} of the target `{target.name}`")
    for credential in (each for kind in CHANNELS for each in kind.credentials):
        yield credential.value, Reference(credential.path, credential.purpose)


def _of_repository(repository: Repository) -> Iterator[tuple[str, Reference]]:
    of = f"of the repository `{repository.name}`"
    for variable, name in sorted(repository.credentials.items()):
        path = _given(repository.path, "url", variable, derived=name == naming.value(repository.name, variable))
        yield name, Reference(path, f"{variable} {of}")
    if repository.server is not None:
        purpose = f"password of the REST server's user `{naming.MAINTENANCE_USER}` {of}"
        yield naming.maintenance_value(repository.name), Reference(repository.server.path, purpose)


def _of_mirror(repository: Repository, mirror: Mirror) -> Iterator[tuple[str, Reference]]:
    owner = naming.mirror_owner(repository.name, mirror.name)
    for variable, name in sorted(mirror.credentials.items()):
        path = _given(mirror.job.path, "to", variable, derived=name == naming.value(owner, variable))
        yield name, Reference(path, f"{variable} of the mirror `{mirror.name}`")


def _given(owner: NodePath, place: str, variable: str, *, derived: bool) -> NodePath:
    """Where the name of a value comes from: the URL, or the line that gives it."""
    return (*owner, place) if derived else (*owner, "credentials", variable)
