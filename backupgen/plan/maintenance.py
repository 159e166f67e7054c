"""The objects of the operations on a whole repository: retention, restore test, mirrors."""

from collections.abc import Iterator, Mapping

from backupgen.fleet import naming
from backupgen.fleet.resolved import Job, Mirror, Repository, ResolvedFleet, RestoreTest, Retention, Server, Target
from backupgen.fleet.scalars import quantity_value
from backupgen.plan.cronjobs import cron_job
from backupgen.plan.expectations import overdue_after
from backupgen.plan.model import Mount, PlanConfigMap, PlanLine, Pod, Unit, Volume
from backupgen.plan.pods import (
    NOTHING,
    client_environment,
    meta_of,
    ntfy_credentials,
    owner,
    report_environment,
    script_container,
    server_selector,
    source_volume,
    work_volumes,
)
from backupgen.plan.secrets import secret_unit
from backupgen.plan.slots import Slots
from backupgen.schedule import load_zone, shortest_gap

_PLAN_MOUNT = Mount("plan", naming.PLAN_DIR, read_only=True)
_DAY = 86_400
_ANY_AGE = 3650 * _DAY
_WITH_SIZE = {"file", "xbstream", "pgdump"}


def repository_units(fleet: ResolvedFleet, repository: Repository, slots: Slots) -> Iterator[Unit]:
    """The files of a repository's operations."""
    if repository.retention is not None:
        yield from _retention(fleet, repository, repository.retention, slots)
    if repository.restore_test is not None:
        yield from _restore_test(fleet, repository, repository.restore_test, slots)
    for mirror in repository.mirrors:
        yield from _mirror(fleet, repository, mirror, slots)


def _retention(fleet: ResolvedFleet, repository: Repository, retention: Retention, slots: Slots) -> Iterator[Unit]:
    job = retention.job
    environment = client_environment(repository, job)
    credentials = dict(repository.credentials)
    if repository.server is not None:
        environment["RESTIC_REPOSITORY"] = repository.location.with_port(repository.server.maintenance_port)
        environment["RESTIC_REST_USERNAME"] = naming.MAINTENANCE_USER
        credentials["RESTIC_REST_PASSWORD"] = naming.maintenance_value(repository.name)
    lines = [
        PlanLine("retain", (target.tag, "", *(target.keep or retention.keep)))
        for target in fleet.targets_of(repository.name)
    ]
    check = PlanLine("check_rotating", _rotation(retention, slots)) if retention.read_data else PlanLine("check", ())
    lines += [PlanLine("prune", ()), check]
    pod = _pod(fleet, job, naming.ROLE_RETENTION, "retention", environment)
    yield from _operation(fleet, job, naming.ROLE_RETENTION, pod, slots, credentials)
    yield _plan_unit(fleet, job, naming.ROLE_RETENTION, lines)


def _rotation(retention: Retention, slots: Slots) -> tuple[str, ...]:
    """In how many runs the data is read, and how many days lie between two runs: the script counts days."""
    job = retention.job
    gap = shortest_gap(slots.schedules[job.name], load_zone(job.timezone)) or _DAY
    # An hour less, because a day that loses one to summer time is a day all the same.
    return (str(retention.read_data), str(max(1, (gap + 3600) // _DAY)))


def _restore_test(fleet: ResolvedFleet, repository: Repository, test: RestoreTest, slots: Slots) -> Iterator[Unit]:
    job = test.job
    environment = {
        **client_environment(repository, job),
        "RESTORE_DIR": naming.RESTORE_DIR,
        "RESTORE_ROOM_BYTES": str(quantity_value(test.scratch_size)),
    }
    scratch = Volume("restore", "empty_dir", size=test.scratch_size)
    if test.storage_class is not None:
        scratch = Volume("restore", "ephemeral", test.storage_class, size=test.scratch_size)
    mounts = (Mount("restore", naming.RESTORE_DIR),)
    pod = _pod(fleet, job, naming.ROLE_RESTORE_TEST, "restore-test", environment, mounts, (scratch,))
    if test.storage_class is not None:
        pod = pod._replace(user=owner(job.user))
    lines = [line for target in fleet.targets_of(repository.name) for line in _drill(target, slots)]
    yield from _operation(fleet, job, naming.ROLE_RESTORE_TEST, pod, slots, repository.credentials)
    yield _plan_unit(fleet, job, naming.ROLE_RESTORE_TEST, lines)


def _drill(target: Target, slots: Slots) -> Iterator[PlanLine]:
    yield PlanLine("target", (target.tag, "", str(_max_age(target, slots))))
    for rule in target.verify:
        sizes: tuple[str, ...] = ()
        if rule.kind in _WITH_SIZE:
            sizes = (str(rule.min_bytes),)
        elif rule.kind == "dir":
            sizes = (str(rule.min_files), str(rule.min_bytes))
        yield PlanLine(f"verify_{rule.kind}", (rule.file, *sizes))


def _max_age(target: Target, slots: Slots) -> int:
    """How old a target's newest snapshot may be, in seconds.

    A suspended target makes none, so its last one may have any age.
    """
    job = target.job
    return (None if job.suspend else overdue_after(job, slots.schedules[job.name])) or _ANY_AGE


def _mirror(fleet: ResolvedFleet, repository: Repository, mirror: Mirror, slots: Slots) -> Iterator[Unit]:
    job = mirror.job
    credentials = {**repository.credentials, **mirror.credentials}
    environment = {**client_environment(repository, job), "MIRROR_RESTIC_REPOSITORY": mirror.to.text}
    mounts: tuple[Mount, ...] = ()
    volumes: tuple[Volume, ...] = ()
    if mirror.method == "rclone" and repository.server is not None:
        credentials.pop("RESTIC_REST_PASSWORD", None)  # it reads the repository's files, not the server
        environment.pop("RESTIC_REST_USERNAME", None)
        source = f"{naming.REPOSITORY_DIR}{repository.location.path}".rstrip("/")
        environment |= {"RESTIC_REPOSITORY": source, "MIRROR_METHOD": "files", "MIRROR_SOURCE": source}
        environment |= _rclone_remote(mirror)
        mounts = (Mount("repository", naming.REPOSITORY_DIR, read_only=True),)
        volumes = (source_volume("repository", repository.server.volume),)
    else:
        environment["MIRROR_METHOD"] = "snapshots"
    pod = _pod(fleet, job, naming.ROLE_MIRROR, "mirror", environment, mounts, volumes)
    if volumes and repository.server is not None:
        pod = _beside(pod, repository.server)
    yield from _operation(fleet, job, naming.ROLE_MIRROR, pod, slots, credentials)


def _beside(pod: Pod, server: Server) -> Pod:
    """The pod on the server's node, which alone has the folder, or the claim unless several nodes may mount it."""
    placement = pod.placement
    if not placement.tolerations:
        placement = placement._replace(tolerations=server.placement.tolerations)
    with_pod = NOTHING if server.volume.shared else server_selector(server)
    return pod._replace(placement=placement, with_pod=with_pod)


def _rclone_remote(mirror: Mirror) -> dict[str, str]:
    """The remote `mirror:` of rclone, described by variables (rclone's manual, "Environment variables")."""
    scheme = "https" if mirror.to.tls else "http"
    return {
        "MIRROR_DESTINATION": f"mirror:{mirror.to.path.strip('/')}",
        "RCLONE_CONFIG_MIRROR_TYPE": "s3",
        "RCLONE_CONFIG_MIRROR_PROVIDER": "Other",
        "RCLONE_CONFIG_MIRROR_ENV_AUTH": "true",
        "RCLONE_CONFIG_MIRROR_ENDPOINT": f"{scheme}://{mirror.to.netloc}",
    }


def _pod(
    fleet: ResolvedFleet,
    job: Job,
    role: str,
    script: str,
    environment: Mapping[str, str],
    mounts: tuple[Mount, ...] = (),
    volumes: tuple[Volume, ...] = (),
) -> Pod:
    if role != naming.ROLE_MIRROR:
        mounts = (_PLAN_MOUNT, *mounts)
        volumes = (Volume("plan", "config_map", naming.plan(job.name), read_only=True), *volumes)
    variables = {**environment, **report_environment(fleet, job)}
    container = script_container(job, script, variables, mounts, secrets=(naming.secret(job.name),))
    return Pod(
        labels=meta_of(fleet, job, role).labels,
        user=job.user,
        placement=job.placement,
        grace=job.grace,
        service_account="",
        with_pod=NOTHING,
        pull_secrets=fleet.image_pull_secrets,
        init_containers=(),
        containers=(container,),
        volumes=(*work_volumes(job), *volumes),
    )


def _operation(
    fleet: ResolvedFleet, job: Job, role: str, pod: Pod, slots: Slots, credentials: Mapping[str, str]
) -> Iterator[Unit]:
    yield cron_job(fleet, job, role, pod, slots)
    values = {**credentials, **ntfy_credentials(job)}
    yield secret_unit(meta_of(fleet, job, role, naming.secret(job.name)), values)


def _plan_unit(fleet: ResolvedFleet, job: Job, role: str, lines: list[PlanLine]) -> Unit:
    meta = meta_of(fleet, job, role, naming.plan(job.name))
    meta = meta._replace(annotations={**meta.annotations, naming.FLUX_SUBSTITUTE: "disabled"})
    facts = PlanConfigMap(meta, tuple(lines))
    return Unit(naming.file_of(meta.namespace, "ConfigMap", meta.name), facts)
