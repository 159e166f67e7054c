"""What fleet and tree say differently about the same volume: its access mode, and whose files lie in it."""

from collections.abc import Iterator

from backupgen.audit import codes
from backupgen.audit.cluster import Cluster
from backupgen.audit.objects import Identity, Workload
from backupgen.diagnostics import Finding, Related, Spot
from backupgen.diagnostics.wording import quoted
from backupgen.language.paths import target_of
from backupgen.resolve.resolved import ResolvedFleet, SourceVolume, Target, User

_ALONE = "ReadWriteOncePod"


def differing(fleet: ResolvedFleet, cluster: Cluster) -> Iterator[Finding]:
    """Report each claim that the tree describes otherwise."""
    for target in fleet.targets:
        for volume in target.volumes:
            yield from _access(target.job.namespace, volume, cluster)
        yield from _user(target, cluster)
    for repository in fleet.repositories:
        if repository.server is not None:
            yield from _access(repository.server.namespace, repository.server.volume, cluster)


def _access(namespace: str, volume: SourceVolume, cluster: Cluster) -> Iterator[Finding]:
    for modes, spot in _modes(namespace, volume.claim or "", cluster):
        if not modes or volume.access in modes:
            continue
        written = " or ".join(quoted(modes))
        message = f"the claim `{volume.claim}` has the access mode {written}, the fleet says `{volume.access}`"
        if _ALONE in modes:
            help_ = f"only one pod at a time may mount it: a backup beside the app needs another mode than `{_ALONE}`"
        else:
            help_ = f"write `access: {modes[0]}`"
        path = (*volume.path, "access")
        related = (Related("the claim says this", spot),)
        yield Finding(codes.ACCESS_DIFFERS, message, Spot(path=path), help_, target_of(path), related)
        return


def _modes(namespace: str, claim: str, cluster: Cluster) -> Iterator[tuple[tuple[str, ...], Spot]]:
    for one in cluster.claims_of(namespace, claim):
        yield one.modes, one.instance.resource.spot("spec", "accessModes", on_key=True)
    for _, template in cluster.templates_of(namespace, claim):
        yield template.modes, template.spot


def _user(target: Target, cluster: Cluster) -> Iterator[Finding]:
    """Report the first volume of a target whose files belong to somebody else; root reads them all."""
    user = target.job.user
    if user.uid == 0:
        return
    for volume in target.volumes:
        found = [
            (workload, identity)
            for workload in cluster.workloads_in(target.job.namespace)
            for identity in workload.identities(volume.claim or "")
        ]
        if not found or any(_agrees(user, identity) for _, identity in found):
            continue
        yield _differs(target, volume, *found[0])
        return


def _agrees(user: User, identity: Identity) -> bool:
    """Whether a backup may well read what a container writes. What is not known is no reason to doubt it."""
    if identity.user is not None:
        return identity.user == user.uid
    return identity.group is None or identity.group in {user.gid, user.fs_group}


def _differs(target: Target, volume: SourceVolume, workload: Workload, identity: Identity) -> Finding:
    user = target.job.user
    owner = f"{workload.kind} `{workload.name}`, which mounts `{volume.claim}`,"
    if identity.user is not None:
        message = f"`{target.name}` is backed up as uid {user.uid}, but {owner} runs as uid {identity.user}"
        help_ = f"write `run_as: {identity.user}`"
    else:
        message = f"`{target.name}` is backed up with gid {user.gid}, but {owner} has the fsGroup {identity.group}"
        help_ = f"write `run_as: {{uid: {user.uid}, gid: {identity.group}}}`"
    related = (Related("the workload says this", identity.spot),)
    path = (*target.job.path, "run_as")
    return Finding(codes.USER_DIFFERS, message, Spot(path=path), help_, target.name, related)
