"""What `explain` prints of a target: as people read it, and for programs."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pytest_regressions.file_regression import FileRegressionFixture

from backupgen.analysis.target import target_report
from backupgen.analysis.target_report import TargetReport
from backupgen.pipeline import Scheduled, compile_fleet, schedule_fleet
from backupgen.plan.facts.workloads import CronJob, PlanConfigMap
from backupgen.report.target import TARGET_FORMATS
from backupgen.rules import RuleContext

REPOSITORY = Path(__file__).resolve().parents[3]
FOLDER = Path(__file__).with_suffix("")
FLEETS = [REPOSITORY / "fleet.yaml", *sorted((REPOSITORY / "tests/cases").glob("*/fleet.yaml"))]
SINCE = 1_795_651_200  # 2026-11-26

KEPT = {
    "mariadb": ("fleet.yaml", "a dump, slots that yield"),
    "downloader": ("fleet.yaml", "a folder of the node"),
    "gameserver": ("tests/cases/everything/fleet.yaml", "a slot that was chosen, hooks, root"),
    "wiki": ("tests/cases/everything/fleet.yaml", "suspended"),
}


def scheduled(raw: bytes) -> Scheduled:
    found = schedule_fleet(raw, "fleet.yaml").value
    assert found is not None
    return found


def report(raw: bytes, target: str) -> TargetReport:
    found = scheduled(raw)
    context = RuleContext(found.fleet, found.schedule_input, found.outcome, SINCE)
    return target_report(found.document, context, target)


@pytest.mark.parametrize("target", KEPT)
def test_a_target_looks_as_it_did(target: str, file_regression: FileRegressionFixture) -> None:
    text = TARGET_FORMATS["text"](report((REPOSITORY / KEPT[target][0]).read_bytes(), target))
    file_regression.check(text.encode(), fullpath=FOLDER / f"{target}.txt", binary=True)


def test_every_kept_file_is_compared() -> None:
    assert {path.name for path in FOLDER.iterdir()} == {f"{target}.txt" for target in KEPT}


def test_colour_changes_no_letter() -> None:
    plain = report((REPOSITORY / "fleet.yaml").read_bytes(), "grafana")
    shown = TARGET_FORMATS["text"](replace(plain, color=True))
    assert "\x1b[" in shown
    bare = "".join(part.partition("m")[2] if index else part for index, part in enumerate(shown.split("\x1b[")))
    assert bare == TARGET_FORMATS["text"](plain)


def test_for_programs() -> None:
    found: dict[str, Any] = json.loads(
        TARGET_FORMATS["json"](report((REPOSITORY / "fleet.yaml").read_bytes(), "grafana"))
    )
    assert found["runs"]["cron"] == "20 0-2,4-23 * * *"
    assert found["runs"]["left_out_hours"] == [3]
    assert found["runs"]["next"] == ["2026-11-26T00:20:00Z", "2026-11-26T01:20:00Z", "2026-11-26T03:20:00Z"]
    assert (found["runs"]["longest_gap_seconds"], found["runs"]["overdue_after_seconds"]) == (7200, 11_520)
    assert found["objects"][1] == {
        "kind": "CronJob",
        "namespace": "monitoring",
        "name": "backup-grafana",
        "file": "monitoring/cronjob.backup-grafana.yaml",
    }
    settings = {one["key"]: one for one in found["settings"]}
    lines = (REPOSITORY / "fleet.yaml").read_text(encoding="utf-8").splitlines()
    deadline = settings["deadline"]
    assert (deadline["value"], deadline["origin"]["kind"]) == ("8m", "defaults")
    place = deadline["origin"]["place"]
    assert lines[place["line"] - 1][place["column"] - 1 :].startswith("8m")
    assert settings["every"] == {
        "key": "every",
        "path": ["every"],
        "value": None,
        "origin": {"kind": "built-in", "place": None, "from": None},
    }


@pytest.mark.parametrize("path", FLEETS, ids=lambda path: path.parent.name)
def test_it_says_what_is_rendered(path: Path) -> None:
    """Of every target: schedule, group, objects, and the age that the restore test allows are those of the plan."""
    compiled = compile_fleet(path.read_bytes(), "fleet.yaml").value
    assert compiled is not None
    units = {unit.path: unit.facts for unit in compiled.plan.units}
    ages = {
        line.arguments[0]: int(line.arguments[2])
        for facts in units.values()
        if isinstance(facts, PlanConfigMap) and "mirror" not in facts.meta.name
        for line in facts.lines
        if line.function == "target"
    }
    for target in compiled.fleet.targets:
        said = report(path.read_bytes(), target.name)
        settings = {row.key: row.value for row in said.rows}
        job = next(
            facts for place, facts in units.items() if isinstance(facts, CronJob) and facts.meta.name == target.job.name
        )
        assert (said.runs.cron, said.runs.timezone) == (job.schedule, job.timezone)
        assert settings["run_as", "fs_group"] == job.pod.user.fs_group
        assert {one.file for one in said.objects} == {
            place
            for place, facts in units.items()
            if getattr(getattr(facts, "meta", None), "name", "")
            in {target.job.name, f"backup-env-configuration-{target.name}"}
        }
        if target.tag in ages and not target.job.suspend and target.max_age is None:
            assert said.runs.overdue_after == ages[target.tag]


def test_a_conflict_is_said() -> None:
    raw = (REPOSITORY / "fleet.yaml").read_bytes().replace(b'at: ":20"', b'at: ":20"\n    yields: false')
    said = report(raw, "grafana")
    assert "restic-retentionpolicies" in said.runs.conflicts
    assert "it can meet restic-retentionpolicies" in TARGET_FORMATS["text"](said)


def test_no_text_of_the_fleet_steers_the_terminal() -> None:
    raw = (REPOSITORY / "fleet.yaml").read_bytes().replace(b"exclude: [lost+found]", b'exclude: ["\\u202e\\u2028x"]', 1)
    assert "\u202e" not in TARGET_FORMATS["text"](report(raw, "grafana"))
