"""A fleet against the rest of its GitOps tree.

Input: a resolved fleet, and a tree. Output: findings, those in the tree with their places, those in fleet.yaml with
paths. Never: files, or what only the cluster knows.
"""

from collections.abc import Iterator, Sequence

from backupgen.audit import codes
from backupgen.audit.agreement import differing
from backupgen.audit.cluster import Cluster
from backupgen.audit.coverage import unprotected
from backupgen.audit.gitops import deployed
from backupgen.audit.monitoring import monitoring
from backupgen.audit.presence import missing
from backupgen.audit.protection import Protection
from backupgen.audit.tree import Tree
from backupgen.diagnostics import CodeInfo, Finding, Related, Spot
from backupgen.fleet.resolved import ResolvedFleet

_NAMED = 5


def audit(fleet: ResolvedFleet, tree: Tree) -> tuple[Finding, ...]:
    """Compare the fleet with what its tree deploys."""
    found = deployed(tree)
    cluster = Cluster(found)
    return (
        *tree.findings,
        *_unseen(tree, cluster),
        *_files(codes.UNLISTED_FILES, tree, found.unlisted, "beside a kustomization that does not list them"),
        *unprotected(fleet, cluster, Protection(fleet, cluster)),
        *missing(fleet, cluster),
        *differing(fleet, cluster),
        *monitoring(fleet, cluster),
    )


def _unseen(tree: Tree, cluster: Cluster) -> Iterator[Finding]:
    if cluster.unseen:
        count = len(cluster.unseen)
        message = f"the objects of {_number(count, 'source')} are not in the tree: charts are not rendered"
        related = tuple(Related(one.what, one.spot) for one in cluster.unseen)
        spaces = sorted({one.namespace for one in cluster.unseen if one.namespace is not None})
        help_ = "their volumes are not looked at; render them with `helm template`, and name that folder"
        if spaces:
            help_ += f"\nclaims and pods in {_some(spaces)} may be theirs, and are not missed"
        yield Finding(codes.UNSEEN_OBJECTS, message, Spot(file=tree.name), help_, related=related)
    unnamed = {one.resource.file for one in cluster.unnamed}
    yield from _files(codes.UNSEEN_FILES, tree, sorted({*tree.templates, *unnamed}), "filled in elsewhere")


def _files(info: CodeInfo, tree: Tree, files: Sequence[str], what: str) -> Iterator[Finding]:
    if files:
        verb = "is" if len(files) == 1 else "are"
        message = f"{_number(len(files), 'file')} {verb} not looked at: {what}"
        yield Finding(info, message, Spot(file=tree.name), related=tuple(Related("", Spot(file=one)) for one in files))


def _number(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(f"`{name}`" for name in names[:_NAMED])
    return f"{shown} and {len(names) - _NAMED} more" if len(names) > _NAMED else shown
