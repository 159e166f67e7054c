"""Target as written -> resolved Target."""

from collections.abc import Mapping
from typing import Final

from backupgen.conventions import naming
from backupgen.conventions.units import format_duration, format_hours
from backupgen.diagnostics import NodePath
from backupgen.diagnostics.wording import listed
from backupgen.grammars.restic_flags import judge_argument
from backupgen.language import codes as language_codes
from backupgen.language import schema
from backupgen.language.defaults import default_of, filled, written
from backupgen.language.refusals import shown
from backupgen.resolve import codes, resolved
from backupgen.resolve.jobs import Context, Identity, resolve_job
from backupgen.resolve.layers import Layers, Shared
from backupgen.resolve.origins import BUILT_IN, Origin, Record, derived
from backupgen.resolve.sources import resolve_dump, resolve_sentinels, resolve_verify, resolve_volumes
from backupgen.schedule import AUTO, CADENCES, Auto, CronExpr

MAX_SHRINK: Final[int] = default_of(schema.Target, "max_shrink")
"""Half: what deletes more than that is seldom a user who tidies up."""
_ALL_HOURS = (1 << 24) - 1


def resolve_target(
    name: str,
    target: schema.Target,
    repositories: Mapping[str, schema.Repository],
    context: Context,
    record: Record | None = None,
) -> resolved.Target:
    """One target; notes what is missing or cannot be together. What holds is noted in the record, if there is one."""
    path: NodePath = ("targets", name)
    notes = context.notes
    defaults = context.fleet.defaults
    said = Layers(target, path, record=record)
    layers = Layers(target, path, defaults, record)
    volumes = resolve_volumes(name, target, path, record)
    _check_sources(target, path, context)
    repository: str = said.value("repository")
    if repository not in repositories:
        known = listed(repositories)
        message = f"there is no repository `{repository}`, expected one of {known}"
        notes.add(codes.UNKNOWN_REPOSITORY, message, (*path, "repository"))
    if volumes and layers.given("run_as") is None:
        help_ = "write `run_as:` with the uid of the app that writes the files"
        notes.add(codes.NO_USER, f"`{name}` reads volumes, but not as which user", path, help_, on_key=True)
    by_name = Shared(name, derived("the target's name", path))
    skip = _skip(target)
    slot = _slot(target, skip, path, said, context)
    identity = Identity(naming.backup(name), said.value("hostname", by_name), said.value("namespace"), path)
    dump = resolve_dump(name, target.dump, path, record)
    if dump is not None and any(dump.file == f"{naming.BACKUP_DIR}/{volume.name}" for volume in volumes):
        message = f"the dump and a volume would both lie at `{dump.file}`"
        notes.add(codes.CONFLICTING_KEYS, message, (*path, "dump"), "give the dump another `file`", on_key=True)
    if dump is not None and dump.in_pod and context.fleet.images.kubectl is None:
        message = "a dump in the app's pod needs an image with kubectl, expected `kubectl` under `images`"
        notes.add(codes.MISSING_IMAGE, message, (*path, "dump"), on_key=True)
    result = resolved.Target(
        name=name,
        job=resolve_job(target, layers, slot, identity, context, hook_timeout=said.value("hook_timeout")),
        repository=repository,
        skip=skip,
        between=_ALL_HOURS if target.between is None else target.between,
        yields=said.value("yields"),
        volumes=volumes,
        dump=dump,
        with_pod=said.value("with_pod") or {},
        exclude=tuple(_pattern(pattern) for pattern in target.exclude or ()),
        backup_args=_backup_args(target, path, context),
        tag=said.value("tag", by_name),
        keep=keep_flags(target.keep) if target.keep else (),
        verify=resolve_verify(target, volumes, dump, path, record),
        sentinels=tuple(resolve_sentinels(target, volumes, context, record)),
        max_age=target.max_age,
        max_shrink=said.value("max_shrink"),
        before=said.value("before") or "",
        after=said.value("after") or "",
        credentials=target.credentials or {},
        connects_to=tuple(_peer(peer, target.namespace) for peer in target.connects_to or ()),
    )
    if record is not None:
        _note_the_rest(record, result, target, said, repositories)
    return result


def _note_the_rest(
    record: Record,
    target: resolved.Target,
    own: schema.Target,
    said: Layers,
    repositories: Mapping[str, schema.Repository],
) -> None:
    """Note what holds otherwise than it is written, and what comes from the repository."""
    path = target.job.path
    record.note(("at",), str(own.at), said.origin("at"))
    record.note(("skip",), list(format_hours(target.skip)), said.origin("skip"))
    record.note(("between",), "".join(format_hours(target.between)), said.origin("between"))
    record.note(("exclude",), list(target.exclude), said.origin("exclude"))
    record.note(("backup_args",), list(target.backup_args), said.origin("backup_args"))
    _note_keep(record, own.keep, Origin("target", path))
    if own.keep is None:
        _note_kept_by(record, target.repository, repositories[target.repository])
    missed = target.job.missed_slots + 1
    note = "any age, while it is suspended" if target.job.suspend else f"a schedule that misses {missed} runs"
    said.value("max_age", Shared(None, derived(note, (*path, "at"))))
    for index, peer in enumerate(target.connects_to):
        shown = {**peer._asdict(), "namespace": peer.namespace if peer.pod else ""}
        place = Origin("target", (*path, "connects_to", index))
        record.note(("connects_to", index), {key: value for key, value in shown.items() if value}, place)
    if not target.connects_to:
        record.note(("connects_to",), None)
    waived = {slug: waiver.reason for slug, waiver in (own.waive or {}).items()}
    record.note_each(("waive",), waived, said.origin("waive"))


def _note_kept_by(record: Record, name: str, repository: schema.Repository) -> None:
    place: NodePath = ("repository",) if name == naming.MAIN else ("repositories", name)
    if repository.retention is None:
        record.note(("keep",), None, derived("the repository has no retention", place))
    else:
        _note_keep(record, repository.retention.keep, Origin("fleet", (*place, "retention")))


def _note_keep(record: Record, keep: schema.Keep | None, origin: Origin) -> None:
    for name in type(keep).model_fields if keep is not None else ():
        value = getattr(keep, name)
        if value is not None:
            record.note(("keep", name), written(schema.Keep, name, value), origin.at("keep", name))


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
    if target.between is not None and target.at is not AUTO:
        help_ = "leave out hours of a slot of your own with `skip`"
        notes.add(codes.CONFLICTING_KEYS, "`between` goes with `at: auto`", (*path, "between"), help_, on_key=True)
    if target.after is not None and target.before is None:
        message = "`after` undoes what `before` did, expected `before` beside it"
        notes.add(codes.CONFLICTING_KEYS, message, (*path, "after"), on_key=True)


def _skip(target: schema.Target) -> int:
    hours = 0
    for hour_range in target.skip or ():
        hours |= hour_range
    return hours


def _slot(
    target: schema.Target, skip: int, path: NodePath, said: Layers, context: Context
) -> tuple[CronExpr | Auto, int]:
    if skip == _ALL_HOURS:
        context.notes.add(codes.CONFLICTING_KEYS, "`skip` leaves no hour in which it could start", (*path, "skip"))
        return target.at, 0
    if target.between is not None and not target.between & ~skip:
        message = "`skip` leaves no hour of `between` in which it could start"
        context.notes.add(codes.CONFLICTING_KEYS, message, (*path, "between"))
    if isinstance(target.at, Auto):
        every = said.value("every")
        if every not in CADENCES:
            message = f"no cron expression runs every `{format_duration(every)}`"
            help_ = f"expected one of {listed(map(format_duration, CADENCES))}"
            context.notes.add(language_codes.INVALID_VALUE, message, (*path, "every"), help_)
        return target.at, every
    said.value("every", Shared(None, BUILT_IN))
    rest = target.at.without_hours(skip) if skip else target.at
    if rest is None:
        context.notes.add(codes.CONFLICTING_KEYS, "`skip` leaves no hour in which it could start", (*path, "skip"))
        return target.at, 0
    return rest, 0


def _pattern(pattern: str) -> str:
    bare = pattern.removeprefix("!")  # restic's negation
    return f"{pattern[: -len(bare)]}{naming.BACKUP_DIR}{bare}" if bare.startswith("/") else pattern


def _backup_args(target: schema.Target, path: NodePath, context: Context) -> tuple[str, ...]:
    arguments = target.backup_args or ()
    for index, argument in enumerate(arguments):
        found = judge_argument(argument)
        if found is not None:
            own = "is set by the compiler" in found.error
            info = codes.CONFLICTING_KEYS if own else language_codes.INVALID_VALUE
            message = found.error if found.error.startswith(("`-", "restic")) else f"`{shown(argument)}` {found.error}"
            context.notes.add(info, message, (*path, "backup_args", index), found.help)
    return arguments


def keep_flags(keep: schema.Keep) -> tuple[str, ...]:
    """The flags of `restic forget`."""
    fields = type(keep).model_fields
    return tuple(f"--keep-{name}={value}" for name in fields if (value := getattr(keep, name)) is not None)


def _peer(peer: schema.Peer, namespace: str) -> resolved.Peer:
    return resolved.Peer(**{**filled(peer), "namespace": peer.namespace or namespace})
