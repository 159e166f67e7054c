"""A fleet against the rest of its GitOps tree.

Input: a resolved fleet, and a tree. Output: findings, those in the tree with their places, those in fleet.yaml with
paths. Never: files, or what only the cluster knows.
"""

from collections.abc import Iterator, Sequence

from backupgen.audit import codes
from backupgen.audit.agreement import differing
from backupgen.audit.cluster import Cluster, Unseen
from backupgen.audit.coverage import unprotected
from backupgen.audit.gitops import deployed
from backupgen.audit.monitoring import monitoring
from backupgen.audit.presence import missing
from backupgen.audit.protection import Protection
from backupgen.audit.rivals import rivals
from backupgen.audit.running import running
from backupgen.audit.tree import CHART, Tree
from backupgen.diagnostics import CodeInfo, Finding, Related, Spot
from backupgen.diagnostics.wording import few, quoted
from backupgen.resolve.resolved import ResolvedFleet

_NAMED = 5
_GIVEN_UP = "this kustomization leads to itself, is nested too deep, or makes more objects than any cluster holds"


def audit(fleet: ResolvedFleet, tree: Tree) -> tuple[Finding, ...]:
    """Compare the fleet with what its tree deploys."""
    found = deployed(tree)
    cluster = Cluster(found)
    return (
        *tree.findings,
        *(Finding(codes.UNREADABLE_MANIFEST, _GIVEN_UP, one.spot()) for one in found.given_up),
        *_unseen(tree, (*cluster.unseen, *_charts(tree, found.charts))),
        *_files(codes.UNSEEN_FILES, tree, _filled_in(tree, cluster), "in which names are filled in elsewhere"),
        *_files(
            codes.UNLISTED_FILES,
            tree,
            [tree.shown(path) for path in found.unlisted],
            "beside a kustomization that does not name them",
        ),
        *unprotected(fleet, cluster, Protection(fleet, cluster)),
        *missing(fleet, cluster),
        *differing(fleet, cluster),
        *monitoring(fleet, cluster),
        *running(fleet, cluster),
        *rivals(fleet, found.instances, cluster),
    )


def _charts(tree: Tree, folders: Sequence[str]) -> Iterator[Unseen]:
    for folder in folders:
        file = tree.shown(f"{folder}/{CHART}" if folder else CHART)
        yield Unseen("a chart of the tree", None, Spot(file=file))


def _unseen(tree: Tree, sources: Sequence[Unseen]) -> Iterator[Finding]:
    if not sources:
        return
    many = len(sources) != 1
    makers = "charts or other sources make" if many else "chart or other source makes"
    message = f"{len(sources)} {makers} objects that are not in the tree"
    related = tuple(Related(one.what, one.spot) for one in sources)
    spaces = sorted({one.namespace for one in sources if one.namespace is not None})
    help_ = "nobody looks at the volumes of these; render charts with `helm template`, and name that folder"
    if spaces:
        help_ += f"\nclaims and pods in {few(quoted(spaces), _NAMED)} may be theirs, and are not missed"
    yield Finding(codes.UNSEEN_OBJECTS, message, Spot(file=tree.name), help_, related=related)


def _filled_in(tree: Tree, cluster: Cluster) -> Sequence[str]:
    return sorted({*tree.templates, *(one.resource.file for one in cluster.unnamed)})


def _files(info: CodeInfo, tree: Tree, files: Sequence[str], what: str) -> Iterator[Finding]:
    if files:
        message = f"{'1 file' if len(files) == 1 else f'{len(files)} files'} {what}, not looked at"
        yield Finding(
            info, message, Spot(file=tree.name), related=tuple(Related("this one", Spot(file=one)) for one in files)
        )
