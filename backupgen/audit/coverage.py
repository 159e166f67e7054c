"""Volumes of the tree that no target holds, and that nobody said need no backup."""

from collections.abc import Iterator
from posixpath import dirname, normpath
from typing import Final

from backupgen.audit import codes
from backupgen.audit.cluster import CNPG_LABEL, Cluster
from backupgen.audit.instance import Instance
from backupgen.audit.objects import Claim, Folder, Template, Workload, located
from backupgen.audit.protection import Protection
from backupgen.diagnostics import Finding, Related, Spot
from backupgen.diagnostics.wording import did_you_mean, few, quoted
from backupgen.grammars.globs import wildcards
from backupgen.resolve.resolved import ResolvedFleet

_SYSTEM: Final = (
    "/bin", "/boot", "/dev", "/etc", "/lib", "/lib64", "/proc", "/run", "/sbin", "/sys", "/usr", "/var/run",
    "/var/log", "/var/lib/kubelet", "/var/lib/docker", "/var/lib/containerd", "/var/lib/containers", "/var/lib/cni",
    "/var/lib/calico", "/var/lib/dbus", "/var/tmp", "/tmp",  # noqa: S108 (a name to compare with)
    "/var/lib/rancher/k3s/agent", "/opt/cni", "/opt/containerd",
)  # fmt: skip
"""Folders of the node's own system: nothing of an app's that a restore would bring back."""
_NO_FOLDERS: Final = frozenset({"Socket", "CharDevice", "BlockDevice"})
_SHOWN: Final = 3
_SOME_NAMESPACE: Final = "<namespace>"


class Acceptance:
    """The entries of `unprotected`, and which of them were needed."""

    def __init__(self, fleet: ResolvedFleet) -> None:
        self._patterns = {key: wildcards(key) for key in fleet.unprotected}
        self._used: set[str] = set()
        self._refused: set[str] = set()

    def claim(self, namespace: str | None, name: str) -> bool:
        """Whether an entry accepts a claim; where its namespace is unknown, one for its name does."""
        if namespace is None:
            return self._accept(f"{key.partition('/')[0]}/{name}" for key in self._patterns if not key.startswith("/"))
        self._refused.add(f"{namespace}/{name}")
        return self._accept(iter((f"{namespace}/{name}",)))

    def folder(self, path: str) -> bool:
        """Whether an entry accepts a folder, or one that it lies in."""
        self._refused.add(path)
        return self._accept(_upwards(path))

    def idle(self) -> Iterator[Finding]:
        """Report each entry that accepts nothing. To be asked last."""
        for key in self._patterns:
            if key not in self._used:
                help_ = did_you_mean(key, sorted(self._refused), "remove it", cutoff=0.8)
                message = f"nothing in the tree that is not backed up is called `{key}`"
                yield Finding(codes.IDLE_UNPROTECTED, message, Spot(path=("unprotected", key), on_key=True), help_)

    def _accept(self, names: Iterator[str]) -> bool:
        found = {key for name in names for key, pattern in self._patterns.items() if pattern.matches(name)}
        self._used |= found
        return bool(found)


def unprotected(fleet: ResolvedFleet, cluster: Cluster, protection: Protection) -> Iterator[Finding]:
    """Report each volume once, and the entries of `unprotected` that are for none."""
    acceptance = Acceptance(fleet)
    yield from _claims(cluster, protection, acceptance)
    yield from _templates(cluster, protection, acceptance)
    yield from _folders(cluster, protection, acceptance)
    yield from acceptance.idle()


def _claims(cluster: Cluster, protection: Protection, acceptance: Acceptance) -> Iterator[Finding]:
    places: dict[tuple[str | None, str], list[Claim]] = {}
    for claim in cluster.claims:
        places.setdefault((claim.instance.namespace, claim.name), []).append(claim)
    for (namespace, name), claims in places.items():
        if any(map(protection.holds, claims)) or acceptance.claim(namespace, name):
            continue
        first = claims[0].instance
        users = [one for one in cluster.workloads_in(namespace) if _mounts(one, name)]
        related = [*located(first), *_uses(users)]
        related += [Related("and another of its name here", one.instance.resource.name_spot) for one in claims[1:]]
        help_ = _help(_draft(namespace, name, claims[0].modes, users), namespace, name)
        where = _place(namespace) or ", whose namespace the tree does not say,"
        message = f"the claim `{name}`{where} is in no target"
        spot = first.resource.name_spot
        yield Finding(codes.UNPROTECTED_CLAIM, message, spot, help_, related=tuple(related))


def _templates(cluster: Cluster, protection: Protection, acceptance: Acceptance) -> Iterator[Finding]:
    held = {id(one.instance.resource) for one in cluster.databases if protection.holds_database(one)}
    owners = {id(one.instance): one for one in cluster.workloads}
    for instance, template in cluster.templates():
        namespace = instance.namespace
        if id(instance.resource) in held:
            continue
        bare = [name for name in template.claims if not protection.holds_claim(namespace, name)]
        bare = [name for name in bare if not acceptance.claim(namespace, name)]
        if bare:
            yield _template(instance, template, bare, owners.get(id(instance)))


def _template(instance: Instance, template: Template, bare: list[str], workload: Workload | None) -> Finding:
    owner = f"{instance.resource.kind} `{instance.name}`{_place(instance.namespace)}"
    names = few(quoted(bare), _SHOWN)
    some = len(bare) < len(template.claims)
    of_all = f", {len(bare)} of {len(template.claims)} that it makes," if some else ""
    verb = "is" if len(bare) == 1 else "are"
    message = f"the claim{'' if len(bare) == 1 else 's'} {names} of {owner}{of_all} {verb} in no target"
    if workload is None:
        draft = _dump_draft(instance)
    else:
        draft = _draft(instance.namespace, bare[0], template.modes, [workload])
    help_ = _help(draft, instance.namespace, _pattern(bare))
    return Finding(codes.UNPROTECTED_TEMPLATE, message, template.spot, help_, related=located(instance))


def _folders(cluster: Cluster, protection: Protection, acceptance: Acceptance) -> Iterator[Finding]:
    places: dict[str, list[tuple[Workload, Folder]]] = {}
    for workload in cluster.workloads:
        for folder in workload.folders():
            places.setdefault(normpath(folder.path), []).append((workload, folder))
    for path, mounts in places.items():
        if all(_is_system(path, folder) for _, folder in mounts) or protection.holds_folder(path):
            continue
        if acceptance.folder(path):
            continue
        (workload, folder), *others = mounts
        related = [Related(f"also in {one.kind} `{one.name}`", other.spot) for one, other in others]
        owner = f"{workload.kind} `{workload.name}`{_place(workload.namespace)}"
        source = f"volume: {{host_path: {path}, reason: <why a folder>}}"
        namespace = workload.namespace or _SOME_NAMESPACE
        help_ = (
            f"back it up: `{workload.name}: {{namespace: {namespace}, at: auto, {source}, …}}`\n"
            f"or say why not: `unprotected: {{{path}: <reason>}}`"
        )
        message = f"the folder `{path}` that {owner} mounts is in no target"
        yield Finding(codes.UNPROTECTED_FOLDER, message, folder.spot, help_, related=tuple(related))


def _is_system(path: str, folder: Folder) -> bool:
    inside = path == "/" or any(path == one or path.startswith(f"{one}/") for one in _SYSTEM)
    return inside or folder.type in _NO_FOLDERS or path.endswith(".sock")


def _mounts(workload: Workload, claim: str) -> bool:
    return any(claim in claims for claims in workload.claims.values())


def _uses(users: list[Workload]) -> Iterator[Related]:
    for one in users:
        yield Related(f"{one.kind} `{one.name}` mounts it", one.instance.resource.name_spot)


def _help(draft: str, namespace: str | None, names: str) -> str:
    return f"back it up: `{draft}`\nor say why not: `unprotected: {{{namespace or _SOME_NAMESPACE}/{names}: <reason>}}`"


def _dump_draft(database: Instance) -> str:
    """Return a draft of a target for a database cluster, whose operator makes pods with these labels."""
    pod = f"{{{CNPG_LABEL}: {database.name}, cnpg.io/instanceRole: primary}}"
    dump = f"{{in_pod: {pod}, tool: pg_dump, user: postgres, database: <name>}}"
    return f"{database.name}: {{namespace: {database.namespace or _SOME_NAMESPACE}, at: auto, dump: {dump}}}"


def _draft(namespace: str | None, claim: str, modes: tuple[str, ...], users: list[Workload]) -> str:
    """Return a draft of a target for a claim."""
    user = users[0] if users else None
    fields = {"namespace": namespace or _SOME_NAMESPACE, "at": "auto"}
    identity = next(user.identities(claim), None) if user else None
    fields["run_as"] = "<uid>" if identity is None or identity.user is None else str(identity.user)
    shared = next((mode for mode in modes if mode in {"ReadWriteMany", "ReadOnlyMany"}), None)
    if shared is None and user and user.labels:
        fields["with_pod"] = f"{{{', '.join(f'{key}: {value}' for key, value in sorted(user.labels.items()))}}}"
    fields["volume"] = f"{{pvc: {claim}, access: {shared}}}" if shared else f"{{pvc: {claim}}}"
    draft = ", ".join(f"{key}: {value}" for key, value in fields.items())
    return f"{user.name if user else claim}: {{{draft}}}"


def _pattern(names: list[str]) -> str:
    """Return what stands for all of some names that differ in their number only."""
    return names[0] if len(names) == 1 else f"{names[0].rpartition('-')[0]}-*"


def _place(namespace: str | None) -> str:
    return f" in `{namespace}`" if namespace else ""


def _upwards(path: str) -> Iterator[str]:
    while True:
        yield path
        if path in {"/", "", "."}:
            return
        path = dirname(path)
