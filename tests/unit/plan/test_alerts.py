"""The rules of the example fleets, told by promtool: each alert fires when it should, and is silent otherwise."""

import re
from pathlib import Path

import pytest

from backupgen.fleet.metrics import METRICS, RECORDED
from backupgen.plan.alerts import prometheus_rule
from backupgen.plan.expectations import Expectation, expectations
from backupgen.schedule import load_zone, parse_cron
from backupgen.schedule.firings import longest_gap
from tests.replacing import replace
from tests.unit.plan.promtool import FLEETS, Case, Rules, Tool, check_rules, example, run_cases, schedules, spec

EXIT_CODES = (1, 3, 10, 11, 12, 66, 124, 130, 143)
KINDS = ("backup", "retention", "restore-test", "mirror")
ALWAYS = "0+300x50000"
"""The time, at steps of five minutes."""


@pytest.fixture(scope="module", params=FLEETS)
def rules(request: pytest.FixtureRequest) -> Rules:
    return Rules.of(example(request.param))


def passes(tool: Tool, rules: Rules, cases: list[Case], folder: Path, step: int = 1) -> None:
    done = run_cases(tool("promtool"), rules, cases, folder, step)
    assert done.returncode == 0, done.stdout + done.stderr


def late_at(item: Expectation, step: int = 1) -> int:
    """The minute in which a job that last started at 0 has been late for ten minutes, looking every `step`."""
    return (item.within // 60 // step + 1) * step + 10


def alone(rules: Rules, item: Expectation, alert: str) -> Rules:
    """The rules that tell about one job in one alert."""
    recordings = tuple(
        rule for rule in rules.rule.expectations if rule.labels.get("instance", item.job.instance) == item.job.instance
    )
    alerts = tuple(rule for rule in rules.rule.alerts if rule.alert == alert)
    return replace(rules, rule=replace(rules.rule, expectations=recordings, alerts=alerts))


def soonest(rules: Rules, kind: str) -> Expectation:
    return min(rules.kind(kind), key=lambda item: item.within)


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
        if item.kind == "restore-test":
            case.push("backup_restore_status", item.job.instance, "0x50000", tag="grafana")
        if item.kind == "mirror":
            case.push("backup_mirror_status", item.job.instance, "0x50000")
    for alert in rules.rule.alerts:
        case.expect(2000, alert.alert)
    passes(tool, rules, [case], tmp_path, step=5)


def test_every_exit_code_but_0_is_a_failure(rules: Rules, tool: Tool, tmp_path: Path) -> None:
    cases = []
    for code in EXIT_CODES:
        for item in (soonest(rules, "backup"), soonest(rules, "retention")):
            case = Case(f"{item.job.name} exits with {code}")
            case.push("backup_status", item.job.instance, f"_ {code}x20 0x20", status="failure")
            case.expect(5, "BackupFailed")
            case.expect(6, "BackupFailed", item.job.instance)
            case.expect(30, "BackupFailed")
            cases.append(case)
    passes(tool, rules, cases, tmp_path)


@pytest.mark.parametrize("kind", KINDS)
def test_two_missed_runs_are_overdue_and_one_is_not(rules: Rules, kind: str, tool: Tool, tmp_path: Path) -> None:
    if not rules.kind(kind):
        assert stale_alert(kind) not in {alert.alert for alert in rules.rule.alerts}
        return
    item = soonest(rules, kind)
    step = 1 if kind == "backup" else 5
    steps, late = item.within // 60 // step, late_at(item, step)
    two = Case(f"{item.job.name} misses two runs")
    two.runs(item, f"0x{steps + 30}")
    two.expect(late - step, stale_alert(kind))
    two.expect(late, stale_alert(kind), item.job.instance)
    one = Case(f"{item.job.name} misses one run, and the next one reports as late as it may")
    one.runs(item, f"0x{steps} {steps * step * 60}x30")
    one.expect(late + 5 * step, stale_alert(kind))
    passes(tool, alone(rules, item, stale_alert(kind)), [two, one], tmp_path, step)


@pytest.mark.parametrize("by", [-120, 120])
def test_another_threshold_is_noticed(by: int, tool: Tool, tmp_path: Path) -> None:
    rules = Rules.of(example(FLEETS[0]))
    recordings = tuple(
        replace(rule, expr=re.sub(r"^vector\((\d+)\)$", lambda match: f"vector({int(match[1]) + by})", rule.expr))
        for rule in rules.rule.expectations
    )
    mutated = replace(rules, rule=replace(rules.rule, expectations=recordings))
    item = soonest(rules, "backup")
    case = Case("two missed")
    case.runs(item, "0x500")
    case.expect(late_at(item) - 1, "BackupOverdue")
    case.expect(late_at(item), "BackupOverdue", item.job.instance)
    passes(tool, rules, [case], tmp_path)
    assert run_cases(tool("promtool"), mutated, [case], tmp_path).returncode == 1


def test_a_job_that_never_reported(rules: Rules, tool: Tool, tmp_path: Path) -> None:
    due = {item.job.instance: max(item.within, 86400) // 60 + 11 for item in rules.expected}
    case = Case("nothing was ever pushed")
    first = min(due.values())
    for minute in (first - 1, first):
        case.expect(minute, "BackupNeverRun", *(name for name, at in due.items() if at <= minute))
    case.expect(first, "BackupOverdue")
    seen = Case("one job has reported once")
    item = soonest(rules, "backup")
    seen.runs(item, "_x20 1200x5 stale")
    seen.expect(
        first, "BackupNeverRun", *(name for name, at in due.items() if at <= first and name != item.job.instance)
    )
    passes(tool, rules, [case, seen], tmp_path)


def test_a_pushgateway_that_forgets_hides_no_late_job(rules: Rules, tool: Tool, tmp_path: Path) -> None:
    item = soonest(rules, "backup")
    dead = Case("the Pushgateway restarts, and the job never runs again")
    dead.runs(item, "0+60x100 stale")
    last = 100 + late_at(item)
    dead.expect(last - 1, "BackupOverdue")
    dead.expect(last, "BackupOverdue", item.job.instance)
    dead.expect(last, "BackupNotSucceeding")
    alive = Case("the Pushgateway restarts, and the job reports anew")
    alive.runs(item, f"0+60x100 stale _x60 {160 * 60}+60x1000")
    alive.expect(last, "BackupOverdue")
    failing = Case("the Pushgateway restarts, and the job only fails")
    failing.push("backup_start_timestamp", item.job.instance, "0+60x1000")
    failing.push("backup_last_success_timestamp_seconds", item.job.instance, "0+60x100 stale")
    failing.expect(last - 1, "BackupNotSucceeding")
    failing.expect(last, "BackupNotSucceeding", item.job.instance)
    passes(tool, rules, [dead, alive, failing], tmp_path)


def test_runs_that_start_but_never_succeed(rules: Rules, tool: Tool, tmp_path: Path) -> None:
    item = soonest(rules, "backup")
    old, never = Case("the last success is old"), Case("there was never a success")
    old.runs(item, ALWAYS, success="0x9999")
    never.push("backup_start_timestamp", item.job.instance, ALWAYS)
    for case in (old, never):
        case.expect(late_at(item, 5) - 5, "BackupNotSucceeding")
        case.expect(late_at(item, 5), "BackupNotSucceeding", item.job.instance)
        case.expect(late_at(item, 5), "BackupOverdue")
    passes(tool, rules, [old, never], tmp_path, step=5)


def test_what_is_not_in_the_fleet_raises_nothing(rules: Rules, tool: Tool, tmp_path: Path) -> None:
    case = Case("groups that the Pushgateway still has")
    suspended = [job.instance for job in rules.fleet.jobs() if job.suspend]
    for instance in ("removed", *suspended):
        case.push("backup_start_timestamp", instance, "0x3000")
        case.push("backup_last_success_timestamp_seconds", instance, "0x3000")
        case.push("backup_status", instance, "1x3000", status="failure")
        case.push("backup_restore_status", instance, "72x3000", tag="removed")
        case.push("backup_mirror_status", instance, "1x3000")
    for alert in rules.rule.alerts:
        case.expect(1400, alert.alert)
    passes(tool, rules, [case], tmp_path)


def test_restore_tests_that_fail(rules: Rules, tool: Tool, tmp_path: Path) -> None:
    cases = []
    for item in rules.kind("restore-test"):
        tag, early = Case("a tag cannot be verified"), Case("it ends before it reports a tag")
        for case, key in ((tag, (item.job.instance, "grafana")), (early, (item.job.instance,))):
            case.push("backup_status", item.job.instance, "0x9 72x200", status="failure")
            case.expect(60, "BackupRestoreTestFailed")
            case.expect(70, "BackupRestoreTestFailed", key)
            case.expect(70, "BackupFailed")
        tag.push("backup_restore_status", item.job.instance, "0x9 72x200", tag="grafana")
        tag.push("backup_restore_status", item.job.instance, "0x300", tag="emby")
        early.push("backup_restore_status", item.job.instance, "0x300", tag="emby")
        cases += [tag, early]
    assert cases
    passes(tool, rules, cases, tmp_path)


def test_mirrors_that_fail(rules: Rules, tool: Tool, tmp_path: Path) -> None:
    cases = []
    for item in rules.kind("mirror"):
        for code in EXIT_CODES:
            case = Case(f"the mirror ends with {code}")
            case.push("backup_mirror_status", item.job.instance, f"0x9 {code}x200")
            case.push("backup_status", item.job.instance, f"0x9 {code}x200", status="failure")
            case.expect(60, "BackupMirrorFailed")
            case.expect(70, "BackupMirrorFailed", item.job.instance)
            case.expect(70, "BackupFailed")
            cases.append(case)
    assert bool(cases) == any(repository.mirrors for repository in rules.fleet.repositories)
    if cases:
        passes(tool, rules, cases, tmp_path)


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
        assert expected[name].within == both + job.start_within + job.deadline + job.grace
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
    minimal = {alert.alert: alert.severity for alert in Rules.of(example("tests/cases/minimal/fleet.yaml")).rule.alerts}
    assert "BackupMirrorFailed" not in minimal
    assert {alert.alert: alert.severity for alert in everything.rule.alerts} == minimal | {
        "BackupFailed": "critical",
        "BackupNotSucceeding": "critical",
        "BackupOverdue": "warning",
        "BackupNeverRun": "warning",
        "BackupRestoreTestFailed": "critical",
        "BackupRestoreTestStale": "warning",
        "BackupMirrorFailed": "warning",
        "BackupMirrorStale": "warning",
    }


def test_a_fleet_without_alerts_has_no_rules() -> None:
    fleet = replace(example("fleet.yaml"), alerts=None)
    assert prometheus_rule(fleet, schedules(fleet)) is None


def test_every_metric_of_a_rule_is_in_the_table(rules: Rules) -> None:
    known = {metric.name: metric for metric in (*METRICS, *RECORDED)}
    for recording in rules.rule.expectations:
        assert set(recording.labels) <= set(known[recording.record].labels)
    for expr in [rule.expr for rule in (*rules.rule.expectations, *rules.rule.alerts)]:
        used = set(re.findall(r"(?:instance:)?backup_[a-z_]+(?::[a-z]+)?", re.sub(r'"[^"]*"', '""', expr)))
        assert used or expr.startswith("vector(")
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
    case.push("backup_status", host, "3x20", status="failure")
    case.expect(6, "BackupFailed", host)
    passes(tool, rules, [case], tmp_path)
