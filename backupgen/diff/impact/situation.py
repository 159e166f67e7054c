"""The fleet as it is now, as far as consequences rest on it."""

from collections.abc import Iterator

from backupgen.diff.groups import reporting
from backupgen.diff.impact.model import Holding, Situation
from backupgen.plan.effective_schedules import effective_schedules
from backupgen.plan.facts.manifest import Plan
from backupgen.resolve.resolved import Repository, ResolvedFleet
from backupgen.schedule import ScheduleProof
from backupgen.sealing.references import secrets_of


def situation_of(fleet: ResolvedFleet, proof: ScheduleProof, plan: Plan) -> Situation:
    """Collect what a compiled fleet says; what only the edge knows is left at its default."""
    return Situation(
        left_out=effective_schedules(proof).yielded,
        reporting=reporting(plan),
        repositories=dict(_holdings(fleet)),
        needed={
            (secret.meta.namespace, secret.meta.name): {key.key: key.values for key in secret.keys}
            for secret in secrets_of(plan).values()
        },
    )


def _holdings(fleet: ResolvedFleet) -> Iterator[tuple[str, Holding]]:
    for repository in fleet.repositories:
        place = ".".join(map(str, repository.path))
        owners = {target.tag: target.name for target in fleet.targets_of(repository.name)}
        legacy = repository.retention.legacy if repository.retention else {}
        yield repository.location.text, Holding(repository.id, owners, legacy, repository.retention is not None, place)
        yield from _copies(repository)


def _copies(repository: Repository) -> Iterator[tuple[str, Holding]]:
    """The mirrors that are repositories of their own."""
    for mirror in repository.mirrors:
        if mirror.method == "restic_copy":
            yield mirror.to.text, Holding(mirror.id, {}, {}, forgets=False, place=".".join(map(str, mirror.job.path)))
