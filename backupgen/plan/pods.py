"""What the pods of all jobs have in common: labels, the environment of the scripts, and their volumes."""

from collections.abc import Mapping

from backupgen.conventions import naming
from backupgen.conventions.roles import PodRole
from backupgen.grammars.go_duration import go_duration
from backupgen.integrations.channels import CHANNELS
from backupgen.plan.facts.manifest import Meta
from backupgen.plan.facts.workloads import Container, Mount, Pod, PodVolume
from backupgen.resolve.resolved import Job, Repository, ResolvedFleet, Server, SourceVolume, StringMap, User

NOTHING: StringMap = {}

SCRIPTS_MOUNT = Mount("scripts", naming.SCRIPTS_DIR, read_only=True)
WORK_MOUNTS = (SCRIPTS_MOUNT, Mount("tmp", "/tmp"), Mount("cache", naming.CACHE_DIR))  # noqa: S108 - the pod's own emptyDir
_TMP_SIZE = "1Gi"
_DAY = 86_400


def meta_of(fleet: ResolvedFleet, job: Job, role: PodRole, name: str | None = None) -> Meta:
    """The metadata of an object of a job."""
    labels = {**job.labels, **naming.pod_labels(fleet.name, job.name, role)}
    return Meta(name or job.name, job.namespace, labels, job.annotations)


def fleet_meta(
    fleet: ResolvedFleet,
    name: str,
    namespace: str,
    labels: StringMap | None = None,
    annotations: StringMap | None = None,
) -> Meta:
    """The metadata of an object that belongs to no job, with further labels and annotations of its own."""
    own = naming.object_labels(fleet.name, name)
    return Meta(
        name, namespace, {**fleet.labels, **(labels or {}), **own}, {**fleet.annotations, **(annotations or {})}
    )


def client_environment(repository: Repository, job: Job) -> dict[str, str]:
    """The variables with which restic and the scripts find the repository, credentials aside."""
    environment = {
        "RESTIC_REPOSITORY": repository.location.text,
        "RESTIC_LOCK_WAIT": go_duration(repository.lock_wait_of(job)),
    }
    if repository.id is not None:
        environment["RESTIC_REPOSITORY_ID"] = repository.id
    if repository.server is not None:
        environment["RESTIC_REST_USERNAME"] = naming.BACKUP_USER
    return environment


def maintenance_environment(repository: Repository, job: Job) -> dict[str, str]:
    """As `client_environment`, at the place where snapshots may be removed."""
    environment = client_environment(repository, job)
    if repository.server is not None:
        environment["RESTIC_REPOSITORY"] = repository.location.with_port(repository.server.maintenance_port)
        environment["RESTIC_REST_USERNAME"] = naming.MAINTENANCE_USER
    return environment


def run_environment(job: Job) -> dict[str, str]:
    """The variables with which the scripts bound themselves."""
    return {
        "RESTIC_HOSTNAME": job.instance,
        "BACKUP_DEADLINE": str(job.deadline),
        "HOME": "/tmp",  # noqa: S108 - the pod's own emptyDir
        "TMPDIR": "/tmp",  # noqa: S108
    }


def report_environment(fleet: ResolvedFleet, job: Job) -> dict[str, str]:
    """The variables with which the scripts bound themselves and report.

    Every value is explicit: a script's own default would be a second source of truth.
    """
    environment = run_environment(job)
    environment |= _longest_run(fleet)
    environment["PUSHGATEWAY_ENABLED"] = "false" if fleet.pushgateway is None else "true"
    if fleet.pushgateway is not None:
        environment["PUSHGATEWAY_URL"] = fleet.pushgateway.location.text
    environment |= {kind.switch: "false" for kind in CHANNELS}
    for channel in job.channels:
        environment |= {channel.kind.switch: "true", **channel.variables()}
    return environment


def _longest_run(fleet: ResolvedFleet) -> dict[str, str]:
    """By when each run has ended, in seconds from its slot, if that is later than what locks.sh takes for granted."""
    longest = max((job.start_within + job.deadline + job.grace for job in fleet.jobs()), default=0)
    return {"BACKUP_LONGEST_RUN": str(longest)} if longest > _DAY else {}


def channel_credentials(job: Job) -> Mapping[str, str]:
    """The variables with the credentials of the job's channels, and the names of their values."""
    return {variable: value for channel in job.channels for variable, value in channel.credentials().items()}


def server_selector(server: Server) -> StringMap:
    """The labels that only the pods of the REST server have in its namespace."""
    return {naming.NAME_LABEL: server.name, naming.ROLE_LABEL: PodRole.SERVER}


def work_volumes(job: Job) -> tuple[PodVolume, ...]:
    """The volumes of every job: scripts, a writable /tmp on the read-only root, and restic's cache."""
    return (
        PodVolume("scripts", "config_map", naming.SCRIPTS, read_only=True),
        PodVolume("tmp", "empty_dir", size=_TMP_SIZE),
        PodVolume("cache", "empty_dir", size=job.cache_size, in_memory=job.cache_in_memory),
    )


def owner(user: User) -> User:
    """The user of a pod that alone uses a claim: without an fsGroup, the root folder of a new volume is root's."""
    return user if user.fs_group is not None else user._replace(fs_group=user.gid)


def source_volume(name: str, volume: SourceVolume) -> PodVolume:
    """The claim or folder of the node as a volume of a pod; whether it is read-only is said at the mount.

    A claim that the app writes to could not be attached read-only beside it.
    """
    if volume.claim is not None:
        return PodVolume(name, "claim", volume.claim)
    return PodVolume(name, "host_path", volume.host_path or "")


def script_container(
    job: Job,
    script: str,
    environment: StringMap,
    mounts: tuple[Mount, ...],
    args: tuple[str, ...] = (),
    secrets: tuple[str, ...] = (),
) -> Container:
    """The container in which a script runs."""
    return Container(
        name=script,
        image=job.image,
        command=("/bin/sh", f"{naming.SCRIPTS_DIR}/{script}.sh"),
        args=args,
        env={**environment, "RESTIC_CACHE_DIR": naming.CACHE_DIR},
        secrets=secrets,
        secret_keys=NOTHING,
        mounts=(*WORK_MOUNTS, *mounts),
        requests=job.placement.requests,
        limits=job.placement.limits,
    )


def script_pod(
    fleet: ResolvedFleet, job: Job, role: PodRole, container: Container, volumes: tuple[PodVolume, ...] = ()
) -> Pod:
    """The pod of a job of the fleet's own, in which one script runs."""
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
