"""One thing, one name: what two parts of a fleet would share without wanting to, beside the names of its jobs."""

from collections.abc import Iterator

from backupgen.conventions import naming
from backupgen.diagnostics import NodePath
from backupgen.resolve import codes, resolved
from backupgen.resolve.jobs import FindingCollector


def check_collisions(fleet: resolved.ResolvedFleet, notes: FindingCollector) -> None:
    """Note claims that a dump would share, and values that two places would take their credentials from."""
    _check_staging(fleet, notes)
    _check_values(fleet, notes)


def _check_staging(fleet: resolved.ResolvedFleet, notes: FindingCollector) -> None:
    """A claim on which a dump lies is that job's alone: another's file would be mixed with it, or backed up as it."""
    sources = dict(_sources(fleet))
    taken: dict[tuple[str, str], NodePath] = {}
    for target in fleet.targets:
        if target.dump is None or target.dump.staging_claim is None:
            continue
        claim = (target.job.namespace, target.dump.staging_claim)
        path = (*target.job.path, "dump", "staging", "pvc")
        other = taken.get(claim) or sources.get(claim)
        if other is not None:
            message = f"the claim `{claim[1]}` is used by `{'.'.join(map(str, other))}` too"
            help_ = "give the dump a claim that only this job uses, or an emptyDir with `size`"
            notes.add(codes.CONFLICTING_KEYS, message, path, help_)
        taken.setdefault(claim, path)


def _sources(fleet: resolved.ResolvedFleet) -> Iterator[tuple[tuple[str, str], NodePath]]:
    for target in fleet.targets:
        for volume in target.volumes:
            if volume.claim is not None:
                yield (target.job.namespace, volume.claim), volume.path
    for repository in fleet.repositories:
        server = repository.server
        if server is not None and server.volume.claim is not None:
            yield (server.namespace, server.volume.claim), server.volume.path


def _check_values(fleet: resolved.ResolvedFleet, notes: FindingCollector) -> None:
    """Two owners of one name: a repository `mirror-away`, and the mirror `away`."""
    taken: dict[str, tuple[str, NodePath]] = {}
    for owner, names, path in _owners(fleet):
        for variable, value in names:
            if value != naming.value(owner[0], variable):  # the user named it, and may share it
                continue
            known = taken.setdefault(value, (owner[1], path))
            if known != (owner[1], path):
                message = f"its value `{value}` is that of `{'.'.join(map(str, known[1]))}` already"
                notes.add(codes.BAD_NAME, message, path, "choose another name", on_key=True)
                break


def _owners(
    fleet: resolved.ResolvedFleet,
) -> Iterator[tuple[tuple[str, str], list[tuple[str, str]], NodePath]]:
    for repository in fleet.repositories:
        names = list(repository.credentials.items())
        if repository.server is not None:
            variable = "RESTIC_REST_MAINTENANCE_PASSWORD"
            names.append((variable, naming.value(repository.name, variable)))
        yield (repository.name, f"repository {repository.name}"), names, repository.path
        for mirror in repository.mirrors:
            owner = naming.mirror_owner(repository.name, mirror.name)
            yield (owner, f"mirror {mirror.job.name}"), list(mirror.credentials.items()), mirror.job.path
