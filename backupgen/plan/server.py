"""The objects of the REST server: Deployment, Service, htpasswd.

One pod, two containers on the same folder: one that only appends, for everybody, and one with all rights, for the
retention. Each has its own port and its own users, and the network policies tell the ports apart.
"""

from collections.abc import Iterator

from backupgen.conventions import naming
from backupgen.conventions.roles import PodRole
from backupgen.plan.facts.manifest import Meta, Unit
from backupgen.plan.facts.monitoring import ServiceMonitor
from backupgen.plan.facts.workloads import Container, Deployment, Mount, Pod, PodVolume, Port, Service
from backupgen.plan.pods import NOTHING, owner, server_selector, source_volume
from backupgen.plan.secrets import htpasswd_unit
from backupgen.resolve.resolved import Repository, ResolvedFleet, Server, StringMap

_DATA = "/data"
_GRACE = 60
_APPENDING = "append-only"
_MAINTENANCE = "maintenance"
_METRICS = ("--prometheus", "--prometheus-no-auth")
"""/metrics without a password; all other paths keep theirs."""


def server_units(fleet: ResolvedFleet, repository: Repository, server: Server) -> Iterator[Unit]:
    """The files of a repository's server."""
    labels = {**server.labels, **naming.pod_labels(fleet.name, server.name, PodRole.SERVER)}
    meta = Meta(server.name, server.namespace, labels, server.annotations)
    selector = server_selector(server)
    ports = (Port(_APPENDING, server.port), Port(_MAINTENANCE, server.maintenance_port))
    deployment = Deployment(meta, selector, _pod(fleet, server, labels))
    yield Unit.of(deployment)
    yield Unit.of(Service(meta, selector, ports))
    if fleet.alerts is not None:
        found = meta._replace(labels={**fleet.alerts.labels, **labels}, annotations=server.annotations)
        yield Unit.of(ServiceMonitor(found, selector, _APPENDING))
    secret = meta._replace(name=naming.htpasswd(server.name))
    password = repository.credentials["RESTIC_REST_PASSWORD"]
    users = {
        _APPENDING: {naming.BACKUP_USER: password},
        _MAINTENANCE: {naming.MAINTENANCE_USER: naming.maintenance_value(repository.name)},
    }
    yield htpasswd_unit(secret, users)


def _pod(fleet: ResolvedFleet, server: Server, labels: StringMap) -> Pod:
    return Pod(
        labels=labels,
        user=owner(server.user) if server.volume.claim is not None else server.user,
        placement=server.placement,
        grace=_GRACE,
        service_account="",
        with_pod=NOTHING,
        pull_secrets=fleet.image_pull_secrets,
        init_containers=(),
        containers=(
            _container(server, _APPENDING, server.port, "--append-only", *(_METRICS if fleet.alerts else ())),
            _container(server, _MAINTENANCE, server.maintenance_port),
        ),
        volumes=(
            source_volume("data", server.volume),
            PodVolume("htpasswd", "secret", naming.htpasswd(server.name), read_only=True),
        ),
    )


def _container(server: Server, name: str, port: int, *flags: str) -> Container:
    """The flags are rest-server's own (`rest-server --help`); it takes none from its environment."""
    return Container(
        name=name,
        image=server.image,
        command=("rest-server",),
        args=(
            "--path",
            _DATA,
            "--listen",
            f":{port}",
            "--htpasswd-file",
            f"{naming.HTPASSWD_DIR}/{name}",
            *flags,
        ),
        env=NOTHING,
        secrets=(),
        secret_keys=NOTHING,
        # Its own users only: who breaks into the one must not learn the other's.
        mounts=(Mount("data", _DATA), Mount("htpasswd", f"{naming.HTPASSWD_DIR}/{name}", name, read_only=True)),
        requests=server.placement.requests,
        limits=server.placement.limits,
        ports=(Port(name, port),),
    )
