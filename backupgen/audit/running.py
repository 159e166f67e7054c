"""Whether the pods behind `with_pod` and `in_pod` run, and whether those of a dump are one."""

from collections.abc import Iterator
from typing import Final

from backupgen.audit import codes
from backupgen.audit.cluster import Cluster
from backupgen.audit.objects import Workload
from backupgen.audit.protection import matches
from backupgen.diagnostics import Finding, NodePath, Related, Spot
from backupgen.diagnostics.wording import listed
from backupgen.language.paths import target_of
from backupgen.resolve.resolved import ResolvedFleet, StringMap
from backupgen.source.untyped import get_path

POD_NAME: Final = "statefulset.kubernetes.io/pod-name"
"""The label by which a StatefulSet's controller tells its pods apart (Kubernetes, "StatefulSets", pod name label)."""
_SCALED: Final = frozenset({"Deployment", "StatefulSet", "ReplicaSet", "ReplicationController"})


def running(fleet: ResolvedFleet, cluster: Cluster) -> Iterator[Finding]:
    """Report each target whose pod does not run, and each dump whose labels fit several pods."""
    for target in fleet.targets:
        if target.job.suspend:
            continue
        dump = target.dump_in_pod
        if dump is not None:
            path = (*target.job.path, "dump", "in_pod")
            yield from _judge(cluster, target.job.namespace, dump.in_pod, path, one_pod=True)
        elif target.with_pod:
            yield from _judge(cluster, target.job.namespace, target.with_pod, (*target.job.path, "with_pod"))


def _judge(
    cluster: Cluster, namespace: str, labels: StringMap, path: NodePath, *, one_pod: bool = False
) -> Iterator[Finding]:
    found = [one for one in cluster.workloads_in(namespace) if _selected(one, labels)]
    counts = [_replicas(one) for one in found]
    related = tuple(Related(f"{one.kind} `{one.name}`", one.instance.resource.name_spot) for one in found)
    if found and all(count == 0 for count in counts):
        message = f"{found[0].kind} `{found[0].name}` is scaled to 0: this backup waits for a pod that is not there"
        help_ = "scale it up, or write `suspend: true` while it rests"
        yield Finding(codes.SCALED_TO_ZERO, message, Spot(path=path), help_, target_of(path), related)
    elif one_pod and POD_NAME not in labels and sum(1 if count is None else count for count in counts) > 1:
        names = [one.name for one in found if _replicas(one) != 0]
        message = f"these labels fit several pods: those of {listed(names)}"
        sets = [one for one in found if one.kind == "StatefulSet"]
        help_ = f"add `{POD_NAME}: {sets[0].name}-0`" if sets else "add a label that one pod alone has"
        yield Finding(codes.SEVERAL_PODS, message, Spot(path=path), help_, target_of(path), related)


def _selected(workload: Workload, labels: StringMap) -> bool:
    """Whether a workload's pods have the labels for certain, but for that which only one of them has."""
    wanted = {key: value for key, value in labels.items() if key != POD_NAME}
    return workload.kind in _SCALED and workload.labels is not None and matches(workload.labels, wanted)


def _replicas(workload: Workload) -> int | None:
    """How many pods a workload has; None, if the tree does not say (one, or what an autoscaler makes of it)."""
    return workload.instance.number(get_path(workload.instance.resource.data, "spec", "replicas"))
