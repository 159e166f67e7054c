"""The objects of a target: CronJob, Secret, and what a dump in the app's pod needs."""

from collections.abc import Iterator

from backupgen.conventions import naming
from backupgen.conventions.roles import PodRole
from backupgen.integrations.dump_tools import BY_VERIFY_KIND
from backupgen.plan.cronjobs import cron_job
from backupgen.plan.effective_schedules import EffectiveSchedules
from backupgen.plan.facts.access import Role, RoleBinding, ServiceAccount
from backupgen.plan.facts.manifest import Unit
from backupgen.plan.facts.workloads import Container, Mount, Pod, PodVolume
from backupgen.plan.pods import (
    SCRIPTS_MOUNT,
    channel_credentials,
    client_environment,
    meta_of,
    owner,
    report_environment,
    script_container,
    source_volume,
    work_volumes,
)
from backupgen.plan.secrets import secret_unit
from backupgen.resolve.resolved import Dump, ResolvedFleet, Target


def target_units(fleet: ResolvedFleet, target: Target, slots: EffectiveSchedules) -> Iterator[Unit]:
    """The files of one target."""
    job = target.job
    repository = fleet.repository(target.repository)
    in_pod = target.dump_in_pod
    values = {**repository.credentials, **target.credentials, **channel_credentials(job)}
    yield secret_unit(meta_of(fleet, job, PodRole.BACKUP, naming.secret(target.name)), values)
    yield cron_job(fleet, job, PodRole.BACKUP, _pod(fleet, target), slots)
    if in_pod is not None:
        yield from _access(fleet, target)


def _pod(fleet: ResolvedFleet, target: Target) -> Pod:
    job = target.job
    repository = fleet.repository(target.repository)
    environment = {
        **client_environment(repository, job),
        **report_environment(fleet, job),
        "RESTIC_RETENTION_POLICIES_ENABLED": "false",
        "RESTIC_CHECK_AFTER_BACKUP": "false",
        "BACKUP_MAX_SHRINK_PERCENT": str(target.max_shrink),
    }
    if target.sentinels:
        environment["BACKUP_SENTINELS"] = "\n\n".join("\n".join(paths) for paths in target.sentinels)
    if target.before:
        environment["PRE_HOOK"] = target.before
    if target.after:
        environment["POST_HOOK"] = target.after
        environment["BACKUP_HOOK_TIMEOUT"] = str(job.hook_timeout)
    in_pod = target.dump_in_pod
    mounts = tuple(_mounts(target))
    container = script_container(
        job, "backup", environment, mounts, args=_arguments(target), secrets=(naming.secret(target.name),)
    )
    return Pod(
        labels=meta_of(fleet, job, PodRole.BACKUP).labels,
        user=owner(job.user) if in_pod and in_pod.staging_claim and not target.volumes else job.user,
        placement=job.placement,
        grace=job.grace,
        service_account=job.name if in_pod else "",
        with_pod=target.with_pod,
        pull_secrets=fleet.image_pull_secrets,
        init_containers=(_dump_container(fleet, target, in_pod),) if in_pod else (),
        containers=(container,),
        volumes=(*work_volumes(job), *_volumes(target)),
    )


def _arguments(target: Target) -> tuple[str, ...]:
    """The arguments of backup.sh: flags with their values attached, `--`, and the sources or the dump's command."""
    flags = [f"--tag={target.tag}", *(f"--exclude={pattern}" for pattern in target.exclude), *target.backup_args]
    dump = target.dump
    if dump is not None and not dump.in_pod:
        return (*flags, "--stdin-from-command", f"--stdin-filename={dump.file.removeprefix('/')}", "--", *dump.command)
    return (*flags, "--", *sources(target))


def sources(target: Target) -> Iterator[str]:
    """The paths of its snapshots, in restic's order of arguments."""
    if target.dump is not None:
        yield target.dump.file
    if target.dump is None or target.dump.in_pod:
        yield from (mount.path for mount in _source_mounts(target))


def _source_mounts(target: Target) -> Iterator[Mount]:
    for volume in target.volumes:
        place = f"{naming.BACKUP_DIR}/{volume.name}"
        if volume.paths and volume.paths != (".",):
            for path in volume.paths:
                yield Mount(naming.source_volume(volume.name), f"{place}/{path}", sub_path=path, read_only=True)
        else:
            yield Mount(naming.source_volume(volume.name), place, read_only=True)


def _mounts(target: Target) -> Iterator[Mount]:
    # The dump is mounted as a file: a folder over the sources' mount points would have to be writable.
    if target.dump is not None and target.dump.in_pod:
        file = target.dump.file
        yield Mount("dump", file, sub_path=file.rpartition("/")[2], read_only=True)
    yield from _source_mounts(target)


def _volumes(target: Target) -> Iterator[PodVolume]:
    dump = target.dump
    if dump is not None and dump.in_pod:
        if dump.staging_claim is not None:
            yield PodVolume("dump", "claim", dump.staging_claim)
        else:
            yield PodVolume("dump", "empty_dir", size=dump.staging_size)
    for volume in target.volumes:
        yield source_volume(naming.source_volume(volume.name), volume)


def _dump_container(fleet: ResolvedFleet, target: Target, dump: Dump) -> Container:
    job = target.job
    selector = ",".join(f"{key}={value}" for key, value in dump.in_pod.items())
    file = f"{naming.STAGING_DIR}/{dump.file.rpartition('/')[2]}"
    kinds = [rule.kind for rule in target.verify if rule.file == dump.file]
    environment = report_environment(fleet, job)
    if kinds and kinds[0] in BY_VERIFY_KIND:  # whose first bytes dumps.sh knows
        environment["DUMP_KIND"] = kinds[0]
    return Container(
        name="dump",
        image=str(fleet.images.kubectl),
        command=("/bin/sh", f"{naming.SCRIPTS_DIR}/dump.sh"),
        args=(job.namespace, selector, dump.container, file, "--", *dump.command),
        env=environment,
        secrets=(),
        secret_keys=dict.fromkeys(channel_credentials(job), naming.secret(target.name)),
        mounts=(SCRIPTS_MOUNT, Mount("tmp", "/tmp"), Mount("dump", naming.STAGING_DIR)),  # noqa: S108
        requests=job.placement.requests,
        limits=job.placement.limits,
    )


def _access(fleet: ResolvedFleet, target: Target) -> Iterator[Unit]:
    meta = meta_of(fleet, target.job, PodRole.BACKUP)
    yield Unit.of(ServiceAccount(meta))
    yield Unit.of(Role(meta))
    yield Unit.of(RoleBinding(meta, role=meta.name, service_account=meta.name))
