"""One PrometheusRule -> as many objects as it takes for each to be small enough.

Prometheus Operator refuses a PrometheusRule of more than 512 KiB (`ValidateRule` in its pkg/operator/rules.go), and a
client-side apply keeps a copy of each object in annotations, which hold 256 KiB. What grows with the fleet are the
constants of its jobs. They need no order among each other, so they move to objects of their own. Which one a constant
goes to follows from its instance alone: a new target changes one object, and now and then one object becomes two.
"""

from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import Final

from backupgen.plan.facts.manifest import Meta
from backupgen.plan.facts.monitoring import AlertRule, PrometheusRule, RecordingRule

LARGEST: Final = 15 * 2**14
"""Bytes of an object as it is rendered, at the most: 240 KiB, less than what an annotation holds."""
_RULE: Final = 64
"""Bytes of a rule beside its texts: keys, indentation, quotes."""
_ENTRY: Final = 20
"""The same of a label or an annotation."""


def rule_objects(rule: PrometheusRule) -> tuple[PrometheusRule, ...]:
    """The objects that hold the rules together: one, as long as it is small enough."""
    if _size(rule) <= LARGEST:
        return (rule,)
    constants: list[tuple[str, RecordingRule]] = []
    rest = []
    for one in rule.expectations:
        if "instance" in one.labels:
            constants.append((_bits(one.labels["instance"]), one))
        else:
            rest.append(one)
    return (rule._replace(expectations=tuple(rest)), *_split(rule.meta, constants, ""))


def _split(meta: Meta, constants: list[tuple[str, RecordingRule]], prefix: str) -> Iterator[PrometheusRule]:
    """Yield the constants, whose bits begin with the prefix: in one object, or in those of both longer prefixes."""
    if prefix and sum(_size_of(one) for _, one in constants) <= LARGEST:
        if constants:
            rules = tuple(one for _, one in constants)
            yield PrometheusRule(meta._replace(name=f"{meta.name}-jobs-{prefix}"), rules, ())
        return
    at = len(prefix)
    for bit in "01":
        yield from _split(meta, [item for item in constants if item[0][at] == bit], prefix + bit)


def _bits(instance: str) -> str:
    return f"{int.from_bytes(sha256(instance.encode()).digest()[:8]):064b}"


def _size(rule: PrometheusRule) -> int:
    return sum(map(_size_of, rule.expectations)) + sum(map(_size_of, rule.alerts))


def _size_of(rule: RecordingRule | AlertRule) -> int:
    name = rule.alert if isinstance(rule, AlertRule) else rule.record
    texts: Iterable[tuple[str, str]] = (
        *rule.labels.items(),
        *(rule.annotations.items() if isinstance(rule, AlertRule) else ()),
    )
    lines = rule.expr.count("\n") * 14
    entries = sum(len(key) + len(value.encode()) + _ENTRY + value.count("\n") * 16 for key, value in texts)
    return _RULE + len(name) + len(rule.expr.encode()) + lines + entries
