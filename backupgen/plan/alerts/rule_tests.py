"""PrometheusRule -> its tests, which promtool runs: that each alert fires when it should, and is silent otherwise.

Whatever the fleet's size, one job of each kind is told about: the rules treat all of a kind alike, but for the
recorded constants, which a table compares. So a wrong threshold, comparison, label or `for` turns a test red. Stories
are grouped by the length of their steps, since promtool evaluates all rules at each step of a file.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby

from backupgen.conventions import metrics, naming
from backupgen.plan.alerts import place_stories, run_stories
from backupgen.plan.alerts.story import Rules
from backupgen.plan.expectations import monitored_jobs
from backupgen.plan.facts.manifest import Unit
from backupgen.plan.facts.monitoring import PrometheusRule, RecordingRule, RuleCheck, RuleFile, RuleStory, RuleTests
from backupgen.plan.promql import select
from backupgen.resolve.resolved import ResolvedFleet
from backupgen.schedule import CronExpr

_RULE_FILE = "rules.yaml"


def rule_test_units(fleet: ResolvedFleet, rule: PrometheusRule, schedules: Mapping[str, CronExpr]) -> Iterator[Unit]:
    """The rules as a file of promtool, and the tests. Raises KeyError if an expected job has no schedule."""
    assert fleet.alerts is not None  # noqa: S101 (there are rules)
    own = {alert.name for alert in fleet.alerts.own}
    servers = [repository.server for repository in fleet.repositories if repository.server is not None]
    rules = Rules(
        fleet=fleet.name,
        alerts={alert.alert: alert for alert in rule.alerts if alert.alert not in own},
        own=tuple(sorted(own)),
        base={select("up", job=server.name, namespace=server.namespace): "1" for server in servers},
        wanted=fleet.alerts,
    )
    monitored = monitored_jobs(fleet, schedules)
    stories = [*run_stories.stories(rules, monitored, schedules), *place_stories.stories(rules, fleet, monitored)]
    yield _unit(_RULE_FILE, RuleFile(rule.meta.name, rule.expectations, rule.alerts))
    by_step = sorted(stories, key=lambda story: story.step)
    for step, group in groupby(by_step, key=lambda story: story.step):
        tests = [story.to_promtool() for story in group]
        if step == 1:
            tests.insert(0, _constants(fleet.name, rule.expectations))
        name = "tests.yaml" if step == 1 else f"tests-{step}m.yaml"
        yield _unit(name, RuleTests(_RULE_FILE, f"{step}m", tuple(tests)))


def _unit(name: str, facts: RuleFile | RuleTests) -> Unit:
    return Unit(f"{naming.RULE_TESTS}/{name}", facts)


def _constants(fleet: str, recordings: Iterable[RecordingRule]) -> RuleStory:
    """That each constant of the fleet is recorded, under its labels and with its value, and no other."""
    tables: dict[str, list[tuple[str, int]]] = {
        metrics.EXPECTED_WITHIN: [], metrics.JOB_DEADLINE: [], metrics.MAX_SHRINK: [], metrics.QUOTA: [],
    }  # fmt: skip
    for rule in recordings:
        if rule.record in tables:
            value = float(rule.expr.removeprefix("vector(").removesuffix(")"))
            percent = rule.record == metrics.MAX_SHRINK
            series = select("" if percent else rule.record, **rule.labels)
            tables[rule.record].append((series, round(value * 100) if percent else round(value)))
    checks = []
    for record, samples in tables.items():
        found = select(record, fleet=fleet)
        expr = f"round({found} * 100)" if record == metrics.MAX_SHRINK else found
        checks.append(RuleCheck("0m", expr, tuple(samples)))
    since = f"count({select(metrics.EXPECTED_SINCE, fleet=fleet)})"
    expected = len(tables[metrics.EXPECTED_WITHIN])
    checks.append(RuleCheck("0m", since, (("{}", expected),) if expected else ()))
    return RuleStory("the fleet's constants", "1m", (), tuple(checks))
