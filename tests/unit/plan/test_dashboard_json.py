"""The dashboard as Grafana loads it: valid in every version that it is for, and judged by something that can say no."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from backupgen.plan.dashboard import dashboard
from tests.dashboards import VERSIONS, faults
from tests.replacing import replace
from tests.unit.plan.promtool import FLEETS, example
from tests.unit.plan.test_reports_rendered import panels_of, render

RUNBOOKS = "https://git.example.com/home/runbooks"


def made(path: str, *, alerts: bool = True, runbooks: str = "") -> Any:
    fleet = example(path)
    facts = dashboard(replace(fleet, alerts=replace(fleet.alerts, runbooks=runbooks) if alerts else None))
    assert facts is not None
    return panels_of(render(facts, fleet.name), facts)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("path", FLEETS)
def test_grafana_knows_everything_in_it(path: str, version: int) -> None:
    for alerts in (True, False):
        for runbooks in ("", RUNBOOKS):
            assert faults(made(path, alerts=alerts, runbooks=runbooks), version) == []


def test_tables_name_their_columns_and_lead_to_the_runbooks() -> None:
    made_ = made(FLEETS[0], runbooks=RUNBOOKS)
    assert [link["url"] for link in made_["links"]] == [RUNBOOKS]
    tables = {panel["title"]: panel for panel in made_["panels"] if panel["type"] == "table"}
    for table in tables.values():
        organize = table["transformations"][-1]["options"]
        assert list(organize["renameByName"]) == list(organize["indexByName"])
        assert list(organize["indexByName"].values()) == list(range(len(organize["indexByName"])))
        titles = list(organize["renameByName"].values())
        assert len(set(titles)) == len(titles)
        assert {override["matcher"]["options"] for override in table["fieldConfig"]["overrides"]} <= set(titles)
    # Grafana numbers the columns only where there are several queries.
    assert tables["What is wrong"]["transformations"][-1]["options"]["renameByName"]["Value"] == "Since"
    assert tables["Targets"]["transformations"][0] == {"id": "merge", "options": {}}


def _set(*path: str | int, to: object) -> Callable[[Any], None]:
    def change(made: Any) -> None:
        place = made
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = to

    return change


def _panel(kind: str, *path: str | int, to: object) -> Callable[[Any], None]:
    def change(made: Any) -> None:
        _set(*path, to=to)(next(panel for panel in made["panels"] if panel["type"] == kind))

    return change


def _override(name: str, to: object) -> Callable[[Any], None]:
    def change(made: Any) -> None:
        panel = next(panel for panel in made["panels"] if panel["fieldConfig"]["overrides"])
        panel["fieldConfig"]["overrides"][0]["properties"].append({"id": name, "value": to})

    return change


MISTAKES = {
    "a field that does not exist": _set("titel", to="x"),
    "a wrong refresh": _set("refresh", to=60),
    "a variable's wrong sorting": _set("templating", "list", 1, "sort", to="name"),
    "an unknown panel": _panel("stat", "type", to="singlestat"),
    "a panel without a title": lambda made: made["panels"][0].pop("title"),
    "a panel's place as text": _panel("stat", "gridPos", "w", to="6"),
    "an option of another panel": _panel("stat", "options", "showHeader", to=True),
    "an option's wrong value": _panel("stat", "options", "colorMode", to="loud"),
    "an option that is missing": lambda made: made["panels"][0]["options"].pop("reduceOptions"),
    "an unknown option of a timeline": _panel("state-timeline", "options", "mergeValue", to=True),
    "a wrong type in a timeline": _panel("state-timeline", "options", "rowHeight", to="high"),
    "an unknown drawing style": _panel("timeseries", "fieldConfig", "defaults", "custom", "drawStyle", to="dots"),
    "a setting of another panel": _panel("table", "fieldConfig", "defaults", "custom", "drawStyle", to="line"),
    "an unknown setting": _panel("timeseries", "fieldConfig", "defaults", "custom", "lineStile", to="x"),
    "an unknown mode of thresholds": _panel("stat", "fieldConfig", "defaults", "thresholds", "mode", to="steps"),
    "a threshold without a colour": _panel(
        "stat", "fieldConfig", "defaults", "thresholds", "steps", to=[{"value": None}]
    ),
    "a mapping of an unknown type": _panel("stat", "fieldConfig", "defaults", "mappings", to=[{"type": "values"}]),
    "an unknown format of a query": _panel("table", "targets", 0, "format", to="tables"),
    "a query without an expression": lambda made: made["panels"][0]["targets"][0].pop("expr"),
    "an unknown transformation": _panel("table", "transformations", 0, "id", to="unite"),
    "an override of an unknown property": _override("colour", {"mode": "fixed"}),
    "an override of an unknown setting": _override("custom.cellOption", {"type": "auto"}),
    "an override to an unknown cell": _override("custom.cellOptions", {"type": "gauges"}),
    "an override to a wrong type": _override("unit", 5),
    "an override of an open mapping": _override("mappings", [{"type": "value", "options": {"0": {"txt": "ok"}}}]),
}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_seen(mistake: str, version: int) -> None:
    wrong = copy.deepcopy(made(FLEETS[1]))
    MISTAKES[mistake](wrong)
    assert faults(wrong, version)
