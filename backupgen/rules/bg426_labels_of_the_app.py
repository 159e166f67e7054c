"""BG426: a job's pods carry the labels by which the fleet knows another program's."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from backupgen.conventions import naming
from backupgen.conventions.roles import PodRole
from backupgen.diagnostics import CodeInfo, Finding, NodePath, Severity
from backupgen.diagnostics.wording import listed
from backupgen.resolve.resolved import ResolvedFleet, Target
from backupgen.rules.base import Rule, RuleContext, finding

INFO = CodeInfo(
    code="BG426",
    slug="labels-of-the-app",
    severity=Severity.ERROR,
    summary="A backup's pods carry all the labels by which the fleet finds an app's pods, or a service's.",
    why="The app's Service sends requests to the backup, the affinity is met by the backup itself, and the runbook "
    "stops the backup in place of the app.",
    fix="Give the job another label, or name the app's pods by one that only they have.",
    bad="notes: {labels: {app: notes}, with_pod: {app: notes}, …}",
    good="notes: {labels: {team: a}, with_pod: {app: notes}, …}",
)


class _Pods(NamedTuple):
    """Pods that the fleet starts, and where it says which labels they carry."""

    what: str
    namespace: str
    labels: Mapping[str, str]
    path: NodePath


class _Selector(NamedTuple):
    """Labels by which the fleet finds pods, and where they stand."""

    labels: Mapping[str, str]
    path: NodePath


def check(context: RuleContext) -> Iterator[Finding]:
    """Report the pods of each job once, with the first selector that would take them."""
    wanted: dict[tuple[str, str, str], list[_Selector]] = {}
    for namespace, selector in _selectors(context.fleet):
        if selector.labels:
            wanted.setdefault((namespace, *next(iter(selector.labels.items()))), []).append(selector)
    for pods in _pods(context.fleet):
        taken = _taken(pods, wanted)
        if taken is not None:
            named = listed([f"{key}: {value}" for key, value in taken.labels.items()])
            message = f"the pods of {pods.what} would be taken for those of `{_shown(taken.path)}`: they carry {named}"
            yield finding(INFO, message, pods.path, "choose other labels", on_key=True)


def _taken(pods: _Pods, wanted: Mapping[tuple[str, str, str], list[_Selector]]) -> _Selector | None:
    items = pods.labels.items()
    for item in items:
        for selector in wanted.get((pods.namespace, *item), ()):
            if selector.labels.items() <= items:
                return selector
    return None


def _pods(fleet: ResolvedFleet) -> Iterator[_Pods]:
    for operation in fleet.operations():
        job = operation.job
        labels = {**job.labels, **naming.pod_labels(fleet.name, job.name, operation.role)}
        yield _Pods(f"`{job.name}`", job.namespace, labels, (*job.path, "labels"))
        if operation.target is not None:
            name = naming.restore(operation.target.name)
            own = naming.pod_labels(fleet.name, name, PodRole.RESTORE)
            yield _Pods(f"`{name}`", job.namespace, {**job.labels, **own}, (*job.path, "labels"))
    for repository in fleet.repositories:
        server = repository.server
        # Somebody may well name the fleet's own server by the labels that it gets from the compiler.
        if server is not None:
            yield _Pods(f"the server `{server.name}`", server.namespace, server.labels, (*server.path, "labels"))


def _selectors(fleet: ResolvedFleet) -> Iterator[tuple[str, _Selector]]:
    """The namespace in which each selector looks, and the selector."""
    for target in fleet.targets:
        yield from _of_target(target)
    if fleet.pushgateway is not None and fleet.pushgateway.location.service is not None:
        pods = fleet.pushgateway.pod_labels
        yield fleet.pushgateway.location.service[1], _Selector(pods, ("pushgateway", "pod_labels"))
    for channel in fleet.channels:
        if channel.server.service is not None:
            yield channel.server.service[1], _Selector(channel.pod_labels, (channel.kind.key, "pod_labels"))
    if fleet.alerts is not None:
        scraper = _Selector(fleet.alerts.prometheus_pods, ("alerts", "prometheus", "pod_labels"))
        yield fleet.alerts.prometheus_namespace, scraper


def _of_target(target: Target) -> Iterator[tuple[str, _Selector]]:
    path, namespace = target.job.path, target.job.namespace
    yield namespace, _Selector(target.with_pod, (*path, "with_pod"))
    if target.dump is not None:
        yield namespace, _Selector(target.dump.in_pod, (*path, "dump", "in_pod"))
    for index, peer in enumerate(target.connects_to):
        yield peer.namespace, _Selector(peer.pod, (*path, "connects_to", index, "pod"))


def _shown(path: NodePath) -> str:
    return ".".join(str(part) for part in path)


RULE = Rule(INFO, check)
