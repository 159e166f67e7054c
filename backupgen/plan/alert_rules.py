"""The rules of Prometheus, as a PrometheusRule and as files of promtool: what templates see of them."""

from typing import NamedTuple

from backupgen.plan.meta import Meta
from backupgen.resolve.resolved import StringMap


class AlertRule(NamedTuple):
    """An alerting rule."""

    alert: str
    expr: str
    for_: str
    labels: StringMap
    annotations: StringMap


class RecordingRule(NamedTuple):
    """A recording rule: a constant of the fleet as a series, or what is remembered of one."""

    record: str
    expr: str
    labels: StringMap


class PrometheusRule(NamedTuple):
    """All rules of the fleet."""

    meta: Meta
    expectations: tuple[RecordingRule, ...]
    alerts: tuple[AlertRule, ...]


class RuleFile(NamedTuple):
    """The same rules as a file of Prometheus, for the tests: promtool reads no PrometheusRule."""

    name: str
    expectations: tuple[RecordingRule, ...]
    alerts: tuple[AlertRule, ...]


class RuleCheck(NamedTuple):
    """What an expression yields at a time of a story: exactly these samples."""

    time: str
    expr: str
    samples: tuple[tuple[str, int | float], ...]
    """Series and value."""


class RuleStory(NamedTuple):
    """A test of promtool."""

    name: str
    interval: str
    """The time between two samples of a series."""
    series: tuple[tuple[str, str], ...]
    """Series and values, in promtool's notation."""
    checks: tuple[RuleCheck, ...]


class RuleTests(NamedTuple):
    """A file of tests of promtool."""

    rule_file: str
    """The file with the rules, beside it."""
    interval: str
    """The time between two evaluations."""
    stories: tuple[RuleStory, ...]
