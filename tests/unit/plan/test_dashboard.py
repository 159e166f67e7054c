"""The dashboard's queries and places, before any template."""

import re
from itertools import combinations
from pathlib import Path

import pytest

from backupgen.conventions.metrics import METRICS, RECORDED
from backupgen.conventions.naming import dashboard_uid
from backupgen.plan.dashboard import WIDTH, dashboard
from backupgen.plan.facts.monitoring import DashboardConfigMap
from backupgen.plan.panel import EXIT_TEXTS, Panel
from tests.replacing import replace
from tests.unit.plan.promtool import FLEETS, REPOSITORY, Tool, check_rules, example

PUSHED = {metric.name for metric in METRICS}
KNOWN = PUSHED | {metric.name for metric in RECORDED}


@pytest.fixture(params=FLEETS)
def made(request: pytest.FixtureRequest) -> DashboardConfigMap:
    result = dashboard(example(request.param))
    assert result is not None
    return result


OF_PROMETHEUS = {"ALERTS", "ALERTS_FOR_STATE"}
"""The series that Prometheus itself keeps of alerts."""


def used(expr: str) -> set[str]:
    """Every name in front of braces: a selector's metric, since all selectors have braces."""
    return set(re.findall(r"[\w:]+(?={)", re.sub(r'"[^"]*"', '""', expr)))


def test_promtool_parses_every_query(made: DashboardConfigMap, tool: Tool, tmp_path: Path) -> None:
    exprs = [query.expr.replace("$instance", "a|b") for panel in made.panels for query in panel.queries]
    rules = [{"record": f"query:{number}", "expr": expr} for number, expr in enumerate([*exprs, made.instances])]
    done = check_rules(tool("promtool"), {"groups": [{"name": "dashboard", "rules": rules}]}, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(exprs) + 1} rules found" in done.stdout


def test_every_query_reads_metrics_of_the_table(made: DashboardConfigMap) -> None:
    for panel in made.panels:
        for query in panel.queries:
            assert used(query.expr)
            assert used(query.expr) <= KNOWN | OF_PROMETHEUS, panel.title
            assert "$" not in query.expr.replace("$instance", "")


def test_panels_have_names_of_their_own_and_do_not_overlap(made: DashboardConfigMap) -> None:
    assert len({panel.title for panel in made.panels}) == len(made.panels) >= 8
    cells = [{(x, y) for x in range(p.x, p.x + p.width) for y in range(p.y, p.y + p.height)} for p in made.panels]
    assert not any(one & other for one, other in combinations(cells, 2))
    assert all(x < WIDTH for cell in cells for x, _ in cell)
    for panel in made.panels:
        assert len({query.ref for query in panel.queries}) == len(panel.queries)


def test_a_fleet_without_mirrors_has_no_panel_of_them() -> None:
    titles = {path: _titles(path) for path in FLEETS}
    assert "Mirrors" not in titles[FLEETS[1]]
    assert "Mirrors" in titles[FLEETS[0]]
    assert "Restore tests" in titles[FLEETS[1]]


def test_without_alerts_no_query_reads_what_nothing_records() -> None:
    fleet = replace(example(FLEETS[0]), alerts=None)
    made = dashboard(fleet)
    assert made is not None
    exprs = [query.expr for panel in made.panels for query in panel.queries]
    assert len(exprs) > 10
    assert all(used(expr) <= PUSHED for expr in [*exprs, made.instances])
    jobs = next(panel for panel in made.panels if panel.title == "Jobs")
    assert {query.legend for query in jobs.queries} >= {"Last success", "Last run", "Size"}


def test_every_exit_code_of_the_scripts_has_a_text() -> None:
    head = (REPOSITORY / "templates/scripts/lib.sh").read_text(encoding="utf-8").partition("# Exit codes.")[2]
    named = {int(code) for code in re.findall(r"\b\d{1,3}(?= [a-zA-Z:])", head.partition("\n#\n")[0])}
    assert {64, 76, 124} < named
    assert named <= set(EXIT_TEXTS)
    assert all(text.startswith(f"{code} ") for code, text in EXIT_TEXTS.items() if code)


def test_the_runbooks_are_linked_where_the_fleet_has_any() -> None:
    links = {}
    for base in ("", "https://git.example.com/runbooks"):
        fleet = example(FLEETS[0])
        made = dashboard(replace(fleet, alerts=replace(fleet.alerts, runbooks=base)))
        assert made is not None
        links[base] = [column.link for panel in made.panels for column in panel.columns if column.link]
    alert, *targets = links.pop("https://git.example.com/runbooks")
    assert alert == "https://git.example.com/runbooks/alerts/${__value.text}.md"
    assert targets == ["https://git.example.com/runbooks/targets/${__value.text}.md"] * 2
    assert links == {"": []}


def test_a_fleet_without_a_dashboard_has_none() -> None:
    assert dashboard(replace(example(FLEETS[0]), dashboard=None)) is None


def test_the_uid_is_the_fleets_and_fits_grafana() -> None:
    assert dashboard_uid("home") == "backup-home"
    long = [dashboard_uid("a" * 60), dashboard_uid("a" * 61)]
    assert len(set(long)) == 2
    assert all(re.fullmatch("[a-zA-Z0-9_-]{1,40}", uid) for uid in long)


def _titles(path: str) -> set[str]:
    made = dashboard(example(path))
    assert made is not None
    panels: tuple[Panel, ...] = made.panels
    return {panel.title for panel in panels}
