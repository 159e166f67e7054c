"""How a target is restored by hand: the pods to do it in, and what the commands have to name.

The pages of the runbooks and `backupgen restore` are made from these facts, by the same templates. A pod borrows what
its target's job has: namespace, image, user and Secret. Its labels are those that the network policies know as
`restore`. It is started while the app still runs, so that it lands where the app's volumes are.

A mirror's credentials are in a Secret of the mirror's own job. That lies in another namespace, so the keys that restic
needs are copied for the time of the restore.
"""

from collections.abc import Iterator
from typing import NamedTuple

from backupgen.conventions import naming
from backupgen.conventions.roles import PodRole
from backupgen.grammars.go_duration import go_duration
from backupgen.integrations.dump_tools import RestoreMode
from backupgen.plan.facts.manifest import Meta
from backupgen.plan.facts.workloads import Mount, Pod, PodVolume, RestorePod
from backupgen.plan.mirrors import copy_credentials, mirror_credentials, mirror_environment
from backupgen.plan.pods import NOTHING, client_environment, owner, script_container, source_volume
from backupgen.resolve.delivery import Flux
from backupgen.resolve.resolved import Dump, Mirror, Repository, ResolvedFleet, StringMap, Target

DEADLINE = 86_400
"""A day: then the pod ends, whoever has forgotten it."""
_WAIT = "trap 'exit 0' TERM; sleep {} & wait"
_GRACE = 30
_ROOT_MAY = ("CHOWN", "DAC_OVERRIDE", "FOWNER")
"""What root needs to give files back to their users."""


class RestoredVolume(NamedTuple):
    """A volume that files come back into."""

    path: str
    """Where the snapshot has it, and the pod."""
    claim: str
    """Empty: a folder of the node."""
    folder: str
    databases: tuple[str, ...]
    """The SQLite databases in it that the restore test looks at; absolute paths."""


class RestoredDump(NamedTuple):
    """A dump that comes back as a file, and is then read back in."""

    name: str
    file: str
    """Its path in the snapshot."""
    place: str
    """Where the pod puts it."""
    tool: str
    """The key of `DUMP_TOOLS`; empty for a command of the fleet's own."""
    mode: str
    """The `RestoreMode`; empty if no restore is known."""
    restore_command: tuple[str, ...]
    """It reads the dump from its standard input."""
    pod: str
    """The selector of the pod that it is read in by; empty: the restore pod itself."""
    container: str
    copy: str
    """The copy of that pod in which no server runs; empty: none is needed."""
    command: tuple[str, ...]
    """What made it."""


class Stopped(NamedTuple):
    """Something that is scaled down for the restore."""

    variable: str
    """What the shell's variables about it begin with."""
    selector: str


class Origin(NamedTuple):
    """Where the snapshots come from: the repository, or one of its mirrors."""

    mirror: str
    """Empty: the repository."""
    location: str
    flags: tuple[str, ...]
    """How restic does with locks there."""
    lender: str
    """The Secret whose keys are copied; empty: the target's own Secret holds what is needed."""
    lender_namespace: str
    lent: StringMap
    """Environment variable -> the lender's key with its value."""
    pod: RestorePod


class Wiring(NamedTuple):
    """What gives the objects of a namespace back to the state in Git, and has to pause."""

    resource: str
    """Its kind, as kubectl takes it; empty: it is not one of the fleet's."""
    namespace: str
    name: str
    pause: str
    """The merge patch that holds it."""
    resume: str


class Restore(NamedTuple):
    """All that the restore of a target has to name."""

    target: str
    namespace: str
    job: str
    suspended: bool
    tag: str
    host: str
    restore_pod: str
    wiring: Wiring | None
    volumes: tuple[RestoredVolume, ...]
    dump: RestoredDump | None
    stopped: tuple[Stopped, ...]
    """What is scaled down; empty: the fleet does not know who writes to the volumes."""
    origins: tuple[Origin, ...]


def restore_of(fleet: ResolvedFleet, target: Target) -> Restore:
    """The facts of a target's restore, from everywhere where its snapshots are."""
    job = target.job
    repository = fleet.repository(target.repository)
    origins = [_from_repository(fleet, target, repository)]
    origins += [_from_mirror(fleet, target, repository, mirror) for mirror in repository.mirrors]
    return Restore(
        target=target.name,
        namespace=job.namespace,
        job=job.name,
        suspended=job.suspend,
        tag=target.tag,
        host=job.instance,
        restore_pod=naming.restore(target.name),
        wiring=_wiring(fleet, job.namespace),
        volumes=tuple(_volumes(target)),
        dump=None if target.dump is None else _dump(target, target.dump),
        stopped=tuple(_stopped(target)),
        origins=tuple(origins),
    )


def _wiring(fleet: ResolvedFleet, namespace: str) -> Wiring | None:
    gitops = fleet.gitops
    name = naming.wiring(fleet.name, namespace)
    if isinstance(gitops, Flux):
        resource = "kustomizations.kustomize.toolkit.fluxcd.io"
        return Wiring(resource, gitops.namespace, name, '{"spec":{"suspend":true}}', '{"spec":{"suspend":false}}')
    if gitops is not None:
        pause = '{"spec":{"syncPolicy":{"automated":null}}}'
        resume = '{"spec":{"syncPolicy":{"automated":{"prune":true,"selfHeal":true}}}}'
        resource = "applications.argoproj.io" if gitops.repo else ""
        return Wiring(resource, gitops.namespace, name, pause, resume)
    return None


def _volumes(target: Target) -> Iterator[RestoredVolume]:
    databases = [rule.file for rule in target.verify if rule.kind == "sqlite"]
    for volume in target.volumes:
        path = f"{naming.BACKUP_DIR}/{volume.name}"
        inside = tuple(file for file in databases if file.startswith(f"{path}/"))
        yield RestoredVolume(path, volume.claim or "", volume.host_path or "", inside)


def _dump(target: Target, dump: Dump) -> RestoredDump:
    name = dump.file.rpartition("/")[2]
    return RestoredDump(
        name=name,
        file=dump.file,
        place=f"{naming.RESTORE_DIR}/{name}",
        tool=dump.tool,
        mode=dump.restore.mode.value if dump.restore is not None else "",
        restore_command=dump.restore.command if dump.restore is not None else (),
        pod=_selector(dump.in_pod),
        container=dump.container,
        copy=naming.stopped_database(target.name) if _needs_stop(dump) else "",
        command=dump.command,
    )


def _stopped(target: Target) -> Iterator[Stopped]:
    dump = target.dump
    if target.with_pod:
        yield Stopped("app", _selector(target.with_pod))
    if dump is not None and _needs_stop(dump) and dump.in_pod != target.with_pod:
        yield Stopped("database", _selector(dump.in_pod))


def _needs_stop(dump: Dump) -> bool:
    return dump.restore is not None and dump.restore.mode is RestoreMode.STOPPED


def _selector(labels: StringMap) -> str:
    return ",".join(f"{key}={value}" for key, value in labels.items())


def _from_repository(fleet: ResolvedFleet, target: Target, repository: Repository) -> Origin:
    known = client_environment(repository, target.job)
    names = ("RESTIC_REPOSITORY", "RESTIC_REST_USERNAME")
    environment = {name: known[name] for name in names if name in known}
    wait = go_duration(repository.lock_wait)
    pod = _pod(fleet, target, environment, naming.secret(target.name))
    return Origin("", repository.location.text, ("--retry-lock", wait), "", "", NOTHING, pod)


def _from_mirror(fleet: ResolvedFleet, target: Target, repository: Repository, mirror: Mirror) -> Origin:
    environment = {"RESTIC_REPOSITORY": mirror_environment(repository, mirror)["RESTIC_REPOSITORY"]}
    lent = {value: key for key, value in copy_credentials(repository, mirror).items()}
    keys = {name: lent[value] for name, value in sorted(mirror_credentials(repository, mirror).items())}
    pod = _pod(fleet, target, environment, naming.restore(target.name))
    lender = naming.secret(mirror.job.name)
    return Origin(mirror.name, mirror.to.text, ("--no-lock",), lender, mirror.job.namespace, keys, pod)


def _pod(fleet: ResolvedFleet, target: Target, environment: StringMap, secret: str) -> RestorePod:
    job = target.job
    name = naming.restore(target.name)
    names = [naming.source_volume(volume.name) for volume in target.volumes]
    mounts = [
        Mount(name, f"{naming.BACKUP_DIR}/{volume.name}") for name, volume in zip(names, target.volumes, strict=True)
    ]
    volumes = [source_volume(name, volume) for name, volume in zip(names, target.volumes, strict=True)]
    if target.dump is not None:
        mounts.append(Mount("restore", naming.RESTORE_DIR))
        volumes.append(_scratch(target.dump))
    variables = {**environment, "HOME": "/tmp", "TMPDIR": "/tmp"}  # noqa: S108 - the pod's own emptyDir
    container = script_container(job, "restore", variables, tuple(mounts), secrets=(secret,))._replace(
        command=("/bin/sh", "-c", _WAIT.format(DEADLINE)),
        mounts=(Mount("tmp", "/tmp"), Mount("cache", naming.CACHE_DIR), *mounts),  # noqa: S108
    )
    labels = {**job.labels, **naming.pod_labels(fleet.name, name, PodRole.RESTORE)}
    on_node = any(volume.host_path is not None for volume in target.volumes)
    pod = Pod(
        labels=labels,
        user=job.user if target.volumes else owner(job.user),
        placement=job.placement,
        grace=_GRACE,
        service_account="",
        with_pod=target.with_pod,
        pull_secrets=fleet.image_pull_secrets,
        init_containers=(),
        containers=(container,),
        volumes=(
            PodVolume("tmp", "empty_dir"),
            PodVolume("cache", "empty_dir", size=job.cache_size, in_memory=job.cache_in_memory),
            *volumes,
        ),
        # Of a folder of the node there is one on every node; a claim leads to its own.
        only_there=on_node and not job.placement.node_selector,
        root_may=_ROOT_MAY,
    )
    return RestorePod(Meta(name, job.namespace, labels), (), DEADLINE, pod)


def _scratch(dump: Dump) -> PodVolume:
    """Where a dump lies until it is read back in: where it lay before it was backed up."""
    if dump.staging_claim is not None:
        return PodVolume("restore", "claim", dump.staging_claim)
    return PodVolume("restore", "empty_dir", size=dump.staging_size if dump.in_pod else "")
