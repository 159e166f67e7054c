"""Rules and dashboard as files: the cluster gets what was planned, whatever strings the fleet holds."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from backupgen.manifests import load_templates, render_plan
from backupgen.plan.alerts.rule import prometheus_rule
from backupgen.plan.dashboard import dashboard
from backupgen.plan.facts.manifest import Facts, Plan, Unit
from backupgen.plan.facts.monitoring import DashboardConfigMap
from backupgen.source import load_all
from tests.custom_resources import schema_of
from tests.replacing import replace
from tests.unit.plan.promtool import FLEETS, Rules, Tool, check_rules, example, schedules, spec

STRANGE = ['a "b"', "it's\\", "{{ x }}", "a: b # c", "${datasource}", "zwölf\ttabs", "x\ny", "*", "yes", "0x1"]


def render(facts: Facts, fleet: str) -> Any:
    templates = load_templates()
    assert templates.value is not None
    manifests = render_plan(Plan(fleet, (Unit("file.yaml", facts),)), templates.value)
    assert manifests.value is not None, manifests.findings
    (document,) = load_all(manifests.value.files["file.yaml"])
    return document


def panels_of(document: Any, facts: DashboardConfigMap) -> Any:
    assert list(document["data"]) == [f"{facts.meta.name}.json"]
    return json.loads(document["data"][f"{facts.meta.name}.json"])


@pytest.mark.parametrize("path", FLEETS)
def test_the_rendered_rules_are_the_planned_ones(path: str, tool: Tool, tmp_path: Path) -> None:
    rules = Rules.of(example(path))
    document = render(rules.rule, rules.fleet.name)
    assert (document["apiVersion"], document["kind"]) == ("monitoring.coreos.com/v1", "PrometheusRule")
    assert document["metadata"]["labels"] == dict(rules.rule.meta.labels)
    assert document["spec"] == spec(rules.rule)
    done = check_rules(tool("promtool"), document["spec"], tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("text", STRANGE)
def test_a_strange_hostname_comes_back_from_the_rules(text: str) -> None:
    fleet = example(FLEETS[1])
    job = replace(fleet.targets[0].job, instance=text)
    rules = Rules.of(replace(fleet, targets=(replace(fleet.targets[0], job=job),)))
    assert render(rules.rule, fleet.name)["spec"] == spec(rules.rule)


@pytest.mark.parametrize("path", FLEETS)
def test_the_rendered_object_is_a_prometheusrule(path: str) -> None:
    schema = closed(schema_of(("monitoring.coreos.com/v1", "PrometheusRule")))
    fleet = example(path)
    rule = prometheus_rule(fleet, schedules(fleet))
    assert rule is not None
    document = render(rule, fleet.name)
    jsonschema.validate(document, schema)
    document["spec"]["groups"][0]["rules"][0]["expression"] = "1"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, schema)


def closed(schema: Any) -> Any:
    """The schema, but unknown fields are refused wherever the fields are listed."""
    if isinstance(schema, list):
        return [closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    result = {key: closed(value) for key, value in schema.items()}
    if isinstance(result.get("pattern"), str):
        # Go takes a flag after the anchor, Python only before it.
        result["pattern"] = result["pattern"].replace("^(?i)", "(?i)^")
    if isinstance(result.get("properties"), dict) and result.get("type") == "object":
        result.setdefault("additionalProperties", False)
    return result


@pytest.mark.parametrize("path", FLEETS)
def test_the_rendered_dashboard_is_the_planned_one(path: str) -> None:
    facts = dashboard(example(path))
    assert facts is not None
    made = panels_of(render(facts, "fleet"), facts)
    assert (made["uid"], made["title"], made["tags"]) == (facts.uid, facts.title, ["backup", "fleet"])
    assert [panel["id"] for panel in made["panels"]] == list(range(1, len(facts.panels) + 1))
    for panel, planned in zip(made["panels"], facts.panels, strict=True):
        assert (panel["type"], panel["title"], panel["description"]) == (
            planned.kind,
            planned.title,
            planned.description,
        )
        assert [target["expr"] for target in panel["targets"]] == [query.expr for query in planned.queries]
        grid = {"x": planned.x, "y": planned.y, "w": planned.width, "h": planned.height}
        assert panel["gridPos"] == grid
    variables = {variable["name"]: variable for variable in made["templating"]["list"]}
    assert facts.instances in variables["instance"]["query"]["query"]


@pytest.mark.parametrize("text", STRANGE)
def test_strange_texts_come_back_from_the_dashboard(text: str) -> None:
    facts = dashboard(example(FLEETS[0]))
    assert facts is not None
    panels = tuple(
        replace(
            panel,
            title=text,
            description=text,
            queries=tuple(replace(query, expr=text, legend=text) for query in panel.queries),
        )
        for panel in facts.panels
    )
    meta = replace(facts.meta, annotations={"note": text})
    strange = replace(facts, title=text, instances=text, panels=panels, meta=meta)
    document = render(strange, text)
    assert document["metadata"]["annotations"] == {"note": text}
    made = panels_of(document, strange)
    assert (made["title"], made["tags"][1]) == (text, text)
    for panel in made["panels"]:
        assert {panel["title"], panel["description"], *(target["expr"] for target in panel["targets"])} == {text}
