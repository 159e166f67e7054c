"""The objects of a tree, sorted by what the audit asks about them."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from backupgen.audit.gitops import Deployed
from backupgen.audit.instance import Instance
from backupgen.audit.objects import CLAIM, OWNERS, WORKLOADS, Claim, Template, Workload, modes_of
from backupgen.audit.tree import is_kustomization
from backupgen.conventions.naming import MANAGED_BY_LABEL, TOOL
from backupgen.diagnostics import Spot
from backupgen.resolve.resolved import StringMap
from backupgen.source.untyped import get_path, mapping, mappings

CNPG: Final = "postgresql.cnpg.io"
CNPG_LABEL: Final = "cnpg.io/cluster"
MONITORING: Final = "monitoring.coreos.com"
_CHARTS: Final = {("helm.toolkit.fluxcd.io", "HelmRelease"), ("helm.cattle.io", "HelmChart")}


class Unseen(NamedTuple):
    """Something that makes objects which are not in the tree."""

    what: str
    namespace: str | None
    spot: Spot


class Database(NamedTuple):
    """A database cluster of CloudNativePG, whose pods and claims its operator makes."""

    instance: Instance
    name: str
    storage: Template
    own_backup: bool
    """Whether it backs itself up."""


class Pods(NamedTuple):
    """The pods of a workload."""

    namespace: str | None
    labels: StringMap | None
    """None, if one of them is unknown."""
    owner: str
    """Such as "Deployment `wiki`"."""
    spot: Spot


class Cluster:
    """All that is known of a cluster from its tree."""

    def __init__(self, tree: Deployed) -> None:
        self.claims: list[Claim] = []
        self.workloads: list[Workload] = []
        self.databases: list[Database] = []
        self._volumes: dict[str, str] = {}
        """The folders of a node in which PersistentVolumes lie, by their names."""
        self._kept: dict[tuple[str, str], str] = {}
        """The same, by namespace and name of the claims that they are kept for."""
        self.others: dict[tuple[str, str], list[Instance]] = {}
        """What is neither claim nor workload, by group and kind."""
        self.unseen: list[Unseen] = [_unseen_source(one) for one in tree.sources]
        self._workloads: dict[str | None, list[Workload]] = {}
        self._claims: dict[str, list[Claim]] = {}
        self._made: dict[str, list[tuple[Instance, Template]]] = {}
        self.unnamed: list[Instance] = []
        """Claims and workloads whose name is filled in elsewhere."""
        for instance in tree.instances:
            if get_path(instance.resource.data, "metadata", "labels", MANAGED_BY_LABEL) != TOOL:
                self._add(instance)
        for workload in self.workloads:
            self._workloads.setdefault(workload.namespace, []).append(workload)
        for claim in self.claims:
            self._claims.setdefault(claim.name, []).append(claim)
        for made in self.templates():
            for name in made[1].claims:
                self._made.setdefault(name, []).append(made)

    def unseen_in(self, namespace: str) -> bool:
        """Whether a namespace is known to hold objects that are not in the tree."""
        hidden = {*(one.namespace for one in self.unseen), *(one.namespace for one in self.unnamed)}
        return namespace in hidden

    def workloads_in(self, namespace: str | None) -> Iterator[Workload]:
        """Yield the workloads that are, or may be, in a namespace."""
        if namespace is None:
            yield from self.workloads
        else:
            yield from (*self._workloads.get(namespace, ()), *self._workloads.get(None, ()))

    def claims_of(self, namespace: str, name: str) -> Iterator[Claim]:
        """Yield the claims of the name that are, or may be, in a namespace."""
        yield from (one for one in self._claims.get(name, ()) if _may_be(one.instance.namespace, namespace))

    def templates_of(self, namespace: str, name: str) -> Iterator[tuple[Instance, Template]]:
        """Yield the templates that make a claim of the name, and are or may be in a namespace."""
        yield from (one for one in self._made.get(name, ()) if _may_be(one[0].namespace, namespace))

    def folders_of(self, claim: Claim) -> Iterator[str]:
        """Yield the folder of a node that a claim lies in, as far as its PersistentVolume is in the tree."""
        for folder in (self._volumes.get(claim.volume), self._kept.get((str(claim.instance.namespace), claim.name))):
            if folder is not None:
                yield folder

    def claims_called(self, name: str) -> Iterable[Claim]:
        """Return the claims of the name in any namespace."""
        return self._claims.get(name, ())

    def templates(self) -> Iterator[tuple[Instance, Template]]:
        """Yield every template of claims, with the object that has it."""
        for workload in self.workloads:
            yield from ((workload.instance, template) for template in workload.templates)
        yield from ((database.instance, database.storage) for database in self.databases)

    def pods_in(self, namespace: str) -> Iterator[Pods]:
        """Yield the pods that are, or may be, in a namespace."""
        for one in self.workloads_in(namespace):
            yield Pods(one.namespace, one.labels, f"{one.kind} `{one.name}`", one.instance.resource.name_spot)

    def databases_in(self, namespace: str) -> Iterator[Database]:
        """Yield the database clusters that are, or may be, in a namespace."""
        yield from (one for one in self.databases if _may_be(one.instance.namespace, namespace))

    def of(self, group: str, kind: str) -> Iterable[Instance]:
        """Return the further objects of a kind."""
        return self.others.get((group, kind), ())

    def _add(self, instance: Instance) -> None:
        name = instance.text(instance.name)
        named = instance._replace(name=name or "", namespace=instance.text(instance.namespace) or None)
        resource = instance.resource
        kind = (resource.group, resource.kind)
        if what := _unseen(named):
            self.unseen.append(Unseen(what, _release_namespace(named), resource.name_spot))
        elif name is None and resource.kind in OWNERS:
            self.unnamed.append(named)
        elif not name:
            # Not yet filled in, or no object at all: a chart's values look like one.
            return
        elif resource.kind == CLAIM:
            volume = str(get_path(resource.data, "spec", "volumeName") or "")
            self.claims.append(Claim(named, name, _modes(named), volume))
        elif resource.kind in WORKLOADS:
            self.workloads.append(Workload(named, name))
        elif kind == (CNPG, "Cluster"):
            self.databases.append(_database(named))
        elif kind == ("", "PersistentVolume"):
            self._add_volume(name, mapping(resource.data, "spec"))
        else:
            self.others.setdefault(kind, []).append(named)

    def _add_volume(self, name: str, spec: Mapping[str, Any]) -> None:
        path = get_path(spec, "hostPath", "path") or get_path(spec, "local", "path")
        if isinstance(path, str):
            self._volumes[name] = path
            self._kept[str(get_path(spec, "claimRef", "namespace")), str(get_path(spec, "claimRef", "name"))] = path


def _may_be(found: str | None, namespace: str | None) -> bool:
    """Whether two namespaces may be the same; None is one that the tree does not say."""
    return found is None or namespace is None or found == namespace


def _modes(instance: Instance) -> tuple[str, ...]:
    return tuple(mode for one in modes_of(instance.resource.data) if (mode := instance.text(one)) is not None)


def _unseen(instance: Instance) -> str:
    """Return what makes objects that nobody sees here, for people; empty for any other object."""
    resource = instance.resource
    name = instance.name or "?"
    if (resource.group, resource.kind) in _CHARTS:
        return f"the chart of {resource.kind} `{name}`"
    if resource.kind == "ApplicationSet":
        return f"the Applications of ApplicationSet `{name}`"
    if is_kustomization(resource):
        return f"`{name}` of a kustomization"
    return ""


def _release_namespace(instance: Instance) -> str | None:
    """Return where the objects go; what makes Applications puts them anywhere."""
    if instance.resource.kind == "ApplicationSet":
        return None
    return instance.text(get_path(instance.resource.data, "spec", "targetNamespace")) or instance.namespace


def _unseen_source(instance: Instance) -> Unseen:
    resource = instance.resource
    what = f"the source of {resource.kind} `{instance.name}`"
    return Unseen(what, instance.text(instance.namespace), resource.name_spot)


def _database(instance: Instance) -> Database:
    spec = mapping(instance.resource.data, "spec")
    count = min(instance.number(spec.get("instances")) or 1, 100)
    claims = tuple(f"{instance.name}-{number}" for number in range(1, count + 1))
    spot = instance.resource.spot("spec", "storage", on_key=True)
    archived = any(str(plugin.get("name", "")).startswith("barman") for plugin in mappings(spec.get("plugins")))
    own_backup = archived or bool(mapping(spec, "backup"))
    return Database(instance, instance.name, Template(instance.name, claims, (), spot), own_backup)
