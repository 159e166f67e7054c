"""The objects of the operations on a whole repository: retention, restore test, mirrors."""

from collections.abc import Iterator, Mapping

from backupgen.conventions import naming
from backupgen.conventions.roles import PodRole
from backupgen.conventions.units import quantity_value
from backupgen.plan.cronjobs import cron_job
from backupgen.plan.effective_schedules import EffectiveSchedules
from backupgen.plan.expectations import overdue_after
from backupgen.plan.facts.manifest import Unit
from backupgen.plan.facts.workloads import Mount, PlanConfigMap, PlanLine, Pod, PodVolume
from backupgen.plan.mirrors import copy_credentials, copy_environment, mirror_credentials, mirror_environment
from backupgen.plan.pods import (
    NOTHING,
    channel_credentials,
    client_environment,
    maintenance_environment,
    meta_of,
    owner,
    report_environment,
    script_container,
    script_pod,
    server_selector,
    source_volume,
)
from backupgen.plan.secrets import secret_unit
from backupgen.plan.thinning import thinning
from backupgen.resolve.resolved import Job, Mirror, Repository, ResolvedFleet, RestoreTest, Retention, Server, Target
from backupgen.schedule import load_zone

_PLAN_MOUNT = Mount("plan", naming.PLAN_DIR, read_only=True)
_DAY = 86_400
_ANY_AGE = 3650 * _DAY
_WITH_SIZE = {"file", "xbstream", "pgdump"}


def repository_units(fleet: ResolvedFleet, repository: Repository, slots: EffectiveSchedules) -> Iterator[Unit]:
    """The files of a repository's operations."""
    for operation in repository.operations():
        if operation.retention is not None:
            yield from _retention(fleet, repository, operation.retention, slots)
        if operation.restore_test is not None:
            yield from _restore_test(fleet, repository, operation.restore_test, slots, operation.mirror)
        if operation.copy is not None:
            yield from _mirror(fleet, repository, operation.copy, slots)


def _retention(
    fleet: ResolvedFleet, repository: Repository, retention: Retention, slots: EffectiveSchedules
) -> Iterator[Unit]:
    job = retention.job
    environment = maintenance_environment(repository, job)
    credentials = dict(repository.credentials)
    if repository.server is not None:
        credentials["RESTIC_REST_PASSWORD"] = naming.maintenance_value(repository.name)
    lines = list(thinning(fleet, repository, retention, slots))
    check = PlanLine("check", ())
    if retention.read_data:
        check = PlanLine("check_rotating", (str(retention.read_data), *_rotation(job, slots)))
    lines += [PlanLine("expire", (tag, str(days))) for tag, days in sorted(retention.legacy.items())]
    lines += [PlanLine("prune", ()), check]
    if repository.quota is not None:
        lines.append(PlanLine("measure", ()))
    pod = _pod(fleet, job, PodRole.RETENTION, "retention", environment)
    yield from _operation(fleet, job, PodRole.RETENTION, pod, slots, credentials)
    yield _plan_unit(fleet, job, PodRole.RETENTION, lines)


def _rotation(job: Job, slots: EffectiveSchedules) -> tuple[str, str]:
    """By what the scripts number a job's runs, to read another part at each: its slots, and its zone's standard time.

    See `rotating_part` in templates/scripts/snapshots.sh.
    """
    zone = load_zone(job.timezone)
    return slots.schedules[job.name].canonical(), str(60 * min(regime.offset for regime in zone.regimes))


def _restore_test(
    fleet: ResolvedFleet, repository: Repository, test: RestoreTest, slots: EffectiveSchedules, mirror: Mirror | None
) -> Iterator[Unit]:
    """The restore test of a repository, or that of its mirror."""
    job = test.job
    credentials = repository.credentials if mirror is None else mirror_credentials(repository, mirror)
    environment = {
        **(client_environment(repository, job) if mirror is None else mirror_environment(repository, mirror)),
        "RESTORE_DIR": naming.RESTORE_DIR,
        "RESTORE_ROOM_BYTES": str(quantity_value(test.scratch_size)),
    }
    scratch = PodVolume("restore", "empty_dir", size=test.scratch_size)
    if test.storage_class is not None:
        scratch = PodVolume("restore", "ephemeral", test.storage_class, size=test.scratch_size)
    mounts = (Mount("restore", naming.RESTORE_DIR),)
    pod = _pod(fleet, job, PodRole.RESTORE_TEST, "restore-test", environment, mounts, (scratch,))
    if test.storage_class is not None:
        pod = pod._replace(user=owner(job.user))
    late = 0 if mirror is None else _oldest(mirror.job, slots)
    lines = [line for target in fleet.targets_of(repository.name) for line in _drill(target, slots, late)]
    yield from _operation(fleet, job, PodRole.RESTORE_TEST, pod, slots, credentials)
    yield _plan_unit(fleet, job, PodRole.RESTORE_TEST, lines)


def _drill(target: Target, slots: EffectiveSchedules, late: int) -> Iterator[PlanLine]:
    """The lines of a target, whose snapshots arrive so many seconds late."""
    max_age = (target.max_age or _oldest(target.job, slots)) + late
    yield PlanLine("target", (target.tag, "", str(max_age), str(target.max_shrink)))
    for rule in target.verify:
        sizes: tuple[str, ...] = ()
        if rule.kind in _WITH_SIZE:
            sizes = (str(rule.min_bytes),)
        elif rule.kind == "dir":
            sizes = (str(rule.min_files), str(rule.min_bytes))
        yield PlanLine(f"verify_{rule.kind}", (rule.file, *sizes))


def _oldest(job: Job, slots: EffectiveSchedules) -> int:
    """How old a job's newest result may be, in seconds.

    A suspended job makes none, so its last one may have any age.
    """
    return (None if job.suspend else overdue_after(job, slots.schedules[job.name])) or _ANY_AGE


def _mirror(fleet: ResolvedFleet, repository: Repository, mirror: Mirror, slots: EffectiveSchedules) -> Iterator[Unit]:
    job = mirror.job
    server = repository.server if mirror.method == "rclone" else None
    environment = copy_environment(repository, mirror)
    if mirror.read_data:
        environment["MIRROR_READ_PARTS"] = str(mirror.read_data)
        environment["MIRROR_READ_SCHEDULE"], environment["MIRROR_READ_OFFSET"] = _rotation(job, slots)
    mounts: tuple[Mount, ...] = ()
    volumes: tuple[PodVolume, ...] = ()
    if server is not None:
        mounts = (Mount("repository", naming.REPOSITORY_DIR, read_only=True),)
        volumes = (source_volume("repository", server.volume),)
    pod = _pod(fleet, job, PodRole.MIRROR, "mirror", environment, mounts, volumes)
    if server is not None:
        pod = _beside(pod, server)
    yield from _operation(fleet, job, PodRole.MIRROR, pod, slots, copy_credentials(repository, mirror))


def _beside(pod: Pod, server: Server) -> Pod:
    """The pod on the server's node, which alone has the folder, or the claim unless several nodes may mount it."""
    placement = pod.placement
    if not placement.tolerations:
        placement = placement._replace(tolerations=server.placement.tolerations)
    with_pod = NOTHING if server.volume.shared else server_selector(server)
    return pod._replace(placement=placement, with_pod=with_pod)


def _pod(
    fleet: ResolvedFleet,
    job: Job,
    role: PodRole,
    script: str,
    environment: Mapping[str, str],
    mounts: tuple[Mount, ...] = (),
    volumes: tuple[PodVolume, ...] = (),
) -> Pod:
    if role is not PodRole.MIRROR:
        mounts = (_PLAN_MOUNT, *mounts)
        volumes = (PodVolume("plan", "config_map", naming.plan(job.name), read_only=True), *volumes)
    variables = {**environment, **report_environment(fleet, job)}
    container = script_container(job, script, variables, mounts, secrets=(naming.secret(job.name),))
    return script_pod(fleet, job, role, container, volumes)


def _operation(
    fleet: ResolvedFleet, job: Job, role: PodRole, pod: Pod, slots: EffectiveSchedules, credentials: Mapping[str, str]
) -> Iterator[Unit]:
    yield cron_job(fleet, job, role, pod, slots)
    values = {**credentials, **channel_credentials(job)}
    yield secret_unit(meta_of(fleet, job, role, naming.secret(job.name)), values)


def _plan_unit(fleet: ResolvedFleet, job: Job, role: PodRole, lines: list[PlanLine]) -> Unit:
    meta = meta_of(fleet, job, role, naming.plan(job.name))
    meta = meta._replace(annotations={**meta.annotations, naming.FLUX_SUBSTITUTE: "disabled"})
    facts = PlanConfigMap(meta, tuple(lines))
    return Unit.of(facts)
