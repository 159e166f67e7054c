"""PromQL that a user wrote: whether Prometheus 2.53 and everything later can read it, and which series it reads.

Input: an expression. Output: what is wrong with it, and the names of its metrics. The parser is a port of Prometheus'
own; it is imported when there is something to judge. It takes more than Prometheus does: functions that are
experimental there (behind `--enable-feature=promql-experimental-functions`), `or` between matchers, and what came with
Prometheus 3. Prometheus 2.53 refuses the whole file of rules for each of them, so they are looked for in the words of
the expression.
"""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

_NAME_LABEL: Final = "__name__"
_DEEPEST: Final = 100
_MOST: Final = 500
"""Operators in an expression. The parser's time grows with their square, and from some thousands on it crashes."""
_LONGEST: Final = 50_000
_FUNCTIONS: Final = frozenset({
    "abs", "absent", "absent_over_time", "acos", "acosh", "asin", "asinh", "atan", "atanh", "avg_over_time",
    "ceil", "changes", "clamp", "clamp_max", "clamp_min", "cos", "cosh", "count_over_time", "day_of_month",
    "day_of_week", "day_of_year", "days_in_month", "deg", "delta", "deriv", "exp", "floor", "histogram_avg",
    "histogram_count", "histogram_fraction", "histogram_quantile", "histogram_stddev", "histogram_stdvar",
    "histogram_sum", "hour", "idelta", "increase", "irate", "label_join", "label_replace", "last_over_time", "ln",
    "log10", "log2", "max_over_time", "min_over_time", "minute", "month", "pi", "predict_linear",
    "present_over_time", "quantile_over_time", "rad", "rate", "resets", "round", "scalar", "sgn", "sin", "sinh",
    "sort", "sort_desc", "sqrt", "stddev_over_time", "stdvar_over_time", "sum_over_time", "tan", "tanh", "time",
    "timestamp", "vector", "year",
})  # fmt: skip
"""What Prometheus knows without being told to, in 2.53 and since (promql/parser/functions.go)."""
_AGGREGATIONS: Final = frozenset(
    {"avg", "bottomk", "count", "count_values", "group", "max", "min", "quantile", "stddev", "stdvar", "sum", "topk"}
)
_GROUPING: Final = frozenset({"by", "without", "on", "ignoring", "group_left", "group_right"})
_WORDS: Final = frozenset({*_GROUPING, "and", "or", "unless", "atan2", "offset", "bool", "start", "end", "inf", "nan"})
_TOKEN: Final = re.compile(
    r"""(?P<text>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`[^`]*`)|(?P<comment>\#[^\n]*)|(?P<name>(?:[A-Za-z_]|:(?![0-9\s\]]))[\w:]*)"""
    r"""|(?P<number>0[xX][0-9a-fA-F_]+)|(?P<duration>(?:[0-9]+(?:ms|[smhdwy]))+)(?![\w.])"""
    r"""|(?P<other>[0-9.][\w.]*(?:(?<=[eE])[-+][0-9]+)?)|(?P<space>\s+)|(?P<sign>.)""",
    re.DOTALL,
)


class Judgement(NamedTuple):
    """What is to be said of an expression."""

    errors: tuple[str, ...]
    """Why Prometheus would refuse it as the expression of a rule."""
    metrics: tuple[str, ...]
    """The metrics that it selects by name, sorted."""


class _Word(NamedTuple):
    kind: str
    text: str
    before: str
    """The word in front of it."""
    earlier: str
    """The one in front of that."""
    after: str
    opened: str
    """The innermost bracket that is open: `(`, `[`, `{`, or the word before the `(` where that groups labels."""
    depth: int


def judge_promql(expr: str) -> Judgement:
    """Judge the expression of a rule. Whoever calls it says where it stands."""
    from promql_parser import MatrixSelector, ParenExpr, StringLiteral, parse

    words = list(_words(expr))
    if reason := _too_large(expr, words):
        return Judgement((reason,), ())
    try:
        tree = parse(expr)
    except ValueError as error:
        return Judgement((" ".join(str(error).split()),), ())
    while isinstance(tree, ParenExpr):
        tree = tree.expr
    errors = list(dict.fromkeys(_of_words(words)))
    if not errors and isinstance(tree, MatrixSelector | StringLiteral):
        errors.append("a rule needs an instant vector or a number, not a range or a text")
    return Judgement(tuple(errors), tuple(sorted(set(_metrics(words)))))


def _too_large(expr: str, words: list[_Word]) -> str:
    if len(expr) > _LONGEST:
        return f"it has more than {_LONGEST} characters"
    if max((word.depth for word in words), default=0) > _DEEPEST:
        return f"it is nested more than {_DEEPEST} deep"
    outside = (word for word in words if word.opened != "{")
    operators = sum(word.kind == "sign" or word.text.lower() in {"and", "or", "unless", "atan2"} for word in outside)
    return f"it has more than {_MOST} operators and brackets" if operators > _MOST else ""


def _words(expr: str) -> Iterator[_Word]:
    found = [(match.lastgroup or "", match[0]) for match in _TOKEN.finditer(expr)]
    found = [item for item in found if item[0] not in {"space", "comment"}]
    brackets: list[str] = []
    for at, (kind, text) in enumerate(found):
        before = found[at - 1][1] if at else ""
        earlier = found[at - 2][1] if at > 1 else ""
        after = found[at + 1][1] if at + 1 < len(found) else ""
        if kind == "sign" and text in ")]}" and brackets:
            brackets.pop()
        yield _Word(kind, text, before, earlier, after, brackets[-1] if brackets else "", len(brackets))
        if kind == "sign" and text in "([{":
            brackets.append(before.lower() if text == "(" and before.lower() in _GROUPING else text)


def _of_words(words: list[_Word]) -> Iterator[str]:
    for word in words:
        match word.kind:
            case "name" if word.opened == "{" and word.text.lower() == "or" and word.before not in {"{", ","}:
                yield "`or` between matchers is not PromQL; write `a{…} or a{…}`"
            case "name" if _is_called(word) and word.text.lower() not in _FUNCTIONS | _AGGREGATIONS | _WORDS:
                yield f"the function `{word.text}` is not one that every Prometheus from 2.53 on knows"
            case "duration" if word.opened != "[" and not _is_offset(word):
                yield f"`{word.text}` as a number is known to Prometheus 3 only; write seconds"
            case "other" | "number" if word.opened == "[" or _is_offset(word):
                yield f"`{word.text}` without a unit is not a duration before Prometheus 3"
            case "name" if word.text.lower() in {"start", "end"} and word.after == "(" and word.before != "@":
                yield f"`{word.text}()` stands after `@` only before Prometheus 3"
            case "text" if _is_name(word):
                yield f"the name {word.text[:40]} in quotes is known to Prometheus 3 only"
            case _:
                pass


def _is_called(word: _Word) -> bool:
    return word.opened not in {"{", "["} and (word.after == "(" or word.text in {"limitk", "limit_ratio"})


def _is_name(word: _Word) -> bool:
    """Whether a text stands for a label's name in a list of them; between braces names may stand in quotes."""
    return word.opened in _GROUPING and word.before in {"(", ","}


def _is_offset(word: _Word) -> bool:
    """Whether it is the time of an `offset`, which may have a sign."""
    return "offset" in {word.before.lower(), word.earlier.lower() if word.before in {"-", "+"} else ""}


def _metrics(words: list[_Word]) -> Iterator[str]:
    for word in words:
        if word.kind == "name" and word.opened not in {"{", "[", *_GROUPING} and word.after != "(":
            if word.text.lower() not in _WORDS | _AGGREGATIONS:
                yield word.text
        elif word.kind == "text" and word.opened == "{" and (word.earlier, word.before) == (_NAME_LABEL, "="):
            yield word.text[1:-1]
