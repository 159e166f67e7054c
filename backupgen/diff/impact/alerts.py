"""Alerts: those that come and go, and the thresholds that move."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from backupgen.conventions import metrics
from backupgen.conventions.units import format_duration
from backupgen.diff.compare import Change
from backupgen.diff.impact.kinds import ConsequenceKind
from backupgen.diff.impact.model import Impact
from backupgen.diff.objects import Object
from backupgen.source.untyped import get_path, mapping, mappings

_DEADLINE: Final = "_deadline_seconds"
_CONSTANT: Final = re.compile(r"vector\((\d+)\)")


def of_alerts(changes: Iterable[Change]) -> Iterator[Impact]:
    """Compare the PrometheusRules among the changed objects; one that moved to another namespace is the same one."""
    before: list[Mapping[str, Any]] = []
    after: list[Mapping[str, Any]] = []
    for change in changes:
        if change.identity.kind == "PrometheusRule":
            before += _rules(change.old)
            after += _rules(change.new)
    yield from _alerts(_by_name(before), _by_name(after))
    yield from _thresholds(_expected(before), _expected(after))


def _rules(obj: Object | None) -> Iterator[Mapping[str, Any]]:
    for group in mappings(obj, "spec", "groups"):
        yield from mappings(group.get("rules"))


def _by_name(rules: Iterable[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    found: dict[str, list[Mapping[str, Any]]] = {}
    for rule in rules:
        if isinstance(rule.get("alert"), str):
            found.setdefault(rule["alert"], []).append(rule)
    return found


def _alerts(old: Mapping[str, list[Mapping[str, Any]]], new: Mapping[str, list[Mapping[str, Any]]]) -> Iterator[Impact]:
    if old and not new:
        yield Impact(ConsequenceKind.ALERT_REMOVED, "", "no alert is left: nobody is told when backups fail")
        return
    for name in sorted({*old, *new}):
        if name not in new:
            yield Impact(ConsequenceKind.ALERT_REMOVED, name, f"the alert `{name}` goes")
        elif name not in old:
            yield Impact(
                ConsequenceKind.ALERT_ADDED, name, f"the alert `{name}` comes ({', '.join(_severities(new[name]))})"
            )
        elif said := list(_differences(old[name], new[name])):
            yield Impact(ConsequenceKind.ALERT_CHANGED, name, f"the alert `{name}` has {'; '.join(said)}")


def _differences(old: list[Mapping[str, Any]], new: list[Mapping[str, Any]]) -> Iterator[str]:
    before, after = _severities(old), _severities(new)
    if before != after:
        yield f"the severity `{', '.join(after)}` instead of `{', '.join(before)}`"
    old_waits, new_waits = ([str(rule.get("for", "0s")) for rule in rules] for rules in (old, new))
    if old_waits != new_waits:
        yield f"the delay `{', '.join(new_waits)}` instead of `{', '.join(old_waits)}`"
    if [rule.get("expr") for rule in old] != [rule.get("expr") for rule in new]:
        yield "another expression"


def _severities(rules: list[Mapping[str, Any]]) -> list[str]:
    return [str(get_path(rule, "labels", "severity") or "no severity") for rule in rules]


def _expected(rules: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str], int]:
    """Instance or repository, and series -> the constant that alerts compare with."""
    found = {}
    for rule in rules:
        constant = _CONSTANT.fullmatch(str(rule.get("expr")))
        labels, record = mapping(rule.get("labels")), rule.get("record")
        subject = labels.get("instance") or labels.get("repository")
        # That of the deadline is told with the job.
        if constant and isinstance(subject, str) and isinstance(record, str) and not record.endswith(_DEADLINE):
            found[subject, record] = int(constant[1])
    return found


def _thresholds(old: Mapping[tuple[str, str], int], new: Mapping[tuple[str, str], int]) -> Iterator[Impact]:
    for subject, record in sorted(old.keys() & new.keys()):
        before, now = old[subject, record], new[subject, record]
        if record == metrics.EXPECTED_WITHIN:
            times = format_duration(now), format_duration(before)
            message = f"`{subject}` counts as overdue {times[0]} after its last run, it was {times[1]}"
        else:
            message = f"the alerts compare `{subject}` with {now} (`{record}`), it was {before}"
        if before != now:
            yield Impact(ConsequenceKind.ALERT_THRESHOLD_CHANGED, subject, message)
