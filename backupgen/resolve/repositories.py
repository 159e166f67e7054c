"""Repository as written -> resolved Repository, with its server, retention, restore test and mirrors."""

import re
from collections.abc import Mapping
from typing import Final

from backupgen.conventions import naming
from backupgen.conventions.units import quantity_value
from backupgen.diagnostics import NodePath
from backupgen.integrations.location import Location, LocationError, parse_repository
from backupgen.language import codes as language_codes
from backupgen.language import schema
from backupgen.language.defaults import default_of
from backupgen.resolve import codes, resolved
from backupgen.resolve.jobs import (
    NOBODY,
    Context,
    Identity,
    check_labels,
    check_resources,
    resolve_job,
    resolve_placement,
    resolve_user,
)
from backupgen.resolve.layers import Layers, merge_layers
from backupgen.resolve.sources import resolve_volume
from backupgen.resolve.targets import keep_flags
from backupgen.schedule import Auto

_PATH = re.compile(r"/?|(?:/[A-Za-z0-9_][-A-Za-z0-9_.]*)+/?")
LOCK_WAIT: Final[int] = default_of(schema.Repository, "lock_wait")
MAXIMUM_PORT = 65535
"""The server needs one port more, for those who may delete."""


def resolve_repository(name: str, written: schema.Repository, context: Context) -> resolved.Repository | None:
    """One repository; None after noting a URL that restic would not take."""
    path: NodePath = ("repository",) if name == naming.MAIN else ("repositories", name)
    location = _location(written.url, (*path, "url"), context)
    if location is None:
        return None
    said = Layers(written, path)
    server = _server(written.server, location, (*path, "server"), context) if written.server else None
    credentials = dict(_credentials(name, location, written.credentials, "RESTIC_PASSWORD"))
    if server is not None:
        credentials.pop("RESTIC_REST_USERNAME")  # the compiler names the server's users
    return resolved.Repository(
        name=name,
        location=location,
        id=written.id,
        lock_wait=said.value("lock_wait"),
        parallel=said.value("parallel"),
        quota=_quota(written, path, context),
        credentials=credentials,
        server=server,
        retention=_retention(name, written.retention, (*path, "retention"), context),
        restore_test=_restore_test(naming.restore_test(name), written.restore_test, (*path, "restore_test"), context),
        mirrors=_mirrors(name, written.mirrors or {}, (location, server), path, context),
        path=path,
    )


def _quota(written: schema.Repository, path: NodePath, context: Context) -> int | None:
    if written.quota is None:
        return None
    if written.retention is None:
        message = "the retention measures what the repository needs, expected `retention` beside `quota`"
        context.notes.add(codes.CONFLICTING_KEYS, message, (*path, "quota"), on_key=True)
    return quantity_value(written.quota)


def _location(url: str, path: NodePath, context: Context) -> Location | None:
    try:
        return parse_repository(url)
    except LocationError as error:
        context.notes.add(codes.UNSUPPORTED_URL, str(error), path)
        return None


def _credentials(
    owner: str, location: Location, written: Mapping[str, str] | None, *variables: str
) -> Mapping[str, str]:
    """Environment variable -> name of the value: those of the backend, and the given ones."""
    names = (*variables, *location.backend.variables)
    return {**{variable: naming.value(owner, variable) for variable in names}, **(written or {})}


def _server(written: schema.Server, location: Location, path: NodePath, context: Context) -> resolved.Server | None:
    service = location.service
    check_labels(written.labels, path, context.notes)
    placement = resolve_placement(Layers(written, path))
    check_resources(placement, path, context.notes)
    if location.kind != "rest" or service is None or location.tls or location.port >= MAXIMUM_PORT:
        message = f"`{location.text}` does not lead to a server of this cluster"
        help_ = "write `rest:http://<name>.<namespace>.svc.cluster.local:8000/`, or leave `server` out"
        context.notes.add(codes.UNSUPPORTED_URL, message, (*path[:-1], "url"), help_)
        return None
    if not _PATH.fullmatch(location.path):
        message = f"the path `{location.path}` is not one of folders below the server's volume"
        help_ = "write names of letters, digits, `-`, `_` and `.`, with one `/` between them"
        context.notes.add(codes.UNSUPPORTED_URL, message, (*path[:-1], "url"), help_)
        return None
    image = written.image or context.fleet.images.rest_server
    if image is None:
        message = "the REST server needs an image, expected `rest_server` under `images`"
        context.notes.add(codes.MISSING_IMAGE, message, path, on_key=True)
        return None
    if written.volume.sentinel is not None:
        message = "a `sentinel` belongs to a target's volume: of a repository the `id` says whether it is the right one"
        context.notes.add(codes.CONFLICTING_KEYS, message, (*path, "volume", "sentinel"), on_key=True)
    return resolved.Server(
        name=service[0],
        namespace=service[1],
        port=location.port,
        maintenance_port=location.port + 1,
        image=image,
        user=resolve_user(written.run_as) if written.run_as else resolved.User(NOBODY, NOBODY),
        volume=resolve_volume("repository", written.volume, (*path, "volume")),
        placement=placement,
        labels=merge_layers(context.labels.value, written.labels),
        annotations=merge_layers(*(shared.value for shared in context.annotations), written.annotations),
        path=path,
    )


def _maintenance(
    written: schema.Maintenance,
    name: str,
    namespace: str,
    path: NodePath,
    context: Context,
    user: resolved.User | None = None,
) -> resolved.Job:
    slot = written.at
    if isinstance(slot, Auto):
        message = '`auto` chooses slots for targets, expected one such as `"03:05"` for an operation on a repository'
        context.notes.add(language_codes.INVALID_VALUE, message, (*path, "at"))
    return resolve_job(written, Layers(written, path), (slot, 0), Identity(name, name, namespace, path), context, user)


def _retention(
    repository: str, written: schema.Retention | None, path: NodePath, context: Context
) -> resolved.Retention | None:
    if written is None:
        return None
    namespace = written.namespace or context.fleet.home_namespace
    job = _maintenance(written, naming.retention(repository), namespace, path, context)
    return resolved.Retention(job, keep_flags(written.keep), written.read_data or 0, written.legacy or {})


def _restore_test(
    name: str, written: schema.RestoreTest | None, path: NodePath, context: Context
) -> resolved.RestoreTest | None:
    if written is None:
        return None
    namespace = written.namespace or context.fleet.home_namespace
    job = _maintenance(written, name, namespace, path, context)
    return resolved.RestoreTest(job, written.scratch.size, written.scratch.storage_class)


def _mirrors(
    repository: str,
    written: Mapping[str, schema.Mirror],
    origin: tuple[Location, resolved.Server | None],
    path: NodePath,
    context: Context,
) -> tuple[resolved.Mirror, ...]:
    found = [
        _mirror(repository, name, mirror, origin, (*path, "mirrors", name), context) for name, mirror in written.items()
    ]
    return tuple(mirror for mirror in found if mirror is not None)


def _mirror(
    repository: str,
    name: str,
    written: schema.Mirror,
    origin: tuple[Location, resolved.Server | None],
    path: NodePath,
    context: Context,
) -> resolved.Mirror | None:
    source, server = origin
    to = _location(written.to, (*path, "to"), context)
    if to is None:
        return None
    by_files = server is not None or (source.backend.copied_by_rclone and to.backend.copied_by_rclone)
    method = written.method or ("rclone" if by_files else "restic_copy")
    if not _possible(method, written, (source, to, server), path, context):
        return None
    namespace, user = written.namespace or context.fleet.home_namespace, None
    if method == "rclone" and server is not None:
        if written.namespace not in {None, server.namespace}:
            message = f"the mirror mounts the repository's volume, expected its namespace `{server.namespace}`"
            context.notes.add(codes.CONFLICTING_KEYS, message, (*path, "namespace"))
        namespace, user = server.namespace, server.user
    job = _maintenance(written, naming.mirror(repository, name), namespace, path, context, user)
    own = () if method == "rclone" else ("MIRROR_RESTIC_PASSWORD",)
    owner = naming.mirror_owner(repository, name)
    test = naming.mirror_restore_test(repository, name)
    return resolved.Mirror(
        name=name,
        job=job,
        to=to,
        method=method,
        id=written.id,
        read_data=written.read_data or 0,
        restore_test=_restore_test(test, written.restore_test, (*path, "restore_test"), context),
        credentials=_credentials(owner, to, written.credentials, *own),
    )


def _possible(
    method: str,
    written: schema.Mirror,
    places: tuple[Location, Location, resolved.Server | None],
    path: NodePath,
    context: Context,
) -> bool:
    """Whether the method can copy from the one place to the other; notes what is wrong."""
    source, to, server = places
    if method == "restic_copy":
        if to.kind == source.kind:
            message = f"`restic copy` takes the credentials of two `{to.kind}:` repositories from the same variables"
            help_ = "choose a place of another kind" + (
                ", or `method: rclone`" if server or to.backend.copied_by_rclone else ""
            )
            context.notes.add(codes.CONFLICTING_KEYS, message, (*path, "to"), help_)
        return True
    if written.id is not None:
        message = "`rclone` copies the repository's own id, expected none for the copy"
        context.notes.add(codes.CONFLICTING_KEYS, message, (*path, "id"), "leave it out", on_key=True)
    if to.backend.copied_by_rclone and (server is not None or source.backend.copied_by_rclone):
        return True
    message = "`rclone` copies to a place that begins with `s3:`, from a `server` that the fleet owns or from `s3:`"
    place = (*path, "method") if written.method else path
    other = "choose a place that begins with `s3:`" if server is not None or source.backend.copied_by_rclone else ""
    help_ = other or "write `method: restic_copy`, and choose a place of another kind"
    context.notes.add(codes.CONFLICTING_KEYS, message, place, help_, on_key=True)
    return False
