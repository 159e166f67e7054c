"""BG440: `connects_to` of a job that runs no command of the user's."""

from collections.abc import Iterator

from backupgen.diagnostics import CodeInfo, Finding, Severity
from backupgen.rules.base import Rule, RuleContext, finding
from backupgen.rules.commands import own_commands

INFO = CodeInfo(
    code="BG440",
    slug="idle-egress",
    severity=Severity.WARNING,
    summary="A target has `connects_to`, but no hook and no dump of its own.",
    why="Nothing in the pod uses that way, but whoever gets into the pod can.",
    fix="Remove it. The repository, the Pushgateway and ntfy are let through without it.",
    bad="network_policies: kubernetes\nconnects_to: [{cidr: 192.0.2.7/32, port: 443}]",
    good="network_policies: kubernetes",
)


def check(context: RuleContext) -> Iterator[Finding]:
    """Report each such target."""
    for target in context.fleet.targets:
        if target.connects_to and next(own_commands(target), None) is None:
            path = (*target.job.path, "connects_to")
            message = f"no command of `{target.name}` runs in its own pod, so nothing connects to these"
            yield finding(INFO, message, path, "remove it", on_key=True)


RULE = Rule(INFO, check)
