"""Times and worst-case data loss, in the words of backups."""

from datetime import datetime
from typing import Any

import pytest

from backupgen.diff.compare import compare
from backupgen.diff.impact import Situation
from backupgen.diff.impact.timing import data_loss
from backupgen.diff.jobs import job_of
from tests.unit.diff.rendered import cronjob, kinds, said

UTC = "Etc/UTC"
HOUR = 3600


def at(text: str) -> Situation:
    return Situation(since=int(datetime.fromisoformat(text).timestamp()))


def test_a_schedule_says_what_it_means_for_the_data() -> None:
    assert said(cronjob(timeZone=UTC), cronjob(timeZone=UTC, schedule="20 3 * * *")) == [
        (
            "rpo-worse",
            "grafana",
            "up to 1d10m30s of the data of `grafana` can be lost, it was 1h10m30s (longest gap between runs, start "
            "window and deadline)",
        ),
        (
            "schedule-changed",
            "grafana",
            "`grafana` runs `20 3 * * *` (Etc/UTC) instead of `20 * * * *` (Etc/UTC): "
            "the longest time between two runs is 1d instead of 1h",
        ),
    ]
    assert kinds(cronjob(timeZone=UTC, schedule="20 3 * * *"), cronjob(timeZone=UTC)) == [
        "schedule-changed",
        "rpo-better",
    ]
    ((_, _, message),) = said(cronjob(), cronjob(schedule="25 * * * *"))
    assert message == "`grafana` runs `25 * * * *` (Europe/Berlin) instead of `20 * * * *` (Europe/Berlin)"


def test_only_backups_can_lose_data() -> None:
    old, new = (cronjob("m", "mirror", timeZone=UTC, schedule=cron) for cron in ("0 * * * *", "0 3 * * *"))
    assert kinds(old, new) == ["versions-meet", "schedule-changed"]


@pytest.mark.parametrize("change", [{"schedule": "0 4 * * *"}, {"deadline": 7200}, {"startingDeadlineSeconds": 600}])
def test_an_exclusive_window_that_moves_may_meet_the_old_version(change: dict[str, Any]) -> None:
    for role, told in (("retention", True), ("mirror", True), ("backup", False), ("restore-test", False)):
        found = kinds(cronjob("m", role, timeZone=UTC), cronjob("m", role, timeZone=UTC, **change))
        assert ("versions-meet" in found) is told, role
    resting = cronjob("m", "retention", timeZone=UTC, suspend=True)
    assert "versions-meet" not in kinds(resting, cronjob("m", "retention", timeZone=UTC, suspend=True, **change))


def test_the_worst_case_is_gap_start_window_and_deadline() -> None:
    def loss(**spec: Any) -> int | None:
        (change,) = compare({}, cronjob(timeZone=UTC, **spec))
        job = job_of(change.new)
        assert job is not None
        return data_loss(job)

    assert loss(deadline=600, startingDeadlineSeconds=300) == HOUR + 900
    assert loss(deadline=None) is None
    assert loss(startingDeadlineSeconds=None) is None
    assert loss(schedule="0 0 31 2 *") is None
    assert loss(schedule="x") is None


def test_a_schedule_that_cannot_be_read_is_shown_as_it_is() -> None:
    """What is committed may be anything."""
    ((_, _, message),) = said(cronjob(schedule="@every 1h", timeZone="Nowhere"), cronjob())
    assert message == "`grafana` runs `20 * * * *` (Europe/Berlin) instead of `@every 1h` (Nowhere)"
    ((_, _, message),) = said(cronjob(timeZone=None), cronjob())
    assert message.endswith("instead of `20 * * * *` (the zone of the controller)")


def test_a_deadline() -> None:
    assert said(cronjob(), cronjob(deadline=7200)) == [
        (
            "rpo-worse",
            "grafana",
            "up to 3h2m of the data of `grafana` can be lost, it was 1h10m30s (longest gap between runs, start window "
            "and deadline)",
        ),
        ("deadline-changed", "grafana", "a run of `grafana` is ended after 2h, it was after 8m30s"),
    ]
    assert said(cronjob(deadline=None), cronjob()) == [
        ("deadline-changed", "grafana", "a run of `grafana` is ended after 8m30s, it was never")
    ]


def test_a_start_window_counts_for_the_data() -> None:
    assert kinds(cronjob(), cronjob(startingDeadlineSeconds=600)) == ["rpo-worse"]


def test_nothing_is_said_of_the_data_of_a_job_that_rests() -> None:
    assert kinds(cronjob(), cronjob(deadline=7200, suspend=True)) == ["suspended", "deadline-changed"]
    rests = cronjob(schedule="0 3 * * *", suspend=True)
    assert kinds(cronjob(), rests, at("2026-11-26T12:00Z")) == ["suspended", "schedule-changed"]


def test_hours_that_are_left_out_are_told_with_the_slot() -> None:
    reason = "the hour 03 is left out: a run could meet restic-retentionpolicies"
    known = Situation(left_out={"backup-grafana": reason, "backup-other": "never told"})
    ((_, _, added),) = said({}, cronjob(schedule="20 0-2,4-23 * * *"), known)
    assert added.endswith(f"at least every 2h; up to 2h10m30s of its data can be lost; {reason}")
    (_, (_, _, moved)) = said(cronjob(), cronjob(schedule="20 0-2,4-23 * * *"), known)
    assert moved.endswith(f"is 2h instead of 1h; {reason}")
    assert all("left out" not in message for _, _, message in said(cronjob(deadline=60), cronjob(), known))


@pytest.mark.parametrize(
    ("old", "new", "now", "missed"),
    [
        # 04:00 is over, so today's run does not come.
        ("0 5 * * *", "0 4 * * *", "2026-11-26T04:30Z", "Fri 2026-11-27 04:00 in Etc/UTC (04:00 UTC), 1d23h after"),
        ("0 5 * * *", "0 4 * * *", "2026-11-26T05:00Z", ""),  # it has just begun
        ("0 5 * * *", "0 4 * * *", "2026-11-26T03:59Z", ""),
        ("20 * * * *", "10 * * * *", "2026-11-26T12:15Z", "Thu 2026-11-26 13:10 in Etc/UTC (13:10 UTC), 1h50m after"),
        ("20 * * * *", "10 * * * *", "2026-11-26T12:25Z", ""),
        # A day is what is usual from now on.
        ("20 * * * *", "10 3 * * *", "2026-11-26T03:15Z", "Fri 2026-11-27 03:10 in Etc/UTC (03:10 UTC), 1d50m after"),
        ("20 * * * *", "10 3 * * *", "2026-11-26T04:15Z", ""),
        ("0 0 * * *", "0 0,12 * * *", "2026-11-26T12:30Z", ""),  # a day, as always
        ("0 0 29 2 *", "0 0 1 1 *", "2026-11-26T04:15Z", ""),
        ("0 0 31 2 *", "0 0 1 1 *", "2026-11-26T04:15Z", ""),  # it never ran
        ("0 0 1 1 *", "0 0 31 2 *", "2026-11-26T04:15Z", ""),
    ],
)
def test_a_longer_gap_than_usual_is_told(old: str, new: str, now: str, missed: str) -> None:
    told = said(cronjob(schedule=old, timeZone=UTC), cronjob(schedule=new, timeZone=UTC), at(now))
    skipped = [message for kind, _, message in told if kind == "run-skipped"]
    assert len(skipped) == bool(missed)
    for message in skipped:
        assert message.startswith(f"`grafana` misses a run: if this is deployed now, the next one is {missed}")


def test_without_a_clock_nothing_is_said_of_the_way() -> None:
    assert "run-skipped" not in kinds(cronjob(timeZone=UTC), cronjob(timeZone=UTC, schedule="19 * * * *"))
