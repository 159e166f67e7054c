"""BG424: an alert of the user's own about a metric that nobody has."""

from collections.abc import Iterable, Iterator
from typing import Final

from backupgen.conventions.metrics import METRICS, RECORDED
from backupgen.diagnostics import CodeInfo, Finding, Severity
from backupgen.diagnostics.wording import did_you_mean
from backupgen.grammars.promql import judge_promql
from backupgen.rules.base import Rule, RuleContext, finding

INFO = CodeInfo(
    code="BG424",
    slug="unknown-metric",
    severity=Severity.WARNING,
    summary="An alert of your own reads a metric of the backups that no script pushes and no rule records.",
    why="An expression without series is silent for ever.",
    fix="Name one of the metrics that docs/alerts.md and templates/scripts/lib.sh list.",
    bad="pushgateway: {…}\nalerts: {own: {Slow: {expr: backup_duration > 600, summary: slow}}, …}",
    good="pushgateway: {…}\nalerts: {own: {Slow: {expr: backup_duration_seconds > 600, summary: slow}}, …}",
)

_KNOWN: Final = frozenset(metric.name for metric in (*METRICS, *RECORDED))
_OURS: Final = ("backup_", "instance:backup_")


def check(context: RuleContext) -> Iterator[Finding]:
    """Report each such metric."""
    alerts = context.fleet.alerts
    for alert in alerts.own if alerts is not None else ():
        for name in strangers(judge_promql(alert.expr).metrics):
            names = [metric.name for metric in (*METRICS, *RECORDED)]
            help_ = did_you_mean(name, names, "look for its name in docs/alerts.md")
            message = f"nothing yields the metric `{name}` that `{alert.name}` reads"
            yield finding(INFO, message, ("alerts", "own", alert.name, "expr"), help_)


def strangers(metrics: Iterable[str]) -> list[str]:
    """Those that are named as backupgen's are, but that no script pushes and no rule records."""
    return [name for name in metrics if name.startswith(_OURS) and name not in _KNOWN]


RULE = Rule(INFO, check)
