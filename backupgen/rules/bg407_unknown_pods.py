"""BG407: a network policy would not know whom to allow."""

from collections.abc import Iterator

from backupgen.diagnostics import CodeInfo, Finding, Severity
from backupgen.plan.edges import unreachable
from backupgen.rules.base import Rule, RuleContext, finding

INFO = CodeInfo(
    code="BG407",
    slug="unknown-pods",
    severity=Severity.WARNING,
    summary="Network policies are rendered, but not the labels of the pods that a service of this cluster leads to.",
    why="The policy then allows the port to every pod of that namespace.",
    fix="Add `pod_labels` with the labels of the service's pods.",
    bad="network_policies: cilium\npushgateway: {url: http://pushgateway.monitoring.svc:9091}",
    good="network_policies: cilium\npushgateway: {url: …, pod_labels: {app: pushgateway}}",
)


def check(context: RuleContext) -> Iterator[Finding]:
    """Report each service of the cluster without labels."""
    for path, text in unreachable(context.fleet):
        yield finding(INFO, text, path)


RULE = Rule(INFO, check)
