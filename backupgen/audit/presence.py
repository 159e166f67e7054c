"""What the fleet names and the tree does not have: claims, and pods."""

from collections.abc import Iterator
from difflib import get_close_matches

from backupgen.audit import codes
from backupgen.audit.cluster import CNPG_LABEL, Cluster, Pods
from backupgen.audit.protection import matches
from backupgen.audit.running import POD_NAME
from backupgen.diagnostics import Finding, NodePath, Related, Spot
from backupgen.language.paths import target_of
from backupgen.resolve.resolved import ResolvedFleet, StringMap

_MOST_CANDIDATES = 3


def missing(fleet: ResolvedFleet, cluster: Cluster) -> Iterator[Finding]:
    """Report each claim and each pod that is named in vain.

    Not where objects that nobody sees may be in the namespace: charts, names that are filled in elsewhere.
    """
    for namespace, claim, path in _named_claims(fleet):
        if not cluster.unseen_in(namespace) and not _has_claim(cluster, namespace, claim):
            yield _missing_claim(cluster, namespace, claim, path)
    for namespace, labels, path in _named_pods(fleet):
        if not cluster.unseen_in(namespace) and not _has_pods(cluster, namespace, labels):
            yield _missing_pods(cluster, namespace, labels, path)


def _named_claims(fleet: ResolvedFleet) -> Iterator[tuple[str, str, NodePath]]:
    for target in fleet.targets:
        for volume in target.volumes:
            if volume.claim is not None:
                yield target.job.namespace, volume.claim, (*volume.path, "pvc")
        if target.dump is not None and target.dump.staging_claim is not None:
            yield target.job.namespace, target.dump.staging_claim, (*target.job.path, "dump", "staging", "pvc")
    for repository in fleet.repositories:
        server = repository.server
        if server is not None and server.volume.claim is not None:
            yield server.namespace, server.volume.claim, (*server.volume.path, "pvc")


def _named_pods(fleet: ResolvedFleet) -> Iterator[tuple[str, StringMap, NodePath]]:
    for target in fleet.targets:
        if target.with_pod:
            yield target.job.namespace, target.with_pod, (*target.job.path, "with_pod")
        if target.dump_in_pod is not None:
            yield target.job.namespace, target.dump_in_pod.in_pod, (*target.job.path, "dump", "in_pod")
        for index, peer in enumerate(target.connects_to):
            if peer.pod:
                yield peer.namespace, peer.pod, (*target.job.path, "connects_to", index, "pod")


def _has_claim(cluster: Cluster, namespace: str, claim: str) -> bool:
    return any(cluster.claims_of(namespace, claim)) or any(cluster.templates_of(namespace, claim))


def _missing_claim(cluster: Cluster, namespace: str, claim: str, path: NodePath) -> Finding:
    here = {one.name: one.instance for one in cluster.claims if one.instance.namespace in {None, namespace}}
    here |= {
        name: one for one, template in cluster.templates() if one.namespace == namespace for name in template.claims
    }
    elsewhere = [one.instance for one in cluster.claims_called(claim)]
    near = get_close_matches(claim, sorted(here), n=1, cutoff=0.6)
    related: tuple[Related, ...] = ()
    help_ = "correct the name, or add the claim to the tree"
    if elsewhere:
        other = elsewhere[0]
        help_ = f"a claim of this name is in `{other.namespace}`: is `namespace` right?"
        related = (Related(f"in `{other.namespace}`", other.resource.name_spot),)
    elif near:
        help_ = f"did you mean `{near[0]}`?"
        related = (Related("it is here", here[near[0]].resource.name_spot),)
    message = f"the tree has no claim `{claim}` in `{namespace}`"
    return Finding(codes.MISSING_CLAIM, message, Spot(path=path), help_, target_of(path), related)


def _has_pods(cluster: Cluster, namespace: str, labels: StringMap) -> bool:
    if any(labels.get(CNPG_LABEL) == database.name for database in cluster.databases_in(namespace)):
        return True
    own = {key: value for key, value in labels.items() if key != POD_NAME}
    return any(pods.labels is None or matches(pods.labels, own) for pods in cluster.pods_in(namespace))


def _missing_pods(cluster: Cluster, namespace: str, labels: StringMap, path: NodePath) -> Finding:
    wanted = ", ".join(f"`{key}: {value}`" for key, value in labels.items())
    candidates = [pods for pods in cluster.pods_in(namespace) if pods.namespace == namespace]
    # Those that have the most in common with what was written first.
    candidates.sort(key=lambda pods: -_common(pods, labels))
    related = tuple(
        Related(f"the pods of {pods.owner} have {_labels(pods)}", pods.spot) for pods in candidates[:_MOST_CANDIDATES]
    )
    message = f"no workload of the tree in `{namespace}` has pods with {wanted}"
    help_ = "write labels of the app's pod template" if related else "correct the labels or the namespace"
    return Finding(codes.MISSING_POD, message, Spot(path=path), help_, target_of(path), related)


def _common(pods: Pods, labels: StringMap) -> int:
    own = pods.labels or {}
    return sum(2 for key, value in labels.items() if own.get(key) == value) + len({*labels.values()} & {*own.values()})


def _labels(pods: Pods) -> str:
    return ", ".join(f"`{key}: {value}`" for key, value in sorted((pods.labels or {}).items())) or "no labels"
