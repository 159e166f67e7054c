"""BG427: a host that is a Service's short name, which no network policy knows."""

from collections.abc import Iterator

from backupgen.diagnostics import CodeInfo, Finding, Severity
from backupgen.grammars.hosts import may_be_public
from backupgen.integrations.location import Location
from backupgen.plan.edges import urls
from backupgen.resolve.resolved import ResolvedFleet
from backupgen.rules.base import Rule, RuleContext, finding

INFO = CodeInfo(
    code="BG427",
    slug="short-service-name",
    severity=Severity.ERROR,
    summary="Network policies are rendered, and a host looks like a Service's name without `.svc`.",
    why="A policy would let the jobs out to a host of that name, and the cluster's resolver knows it by a longer one: "
    "metrics, messages or backups are blocked.",
    fix="Write `name.namespace.svc`; where it is no Service, waive the finding.",
    bad="network_policies: cilium\npushgateway: {url: http://pushgateway.monitoring:9091}",
    good="network_policies: cilium\npushgateway: {url: http://pushgateway.monitoring.svc:9091, pod_labels: {app: p}}",
)


def check(context: RuleContext) -> Iterator[Finding]:
    """Report each such host."""
    fleet = context.fleet
    if fleet.network_policies == "none":
        return
    known = _namespaces(fleet)
    for path, location, _ in urls(fleet):
        name, dot, namespace = location.host.partition(".")
        if dot and "." not in namespace and (namespace in known or not _elsewhere(location)):
            message = f"`{location.host}` looks like the Service `{name}` in the namespace `{namespace}`"
            yield finding(INFO, message, path, f"write `{name}.{namespace}.svc` if it is one")


def _elsewhere(location: Location) -> bool:
    """Whether a host of two names is one of the internet, or of a local network, rather than a Service."""
    return location.tls or may_be_public(location.host)


def _namespaces(fleet: ResolvedFleet) -> set[str]:
    named = {fleet.home_namespace, *(job.namespace for job in fleet.jobs())}
    named |= {place.namespace for place in (fleet.alerts, fleet.dashboard) if place is not None}
    return named


RULE = Rule(INFO, check)
