"""What kustomize makes of the tree's kustomizations, as far as names, namespaces and pod labels go.

The fields are those of kustomize's reference (kubectl.docs.kubernetes.io/references/kustomize/kustomization). Patches
are not applied, but for those that delete an object; charts and remote resources are handed on as objects that nobody
sees.
"""

from collections.abc import Iterable, Iterator, Mapping
from posixpath import dirname, join, normpath
from typing import Final

from backupgen.audit.instance import NOTHING, Instance, as_written
from backupgen.audit.objects import CLAIM
from backupgen.audit.tree import Resource, Tree
from backupgen.diagnostics import Spot
from backupgen.resolve.resolved import StringMap
from backupgen.source import PlainError, read_manifest
from backupgen.source.untyped import get_path, mapping, mappings, strings

_DEEPEST: Final = 64
_MOST: Final = 300_000
"""How many objects all builds together may handle. A few files can ask for any number."""


class Transformation:
    """What one kustomization, Flux Kustomization or Application does to the objects below it."""

    def __init__(
        self, namespace: object, prefix: object, suffix: object, labels: StringMap = NOTHING, placed: Spot | None = None
    ) -> None:
        self.namespace = namespace if isinstance(namespace, str) and namespace else None
        self.prefix = prefix if isinstance(prefix, str) else ""
        self.suffix = suffix if isinstance(suffix, str) else ""
        self.labels = labels
        self.placed = placed

    def apply(self, instances: Iterable[Instance]) -> tuple[Instance, ...]:
        """Return the objects as they are afterwards."""
        instances = tuple(instances)
        claims: StringMap = {}
        if self.prefix or self.suffix:
            claims = {one.name: self._renamed(one.name) for one in instances if one.resource.kind == CLAIM}
        return tuple(self._applied(one, claims) for one in instances)

    def _applied(self, one: Instance, claims: StringMap) -> Instance:
        return one._replace(
            name=self._renamed(one.name),
            namespace=self.namespace or one.namespace,
            labels={**one.labels, **self.labels} if self.labels else one.labels,
            claims=(*one.claims, claims) if claims else one.claims,
            placed=self.placed if self.namespace else one.placed,
        )

    def _renamed(self, name: str) -> str:
        return f"{self.prefix}{name}{self.suffix}"


class Kustomizer:
    """Builds the kustomizations of a tree, each once."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.used: set[str] = set()
        """The files that some kustomization names, as resources or as anything else."""
        self.referenced: set[str] = set()
        """The folders that are part of something else, so that nobody applies them by themselves."""
        self.given_up: list[Resource] = []
        """The kustomizations that lead to themselves, are nested too deep, or make too much."""
        self._left = _MOST
        self._built: dict[str, tuple[Instance, ...]] = {}
        self._open: set[str] = set()

    def build(self, folder: str) -> tuple[Instance, ...]:
        """Return what the kustomization in a folder makes."""
        if folder not in self._built:
            self._built[folder] = self._opened(folder, ()) or ()
        return self._built[folder]

    def folder(self, folder: str, *, recursive: bool) -> tuple[Instance, ...]:
        """Return the objects of a folder without a kustomization, as Flux and Argo CD take them.

        Below it, a folder with a kustomization counts as that.
        """
        if folder in self.tree.kustomizations:
            return self.build(folder)
        found: list[Instance] = []
        for one in self.tree.kustomizations if recursive else ():
            if self._lies_free(one, folder):
                self.referenced.add(one)
                found += self.build(one)
        for path, resources in self.tree.files.items():
            if (recursive or dirname(path) == folder) and self._lies_free(path, folder):
                self.used.add(path)
                found += map(as_written, resources)
        return tuple(found)

    def component(self, folder: str, instances: tuple[Instance, ...]) -> tuple[Instance, ...]:
        """Return the objects with those of a component, which changes them all."""
        if folder not in self.tree.kustomizations:
            return instances
        self.referenced.add(folder)
        found = self._opened(folder, instances)
        return instances if found is None else found

    def _opened(self, folder: str, before: tuple[Instance, ...]) -> tuple[Instance, ...] | None:
        """Return what a kustomization makes of itself and of what was there before; None, if it is given up."""
        if folder in self._open or len(self._open) >= _DEEPEST or self._left < 0:
            self.given_up.append(self.tree.kustomizations[folder])
            return None
        self._open.add(folder)
        found = self._transformed(folder, before)
        self._open.discard(folder)
        return found

    def _lies_free(self, path: str, folder: str) -> bool:
        """Whether a path lies below a folder without a kustomization between them."""
        if folder and not path.startswith(f"{folder}/"):
            return False
        above = dirname(path)
        while above != folder:
            if above in self.tree.kustomizations:
                return False
            above = dirname(above)
        return True

    def _transformed(self, folder: str, before: tuple[Instance, ...]) -> tuple[Instance, ...]:
        kustomization = self.tree.kustomizations[folder]
        data = kustomization.data
        self._use_patches(folder, data)
        found = [*before, *_unseen(kustomization)]
        for entry in dict.fromkeys([*strings(data.get("resources")), *strings(data.get("bases"))]):
            found += self._entry(folder, entry, kustomization)
        self._left -= len(found)
        if self._left < 0:
            self.given_up.append(kustomization)
            return before
        instances = tuple(found)
        for entry in strings(data.get("components")):
            instances = self.component(inside(folder, entry) or "", instances)
        gone = set(self._deleted(folder, data))
        kept = (one for one in instances if (one.resource.kind, one.name) not in gone)
        changed = _transformation(kustomization).apply(kept)
        return tuple({(id(one.resource), one.name, one.namespace): one for one in changed}.values())

    def _entry(self, folder: str, entry: str, kustomization: Resource) -> Iterable[Instance]:
        path = inside(folder, entry)
        if path is None or (path not in self.tree.folders and path not in self.tree.paths):
            return (_outside(kustomization, entry),)
        if path in self.tree.kustomizations:
            self.referenced.add(path)
            return self.build(path)
        self.used.add(path)
        return map(as_written, self.tree.files.get(path, ()))

    def _use_patches(self, folder: str, data: Mapping[str, object]) -> None:
        """Note the files that are no objects, although they look like some."""
        entries = [*strings(data.get("patchesStrategicMerge")), *strings(data.get("transformers"))]
        entries += strings(data.get("generators"))
        for key in ("patches", "patchesJson6902", "replacements"):
            entries += [path for one in mappings(data.get(key)) if isinstance(path := one.get("path"), str)]
        self.used.update(path for entry in entries if (path := inside(folder, entry)) is not None)

    def _deleted(self, folder: str, data: Mapping[str, object]) -> Iterator[tuple[str, str]]:
        """Yield kind and name of each object that a patch deletes."""
        for entry in strings(data.get("patchesStrategicMerge")):
            yield from _deletions(self._patches(folder, entry, entry), {})
        for patch in mappings(data.get("patches")):
            read = self._patches(folder, patch.get("path"), patch.get("patch"))
            yield from _deletions(read, mapping(patch, "target"))

    def _patches(self, folder: str, path: object, text: object) -> Iterator[object]:
        """Yield the patches of a file, or else those that stand in the kustomization itself."""
        file = inside(folder, path) if isinstance(path, str) and "\n" not in path else None
        if file in self.tree.files:
            yield from (resource.data for resource in self.tree.files[file or ""])
        elif isinstance(text, str) and "$patch" in text:
            try:
                manifest = read_manifest(text)
            except PlainError:
                return
            yield manifest.data if manifest else None


def inside(folder: str, entry: str) -> str | None:
    """Return the path below the tree that an entry of a kustomization names; None, where it leads elsewhere."""
    if "://" in entry or "?ref=" in entry or entry.startswith(("/", "git@", "github.com/")):
        return None
    path = normpath(join(folder, entry))
    if path == ".." or path.startswith("../"):
        return None
    return "" if path == "." else path


def _transformation(kustomization: Resource) -> Transformation:
    data = kustomization.data
    labels = dict(mapping(data, "commonLabels"))
    for one in mappings(data.get("labels")):
        if one.get("includeSelectors") is True or one.get("includeTemplates") is True:
            labels |= mapping(one, "pairs")
    strings = {key: value if isinstance(value, str) else str(value) for key, value in labels.items()}
    return Transformation(
        data.get("namespace"),
        data.get("namePrefix"),
        data.get("nameSuffix"),
        strings,
        kustomization.spot("namespace"),
    )


def _unseen(kustomization: Resource) -> Iterator[Instance]:
    """Yield a kustomization itself for each chart that it names."""
    for chart in mappings(kustomization.data.get("helmCharts")):
        name, namespace = chart.get("releaseName") or chart.get("name"), chart.get("namespace")
        yield Instance(kustomization, str(name), namespace if isinstance(namespace, str) else None)


def _outside(kustomization: Resource, entry: str) -> Instance:
    return Instance(kustomization, entry, None)


def _deletions(patches: Iterable[object], target: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    for patch in patches:
        if get_path(patch, "$patch") == "delete":
            kind = target.get("kind") or get_path(patch, "kind")
            name = target.get("name") or get_path(patch, "metadata", "name")
            yield str(kind), str(name)
