"""The sources of a target as written -> resolved: volumes, dump, and what a restore test looks for in them."""

from collections.abc import Iterator
from typing import NamedTuple, get_args

from backupgen.conventions import naming
from backupgen.conventions.units import quantity_value
from backupgen.diagnostics import NodePath
from backupgen.diagnostics.wording import listed
from backupgen.integrations.dump_tools import DUMP_TOOLS, Restore, VerifyKind, sql_restore
from backupgen.language import schema
from backupgen.language.defaults import default_of, filled
from backupgen.resolve import codes, resolved
from backupgen.resolve.jobs import Context
from backupgen.resolve.layers import Layers, Shared
from backupgen.resolve.origins import BUILT_IN, Origin, Record, derived


def resolve_volumes(
    name: str, target: schema.Target, path: NodePath, record: Record | None
) -> tuple[resolved.SourceVolume, ...]:
    """The volumes of a target, in the order of the file."""
    written: dict[NodePath, schema.Volume] = {("volumes", key): item for key, item in (target.volumes or {}).items()}
    if target.volume is not None:
        written = {("volume",): target.volume}
    for kind in ("volume", "volumes"):
        if record is not None and getattr(target, kind) is None:
            record.note((kind,), None)
    return tuple(
        resolve_volume(str(key[1]) if key[1:] else name, item, (*path, *key), record, key)
        for key, item in written.items()
    )


def resolve_volume(
    name: str, volume: schema.Volume, path: NodePath, record: Record | None = None, key: NodePath = ()
) -> resolved.SourceVolume:
    """A claim or a folder of the node."""
    said = Layers(volume, path, record=record, key=key)
    if volume.pvc is not None:
        claim, access, folder = said.value("pvc"), said.value("access"), None
    else:
        claim, access, folder = None, "", said.value("host_path")
        said.value("reason")
    said.value("paths", Shared(["."], BUILT_IN))
    return resolved.SourceVolume(name, claim, folder, access, volume.paths or (), said.value("sentinel") or "", path)


def resolve_sentinels(
    target: schema.Target, volumes: tuple[resolved.SourceVolume, ...], context: Context, record: Record | None
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
            if record is not None and not volume.sentinel:
                path = volume.path[:2]
                shown = [file.removeprefix(f"{place}/") for file in seen]
                record.note((*volume.path[2:], "sentinel"), shown, derived("the verify rules", (*path, "verify")))
        elif volume.sentinel:
            places = listed(mounted)
            message = f"`{wanted[0]}` is not mounted, expected a path below {places}"
            context.notes.add(codes.CONFLICTING_KEYS, message, (*volume.path, "sentinel"))


def resolve_dump(name: str, dump: schema.Dump | None, path: NodePath, record: Record | None) -> resolved.Dump | None:
    """The dump of a target, with the command that makes it."""
    if dump is None:
        if record is not None:
            record.note(("dump",), None)
        return None
    said = Layers(dump, (*path, "dump"), record=record, key=("dump",))
    in_pod, container = said.value("in_pod"), said.value("container")
    for key in ("tool", "database", "user"):  # what they are for is the command
        said.value(key)
    made = _made_by(name, dump)
    command = said.value("command", Shared(made.command, derived("the tool", (*path, "dump", "tool"))))
    file = said.value("file", Shared(made.file, derived("the target's name and the tool", path)))
    claim = said.inner("staging", schema.Staging, "pvc")
    own_size = None if claim is not None or in_pod is None else default_of(schema.Dump, "staging")["size"]
    size = said.inner("staging", schema.Staging, "size", Shared(own_size, BUILT_IN))
    return resolved.Dump(
        in_pod=in_pod or {},
        container=container or "",
        command=command,
        file=f"{_root(dump)}/{file}",
        staging_claim=claim,
        staging_size=size or "",
        tool=dump.tool or "",
        user=dump.user or "",
        database=dump.database or "",
        restore=made.restore,
    )


class _Made(NamedTuple):
    """How a dump is made, and read back in."""

    command: tuple[str, ...]
    file: str
    restore: Restore | None


def _made_by(name: str, dump: schema.Dump) -> _Made:
    tool = DUMP_TOOLS.get(dump.tool or "")
    if tool is None:
        command = dump.command or ()
        return _Made(command, dump.file or "", sql_restore(command, in_pod=dump.in_pod is not None))
    user, database = dump.user or "", dump.database or ""
    return _Made(tool.command(user, database), f"{name}.{tool.suffix}", tool.restore(user, database))


def _root(dump: schema.Dump | None) -> str:
    """Where the snapshot's paths begin: restic takes a bare name only for what it reads from a command."""
    return "" if dump is not None and dump.in_pod is None else naming.BACKUP_DIR


def resolve_verify(
    target: schema.Target,
    volumes: tuple[resolved.SourceVolume, ...],
    dump: resolved.Dump | None,
    path: NodePath,
    record: Record | None,
) -> tuple[resolved.VerifyRule, ...]:
    """What the restore test looks for: what the target says, and something in every source that it does not mention."""
    rules = (*_verify(target), *_derived_rules(target, volumes, dump))
    if record is not None:
        for index, rule in enumerate(rules):
            written = Origin("target", (*path, "verify", index))
            origin = derived("no rule looks at this source", path) if rule.derived else written
            record.note(("verify", index), _as_written(rule), origin)
    return rules


def _as_written(rule: resolved.VerifyRule) -> dict[str, object]:
    file = rule.file.removeprefix(naming.BACKUP_DIR).lstrip("/") or "."
    sizes: dict[str, object] = {} if rule.kind == "sqlite" else {"min_size": str(rule.min_bytes)}
    files: dict[str, object] = {"min_files": rule.min_files} if rule.kind == "dir" else {}
    return {rule.kind: file, **files, **sizes}


def verify_kind(rule: schema.Verify) -> tuple[VerifyKind, str]:
    """Which of its kinds a written rule is, and its path."""
    for kind in get_args(VerifyKind):
        path = getattr(rule, kind)
        if path is not None:
            return kind, path
    raise ValueError(rule)  # pragma: no cover - the model accepts exactly one


def _verify(target: schema.Target) -> Iterator[resolved.VerifyRule]:
    for rule in target.verify or ():
        kind, path = verify_kind(rule)
        least = filled(rule)
        place = f"{_root(target.dump)}/{path}" if path != "." else _root(target.dump) or "/"
        yield resolved.VerifyRule(kind, place, quantity_value(least["min_size"]), least["min_files"], derived=False)


def _derived_rules(
    target: schema.Target, volumes: tuple[resolved.SourceVolume, ...], dump: resolved.Dump | None
) -> Iterator[resolved.VerifyRule]:
    """A rule for each source that no written rule looks at, so that every restore test looks at everything."""
    written = [rule.file for rule in _verify(target)]

    def looked_at(place: str) -> bool:
        return any(file == place or file.startswith(f"{place}/") for file in written)

    if dump is not None and target.dump is not None and not looked_at(dump.file):
        kind = dump.known_tool.verify if dump.known_tool is not None else "file"
        yield resolved.VerifyRule(kind, dump.file, 1, 1, derived=True)
    for volume in volumes:
        root = f"{naming.BACKUP_DIR}/{volume.name}"
        # A rule for the whole volume, or for all of them, looks at each of its folders.
        if root in written or naming.BACKUP_DIR in written:
            continue
        for place in [f"{root}/{path}" for path in volume.paths if path != "."] or [root]:
            if not looked_at(place):
                yield resolved.VerifyRule("dir", place, 1, 1, derived=True)
