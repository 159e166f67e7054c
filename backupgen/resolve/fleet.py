"""Fleet -> ResolvedFleet.

Input: the fleet as written. Output: the fleet with every default filled in, or what keeps it from being whole. Never: a
judgement about a whole fleet (those are rules); only what leaves a value open, or two names alike, is refused here.
"""

from collections.abc import Iterator, Mapping

from backupgen.conventions import naming
from backupgen.diagnostics import Checked, NodePath, has_errors
from backupgen.integrations.channels import CHANNELS
from backupgen.integrations.identity import names_of
from backupgen.language import schema
from backupgen.language.defaults import default_of, filled
from backupgen.resolve import codes, resolved
from backupgen.resolve.collisions import check_collisions
from backupgen.resolve.delivery import resolve_gitops, resolve_recipients
from backupgen.resolve.jobs import Context, FindingCollector, check_labels, check_override, resolve_channels
from backupgen.resolve.layers import Layers, Shared, merge_layers
from backupgen.resolve.origins import FLEET, Origin, Record, Setting, derived
from backupgen.resolve.reports import resolve_reports
from backupgen.resolve.repositories import resolve_repository
from backupgen.resolve.targets import resolve_target


def resolve_fleet(fleet: schema.Fleet) -> Checked[resolved.ResolvedFleet]:
    """Fill in every default.

    Returns the resolved fleet, or findings whose spots name paths in the document.
    """
    context = _context(fleet)
    notes = context.notes
    written = _repositories(fleet, notes)
    repositories = [resolve_repository(name, repository, context) for name, repository in written.items()]
    targets = [resolve_target(name, target, written, context) for name, target in sorted(fleet.targets.items())]
    reports = resolve_reports(fleet, notes)
    _check_shared(fleet, context)
    result = resolved.ResolvedFleet(
        name=fleet.fleet,
        home_namespace=fleet.home_namespace,
        timezone=fleet.timezone,
        kubernetes=fleet.kubernetes,
        images=resolved.Images(**filled(fleet.images)),
        image_pull_secrets=fleet.image_pull_secrets or (),
        repositories=tuple(repository for repository in repositories if repository is not None),
        targets=tuple(targets),
        nodes=_nodes(fleet),
        reflect_scripts=(fleet.scripts or default_of(schema.Fleet, "scripts")) == "reflector",
        network_policies=fleet.network_policies or default_of(schema.Fleet, "network_policies"),
        pushgateway=reports.pushgateway,
        channels=context.channels,
        alerts=reports.alerts,
        dashboard=resolved.Dashboard(**filled(fleet.dashboard)) if fleet.dashboard else None,
        gitops=resolve_gitops(fleet.gitops),
        sops=resolve_recipients(fleet.sops),
        labels=fleet.labels or {},
        annotations=merge_layers(*(shared.value for shared in context.annotations)),
        unprotected=fleet.unprotected or {},
        waivers=tuple(_waivers(fleet)),
    )
    _check_names(result, notes)
    _check_places(result, notes)
    _check_legacy(result, notes)
    check_collisions(result, notes)
    findings = tuple(notes.findings)
    return Checked(None if has_errors(findings) else result, findings)


def explain_target(fleet: schema.Fleet, name: str) -> tuple[Setting, ...]:
    """Every setting of a target as `resolve_fleet` resolves it, with its origin. The fleet has no findings."""
    record, context = Record(), _context(fleet)
    repositories = _repositories(fleet, context.notes)
    target = resolve_target(name, fleet.targets[name], repositories, context, record)
    repository = resolve_repository(target.repository, repositories[target.repository], context)
    if repository is not None:
        by_url = Shared(repository.credentials, derived("the repository's URL", (*repository.path, "url")))
        given = Shared(repositories[target.repository].credentials, Origin("fleet", repository.path))
        own = Layers(fleet.targets[name], target.job.path, record=record)
        own.entries(("credentials",), by_url, given)
    return record.settings()


def _context(fleet: schema.Fleet) -> Context:
    notes = FindingCollector()
    wiring = Shared(_wiring_annotations(fleet), derived("the wiring", ("gitops",)))
    return Context(fleet, resolve_channels(fleet, notes), (wiring, Shared(fleet.annotations, FLEET)), notes)


def _wiring_annotations(fleet: schema.Fleet) -> Mapping[str, str]:
    """With Argo CD the sync wave, with Flux that `${…}` in scripts is not for it."""
    if fleet.gitops is not None and fleet.gitops.flux is not None:
        return {naming.FLUX_SUBSTITUTE: "disabled"}
    if fleet.gitops is not None and fleet.gitops.argocd and fleet.gitops.argocd.sync_wave is not None:
        return {naming.SYNC_WAVE: str(fleet.gitops.argocd.sync_wave)}
    return {}


def _repositories(fleet: schema.Fleet, notes: FindingCollector) -> Mapping[str, schema.Repository]:
    further = fleet.repositories or {}
    if naming.MAIN in further:
        message = f"`{naming.MAIN}` is the name of the fleet's `repository`, expected another name"
        notes.add(codes.BAD_NAME, message, ("repositories", naming.MAIN), on_key=True)
    return {naming.MAIN: fleet.repository, **{name: further[name] for name in sorted(further) if name != naming.MAIN}}


def _nodes(fleet: schema.Fleet) -> tuple[resolved.Node, ...]:
    written = sorted((fleet.nodes or {}).items(), key=lambda item: (-len(item[1].labels), item[0]))
    return tuple(resolved.Node(name, node.labels, node.parallel, ("nodes", name)) for name, node in written)


def _check_shared(fleet: schema.Fleet, context: Context) -> None:
    """Judge what holds for many objects where it is written, not at each of them."""
    check_labels(fleet.labels, (), context.notes)
    if fleet.defaults is not None:
        check_labels(fleet.defaults.labels, ("defaults",), context.notes)
        for kind in CHANNELS:
            check_override(fleet.defaults, kind, ("defaults",), context)


def _check_names(fleet: resolved.ResolvedFleet, notes: FindingCollector) -> None:
    taken: dict[str, NodePath] = {}
    for job in sorted(fleet.jobs(), key=lambda job: job.path[0] == "targets"):
        if job.name in taken:
            other = ".".join(str(part) for part in taken[job.name])
            notes.add(codes.BAD_NAME, f"the CronJob's name `{job.name}` is taken by `{other}`", job.path, on_key=True)
        taken.setdefault(job.name, job.path)
    for target in fleet.targets:
        if target.name in taken:  # both would have the Secret `backup-env-configuration-<name>`
            other = ".".join(str(part) for part in taken[target.name])
            notes.add(codes.BAD_NAME, f"the name `{target.name}` is taken by `{other}`", target.job.path, on_key=True)
    for repository in fleet.repositories:  # one without operations has no CronJob that would tell of it
        name = naming.bootstrap(repository.name)
        if len(name) > naming.JOB_NAME_LIMIT:
            message = f"the Job's name `{name}` has {len(name)} characters, expected at most {naming.JOB_NAME_LIMIT}"
            notes.add(codes.BAD_NAME, message, repository.path, on_key=True)
    _check_servers(fleet, taken, notes)


def _check_places(fleet: resolved.ResolvedFleet, notes: FindingCollector) -> None:
    """Refuse two names for one place: the proof is one of each repository, and a mirror overwrites what is there."""
    taken: dict[str, tuple[NodePath, str | None]] = {}
    ids: dict[str, NodePath] = {}
    for repository in fleet.repositories:
        places = [(repository.location, repository.id, repository.path, "url")]
        places += [(mirror.to, mirror.id, mirror.job.path, "to") for mirror in repository.mirrors]
        for location, id_, path, key in places:
            same = next((taken[name] for name in sorted(names_of(location)) if name in taken), None)
            # Two ids are two repositories, whatever the URLs look like.
            if same is not None and (id_ is None or same[1] is None or id_ == same[1]):
                _same_repository(same[0], (*path, key), notes)
            taken |= {name: ((*path, key), id_) for name in names_of(location) if name not in taken}
            if id_ is not None and id_ in ids and same is None:
                _same_repository(ids[id_], (*path, "id"), notes)
            if id_ is not None:
                ids.setdefault(id_, (*path, "id"))
    _check_server_volumes(fleet, notes)


def _same_repository(other: NodePath, path: NodePath, notes: FindingCollector) -> None:
    message = f"this is the same repository as `{'.'.join(str(part) for part in other)}`"
    notes.add(
        codes.CONFLICTING_KEYS, message, path, "if they are two, give each its `id`: `restic cat config` prints it"
    )


def _check_server_volumes(fleet: resolved.ResolvedFleet, notes: FindingCollector) -> None:
    """Refuse two servers on one volume: each would take the other's repository for its own."""
    taken: dict[tuple[str, str, str], NodePath] = {}
    for repository in fleet.repositories:
        if repository.server is None:
            continue
        volume = repository.server.volume
        nodes = "" if volume.claim else str(sorted(repository.server.placement.node_selector.items()))
        place = (repository.server.namespace if volume.claim else nodes, volume.claim or "", volume.host_path or "")
        path = (*repository.path, "server", "volume")
        if place in taken:
            other = ".".join(str(part) for part in taken[place])
            notes.add(
                codes.CONFLICTING_KEYS, f"this is the volume of `{other}`", path, "give each server a volume of its own"
            )
        taken.setdefault(place, path)


def _check_legacy(fleet: resolved.ResolvedFleet, notes: FindingCollector) -> None:
    """Refuse to let a target's own snapshots expire."""
    for repository in fleet.repositories:
        owners = {target.tag: target.name for target in fleet.targets_of(repository.name)}
        for tag in repository.retention.legacy if repository.retention else ():
            if tag in owners:
                path = (*repository.path, "retention", "legacy", tag)
                message = f"`{tag}` is the tag of the target `{owners[tag]}`, expected one that no target has any more"
                notes.add(codes.CONFLICTING_KEYS, message, path, "write its `keep` instead", on_key=True)


def _check_servers(fleet: resolved.ResolvedFleet, taken: Mapping[str, NodePath], notes: FindingCollector) -> None:
    servers: dict[tuple[str, str], NodePath] = {}
    for repository in fleet.repositories:
        server = repository.server
        if server is None:
            continue
        place, url = (server.namespace, server.name), (*repository.path, "url")
        if place in servers:
            message = f"the server `{server.name}` in `{server.namespace}` belongs to another repository already"
            notes.add(codes.BAD_NAME, message, url, "one server serves one repository: give each a Service of its own")
        if server.name[0].isdigit():  # RFC 1035: stricter than all other names
            message = f"`{server.name}` begins with a digit, expected a letter: it becomes the name of a Service"
            notes.add(codes.BAD_NAME, message, url)
        if server.name in taken:
            notes.add(codes.BAD_NAME, f"the server's name `{server.name}` is that of a CronJob", url)
        servers.setdefault(place, url)


def _waivers(fleet: schema.Fleet) -> Iterator[resolved.Waiver]:
    scopes: list[tuple[NodePath, schema.Waivers | None]] = [((), fleet.waive)]
    scopes += [(("targets", name), target.waive) for name, target in fleet.targets.items()]
    for name, repository in {naming.MAIN: fleet.repository, **(fleet.repositories or {})}.items():
        path: NodePath = ("repository",) if name == naming.MAIN else ("repositories", name)
        scopes.append((path, repository.waive))
        for key in ("retention", "restore_test"):
            operation = getattr(repository, key)
            scopes.append(((*path, key), operation.waive if operation else None))
        for key, mirror in (repository.mirrors or {}).items():
            scopes.append(((*path, "mirrors", key), mirror.waive))
            test = mirror.restore_test
            scopes.append(((*path, "mirrors", key, "restore_test"), test.waive if test else None))
    for scope, waivers in scopes:
        for slug, waiver in (waivers or {}).items():
            yield resolved.Waiver(scope, slug, waiver.reason, waiver.until)
