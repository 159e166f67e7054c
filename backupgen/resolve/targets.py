"""Target as written -> resolved Target."""

from collections.abc import Iterator, Mapping

from backupgen.conventions import naming
from backupgen.conventions.units import format_duration, quantity_value
from backupgen.diagnostics import NodePath
from backupgen.diagnostics.wording import listed
from backupgen.language import codes as language_codes
from backupgen.language import schema
from backupgen.resolve import codes, dump_tools, resolved
from backupgen.resolve.jobs import EVERY, Context, Identity, resolve_job
from backupgen.schedule import AUTO, CADENCES, Auto, CronExpr

ACCESS = "ReadWriteOnce"
STAGING_SIZE = "10Gi"
MAX_SHRINK = 50
"""Half: what deletes more than that is seldom a user who tidies up."""
_ALL_HOURS = (1 << 24) - 1


def resolve_target(
    name: str, target: schema.Target, repositories: Mapping[str, object], context: Context
) -> resolved.Target:
    """One target; notes what is missing or cannot be together."""
    path: NodePath = ("targets", name)
    notes = context.notes
    defaults = context.fleet.defaults
    volumes = _volumes(name, target, path)
    _check_sources(target, path, context)
    if target.repository is not None and target.repository not in repositories:
        known = listed(repositories)
        message = f"there is no repository `{target.repository}`, expected one of {known}"
        notes.add(codes.UNKNOWN_REPOSITORY, message, (*path, "repository"))
    run_as = target.run_as or (defaults.run_as if defaults else None)
    if volumes and run_as is None:
        help_ = "write `run_as:` with the uid of the app that writes the files"
        notes.add(codes.NO_USER, f"`{name}` reads volumes, but not as which user", path, help_, on_key=True)
    hostname = target.hostname or name
    skip = _skip(target)
    slot = _slot(target, skip, path, context)
    job_name = naming.backup(name)
    dump = _dump(name, target.dump)
    if dump is not None and any(dump.file == f"{naming.BACKUP_DIR}/{volume.name}" for volume in volumes):
        message = f"the dump and a volume would both lie at `{dump.file}`"
        notes.add(codes.CONFLICTING_KEYS, message, (*path, "dump"), "give the dump another `file`", on_key=True)
    if dump is not None and dump.in_pod and context.fleet.images.kubectl is None:
        message = "a dump in the app's pod needs an image with kubectl, expected `kubectl` under `images`"
        notes.add(codes.MISSING_IMAGE, message, (*path, "dump"), on_key=True)
    return resolved.Target(
        name=name,
        job=resolve_job(target, defaults, slot, Identity(job_name, hostname, target.namespace, path), context),
        repository=target.repository or naming.MAIN,
        skip=skip,
        yields=target.yields is not False,
        volumes=volumes,
        dump=dump,
        with_pod=target.with_pod or {},
        exclude=tuple(_pattern(pattern) for pattern in target.exclude or ()),
        backup_args=_backup_args(target, path, context),
        tag=target.tag or name,
        keep=keep_flags(target.keep) if target.keep else (),
        verify=(*_verify(target), *_derived_rules(target, volumes, dump)),
        sentinels=tuple(_sentinels(target, volumes, context)),
        max_age=target.max_age,
        max_shrink=target.max_shrink or MAX_SHRINK,
        before=target.before or "",
        after=target.after or "",
        credentials=target.credentials or {},
        connects_to=tuple(_peer(peer, target.namespace) for peer in target.connects_to or ()),
    )


def _volumes(name: str, target: schema.Target, path: NodePath) -> tuple[resolved.Volume, ...]:
    if target.volume is not None:
        return (resolve_volume(name, target.volume, (*path, "volume")),)
    volumes = target.volumes or {}
    return tuple(resolve_volume(key, volume, (*path, "volumes", key)) for key, volume in volumes.items())


def resolve_volume(name: str, volume: schema.Volume, path: NodePath) -> resolved.Volume:
    """A claim or a folder of the node."""
    access = "" if volume.pvc is None else volume.access or ACCESS
    return resolved.Volume(name, volume.pvc, volume.host_path, access, volume.paths or (), volume.sentinel or "", path)


def _sentinels(
    target: schema.Target, volumes: tuple[resolved.Volume, ...], context: Context
) -> Iterator[tuple[str, ...]]:
    """What tells a mounted volume from the folder below its mount point.

    A claim that cannot be mounted keeps its pod from starting, a folder of the node does not. So for the latter the
    paths that the restore test looks for are looked for in time; a mount point itself is there in any case.
    """
    for volume in volumes:
        place = f"{naming.BACKUP_DIR}/{volume.name}"
        mounted = [f"{place}/{path}" for path in volume.paths if path != "."] or [place]
        wanted = [f"{place}/{volume.sentinel}"] if volume.sentinel else []
        if not wanted and volume.host_path is not None:
            wanted = [rule.file for rule in _verify(target)]
        seen = tuple(path for path in wanted if any(path.startswith(f"{mount}/") for mount in mounted))
        if seen:
            yield seen
        elif volume.sentinel:
            places = listed(mounted)
            message = f"`{wanted[0]}` is not mounted, expected a path below {places}"
            context.notes.add(codes.CONFLICTING_KEYS, message, (*volume.path, "sentinel"))


def _check_sources(target: schema.Target, path: NodePath, context: Context) -> None:
    notes = context.notes
    given = [key for key in ("volume", "volumes", "dump") if getattr(target, key) is not None]
    if not given:
        notes.add(
            language_codes.MISSING_KEY,
            f"`{path[-1]}` has no source, expected `volume`, `volumes` or `dump`",
            path,
            on_key=True,
        )
    if "volume" in given and "volumes" in given:
        notes.add(codes.CONFLICTING_KEYS, "`volume` and `volumes` exclude each other", (*path, "volume"), on_key=True)
    if target.dump is not None and target.dump.in_pod is None and len(given) > 1:
        message = "a dump by a command in the job's own container is a snapshot of its own and takes no volumes"
        help_ = "make two targets of it, or run the command in the app's pod with `in_pod`"
        notes.add(codes.CONFLICTING_KEYS, message, (*path, "dump"), help_, on_key=True)
    if target.every is not None and target.at is not AUTO:
        notes.add(codes.CONFLICTING_KEYS, "`every` goes with `at: auto`", (*path, "every"), on_key=True)
    if target.after is not None and target.before is None:
        message = "`after` undoes what `before` did, expected `before` beside it"
        notes.add(codes.CONFLICTING_KEYS, message, (*path, "after"), on_key=True)


def _skip(target: schema.Target) -> int:
    hours = 0
    for hour_range in target.skip or ():
        hours |= hour_range
    return hours


def _slot(target: schema.Target, skip: int, path: NodePath, context: Context) -> tuple[CronExpr | Auto, int]:
    if skip == _ALL_HOURS:
        context.notes.add(codes.CONFLICTING_KEYS, "`skip` leaves no hour in which it could start", (*path, "skip"))
        return target.at, 0
    if isinstance(target.at, Auto):
        every = target.every or EVERY
        if every not in CADENCES:
            message = f"no cron expression runs every `{format_duration(every)}`"
            help_ = f"expected one of {listed(map(format_duration, CADENCES))}"
            context.notes.add(language_codes.INVALID_VALUE, message, (*path, "every"), help_)
        return target.at, every
    rest = target.at.without_hours(skip) if skip else target.at
    if rest is None:
        context.notes.add(codes.CONFLICTING_KEYS, "`skip` leaves no hour in which it could start", (*path, "skip"))
        return target.at, 0
    return rest, 0


def _dump(name: str, dump: schema.Dump | None) -> resolved.Dump | None:
    if dump is None:
        return None
    staging = dump.staging or schema.Staging(size=STAGING_SIZE)
    loading, loader = dump_tools.loader(dump)
    return resolved.Dump(
        in_pod=dump.in_pod or {},
        container=dump.container or "",
        tool=dump.tool,
        command=dump.command or dump_tools.command(dump),
        file=f"{_root(dump)}/{dump.file or dump_tools.file_name(name, dump)}",
        staging_claim=staging.pvc,
        staging_size=staging.size or "",
        loading=loading,
        loader=loader,
    )


def _root(dump: schema.Dump | None) -> str:
    """Where the snapshot's paths begin: restic takes a bare name only for what it reads from a command."""
    return "" if dump is not None and dump.in_pod is None else naming.BACKUP_DIR


def _pattern(pattern: str) -> str:
    bare = pattern.removeprefix("!")  # restic's negation
    return f"{pattern[: -len(bare)]}{naming.BACKUP_DIR}{bare}" if bare.startswith("/") else pattern


_OWN_FLAGS = {
    "--tag": "tag",
    "--host": "hostname",
    "-H": "hostname",
    "--exclude": "exclude",
    "-e": "exclude",
    "--iexclude": "exclude",
    "--repo": "repository",
    "-r": "repository",
    "--retry-lock": "repository.lock_wait",
    "--stdin": "dump",
    "--stdin-from-command": "dump",
    "--stdin-filename": "dump.file",
    "--dry-run": "suspend",
    "-n": "suspend",
    "--no-lock": "",
    "--help": "",
    "-h": "",
    "--json": "",
    "--quiet": "",
    "-q": "",
    "--skip-if-unchanged": "",
    "--time": "",
    "--repository-file": "repository",
    "--password-file": "credentials",
    "-p": "credentials",
    "--password-command": "credentials",
    "--insecure-no-password": "credentials",
    "--files-from": "volumes",
    "--files-from-verbatim": "volumes",
    "--files-from-raw": "volumes",
}
_SHORT_WITH_VALUE = frozenset("eHopr")


def _flags(argument: str) -> Iterator[str]:
    """The flags of one argument: `--a=b` holds one, `-xn` two, `-Hname` one and its value."""
    if argument.startswith("--"):
        yield argument.partition("=")[0]
        return
    for letter in argument[1:]:
        yield f"-{letter}"
        if letter in _SHORT_WITH_VALUE:
            return


def _backup_args(target: schema.Target, path: NodePath, context: Context) -> tuple[str, ...]:
    arguments = target.backup_args or ()
    for index, argument in enumerate(arguments):
        place = (*path, "backup_args", index)
        own = [flag for flag in _flags(argument) if flag in _OWN_FLAGS] if argument.startswith("-") else []
        if own:
            key = _OWN_FLAGS[own[0]]
            help_ = f"write it as `{key}`" if key else "leave it out"
            context.notes.add(codes.CONFLICTING_KEYS, f"`{own[0]}` is set by the compiler", place, help_)
        elif argument in {"-", "--"} or not argument.startswith("-"):
            message = f"`{argument}` is no flag, expected one such as `--one-file-system` or `--compression=max`"
            context.notes.add(
                language_codes.INVALID_VALUE, message, place, "write a flag and its value as one item, joined by `=`"
            )
    return arguments


def keep_flags(keep: schema.Keep) -> tuple[str, ...]:
    """The flags of `restic forget`."""
    fields = type(keep).model_fields
    return tuple(f"--keep-{name}={value}" for name in fields if (value := getattr(keep, name)) is not None)


def _verify(target: schema.Target) -> Iterator[resolved.VerifyRule]:
    for rule in target.verify or ():
        kind, path = dump_tools.verify_kind(rule)
        min_bytes = quantity_value(rule.min_size) if rule.min_size is not None else 1
        min_files = 1 if rule.min_files is None else rule.min_files
        place = f"{_root(target.dump)}/{path}" if path != "." else _root(target.dump) or "/"
        yield resolved.VerifyRule(kind, place, min_bytes, min_files, derived=False)


def _derived_rules(
    target: schema.Target, volumes: tuple[resolved.Volume, ...], dump: resolved.Dump | None
) -> Iterator[resolved.VerifyRule]:
    """A rule for each source that no written rule looks at, so that every restore test looks at everything."""
    written = [rule.file for rule in _verify(target)]

    def looked_at(place: str) -> bool:
        return any(file == place or file.startswith(f"{place}/") for file in written)

    if dump is not None and target.dump is not None and not looked_at(dump.file):
        yield resolved.VerifyRule(dump_tools.kind_of_output(target.dump), dump.file, 1, 1, derived=True)
    for volume in volumes:
        place = f"{naming.BACKUP_DIR}/{volume.name}"
        if not looked_at(place) and naming.BACKUP_DIR not in written:
            yield resolved.VerifyRule("dir", place, 1, 1, derived=True)


def _peer(peer: schema.Peer, namespace: str) -> resolved.Peer:
    return resolved.Peer(peer.pod or {}, peer.namespace or namespace, peer.host or "", peer.cidr or "", peer.port)
