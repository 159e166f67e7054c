"""The rules of the example fleets, told by promtool: each alert fires when it should, and is silent otherwise."""

import re
from pathlib import Path

import pytest

from backupgen.conventions.alert_names import ALERT_NAMES
from backupgen.conventions.metrics import METRICS, RECORDED
from backupgen.conventions.roles import PodRole
from backupgen.plan.alerts.rule import prometheus_rule
from backupgen.plan.alerts.surroundings import KUBE_METRICS
from backupgen.plan.expectations import MonitoredJob, expectations
from backupgen.schedule import load_zone, parse_cron
from backupgen.schedule.firings import longest_gap
from tests.replacing import replace
from tests.unit.plan.promtool import (
    FLEETS,
    REPOSITORY,
    Case,
    Rules,
    Tool,
    check_rules,
    example,
    load,
    run_cases,
    schedules,
    spec,
)

KINDS = ("backup", "retention", "restore-test", "mirror")
ALWAYS = "0+300x50000"
"""The time, at steps of five minutes."""


@pytest.fixture(scope="module", params=FLEETS)
def rules(request: pytest.FixtureRequest) -> Rules:
    return Rules.of(example(request.param))


def passes(tool: Tool, rules: Rules, cases: list[Case], folder: Path, step: int = 1) -> None:
    done = run_cases(tool("promtool"), rules, cases, folder, step)
    assert done.returncode == 0, done.stdout + done.stderr


def late_at(item: MonitoredJob, step: int = 1) -> int:
    """The minute in which a job that last started at 0 has been late for ten minutes, looking every `step`."""
    return (item.max_success_age // 60 // step + 1) * step + 10


def alone(rules: Rules, item: MonitoredJob, alert: str) -> Rules:
    """The rules that tell about one job in one alert."""
    recordings = tuple(
        rule for rule in rules.rule.expectations if rule.labels.get("instance", item.job.instance) == item.job.instance
    )
    alerts = tuple(rule for rule in rules.rule.alerts if rule.alert == alert)
    return replace(rules, rule=replace(rules.rule, expectations=recordings, alerts=alerts))


def soonest(rules: Rules, kind: str) -> MonitoredJob:
    return min(rules.kind(kind), key=lambda item: item.max_success_age)


def stale_alert(kind: str) -> str:
    return {"restore-test": "BackupRestoreTestStale", "mirror": "BackupMirrorStale"}.get(kind, "BackupOverdue")


def test_promtool_accepts_the_rules_and_its_lint_has_no_complaint(rules: Rules, tool: Tool, tmp_path: Path) -> None:
    done = check_rules(tool("promtool"), spec(rules.rule), tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(rules.rule.expectations) + len(rules.rule.alerts)} rules found" in done.stdout


def test_a_fleet_that_runs_well_is_silent(rules: Rules, tool: Tool, tmp_path: Path) -> None:
    case = Case("all is well")
    for item in rules.expected:
        case.runs(item, ALWAYS)
        case.push("backup_status", item.job.instance, "0x50000", status="success")
        if item.role is PodRole.RESTORE_TEST:
            case.push("backup_restore_status", item.job.instance, "0x50000", tag="grafana")
        if item.role is PodRole.MIRROR:
            case.push("backup_mirror_status", item.job.instance, "0x50000")
    for repository in rules.fleet.repositories:
        if repository.server is not None:
            up = f'up{{job="{repository.server.name}", namespace="{repository.server.namespace}"}}'
            case.series[up] = "1x50000"
    for alert in rules.rule.alerts:
        case.expect(2000, alert.alert)
    passes(tool, rules, [case], tmp_path, step=5)


@pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=pytest.mark.slow if kind == "restore-test" else ()) for kind in KINDS]
)
def test_two_missed_runs_are_overdue_and_one_is_not(rules: Rules, kind: str, tool: Tool, tmp_path: Path) -> None:
    if not rules.kind(kind):
        assert stale_alert(kind) not in {alert.alert for alert in rules.rule.alerts}
        return
    item = soonest(rules, kind)
    step = 1 if kind == "backup" else 5
    steps, late = item.max_success_age // 60 // step, late_at(item, step)
    two = Case(f"{item.job.name} misses two runs")
    two.runs(item, f"0x{steps + 30}")
    two.expect(late - step, stale_alert(kind))
    two.expect(late, stale_alert(kind), item.job.instance)
    one = Case(f"{item.job.name} misses one run, and the next one reports as late as it may")
    one.runs(item, f"0x{steps} {steps * step * 60}x30")
    one.expect(late + 5 * step, stale_alert(kind))
    passes(tool, alone(rules, item, stale_alert(kind)), [two, one], tmp_path, step)


def test_a_threshold_is_two_runs_and_all_by_which_a_punctual_run_may_differ() -> None:
    fleet = example("fleet.yaml")
    yielded = schedules(fleet) | {"backup-mariadb": parse_cron("10 0-1,4-23 * * *")}
    expected = {item.job.name: item for item in expectations(fleet, yielded)}
    gaps = {
        "backup-grafana": 2 * 3600,
        "backup-restore-test": 14 * 86400 + 3600,
        # From 01:10 over the left-out hours to 05:10, in the night that has an hour more.
        "backup-mariadb": 5 * 3600,
    }
    for name, both in gaps.items():
        job = expected[name].job
        assert min(job.start_within, job.deadline, job.grace) > 0
        assert expected[name].max_success_age == both + job.start_within + job.deadline + job.grace
    grafana = next(job for job in fleet.jobs() if job.name == "backup-grafana")
    assert longest_gap(schedules(fleet)[grafana.name], load_zone(grafana.timezone)) == 3600


def test_only_what_the_fleet_has_is_expected_and_alerted() -> None:
    everything = Rules.of(example("tests/cases/everything/fleet.yaml"))
    assert {item.target for item in everything.kind("backup")} == {
        "forge",
        "gameserver",
        "photos",
        "redis",
        "warehouse",
    }
    assert [len(everything.kind(kind)) for kind in ("restore-test", "mirror")] == [3, 2]
    minimal = Rules.of(example("tests/cases/minimal/fleet.yaml"))
    few, every = (
        {alert.alert: alert.labels["severity"] for alert in rules.rule.alerts} for rules in (minimal, everything)
    )
    assert "BackupMirrorFailed" not in few
    reference = {
        "BackupFailed": "critical",
        "BackupOverdue": "warning",
        "BackupNeverRun": "warning",
        "BackupRestoreTestFailed": "critical",
        "BackupRestoreTestStale": "warning",
        "BackupMirrorFailed": "warning",
        "BackupMirrorStale": "warning",
    }
    assert every.items() >= reference.items() | few.items()


def test_every_name_that_can_be_changed_is_an_alert() -> None:
    """With all that alerts can be about, each name is rendered; a fleet may rely on that."""
    fleet = example("fleet.yaml")
    assert fleet.alerts is not None
    rules = Rules.of(replace(fleet, alerts=replace(fleet.alerts, kube_state_metrics=True)))
    assert sorted(alert.alert for alert in rules.rule.alerts) == sorted(ALERT_NAMES)


def test_a_fleet_has_its_say() -> None:
    text = (REPOSITORY / "fleet.yaml").read_text(encoding="utf-8")
    alerts = """alerts:
  namespace: monitoring
  runbooks: https://git.example.org/home/src/branch/main/out/_runbooks/
  alert_labels: {team: home}
  rules:
    BackupFailed: {severity: page, for: 1m, labels: {team: night}}
    BackupPartial: {enabled: false}
    BackupNearDeadline: {threshold: 95%}
  own:
    Mine: {expr: vector(1), summary: it is so, labels: {team: mine}}
"""
    usual = next(line for line in text.splitlines() if line.startswith("alerts:"))
    rule = Rules.of(load(text.replace(usual, alerts))).rule
    found = {alert.alert: alert for alert in rule.alerts}
    assert "BackupPartial" not in found
    failed, slow, mine = found["BackupFailed"], found["BackupNearDeadline"], found["Mine"]
    assert dict(failed.labels) == {"team": "night", "severity": "page", "fleet": "k3s-at-home"}
    assert failed.for_ == "1m"
    assert failed.annotations["runbook_url"] == (
        "https://git.example.org/home/src/branch/main/out/_runbooks/alerts/BackupFailed.md"
    )
    assert "> 0.95\n" in slow.expr
    assert dict(slow.labels) == {"team": "home", "severity": "warning", "fleet": "k3s-at-home"}
    assert (mine.expr, mine.for_) == ("vector(1)", "5m")
    assert dict(mine.labels) == {"team": "mine", "severity": "warning", "fleet": "k3s-at-home"}


def test_more_runs_may_be_missed() -> None:
    text = (REPOSITORY / "fleet.yaml").read_text(encoding="utf-8")
    usual, patient = (
        next(item for item in Rules.of(load(one)).expected if item.target == "grafana")
        for one in (text, text.replace("    run_as: 472\n", "    run_as: 472\n    missed_slots: 3\n"))
    )
    assert patient.max_success_age - usual.max_success_age == 2 * 3600


@pytest.mark.parametrize("kind", ["kube_state_metrics", ""])
def test_every_metric_of_kube_state_metrics_is_in_the_table(kind: str) -> None:
    fleet = example("fleet.yaml")
    assert fleet.alerts is not None
    rules = Rules.of(replace(fleet, alerts=replace(fleet.alerts, kube_state_metrics=bool(kind))))
    used = {name for alert in rules.rule.alerts for name in re.findall(r"kube_[a-z_]+", alert.expr)}
    assert used == (set(KUBE_METRICS) if kind else set())


def test_a_fleet_without_alerts_has_no_rules() -> None:
    fleet = replace(example("fleet.yaml"), alerts=None)
    assert prometheus_rule(fleet, schedules(fleet)) is None


def test_every_metric_of_a_rule_is_in_the_table(rules: Rules) -> None:
    known = {metric.name: metric for metric in (*METRICS, *RECORDED)}
    for recording in rules.rule.expectations:
        assert set(recording.labels) <= set(known[recording.record].labels)
    for expr in [*(rule.expr for rule in rules.rule.expectations), *(rule.expr for rule in rules.rule.alerts)]:
        used = set(re.findall(r"(?:instance:)?backup_[a-z_]+(?::[a-z]+)?", re.sub(r'"[^"]*"', '""', expr)))
        assert used or expr.startswith("vector(") or "up{" in expr
        assert used <= known.keys()


def test_the_table_is_what_the_scripts_push(repository: Path) -> None:
    text = (repository / "templates" / "scripts" / "lib.sh").read_text(encoding="utf-8")
    lines = re.findall(r"^# metric (\w+) (\w+) ([\w,]*) ?: (.+)$", text, re.MULTILINE)
    assert [(name, kind, labels, meaning) for name, kind, labels, meaning in lines] == [
        (metric.name, metric.type, ",".join(metric.labels), metric.meaning) for metric in METRICS
    ]


@pytest.mark.parametrize("host", ['a"b', "it's", "a\\b", "ä ö", "{{x}}", "a\tb"])
def test_a_strange_hostname_stays_itself(host: str, tool: Tool, tmp_path: Path) -> None:
    fleet = example(FLEETS[1])
    job = replace(fleet.targets[0].job, instance=host)
    rules = Rules.of(replace(fleet, targets=(replace(fleet.targets[0], job=job),)))
    case = Case("it fails")
    case.push("backup_status", host, "1x20", status="failure")
    case.expect(6, "BackupFailed", host)
    passes(tool, rules, [case], tmp_path)
