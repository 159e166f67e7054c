"""BG423: an alert of the user's own that Prometheus could not load."""

from collections.abc import Iterator

from backupgen.diagnostics import CodeInfo, Finding, Severity
from backupgen.grammars.promql import judge_promql
from backupgen.rules.base import Rule, RuleContext, finding

INFO = CodeInfo(
    code="BG423",
    slug="bad-promql",
    severity=Severity.ERROR,
    summary="The expression of an alert of your own is no PromQL for a rule.",
    why="Prometheus refuses the whole group of rules then, and so every alert of the fleet with it.",
    fix="Correct the expression.",
    bad="pushgateway: {…}\nalerts: {own: {Full: {expr: node_filesystem_avail_bytes <, summary: full}}, …}",
    good="pushgateway: {…}\nalerts: {own: {Full: {expr: node_filesystem_avail_bytes < 5e9, summary: full}}, …}",
)


def check(context: RuleContext) -> Iterator[Finding]:
    """Report each such expression."""
    alerts = context.fleet.alerts
    for alert in alerts.own if alerts is not None else ():
        for error in judge_promql(alert.expr).errors:
            message = f"Prometheus cannot take the expression of `{alert.name}`: {error}"
            yield finding(INFO, message, ("alerts", "own", alert.name, "expr"), "correct it")


RULE = Rule(INFO, check)
