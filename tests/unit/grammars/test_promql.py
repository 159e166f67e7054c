"""PromQL is judged as Prometheus' own promtool judges it."""

import json
import random
import re
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from backupgen.conventions.metrics import METRICS, RECORDED
from backupgen.grammars.promql import judge_promql
from backupgen.rules.bg424_unknown_metric import strangers as unknown
from tests.compiled import FLEETS, objects
from tests.thoroughness import examples

NO_RULE = "a rule needs an instant vector or a number, not a range or a text"
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
    '{"a.b", "c d"="e"}',
    'up{or="x", job="a or b"}',
]
BAD = [
    "", "a{", "a{b=}", "1 +", "unheard_of(a)", "sum(a, b)", "rate(a)", "a and ignoring (x) group_left (y) b",
    'a{b=~"["}', "{}", "a offset", "by (x) a", "up{a='b' or c='d'}", "limitk(3, up)", "sum(limit_ratio(0.5, up))",
    "info(up)", "mad_over_time(up[5m])", "sort_by_label(up, 'a')", "first_over_time(up[5m])", "up > 1h", "up[90]",
    "ts_of_max_over_time(up[5m])", "double_exponential_smoothing(up[5m], 0.5, 0.5)", "up offset 90", "up[5m:90]",
    "sum by ('a') (up)", "end()", "up offset -90",
]  # fmt: skip


Refused = Callable[[Sequence[str]], set[int]]


@pytest.fixture
def refused(tool: Callable[[str], Path], tmp_path: Path) -> Refused:
    """Which of some expressions promtool refuses, by their places."""

    def judge(exprs: Sequence[str]) -> set[int]:
        groups = [{"name": f"g{at}", "rules": [{"alert": "Own", "expr": expr}]} for at, expr in enumerate(exprs)]
        file = tmp_path / "rules.json"
        file.write_text(json.dumps({"groups": groups}), encoding="utf-8")
        done = subprocess.run([tool("promtool"), "check", "rules", file], capture_output=True, text=True, check=False)
        found = {int(place) for place in re.findall(r'group "g(\d+)"', done.stderr + done.stdout)}
        assert bool(found) == bool(done.returncode), done.stderr
        return found

    return judge


def test_what_promtool_takes(refused: Refused) -> None:
    assert refused(GOOD) == set()
    assert {expr: judge_promql(expr).errors for expr in GOOD} == dict.fromkeys(GOOD, ())


def test_what_promtool_refuses(refused: Refused) -> None:
    assert refused(BAD) == set(range(len(BAD)))
    for expr in BAD:
        (error,) = judge_promql(expr).errors
        assert error
        assert "\n" not in error


@examples(40, quick=3, suppress=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
def test_any_expression_is_judged_as_promtool_does(seed: int, refused: Refused) -> None:
    chance = random.Random(seed)  # noqa: S311 - no secret is made
    exprs = [expression(chance) for _ in range(400)]
    ours = {at for at, expr in enumerate(exprs) if set(judge_promql(expr).errors) - {NO_RULE}}
    differing = {exprs[at] for at in ours ^ refused(exprs)}
    # The parser takes these two for numbers everywhere but here.
    assert {expr for expr in differing if not re.search(r"ln\((?:inf|nan)\)", expr, re.IGNORECASE)} == set()


def test_what_promtool_takes_but_no_rule_can_be(refused: Refused) -> None:
    """Source: "rule result is not a vector or scalar", rules/manager.go of Prometheus."""
    exprs = ["a[5m]", '"text"', "(a[5m])"]
    assert refused(exprs) == set()
    assert [judge_promql(expr).errors for expr in exprs] == [(NO_RULE,)] * 3


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


FUNCTIONS = (
    "abs absent absent_over_time acos ceil changes clamp count_over_time day_of_month deg delta exp floor",
    "histogram_avg histogram_quantile hour increase irate label_join label_replace last_over_time ln mad_over_time",
    "max_over_time pi predict_linear present_over_time quantile_over_time rate resets round scalar sgn sort info",
    "sort_by_label sort_by_label_desc sort_desc first_over_time ts_of_last_over_time ts_of_min_over_time step range",
    "start end histogram_quantiles holt_winters double_exponential_smoothing stddev_over_time time timestamp vector",
    "year histogram_stddev",
)
AGGREGATIONS = ("sum avg count min max stddev stdvar topk", "bottomk quantile count_values group limitk limit_ratio")
NAMES = ("up a:b node_x on by offset sum inf nan start bool _x atan2 group_left histogram",)
MATCHERS = [
    'a="b"', "c!='d'", 'e=~"f.*"', 'g!~"("', '"x"', '"x y"="z"', '__name__="q"', 'a="b" or c="d"', "", '1="2"', "a=`b`",
]  # fmt: skip
DURATIONS = ["5m", "1h", "1d", "1h30m", "30s", "90", "1y2w", "5m5m", "0s", "1ms", "1.5h"]
NUMBERS = [
    "1", "1.5", ".5", "0x1F", "1e3", "Inf", "NaN", "-1", "1h", "5m", "1_000", "'a'", '"b"', "0b1", "08", "1e", "1.",
]  # fmt: skip
OPERATORS = [
    "+", "-", "*", "/", "%", "^", "==", "!=", ">", "<", ">=", "and", "or", "unless", "atan2", "== bool", "and bool",
]  # fmt: skip
MATCHING = [
    "", " on (a)", " ignoring (b)", " on (a) group_left", " on (a) group_left (c)", " group_left",
    " on () group_right (x)",
]  # fmt: skip
GROUPING = ["", " by (a)", " without (a, b)", " by ()", " by ('a')", " by (a,)"]


def one_of(chance: random.Random, lines: Sequence[str]) -> str:
    return chance.choice(" ".join(lines).split())


def selector(chance: random.Random) -> str:
    name = one_of(chance, NAMES)
    if chance.random() < 0.4:
        matchers = chance.choice([",", ", "]).join(chance.choice(MATCHERS) for _ in range(chance.randint(0, 3)))
        name += f"{{{matchers}{chance.choice(['', ','])}}}"
    return name


def expression(chance: random.Random, depth: int = 0) -> str:
    """An expression such as people write, more or less."""
    inner = depth + 1
    forms = (leaf, leaf, series, series, call, aggregation, operation, operation)
    written = chance.choice(forms if depth <= 3 else (leaf,))(chance, inner)
    return chance.choice(["{}", "{}", "{}", "{}", "({})", "-{}"]).format(written)


def leaf(chance: random.Random, _: int) -> str:
    return chance.choice([selector(chance), selector(chance), chance.choice(NUMBERS)])


def series(chance: random.Random, _: int) -> str:
    step = chance.choice(["", ":", ":1m", f":{chance.choice(DURATIONS)}"])
    when = chance.choice(["", f" offset {chance.choice(DURATIONS)}", " offset -5m", " @ 1", " @ start()"])
    return f"{selector(chance)}[{chance.choice(DURATIONS)}{step}]{when}"


def call(chance: random.Random, depth: int) -> str:
    arguments = ", ".join(expression(chance, depth) for _ in range(chance.choice([0, 1, 1, 1, 2, 3])))
    return f"{one_of(chance, FUNCTIONS)}({arguments})"


def aggregation(chance: random.Random, depth: int) -> str:
    parameter = chance.choice(["", "", "3, ", "'x', "])
    return f"{one_of(chance, AGGREGATIONS)}{chance.choice(GROUPING)} ({parameter}{expression(chance, depth)})"


def operation(chance: random.Random, depth: int) -> str:
    operator = chance.choice(OPERATORS) + chance.choice(MATCHING)
    return f"{expression(chance, depth)} {operator} {expression(chance, depth)}"
