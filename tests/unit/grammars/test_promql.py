"""PromQL is judged as Prometheus' own promtool judges it."""

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from backupgen.conventions.metrics import METRICS, RECORDED
from backupgen.grammars.promql import judge_promql
from backupgen.rules.bg424_unknown_metric import strangers as unknown
from tests.compiled import FLEETS, objects

GOOD = [
    'sum by (instance) (rate(backup_status{job="backup"}[5m])) > 1 and on () absent(up)',
    'label_replace(a, "b", "$1", "c", "(.*)") unless ignoring (x) d offset 5m',
    "avg_over_time(a[1h:5m]) * on (x) group_left (y) max without (z) (b @ end())",
    "histogram_quantile(0.9, sum by (le) (rate(h_bucket[5m])))",
    'a{b=~"x|y", c!="", d!~"z.*"} == bool 1',
    "time() - 5",
    '{__name__="a"}',
    'up{"a"="b"} @ end() offset -1h',
    "sum by (a) (rate(up[1h30m:5m])) # a comment with info() and 1h",
    "rate + info * limit",
    'up{or="x", job="a or b"}',
]
BAD = [
    "", "a{", "a{b=}", "1 +", "unheard_of(a)", "sum(a, b)", "rate(a)", "a and ignoring (x) group_left (y) b",
    'a{b=~"["}', "{}", "a offset", "by (x) a", "up{a='b' or c='d'}", "limitk(3, up)", "sum(limit_ratio(0.5, up))",
    "info(up)", "mad_over_time(up[5m])", "sort_by_label(up, 'a')", "first_over_time(up[5m])", "up > 1h", "up[90]",
    "ts_of_max_over_time(up[5m])", "double_exponential_smoothing(up[5m], 0.5, 0.5)", "up offset 90", "up[5m:90]",
    "sum by ('a') (up)", '{"a.b"}', "end()", "up offset -90",
]  # fmt: skip


@pytest.fixture
def promtool_takes(tool: Callable[[str], Path], tmp_path: Path) -> Callable[[str], bool]:
    def takes(expr: str) -> bool:
        rules = {"groups": [{"name": "own", "rules": [{"alert": "Own", "expr": expr}]}]}
        file = tmp_path / "rules.json"
        file.write_text(json.dumps(rules), encoding="utf-8")
        return (
            subprocess.run([tool("promtool"), "check", "rules", file], capture_output=True, check=False).returncode == 0
        )

    return takes


@pytest.mark.parametrize("expr", GOOD)
def test_what_promtool_takes(expr: str, promtool_takes: Callable[[str], bool]) -> None:
    assert promtool_takes(expr)
    assert judge_promql(expr).errors == ()


@pytest.mark.parametrize("expr", BAD)
def test_what_promtool_refuses(expr: str, promtool_takes: Callable[[str], bool]) -> None:
    assert not promtool_takes(expr)
    (error,) = judge_promql(expr).errors
    assert error
    assert "\n" not in error


@pytest.mark.parametrize("expr", ["a[5m]", '"text"'])
def test_what_promtool_takes_but_no_rule_can_be(expr: str, promtool_takes: Callable[[str], bool]) -> None:
    """Source: "rule result is not a vector or scalar", rules/manager.go of Prometheus."""
    assert promtool_takes(expr)
    assert judge_promql(expr).errors == ("a rule needs an instant vector or a number, not a range or a text",)


@pytest.mark.parametrize(
    ("expr", "metrics", "strangers"),
    [
        ("up == 0 or rate(node_x[5m]) > 0", ("node_x", "up"), ()),
        ("backup_status > 0 unless instance:backup_start_timestamp:last", None, ()),
        ("backup_sttus > 0", ("backup_sttus",), ("backup_sttus",)),
        ('{__name__="backup_nothing", x="y"}', ("backup_nothing",), ("backup_nothing",)),
        ('{__name__=~"backup_.*"}', (), ()),
        ("max_over_time(backup_status[1h:5m]) - backup_x", ("backup_status", "backup_x"), ("backup_x",)),
        ("vector(1)", (), ()),
    ],
)
def test_which_metrics_are_read(expr: str, metrics: tuple[str, ...] | None, strangers: tuple[str, ...]) -> None:
    judgement = judge_promql(expr)
    assert tuple(unknown(judgement.metrics)) == strangers
    assert metrics is None or judgement.metrics == metrics


@pytest.mark.parametrize("name", FLEETS)
def test_the_rendered_rules_and_panels_read_what_there_is(name: str) -> None:
    known = {metric.name for metric in (*METRICS, *RECORDED)}
    for expr in _expressions(name):
        judgement = judge_promql(expr)
        assert judgement.errors == ()
        assert unknown(judgement.metrics) == []
        assert {metric for metric in judgement.metrics if metric.startswith(("backup_", "instance:"))} <= known


def test_the_examples_hold_rules_and_panels() -> None:
    assert len(list(_expressions("reference"))) > 20


def _expressions(name: str) -> Iterator[str]:
    for item in objects(name).values():
        if item.get("kind") == "PrometheusRule":
            yield from (rule["expr"] for group in item["spec"]["groups"] for rule in group["rules"])
        if "dashboard" in str(item.get("metadata", {}).get("name")):
            for text in item["data"].values():
                yield from (_filled(expr) for expr in _targets(json.loads(text)))


def _targets(panel: Any) -> Iterator[str]:
    if isinstance(panel, dict):
        if isinstance(panel.get("expr"), str):
            yield panel["expr"]
        panel = list(panel.values())
    if isinstance(panel, list):
        for part in panel:
            yield from _targets(part)


def _filled(expr: str) -> str:
    """Grafana's variables, filled in."""
    for variable, value in {"$__rate_interval": "5m", "$__range": "1h", "$__interval": "1m"}.items():
        expr = expr.replace(variable, value)
    return expr


@pytest.mark.parametrize(
    "expr",
    ["1" + "+1" * 600, "a" + " and a" * 600, "-" * 100_000 + "1", "(" * 100_000, "a{" * 9_000, "1" + "+1" * 60_000],
)
def test_an_expression_without_end_is_refused_at_once(expr: str) -> None:
    """The parser's time grows with the square of the operators, and from 8,000 on it ends the process."""
    (error,) = judge_promql(expr).errors
    assert "more than" in error
