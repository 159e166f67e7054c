"""Judges PromQL that a user wrote: whether Prometheus can read it, and which series it reads.

Input: an expression. Output: what is wrong with it, and the names of its metrics. The parser is a port of Prometheus'
own; it is imported when there is something to judge.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, NamedTuple

from backupgen.conventions.metrics import METRICS, RECORDED

if TYPE_CHECKING:
    from promql_parser import Expr

_KNOWN: Final = frozenset(metric.name for metric in (*METRICS, *RECORDED))
_OURS: Final = ("backup_", "instance:backup_")
_NAME_LABEL: Final = "__name__"


class Judgement(NamedTuple):
    """What is to be said of an expression."""

    errors: tuple[str, ...]
    """Why Prometheus would refuse it as the expression of a rule."""
    metrics: tuple[str, ...]
    """The metrics that it selects by name, sorted."""

    @property
    def strangers(self) -> tuple[str, ...]:
        """Those that are named as backupgen's are, but that no script pushes and no rule records."""
        return tuple(name for name in self.metrics if name.startswith(_OURS) and name not in _KNOWN)


def judge_promql(expr: str) -> Judgement:
    """Judge the expression of a rule. Whoever calls it says where it stands."""
    from promql_parser import MatrixSelector, StringLiteral, parse, walk

    try:
        tree = parse(expr)
    except ValueError as error:
        return Judgement((" ".join(str(error).split()),), ())
    found: set[str] = set()

    def visit(node: "Expr") -> None:
        found.update(_names(node))

    walk(tree, visit)
    wrong = isinstance(tree, MatrixSelector | StringLiteral)
    errors = ("a rule needs an instant vector or a number, not a range or a text",) if wrong else ()
    return Judgement(errors, tuple(sorted(found)))


def _names(node: "Expr") -> Iterable[str]:
    from promql_parser import MatchOp, MatrixSelector, VectorSelector

    selector = node.vector_selector if isinstance(node, MatrixSelector) else node
    if not isinstance(selector, VectorSelector):
        return ()
    if selector.name is not None:
        return (selector.name,)
    matchers = selector.matchers.matchers
    return [one.value for one in matchers if one.name == _NAME_LABEL and one.op == MatchOp.Equal]
