"""JobSettings as written -> Job: defaults, merged mappings, and what every operation must say."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, get_args

from backupgen.conventions import naming
from backupgen.conventions.units import amount, format_duration
from backupgen.diagnostics import CodeInfo, Finding, NodePath, Spot
from backupgen.integrations.channels import CHANNELS, Channel, ChannelKind
from backupgen.integrations.location import Location, LocationError, parse_http
from backupgen.language import schema
from backupgen.language.defaults import default_of, filled
from backupgen.language.paths import target_of
from backupgen.resolve import codes, resolved
from backupgen.resolve.layers import Layers, Shared
from backupgen.resolve.origins import BUILT_IN, FLEET, derived
from backupgen.schedule import Auto, CronExpr

TO_END: Final = 85
"""Seconds that the scripts need beside a hook, from SIGTERM on: for restic, the locks and the reports (lib.sh)."""
NOBODY: Final[int] = default_of(schema.Server, "run_as")
"""The user of what reads no volume."""
_GRACE: Final[int] = default_of(schema.JobSettings, "grace")
_REQUESTS: Final = Shared(default_of(schema.Resources, "requests"), BUILT_IN)


@dataclass(slots=True)
class FindingCollector:
    """The findings of a resolution, as they come up."""

    findings: list[Finding] = field(default_factory=list)

    def add(self, info: CodeInfo, message: str, path: NodePath, help_: str = "", *, on_key: bool = False) -> None:
        """Note a finding at a path of the document."""
        self.findings.append(Finding(info, message, Spot(path=path, on_key=on_key), help_, target_of(path)))


@dataclass(frozen=True, slots=True)
class Context:
    """What all jobs of the fleet share."""

    fleet: schema.Fleet
    channels: tuple[Channel, ...]
    annotations: tuple[Shared, ...]
    """Those of every object: what the GitOps tool needs, then what the fleet says."""
    notes: FindingCollector

    @property
    def labels(self) -> Shared:
        """The labels of every object."""
        return Shared(self.fleet.labels, FLEET)


@dataclass(frozen=True, slots=True)
class Identity:
    """What a job is called and where it stands."""

    name: str
    instance: str
    namespace: str
    path: NodePath


def resolve_job(
    own: schema.JobSettings,
    layers: Layers,
    slot: tuple[CronExpr | Auto, int],
    identity: Identity,
    context: Context,
    user: resolved.User | None = None,
    hook_timeout: int = resolved.HOOK_TIMEOUT,
) -> resolved.Job:
    """One operation's settings.

    `own` are the first of the `layers`, `slot` is the slot with its cadence, `user` is the one that a job without
    `run_as` gets, `hook_timeout` the time of a hook in seconds. Notes a missing deadline and a name that is too long.
    """
    fleet = context.fleet
    if len(identity.name) > naming.CRONJOB_NAME_LIMIT:
        said = f"the CronJob's name `{identity.name}` has {len(identity.name)} characters"
        message = f"{said}, expected at most {naming.CRONJOB_NAME_LIMIT}"
        context.notes.add(codes.BAD_NAME, message, identity.path, on_key=True)
    cache_size = layers.inner("cache", schema.Cache, "size")
    in_memory = layers.inner("cache", schema.Cache, "medium") == "memory"
    if in_memory and not cache_size:
        context.notes.add(codes.CONFLICTING_KEYS, "a cache in memory needs a `size`", (*identity.path, "cache"))
    check_labels(own.labels, identity.path, context.notes)
    placement = resolve_placement(layers)
    check_resources(placement, identity.path, context.notes)
    job = resolved.Job(
        name=identity.name,
        instance=identity.instance,
        namespace=identity.namespace,
        timezone=layers.value("timezone", Shared(fleet.timezone, FLEET.at("timezone"))),
        slot=slot[0],
        every=slot[1],
        deadline=_deadline(layers, identity, context.notes),
        start_within=layers.value("start_within"),
        retries=layers.value("retries"),
        needs=layers.value("needs"),
        grace=layers.value("grace", Shared(max(_GRACE, hook_timeout + TO_END), BUILT_IN)),
        history=(
            layers.inner("history", schema.History, "success"),
            layers.inner("history", schema.History, "failure"),
        ),
        suspend=layers.value("suspend"),
        missed_slots=layers.value("missed_slots"),
        hook_timeout=hook_timeout,
        image=layers.value("image", Shared(fleet.images.restic, FLEET.at("images", "restic"))),
        cache_size=cache_size or "",
        cache_in_memory=in_memory,
        placement=placement,
        user=_user(layers, user or resolved.User(NOBODY, NOBODY)),
        labels=layers.entries(("labels",), context.labels),
        annotations=layers.entries(("annotations",), *context.annotations),
        channels=tuple(_channels(own, layers, identity, context)),
        path=identity.path,
    )
    _check_needs(own, job, context.notes)
    _check_hook(job, context.notes)
    return job


def _deadline(layers: Layers, identity: Identity, notes: FindingCollector) -> int:
    deadline: int | None = layers.value("deadline")
    if deadline is None:
        help_ = "write `deadline:` here" + (", or for all targets under `defaults`" if layers.has_defaults else "")
        notes.add(codes.NO_DEADLINE, f"`{identity.path[-1]}` has no deadline", identity.path, help_, on_key=True)
    return deadline or 0


def _user(layers: Layers, otherwise: resolved.User) -> resolved.User:
    run_as: schema.RunAsMapping | None = layers.given("run_as")
    user = otherwise if run_as is None else resolve_user(run_as)
    if layers.record is not None:
        origin = layers.origin("run_as")
        by_uid = derived("the uid", origin.path) if run_as is not None else BUILT_IN
        for name, value in user._asdict().items():
            given = getattr(run_as, name, None) is not None
            otherwise_from = by_uid if name == "gid" else BUILT_IN
            layers.record.note(("run_as", name), value, origin.at(name) if given else otherwise_from)
    return user


def _check_hook(job: resolved.Job, notes: FindingCollector) -> None:
    place = (*job.path, "hook_timeout")
    if job.grace < job.hook_timeout + TO_END:
        said = f"`grace` is {format_duration(job.grace)}, and after {format_duration(job.hook_timeout)} for the hook"
        message = f"{said} a run needs {format_duration(TO_END)} more to end and to report"
        notes.add(codes.CONFLICTING_KEYS, message, place, "lengthen `grace`, or leave it out")
    elif job.deadline and job.hook_timeout > resolved.HOOK_TIMEOUT and job.hook_timeout * 2 > job.deadline:
        message = f"`hook_timeout` is more than half of the deadline of {format_duration(job.deadline)}"
        help_ = "lengthen the deadline: the run ends itself that much earlier"
        notes.add(codes.CONFLICTING_KEYS, message, place, help_)


def _check_needs(own: schema.JobSettings, job: resolved.Job, notes: FindingCollector) -> None:
    if job.needs is None or not job.deadline or job.needs < job.ends_itself:
        return
    message = f"`needs` leaves no time to wait: a run ends itself after {format_duration(job.ends_itself)}"
    help_ = "raise the deadline by the time that it may wait for a lock, or leave `needs` out"
    path = job.path if own.needs is None else (*job.path, "needs")
    notes.add(codes.CONFLICTING_KEYS, message, path, help_, on_key=own.needs is None)


def check_labels(labels: Mapping[str, str] | None, path: NodePath, notes: FindingCollector) -> None:
    """Note labels by which the compiler's own objects are told apart."""
    for key in labels or {}:
        if key in naming.OWN_LABELS:
            message = f"the label `{key}` is the compiler's own"
            notes.add(codes.CONFLICTING_KEYS, message, (*path, "labels", key), "leave it out", on_key=True)


def check_resources(placement: resolved.PodPlacement, path: NodePath, notes: FindingCollector) -> None:
    """Note a request above its limit, also a default one: the API server refuses such a pod."""
    for name, limit in placement.limits.items():
        request = placement.requests.get(name, "0")
        if amount(request) > amount(limit):
            message = f"the request of `{request}` {name} is more than its limit `{limit}`"
            help_ = f"raise the limit, or write `{name}` under `requests` too"
            notes.add(codes.CONFLICTING_KEYS, message, (*path, "resources"), help_, on_key=True)


def resolve_user(run_as: schema.RunAsMapping) -> resolved.User:
    """`run_as` with the group filled in."""
    gid = run_as.uid if run_as.gid is None else run_as.gid
    return resolved.User(run_as.uid, gid, run_as.fs_group, run_as.reason)


def resolve_placement(layers: Layers) -> resolved.PodPlacement:
    """Node selector, tolerations and resources, the first layer before the others."""
    tolerations = tuple(resolved.Toleration(**filled(item)) for item in layers.given("tolerations") or ())
    if layers.record is not None:
        shown = [{key: value for key, value in item._asdict().items() if value} for item in tolerations]
        layers.record.note(("tolerations",), shown, layers.origin("tolerations"))
    return resolved.PodPlacement(
        node_selector=layers.entries(("node_selector",)),
        tolerations=tolerations,
        requests=layers.entries(("resources", "requests"), _REQUESTS),
        limits=layers.entries(("resources", "limits")),
    )


def resolve_channels(fleet: schema.Fleet, notes: FindingCollector) -> tuple[Channel, ...]:
    """The fleet's own channels, but for those whose URL is not one, which is noted."""
    channels: list[Channel] = []
    for kind in CHANNELS:
        said = getattr(fleet, kind.key)
        server = None if said is None else http_location(getattr(said, kind.url), (kind.key, kind.url), notes)
        if server is not None:
            channels.append(kind.make({**filled(said), kind.url: server}))
    return tuple(channels)


def _channels(own: schema.JobSettings, layers: Layers, identity: Identity, context: Context) -> Iterator[Channel]:
    for kind in CHANNELS:
        channel = next((channel for channel in context.channels if channel.kind is kind), None)
        if channel is None:
            check_override(own, kind, identity.path, context)
            if layers.record is not None:
                layers.record.note((kind.key,), None)
            continue
        override = _override_of(kind)
        if override is None:
            yield channel
        elif layers.inner(kind.key, override, "enabled"):
            yield _overridden(channel, override, layers, getattr(context.fleet, kind.key))


def _overridden(channel: Channel, override: type[schema.Model], layers: Layers, said: schema.Model) -> Channel:
    """A channel of the fleet's as one job has it; `said` is what the fleet says of it."""
    kind, fields = channel.kind, channel._asdict()
    for name in kind.overridable:
        shared = Shared(fields[name], BUILT_IN if getattr(said, name) is None else FLEET.at(kind.key, name))
        fields[name] = layers.inner(kind.key, override, name, shared)
    return kind.make(fields)


def _override_of(kind: ChannelKind) -> type[schema.Model] | None:
    """The model of a job's own settings of a channel; None if a job has none."""
    field = schema.JobSettings.model_fields.get(kind.key)
    return None if field is None else next(iter(get_args(field.annotation)))


def check_override(layer: schema.JobSettings, kind: ChannelKind, path: NodePath, context: Context) -> None:
    """Note an override of a channel that the fleet does not have."""
    override = getattr(layer, kind.key, None)
    if override is not None and override.enabled is not False and getattr(context.fleet, kind.key) is None:
        message = f"the fleet has no `{kind.key}` that could be overridden here"
        context.notes.add(codes.CONFLICTING_KEYS, message, (*path, kind.key), on_key=True)


def http_location(text: str, path: NodePath, notes: FindingCollector) -> Location | None:
    """A URL of one of the fleet's services; None after noting that it is none."""
    try:
        return parse_http(text)
    except LocationError as error:
        notes.add(codes.UNSUPPORTED_URL, str(error), path)
        return None
