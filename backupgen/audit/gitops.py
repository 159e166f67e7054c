"""What of a tree reaches the cluster, and in which namespace: through Flux, Argo CD, kustomize, or as it stands.

Input: a tree. Output: its objects under their final names. What lies in the tree and nobody names counts as deployed
all the same, so that nothing is forgotten; only what lies beside a kustomization that does not list it does not.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from posixpath import dirname, normpath
from typing import Any, Final

from backupgen.audit.instance import Instance, as_written
from backupgen.audit.kustomize import Kustomizer, Transformation, inside
from backupgen.audit.objects import OWNERS
from backupgen.audit.tree import Resource, Tree
from backupgen.diagnostics import Spot
from backupgen.source.untyped import get_path, mapping, mappings, strings

FLUX: Final = "kustomize.toolkit.fluxcd.io"
ARGO: Final = "argoproj.io"
_COMPONENT: Final = "Component"


@dataclass(frozen=True)
class Deployed:
    """The objects of a tree."""

    instances: tuple[Instance, ...]
    sources: tuple[Instance, ...]
    """Applications and Flux Kustomizations whose objects are not in the tree."""
    charts: tuple[str, ...]
    """Folders with charts that no Application names."""
    given_up: tuple[Resource, ...]
    """Kustomizations that lead to themselves, are nested too deep, or make too much."""
    unlisted: tuple[str, ...]
    """Files beside a kustomization that does not list them."""


def deployed(tree: Tree) -> Deployed:
    """Return what reaches the cluster."""
    kustomizer = Kustomizer(tree)
    found: list[Instance] = []
    sources: list[Instance] = []
    for resource in [one for resources in tree.files.values() for one in resources]:
        if resource.kind == "Kustomization" and resource.group == FLUX:
            built = _flux(kustomizer, resource)
        elif resource.kind == "Application" and resource.group == ARGO:
            built = _argo(kustomizer, resource, sources)
        else:
            continue
        if built is None:
            sources.append(as_written(resource)._replace(namespace=_target(resource)))
        found += built or ()
    for folder, kustomization in tree.kustomizations.items():
        # Components too, so that their files are known to be in use.
        built = kustomizer.component(folder, ()) if kustomization.kind == _COMPONENT else kustomizer.build(folder)
    for folder, kustomization in tree.kustomizations.items():
        if folder not in kustomizer.referenced and kustomization.kind != _COMPONENT:
            found += kustomizer.build(folder)
    rest = [path for path in tree.files if path not in kustomizer.used]
    beside = {path for path in rest if tree.files[path][0].folder in tree.kustomizations}
    found += [as_written(one) for path in rest if path not in beside for one in tree.files[path]]
    return Deployed(
        instances=tuple(_unique(found)),
        sources=tuple(sources),
        charts=tuple(
            sorted(one for one in tree.charts - kustomizer.referenced if dirname(dirname(one)) not in tree.charts)
        ),
        given_up=tuple(kustomizer.given_up),
        unlisted=tuple(path for path in sorted(beside) if any(one.kind in OWNERS for one in tree.files[path])),
    )


def _unique(instances: Iterable[Instance]) -> Iterator[Instance]:
    seen: set[tuple[int, str | None, str | None]] = set()
    for one in instances:
        key = (id(one.resource), one.text(one.name) or one.name, one.namespace)
        if key not in seen:
            seen.add(key)
            yield one


def _flux(kustomizer: Kustomizer, resource: Resource) -> tuple[Instance, ...] | None:
    """Return what a Flux Kustomization makes of its path; None, if that is not in the tree."""
    spec = mapping(resource.data, "spec")
    folder = _folder(kustomizer.tree, spec.get("path", "."))
    if folder is None:
        return None
    kustomizer.referenced.add(folder)
    built = kustomizer.folder(folder, recursive=True)
    for entry in strings(spec.get("components")):
        built = kustomizer.component(inside(folder, entry) or "", built)
    placed = resource.spot("spec", "targetNamespace")
    change = Transformation(spec.get("targetNamespace"), spec.get("namePrefix"), spec.get("nameSuffix"), placed=placed)
    given = mapping(spec, "postBuild", "substitute")
    variables = {key: value for key, value in given.items() if isinstance(value, str)}
    return tuple(one._replace(variables=variables) for one in change.apply(built))


def _argo(kustomizer: Kustomizer, resource: Resource, sources: list[Instance]) -> tuple[Instance, ...] | None:
    """Return what an Application makes of its sources in the tree; None, if there is none."""
    given = mappings(resource.data, "spec", "sources")
    # A `ref` only lends its files to the values of a chart.
    given = [one for one in given if "ref" not in one or "path" in one or "chart" in one]
    given = given or [mapping(resource.data, "spec", "source")]
    destination = _target(resource)
    placed = resource.spot("spec", "destination", "namespace")
    found: list[Instance] = []
    seen = 0
    for source in given:
        built = _argo_source(kustomizer, source)
        if built is None:
            continue
        seen += 1
        # Unlike kustomize's `namespace`, the destination is only for what has none of its own.
        found += [
            one if one.namespace else one._replace(namespace=destination, placed=placed)
            for one in _argo_change(source, placed).apply(built)
        ]
    if 0 < seen < len(given):
        sources.append(as_written(resource)._replace(namespace=destination))
    return tuple(found) if seen else None


def _argo_source(kustomizer: Kustomizer, source: Mapping[str, Any]) -> tuple[Instance, ...] | None:
    tree = kustomizer.tree
    folder = None if source.get("chart") or "path" not in source else _folder(tree, source["path"])
    if folder is None:
        return None
    kustomizer.referenced.add(folder)
    if folder in tree.charts:
        return None
    return kustomizer.folder(folder, recursive=get_path(source, "directory", "recurse") is True)


def _argo_change(source: Mapping[str, Any], placed: Spot) -> Transformation:
    options = mapping(source, "kustomize")
    return Transformation(options.get("namespace"), options.get("namePrefix"), options.get("nameSuffix"), placed=placed)


def _target(resource: Resource) -> str | None:
    """Return the namespace that an Application or a Flux Kustomization puts its objects in, if it says so."""
    spec = mapping(resource.data, "spec")
    found = spec.get("targetNamespace") or get_path(spec, "destination", "namespace")
    return found if isinstance(found, str) else None


def _folder(tree: Tree, path: object) -> str | None:
    """Return the folder of the tree for a path in its Git repository; None, if the tree does not hold it.

    The tree may be a part of that repository, or a copy of it that lies in another one.
    """
    if not isinstance(path, str):
        return None
    clean = normpath(path.lstrip("/"))
    clean = "" if clean == "." else clean
    inner = "" if clean == tree.below else clean.removeprefix(f"{tree.below}/")
    return next((one for one in (inner, clean) if one in tree.folders), None)
