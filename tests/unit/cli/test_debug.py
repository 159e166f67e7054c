"""`debug`: what is between the stages, for those who work on them."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from backupgen.cli import app as commands
from backupgen.cli import exits

REPOSITORY = Path(__file__).resolve().parents[3]
FLEETS = sorted((REPOSITORY / "tests" / "cases").glob("*/fleet.yaml"))
CONFLICT = REPOSITORY / "tests" / "rules" / "BG301" / "bad.yaml"
TYPES = {"resolved": "ResolvedFleet", "timetable": "ScheduleProof", "plan": "Plan"}


def debug(*arguments: str | Path) -> Result:
    return CliRunner().invoke(commands.app, ["debug", *map(str, arguments)], prog_name="backupgen")


def value_of(stage: str, fleet: Path) -> Any:
    done = debug(stage, "--fleet", fleet, "--out", "nowhere")
    assert (done.exit_code, done.stderr) == (exits.CLEAN, "")
    return json.loads(done.stdout)


@pytest.mark.parametrize("stage", TYPES)
@pytest.mark.parametrize("fleet", FLEETS, ids=lambda path: str(path.parent.name))
def test_every_stage_of_every_fleet_has_a_form(stage: str, fleet: Path) -> None:
    value = value_of(stage, fleet)
    assert (value["outcome"] if stage == "timetable" else value)["$type"] == TYPES[stage]


def test_the_values_are_those_of_the_stages() -> None:
    fleet = REPOSITORY / "fleet.yaml"
    resolved, timetable, plan = (value_of(stage, fleet) for stage in TYPES)
    assert [target["name"] for target in resolved["targets"]][:2] == ["downloader", "emby"]
    assert resolved["targets"][0]["job"]["slot"] == "50 * * * *"
    schedules = {one["name"]: one["schedule"] for one in timetable["outcome"]["operations"]}
    rendered = {unit["facts"]["meta"]["name"]: unit["facts"]["schedule"] for unit in plan["units"] if _is_job(unit)}
    assert rendered == schedules
    assert schedules["backup-downloader"].startswith("50 ")


def _is_job(unit: Any) -> bool:
    return unit["facts"].get("$type") == "CronJob"


def test_the_same_fleet_gives_the_same_bytes() -> None:
    command: list[str | Path] = [
        sys.executable,
        "-m",
        "backupgen",
        "debug",
        "plan",
        "--fleet",
        FLEETS[2],
        "--out",
        "nowhere",
    ]
    outputs = {
        subprocess.run(command, env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1


def test_a_value_is_printed_although_a_later_stage_finds_an_error() -> None:
    conflicts = value_of("timetable", CONFLICT)["outcome"]
    assert {one["$type"] for one in conflicts} == {"Conflict"}
    done = debug("plan", "--fleet", CONFLICT)
    assert (done.exit_code, done.stdout) == (exits.FOUND, "")
    assert "BG301" in done.stderr


def test_without_a_fleet() -> None:
    done = debug("plan", "--fleet", "nowhere.yaml")
    assert (done.exit_code, done.stdout) == (exits.USAGE, "")
    assert "BG113" in done.stderr


def test_what_each_stage_took() -> None:
    done = debug("timetable", "--timings", "--fleet", FLEETS[0])
    head, *rows = done.stdout.splitlines()
    assert head.split() == ["stage", "wall", "ms", "CPU", "ms"]
    assert [row.split()[0] for row in rows] == ["start", "document", "fleet", "resolved", "timetable"]
    assert all(re.fullmatch(r"[a-z]+( +[0-9]+\.[0-9]){1,2}", row) for row in rows)
