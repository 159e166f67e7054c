"""The rules of a fleet as promtool takes them: PrometheusRule facts -> the object's spec -> rule files, unit tests."""

import json
import subprocess
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from backupgen.language.load import load_fleet
from backupgen.plan.alerts.rule import prometheus_rule
from backupgen.plan.expectations import MonitoredJob, expectations
from backupgen.plan.facts.monitoring import PrometheusRule
from backupgen.resolve.fleet import resolve_fleet
from backupgen.resolve.resolved import ResolvedFleet
from backupgen.schedule import AUTO, CronExpr, parse_cron
from backupgen.source import read_document

REPOSITORY = Path(__file__).resolve().parents[3]
FLEETS = ("fleet.yaml", "tests/cases/minimal/fleet.yaml", "tests/cases/everything/fleet.yaml")
REPORTS = (
    "\npushgateway: {url: http://push:9091}\nalerts: {namespace: monitoring}\ndashboard: {namespace: monitoring}\n"
)

Tool = Callable[[str], Path]


def load(text: str, name: str = "fleet.yaml") -> ResolvedFleet:
    """The resolved fleet of a text that has no errors."""
    document = read_document(text.encode(), name).value
    assert document is not None
    fleet = load_fleet(document)
    assert fleet.value is not None, fleet.findings
    resolved = resolve_fleet(fleet.value)
    assert resolved.value is not None, resolved.findings
    return resolved.value


def example(path: str) -> ResolvedFleet:
    """An example fleet; one without reports gets them."""
    text = (REPOSITORY / path).read_text(encoding="utf-8")
    return load(text if "\npushgateway:" in text else text + REPORTS, path)


def schedules(fleet: ResolvedFleet) -> dict[str, CronExpr]:
    """The schedules of all jobs, with one of the compiler's choice for `auto`."""
    chosen = parse_cron("17 */6 * * *")
    return {job.name: chosen if job.slot is AUTO else job.slot for job in fleet.jobs()}


@dataclass(frozen=True)
class Rules:
    """A fleet's rules and what they are made from."""

    fleet: ResolvedFleet
    expected: tuple[MonitoredJob, ...]
    rule: PrometheusRule

    @classmethod
    def of(cls, fleet: ResolvedFleet) -> "Rules":
        rule = prometheus_rule(fleet, schedules(fleet))
        assert rule is not None
        return cls(fleet, expectations(fleet, schedules(fleet)), rule)

    def kind(self, *kinds: str) -> tuple[MonitoredJob, ...]:
        return tuple(item for item in self.expected if item.role in kinds)


def spec(rule: PrometheusRule) -> dict[str, Any]:
    """The spec of a PrometheusRule object, which is a rule file of Prometheus."""
    recordings = [{"record": r.record, "expr": r.expr, "labels": dict(r.labels)} for r in rule.expectations]
    alerts = [
        {
            "alert": alert.alert,
            "expr": alert.expr,
            "for": alert.for_,
            "labels": dict(alert.labels),
            "annotations": dict(alert.annotations),
        }
        for alert in rule.alerts
    ]
    return {"groups": [{"name": rule.meta.name, "rules": [*recordings, *alerts]}]}


def check_rules(promtool: Path, rules: Mapping[str, Any], folder: Path) -> subprocess.CompletedProcess[str]:
    """`promtool check rules`, lint included, of a rule file's content."""
    path = folder / "rules.json"
    path.write_text(json.dumps(rules), encoding="utf-8")
    return _run(promtool, "check", "rules", "--lint=all", "--lint-fatal", path)


@dataclass
class Case:
    """One story: the pushed series, minute by minute, and at which minute which instances are in which alert."""

    name: str
    series: dict[str, str] = field(default_factory=dict)
    alerts: list[tuple[int, str, frozenset[tuple[str, ...]]]] = field(default_factory=list)

    def push(self, metric: str, instance: str, values: str, **labels: str) -> None:
        """A pushed series as Prometheus scrapes it: the Pushgateway's own labels differ, the group's are honoured."""
        pushed = {"job": "backup", "instance": instance, "pod": "pushgateway-0", **labels}
        self.series[metric + "{" + ", ".join(f"{key}={json.dumps(value)}" for key, value in pushed.items()) + "}"] = (
            values
        )

    def runs(self, expected: MonitoredJob, values: str = "0x99999", success: str = "") -> None:
        """The start (and success) times of a job."""
        self.push("backup_start_timestamp", expected.job.instance, values)
        self.push("backup_last_success_timestamp_seconds", expected.job.instance, success or values)

    def expect(self, minute: int, alert: str, *instances: str | tuple[str, ...]) -> None:
        """At a minute exactly these instances (or instance and tag) are in an alert."""
        keys = frozenset(item if isinstance(item, tuple) else (item,) for item in instances)
        self.alerts.append((minute, alert, keys))


def run_cases(
    promtool: Path, rules: Rules, cases: Iterable[Case], folder: Path, step: int = 1
) -> subprocess.CompletedProcess[str]:
    """`promtool test rules`: that each alert fires for the expected instances, with all its labels, and no others.

    `step` is the time between two samples and two evaluations, in minutes: long stories are told in longer ones.
    """
    (folder / "rules.json").write_text(json.dumps(spec(rules.rule)), encoding="utf-8")
    tests = {
        "rule_files": ["rules.json"],
        "evaluation_interval": f"{step}m",
        "tests": [_test(rules, case, step) for case in cases],
    }
    path = folder / "tests.json"
    path.write_text(json.dumps(tests), encoding="utf-8")
    return _run(promtool, "test", "rules", path)


def _test(rules: Rules, case: Case, step: int) -> dict[str, Any]:
    return {
        "name": case.name,
        "interval": f"{step}m",
        "input_series": [{"series": series, "values": values} for series, values in case.series.items()],
        # promtool's alert_rule_test compares annotations too; ALERTS says the same without them.
        "promql_expr_test": [
            {
                "expr": f'ALERTS{{alertname="{alert}", alertstate="firing"}}',
                "eval_time": f"{minute}m",
                "exp_samples": [{"labels": _labels(rules, alert, key), "value": 1} for key in sorted(instances)],
            }
            for minute, alert, instances in case.alerts
        ],
    }


def _labels(rules: Rules, alert: str, key: tuple[str, ...]) -> str:
    item = next(item for item in rules.expected if item.job.instance == key[0])
    (severity,) = (rule.labels["severity"] for rule in rules.rule.alerts if rule.alert == alert)
    labels = {
        "alertname": alert,
        "alertstate": "firing",
        "instance": key[0],
        "fleet": rules.fleet.name,
        "namespace": item.job.namespace,
        "cronjob": item.job.name,
        "kind": item.role,
        "repository": item.repository,
        "severity": severity,
    }
    labels |= {name: text for name, text in (("target", item.target), ("mirror", item.mirror)) if text}
    if key[1:]:
        labels["tag"] = key[1]
    return "ALERTS{" + ", ".join(f"{name}={json.dumps(value)}" for name, value in labels.items()) + "}"


def _run(promtool: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [promtool, *arguments], capture_output=True, text=True, check=False, timeout=120, stdin=subprocess.DEVNULL
    )
