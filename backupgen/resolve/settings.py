"""Every setting of a target as it is meant, and where it comes from: what `backupgen explain` shows.

Input: the document's data and the resolved fleet. Output: settings whose values are the resolved ones, as fleet.yaml
would write them. Never: what follows from the whole fleet, such as the hours that are left after yielding.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from backupgen.conventions import naming
from backupgen.conventions.units import format_duration, format_hours
from backupgen.diagnostics import NodePath
from backupgen.integrations.channels import Ntfy
from backupgen.language.schema import JobSettings
from backupgen.language.schema import Target as Written
from backupgen.resolve.provenance import BUILT_IN, Layers, Origin, Setting, derived
from backupgen.resolve.resolved import Peer, Repository, ResolvedFleet, Target, Toleration, VerifyRule, Volume


class Scene(NamedTuple):
    """A target in its fleet."""

    layers: Layers
    fleet: ResolvedFleet
    target: Target

    @property
    def path(self) -> NodePath:
        """The target's place in the document."""
        return ("targets", self.target.name)

    @property
    def repository(self) -> Repository:
        """The target's repository."""
        return self.fleet.repository(self.target.repository)


Field = Callable[[Scene], Iterator[Setting]]


def settings_of(data: Mapping[str, Any], fleet: ResolvedFleet, target: Target) -> tuple[Setting, ...]:
    """Return the settings of a target, its own keys before those that every job has.

    `data` is that of the document from which the fleet was resolved. Every field of the language has at least one.
    """
    scene = Scene(Layers(data, target.name), fleet, target)
    names = sorted(Written.model_fields, key=lambda name: name in JobSettings.model_fields)
    return tuple(setting for name in names for setting in FIELDS[name](scene))


def _one(*key: str, value: Callable[[Scene], object], shared: NodePath = (), otherwise: Origin = BUILT_IN) -> Field:
    """A field of one value."""

    def field(scene: Scene) -> Iterator[Setting]:
        yield _setting(scene, key, value(scene), shared, otherwise)

    return field


def _setting(
    scene: Scene, key: NodePath, value: object, shared: NodePath = (), otherwise: Origin = BUILT_IN
) -> Setting:
    origin = scene.layers.origin(*key, shared=shared, otherwise=otherwise)
    said = origin.kind in {"target", "defaults", "fleet"}
    return Setting(key, value if said or value not in ("", [], {}) else None, origin)


def _each(
    key: NodePath, values: Mapping[str, object], scene: Scene, shared: NodePath = (), otherwise: Origin = BUILT_IN
) -> Iterator[Setting]:
    """The entries of a mapping, which may come from different places."""
    for name, value in values.items():
        place = (*shared, name) if shared else ()
        yield Setting((*key, name), value, scene.layers.origin(*key, name, shared=place, otherwise=otherwise))
    if not values:
        yield Setting(key, None, BUILT_IN)


def _span(seconds: int | None) -> str | None:
    return format_duration(seconds) if seconds else None


def _of_the_name(*key: str, value: Callable[[Scene], object]) -> Field:
    """A field that is the target's name, if nobody says anything else."""

    def field(scene: Scene) -> Iterator[Setting]:
        yield _setting(scene, key, value(scene), otherwise=derived("the target's name", scene.path))

    return field


def _volume(scene: Scene) -> Iterator[Setting]:
    if scene.layers.own("volume") is None:
        yield Setting(("volume",), None, BUILT_IN)
    else:
        yield from _source(scene, ("volume",), scene.target.volumes[0])


def _volumes(scene: Scene) -> Iterator[Setting]:
    if scene.layers.own("volumes") is None:
        yield Setting(("volumes",), None, BUILT_IN)
    else:
        for volume in scene.target.volumes:
            yield from _source(scene, ("volumes", volume.name), volume)


def _source(scene: Scene, key: NodePath, volume: Volume) -> Iterator[Setting]:
    written = scene.layers.own(*key)
    mounted = f"{naming.BACKUP_DIR}/{volume.name}/"
    if volume.claim is not None:
        yield _setting(scene, (*key, "pvc"), volume.claim)
        yield _setting(scene, (*key, "access"), written.get("access") or "ReadWriteOnce")
    else:
        yield _setting(scene, (*key, "host_path"), volume.host_path)
        yield _setting(scene, (*key, "reason"), written.get("reason"))
    yield _setting(scene, (*key, "paths"), list(volume.paths) or ["."])
    looked_for = next((paths for paths in scene.target.sentinels if paths[0].startswith(mounted)), ())
    found: object = volume.sentinel or [path.removeprefix(mounted) for path in looked_for] or None
    yield _setting(scene, (*key, "sentinel"), found, otherwise=_by_rules(scene) if looked_for else BUILT_IN)


def _by_rules(scene: Scene) -> Origin:
    return derived("the verify rules", (*scene.path, "verify"))


def _dump(scene: Scene) -> Iterator[Setting]:
    dump, written = scene.target.dump, scene.layers.own("dump")
    if dump is None:
        yield Setting(("dump",), None, BUILT_IN)
        return
    tool = derived("the tool", (*scene.path, "dump", "tool"))
    yield _setting(scene, ("dump", "in_pod"), dict(dump.in_pod))
    yield _setting(scene, ("dump", "container"), dump.container)
    for key in ("tool", "database", "user"):
        yield _setting(scene, ("dump", key), written.get(key))
    yield _setting(scene, ("dump", "command"), list(dump.command), otherwise=tool)
    name = derived("the target's name and the tool", scene.path)
    yield _setting(scene, ("dump", "file"), dump.file.rpartition("/")[2], otherwise=name)
    yield _setting(scene, ("dump", "staging", "pvc"), dump.staging_claim)
    yield _setting(scene, ("dump", "staging", "size"), dump.staging_size if dump.in_pod else None)


def _keep(scene: Scene) -> Iterator[Setting]:
    retention = scene.repository.retention
    own = bool(scene.target.keep)
    flags = scene.target.keep or (retention.keep if retention else ())
    place = (*scene.path, "keep") if own else (*scene.repository.path, "retention", "keep")
    for flag in flags:
        rule, _, value = flag.removeprefix("--keep-").partition("=")
        shown = int(value) if value.isdigit() else value.replace("m", "mo")
        yield Setting(("keep", rule), shown, Origin("target" if own else "fleet", (*place, rule)))
    if not flags:
        yield Setting(("keep",), None, derived("the repository has no retention", scene.repository.path))


def _verify(scene: Scene) -> Iterator[Setting]:
    for index, rule in enumerate(scene.target.verify):
        origin = Origin("target", (*scene.path, "verify", index))
        if rule.derived:
            origin = derived("no rule looks at this source", scene.path)
        yield Setting(("verify", index), _rule(rule), origin)


def _rule(rule: VerifyRule) -> Mapping[str, object]:
    path = rule.file.removeprefix(naming.BACKUP_DIR).lstrip("/") or "."
    sizes: dict[str, object] = {} if rule.kind == "sqlite" else {"min_size": str(rule.min_bytes)}
    files: dict[str, object] = {"min_files": rule.min_files} if rule.kind == "dir" else {}
    return {rule.kind: path, **files, **sizes}


def _credentials(scene: Scene) -> Iterator[Setting]:
    path = scene.repository.path
    for variable, name in {**scene.repository.credentials, **scene.target.credentials}.items():
        shared = (*path, "credentials", variable)
        otherwise = derived("the repository's URL", (*path, "url"))
        yield _setting(scene, ("credentials", variable), name, shared, otherwise)


def _peers(scene: Scene) -> Iterator[Setting]:
    for index, peer in enumerate(scene.target.connects_to):
        yield _setting(scene, ("connects_to", index), _peer(peer))
    if not scene.target.connects_to:
        yield Setting(("connects_to",), None, BUILT_IN)


def _peer(peer: Peer) -> Mapping[str, object]:
    shown = {**peer._asdict(), "namespace": peer.namespace if peer.pod else ""}
    return {key: value for key, value in shown.items() if value}


def _waive(scene: Scene) -> Iterator[Setting]:
    yield from _each(("waive",), scene.layers.own("waive") or {}, scene)


def _max_age(scene: Scene) -> Iterator[Setting]:
    job = scene.target.job
    note = "any age, while it is suspended" if job.suspend else f"a schedule that misses {job.missed_slots + 1} runs"
    yield _setting(scene, ("max_age",), _span(scene.target.max_age), otherwise=derived(note, (*scene.path, "at")))


def _history(scene: Scene) -> Iterator[Setting]:
    for name, kept in zip(("success", "failure"), scene.target.job.history, strict=True):
        yield _setting(scene, ("history", name), kept)


def _resources(scene: Scene) -> Iterator[Setting]:
    for kind in ("requests", "limits"):
        yield from _each(("resources", kind), getattr(scene.target.job.placement, kind), scene)


def _cache(scene: Scene) -> Iterator[Setting]:
    job = scene.target.job
    yield _setting(scene, ("cache", "size"), job.cache_size)
    yield _setting(scene, ("cache", "medium"), "memory" if job.cache_in_memory else "disk")


def _tolerations(scene: Scene) -> Iterator[Setting]:
    shown = [_toleration(one) for one in scene.target.job.placement.tolerations]
    yield _setting(scene, ("tolerations",), shown)


def _toleration(toleration: Toleration) -> Mapping[str, str]:
    return {key: value for key, value in toleration._asdict().items() if value}


def _run_as(scene: Scene) -> Iterator[Setting]:
    whole = scene.layers.origin("run_as")
    short = not isinstance(scene.layers.value(whole.path), Mapping)
    user = scene.target.job.user._asdict()
    yield Setting(("run_as", "uid"), user["uid"], whole if short else whole._replace(path=(*whole.path, "uid")))
    for name in ("gid", "fs_group", "reason"):
        place = (*whole.path, name)
        otherwise = derived("the uid", whole.path) if name == "gid" and whole.path else BUILT_IN
        given = not short and scene.layers.value(place) is not None
        yield Setting(("run_as", name), user[name], whole._replace(path=place) if given else otherwise)


def _ntfy(scene: Scene) -> Iterator[Setting]:
    ntfy = scene.target.job.ntfy
    if not any(isinstance(channel, Ntfy) for channel in scene.fleet.channels):
        yield Setting(("ntfy",), None, BUILT_IN)
        return
    yield _setting(scene, ("ntfy", "enabled"), ntfy is not None)
    for name in ("topic", "priority", "tags", "title") if ntfy is not None else ():
        value = getattr(ntfy, name)
        yield _setting(scene, ("ntfy", name), list(value) if name == "tags" else value, ("ntfy", name))


def _labels(scene: Scene) -> Iterator[Setting]:
    yield from _each(("labels",), scene.target.job.labels, scene, ("labels",))


def _annotations(scene: Scene) -> Iterator[Setting]:
    wiring = derived("the wiring", ("gitops",))
    yield from _each(("annotations",), scene.target.job.annotations, scene, ("annotations",), wiring)


def _node_selector(scene: Scene) -> Iterator[Setting]:
    yield from _each(("node_selector",), scene.target.job.placement.node_selector, scene)


FIELDS: Final[Mapping[str, Field]] = {
    "namespace": _one("namespace", value=lambda scene: scene.target.job.namespace),
    "at": _one("at", value=lambda scene: scene.layers.own("at")),
    "every": _one("every", value=lambda scene: _span(scene.target.job.every)),
    "skip": _one("skip", value=lambda scene: list(format_hours(scene.target.skip))),
    "yields": _one("yields", value=lambda scene: scene.target.yields),
    "repository": _one("repository", value=lambda scene: scene.target.repository),
    "volume": _volume,
    "volumes": _volumes,
    "dump": _dump,
    "with_pod": _one("with_pod", value=lambda scene: dict(scene.target.with_pod)),
    "exclude": _one("exclude", value=lambda scene: list(scene.target.exclude)),
    "backup_args": _one("backup_args", value=lambda scene: list(scene.target.backup_args)),
    "tag": _of_the_name("tag", value=lambda scene: scene.target.tag),
    "hostname": _of_the_name("hostname", value=lambda scene: scene.target.job.instance),
    "keep": _keep,
    "verify": _verify,
    "max_age": _max_age,
    "max_shrink": _one("max_shrink", value=lambda scene: f"{scene.target.max_shrink}%"),
    "before": _one("before", value=lambda scene: scene.target.before),
    "after": _one("after", value=lambda scene: scene.target.after),
    "hook_timeout": _one("hook_timeout", value=lambda scene: _span(scene.target.job.hook_timeout)),
    "credentials": _credentials,
    "connects_to": _peers,
    "waive": _waive,
    "timezone": _one("timezone", value=lambda scene: scene.target.job.timezone, shared=("timezone",)),
    "deadline": _one("deadline", value=lambda scene: _span(scene.target.job.deadline)),
    "start_within": _one("start_within", value=lambda scene: _span(scene.target.job.start_within)),
    "retries": _one("retries", value=lambda scene: scene.target.job.retries),
    "needs": _one("needs", value=lambda scene: _span(scene.target.job.needs)),
    "grace": _one("grace", value=lambda scene: _span(scene.target.job.grace)),
    "history": _history,
    "suspend": _one("suspend", value=lambda scene: scene.target.job.suspend),
    "missed_slots": _one("missed_slots", value=lambda scene: scene.target.job.missed_slots),
    "image": _one("image", value=lambda scene: scene.target.job.image, shared=("images", "restic")),
    "resources": _resources,
    "cache": _cache,
    "node_selector": _node_selector,
    "tolerations": _tolerations,
    "run_as": _run_as,
    "labels": _labels,
    "annotations": _annotations,
    "ntfy": _ntfy,
}
"""How each field of a target is told. A test holds the keys against the language."""
