"""Whether the tree's Prometheus takes the fleet's metrics and alerts as they are meant."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from backupgen.audit import codes
from backupgen.audit.cluster import MONITORING, Cluster
from backupgen.audit.instance import Instance
from backupgen.conventions import naming
from backupgen.diagnostics import Finding, Related, Spot
from backupgen.resolve.resolved import Pushgateway, ResolvedFleet, StringMap
from backupgen.source.untyped import get_path, mapping, mappings, numbered_mappings, strings

_ENDPOINTS: Final = {"ServiceMonitor": "endpoints", "PodMonitor": "podMetricsEndpoints"}


def monitoring(fleet: ResolvedFleet, cluster: Cluster) -> Iterator[Finding]:
    """Report each scrape of the Pushgateway that loses labels, and alerts that no Prometheus takes."""
    if fleet.pushgateway is not None:
        for kind, key in _ENDPOINTS.items():
            for monitor in cluster.of(MONITORING, kind):
                if _selects_pushgateway(monitor, fleet.pushgateway, cluster):
                    yield from _monitor(monitor, key)
        for config in cluster.of(MONITORING, "ScrapeConfig"):
            yield from _scrape_config(config, fleet.pushgateway)
    yield from _rules(fleet, cluster)


def _monitor(monitor: Instance, key: str) -> Iterator[Finding]:
    resource = monitor.resource
    for index, endpoint in numbered_mappings(get_path(resource.data, "spec", key)):
        if endpoint.get("honorLabels") is not True:
            where = "honorLabels" if "honorLabels" in endpoint else next(iter(endpoint), "honorLabels")
            spot = resource.spot("spec", key, index, where)
            yield _overwritten(f"{resource.kind} `{monitor.name}`", spot, "write `honorLabels: true` at this endpoint")


def _scrape_config(config: Instance, pushgateway: Pushgateway) -> Iterator[Finding]:
    spec = mapping(config.resource.data, "spec")
    targets = [word for one in mappings(spec.get("staticConfigs")) for word in strings(one.get("targets"))]
    if (
        any(_is_pushgateway(word.partition(":")[0], pushgateway) for word in targets)
        and spec.get("honorLabels") is not True
    ):
        spot = config.resource.spot("spec", on_key=True)
        yield _overwritten(f"ScrapeConfig `{config.name}`", spot, "write `honorLabels: true` below `spec`")


def _is_pushgateway(host: str, pushgateway: Pushgateway) -> bool:
    """Whether a host is the Pushgateway, by its full name or that of its Service."""
    service = pushgateway.location.service
    return host == pushgateway.location.host or (
        service is not None and host.split(".")[:2] == list(service) and host.split(".")[2:3] in ([], ["svc"])
    )


def _overwritten(what: str, spot: Spot, help_: str) -> Finding:
    message = f"{what} scrapes the Pushgateway without `honorLabels: true`"
    related = (Related("the Pushgateway of the fleet", Spot(path=("pushgateway",), on_key=True)),)
    return Finding(codes.LABELS_OVERWRITTEN, message, spot, help_, related=related)


def _selects_pushgateway(monitor: Instance, pushgateway: Pushgateway, cluster: Cluster) -> bool:
    """Whether a monitor selects the Pushgateway for certain: by its Service in the tree, else by its pods' labels."""
    service = pushgateway.location.service
    selector = mapping(monitor.resource.data, "spec", "selector")
    if service is None or not _looks_into(monitor, service[1]):
        return False
    known = [one for one in cluster.of("", "Service") if (one.name, one.namespace) == service]
    if monitor.resource.kind == "ServiceMonitor" and known:
        own = known[0].strings(get_path(known[0].resource.data, "metadata", "labels"))
        return own is not None and _selects(selector, {**own, **known[0].labels})
    return bool(pushgateway.pod_labels) and _selects(selector, pushgateway.pod_labels)


def _looks_into(monitor: Instance, namespace: str) -> bool:
    chosen = mapping(monitor.resource.data, "spec", "namespaceSelector")
    if chosen.get("any") is True:
        return True
    names = strings(chosen.get("matchNames"))
    return namespace in names if names else monitor.namespace in {None, namespace}


def _rules(fleet: ResolvedFleet, cluster: Cluster) -> Iterator[Finding]:
    """Report alerts that no Prometheus of the tree selects, where that is certain."""
    servers = tuple(cluster.of(MONITORING, "Prometheus"))
    if fleet.alerts is None or not servers:
        return
    labels = {
        **fleet.labels,
        **(fleet.alerts.labels or {}),
        **naming.object_labels(fleet.name, naming.ALERTS),
    }
    selectors = [_spec(one).get("ruleSelector") for one in servers]
    if any(not isinstance(one, Mapping) or _selects(one, labels, default=True) for one in selectors):
        return
    server = servers[0]
    wanted = ", ".join(f"{key}: {value}" for key, value in mapping(selectors[0], "matchLabels").items())
    message = f"the labels of the alerts are not those that Prometheus `{server.name}` selects"
    help_ = f"write `labels: {{{wanted}}}` under `alerts`"
    related = (Related("it selects these", server.resource.spot("spec", "ruleSelector", on_key=True)),)
    yield Finding(codes.RULES_NOT_SELECTED, message, Spot(path=("alerts", "labels")), help_, related=related)


def _spec(instance: Instance) -> Mapping[str, Any]:
    return mapping(instance.resource.data, "spec")


def _selects(selector: Mapping[str, Any], labels: StringMap, *, default: bool = False) -> bool:
    """Whether a label selector selects labels. One with expressions is taken for `default`, as is an empty one."""
    if selector.get("matchExpressions"):
        return default
    wanted = mapping(selector, "matchLabels")
    return all(labels.get(key) == value for key, value in wanted.items()) if wanted else default
