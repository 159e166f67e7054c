"""`backupgen schedule` on the fleet as it was written by hand, and on the one that replaced it.

The hand-written fleet claimed that its jobs "cannot overlap with each other". Which pairs can is told by an oracle that
lays out every run of some weeks, and by the command.
"""

import json
from collections.abc import Callable, Iterator
from itertools import combinations
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from backupgen.schedule import parse_cron
from tests.unit.schedule.oracle import epoch, fires

Run = Callable[..., CompletedProcess[str]]
DAY, HOUR, MINUTE = 86_400, 3600, 60
BERLIN = "Europe/Berlin"

# As the documentation of the hand-written fleet has it: slot, deadline. Each had 30 s of grace, and an hour to start.
BY_HAND = {
    "backup-mariadb": ("10 0-1,3-23 * * *", 540),
    "backup-grafana": ("20 * * * *", 540),
    "backup-emby": ("30 * * * *", 540),
    "backup-nextpvr": ("40 * * * *", 540),
    "backup-downloader": ("50 * * * *", 540),
    "backup-paperless": ("0 * * * *", 7200),
    "restic-retentionpolicies": ("5 3 * * *", DAY + 90),
    "backup-restore-test": ("0 4 * * 0", 2 * HOUR + 90),
    "backup-mirror-wasabi": ("0 5 * * *", 4 * HOUR + 90),
}
# Two weeks in winter, and the weeks of both changes.
STRETCHES = (("2026-01-12", 15), ("2026-03-27", 4), ("2026-10-23", 4))

Windows = dict[str, tuple[str, int]]


def runs(windows: Windows, name: str, late: int) -> Iterator[tuple[int, int]]:
    schedule, length = windows[name]
    for start, days in STRETCHES:
        begin = epoch(f"{start}T00:00Z")
        for slot in fires(parse_cron(schedule), BERLIN, begin, begin + days * DAY):
            yield slot, slot + length + late


def overlapping(windows: Windows, late: int) -> set[frozenset[str]]:
    laid_out = {name: sorted(runs(windows, name, late)) for name in windows}
    return {
        frozenset(pair)
        for pair in combinations(windows, 2)
        if any(a[0] < b[1] and b[0] < a[1] for a in laid_out[pair[0]] for b in laid_out[pair[1]])
    }


@pytest.fixture
def report(backupgen: Run, repository: Path) -> Callable[[str], tuple[int, dict[str, Any]]]:
    def run(fleet: str) -> tuple[int, dict[str, Any]]:
        done = backupgen("schedule", "--fleet", fleet, "--from", "2026-01-12", "--format", "json", cwd=repository)
        return done.returncode, json.loads(done.stdout)

    return run


def pairs_of(found: dict[str, Any], *, on_time: bool) -> set[frozenset[str]]:
    listed = [pair for pair in found["overlaps"] if pair["on_time"] or not on_time]
    return {frozenset((pair["one"], pair["other"])) for pair in listed}


def test_the_claim_of_the_hand_written_fleet_is_refuted(
    report: Callable[[str], tuple[int, dict[str, Any]]], repository: Path
) -> None:
    code, found = report("tests/reference/fleet.yaml")
    assert code == 1
    by_hand = {name: (slot, length + 30) for name, (slot, length) in BY_HAND.items()}
    assert pairs_of(found, on_time=True) == overlapping(by_hand, 0)
    assert pairs_of(found, on_time=False) == overlapping(by_hand, HOUR)
    assert found["pairs"] == {"total": 36, "overlapping": 36, "overlapping_on_time": 26}
    page = (repository / "docs" / "differences.md").read_text(encoding="utf-8")
    assert "26 of 36 pairs even if every job starts on time, all 36 if" in page
    # And worse than overlapping: none of them could take its lock while the retention ran.
    assert {conflict["other"] for conflict in found["conflicts"]} == {"restic-retentionpolicies"}
    assert len(found["conflicts"]) == 8
    assert not found["proved"]


def test_of_the_fleet_that_replaced_it_the_proof_holds(report: Callable[[str], tuple[int, dict[str, Any]]]) -> None:
    code, found = report("fleet.yaml")
    assert code == 0
    assert found["proved"]
    assert found["conflicts"] == []
    # The copy's own restore test works on another repository.
    own = [each for each in found["operations"] if each["repository"] == "main"]
    windows = {each["name"]: (each["cron"], each["deadline_seconds"] + 120) for each in own}
    assert pairs_of(found, on_time=True) == overlapping(windows, 0)
    assert pairs_of(found, on_time=False) == overlapping(windows, 120)
    exclusive = {each["name"] for each in found["operations"] if each["lock"] == "exclusive"}
    assert exclusive == {"restic-retentionpolicies"}
    assert not [pair for pair in pairs_of(found, on_time=False) if pair & exclusive]


def test_the_windows_of_the_report_are_the_runs(report: Callable[[str], tuple[int, dict[str, Any]]]) -> None:
    _, found = report("fleet.yaml")
    begin = epoch("2026-01-11T23:00Z")  # midnight in Berlin
    assert (found["from"], found["to"]) == ("2026-01-11T23:00:00Z", "2026-01-12T23:00:00Z")
    for each in found["operations"]:
        length = each["deadline_seconds"] + each["grace_seconds"]
        worst = length + each["start_within_seconds"]
        slots = [
            slot for slot in fires(parse_cron(each["cron"]), BERLIN, begin - DAY, begin + DAY) if slot + worst > begin
        ]
        assert [tuple(map(epoch, window)) for window in each["windows"]] == [(slot, slot + length) for slot in slots]
        assert [epoch(window[1]) for window in each["worst_case_windows"]] == [slot + worst for slot in slots]
