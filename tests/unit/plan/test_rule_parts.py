"""Rules that would be refused as one object are several, and together they are what they were."""

import subprocess
from pathlib import Path

import pytest
import yaml

from backupgen.manifests.render import render_plan
from backupgen.manifests.sizes import ANNOTATIONS_LIMIT, RULES_LIMIT
from backupgen.manifests.templates import load_templates
from backupgen.plan.alerts.parts import rule_objects
from backupgen.plan.facts.manifest import Meta, Plan, Unit
from backupgen.plan.facts.monitoring import PrometheusRule, RecordingRule
from tests.unit.plan.promtool import Rules, Tool, example

RECORDS = ("backup_expected_within_seconds", "backup_job_deadline_seconds")


@pytest.fixture(scope="module")
def small() -> PrometheusRule:
    return Rules.of(example("fleet.yaml")).rule


def grown(rule: PrometheusRule, instances: int, length: int = 0) -> PrometheusRule:
    """The same rules for so many jobs more, with names of a length."""
    names = [f"app-{number}".ljust(length, "x") for number in range(instances)]
    more = [RecordingRule(record, "vector(1)", {"instance": name}) for record in RECORDS for name in names]
    return rule._replace(expectations=(*rule.expectations, *more))


def texts(rules: tuple[PrometheusRule, ...]) -> list[str]:
    templates = load_templates().value
    assert templates is not None
    plan = Plan("home", tuple(Unit(f"monitoring/{one.meta.name}.yaml", one) for one in rules))
    rendered = render_plan(plan, templates).value
    assert rendered is not None
    return list(rendered.files.values())


def test_the_rules_of_a_small_fleet_are_one_object(small: PrometheusRule) -> None:
    assert rule_objects(small) == (small,)


@pytest.mark.parametrize(("instances", "length"), [(400, 253), (1500, 63)])
def test_every_part_is_small_enough_and_nothing_is_lost(small: PrometheusRule, instances: int, length: int) -> None:
    whole = grown(small, instances, length)
    parts = rule_objects(whole)
    assert len(parts) > 2
    assert sorted(map(repr, whole.expectations)) == sorted(repr(one) for part in parts for one in part.expectations)
    assert [part.alerts for part in parts] == [whole.alerts] + [()] * (len(parts) - 1)
    assert len({part.meta.name for part in parts}) == len(parts)
    for text in texts(parts):
        assert len(text.encode()) < ANNOTATIONS_LIMIT
        # About as the operator marshals it.
        assert len(yaml.safe_dump(yaml.safe_load(text)["spec"])) < RULES_LIMIT


def test_the_order_of_the_rules_decides_nothing(small: PrometheusRule) -> None:
    whole = grown(small, 1500)
    reverse = whole._replace(expectations=whole.expectations[::-1])
    names = [{one.labels.get("instance") for one in part.expectations} for part in rule_objects(whole)]
    assert names == [{one.labels.get("instance") for one in part.expectations} for part in rule_objects(reverse)]


def test_one_job_more_changes_one_object(small: PrometheusRule) -> None:
    before, after = (rule_objects(grown(small, count)) for count in (2000, 2001))
    assert len(before) == len(after)
    assert sum(one != other for one, other in zip(before, after, strict=True)) == 1


def test_labels_by_which_prometheus_finds_them_are_on_each(small: PrometheusRule) -> None:
    labelled = small._replace(meta=replace_labels(small, {"release": "prometheus"}))
    assert {part.meta.labels.get("release") for part in rule_objects(grown(labelled, 1500))} == {"prometheus"}


def replace_labels(rule: PrometheusRule, labels: dict[str, str]) -> Meta:
    return rule.meta._replace(labels={**rule.meta.labels, **labels})


def test_prometheus_takes_each_part(small: PrometheusRule, tool: Tool, tmp_path: Path) -> None:
    files = []
    for number, text in enumerate(texts(rule_objects(grown(small, 1500)))):
        files.append(tmp_path / f"{number}.yaml")
        files[-1].write_text(yaml.safe_dump(yaml.safe_load(text)["spec"]), encoding="utf-8")
    done = subprocess.run([tool("promtool"), "check", "rules", *files], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
