"""Changes in the words of backups."""

import json
from typing import Any

from backupgen.diff.compare import compare
from backupgen.diff.impact import impact


def cronjob(name: str = "backup-grafana", role: str = "backup", deadline: int = 510, **spec: Any) -> dict[str, str]:
    pods = {"metadata": {"labels": {"backupgen.io/role": role}}}
    job = {"spec": {"activeDeadlineSeconds": deadline, "template": pods}}
    spec = {"schedule": "20 * * * *", "timeZone": "Europe/Berlin", "suspend": False, "jobTemplate": job} | spec
    return rendered({"kind": "CronJob", "metadata": {"name": name, "namespace": "monitoring"}, "spec": spec})


def rendered(document: dict[str, Any]) -> dict[str, str]:
    return {f"{document['kind']}.{document['metadata']['name']}.yaml": json.dumps(document)}


def said(old: dict[str, str], new: dict[str, str]) -> list[tuple[str, str, str]]:
    return [(one.kind, one.target, one.message) for one in impact(compare(old, new), {})]


def test_targets_come_and_go() -> None:
    assert said({}, cronjob()) == [
        ("target-added", "grafana", "`grafana` will be backed up at `20 * * * *` (Europe/Berlin), at least every 1h")
    ]
    ((kind, target, message),) = said(cronjob(), {})
    assert (kind, target) == ("target-removed", "grafana")
    assert message.startswith("nothing backs up `grafana` any more; the snapshots that exist stay")


def test_jobs_of_the_fleet_come_and_go() -> None:
    mirror = cronjob("backup-mirror-wasabi", "mirror", schedule="0 5 * * *", timeZone="Etc/UTC")
    assert said({}, mirror) == [
        (
            "job-added",
            "backup-mirror-wasabi",
            "`backup-mirror-wasabi` will be run at `0 5 * * *` (Etc/UTC), at least every 1d",
        )
    ]
    assert said(mirror, {}) == [("job-removed", "backup-mirror-wasabi", "`backup-mirror-wasabi` no longer runs")]


def test_a_schedule_says_what_it_means_for_the_data() -> None:
    assert said(cronjob(timeZone="Etc/UTC"), cronjob(timeZone="Etc/UTC", schedule="20 3 * * *")) == [
        (
            "schedule-changed",
            "grafana",
            "`grafana` runs `20 3 * * *` (Etc/UTC) instead of `20 * * * *` (Etc/UTC): "
            "the longest time between two runs is 1d instead of 1h",
        )
    ]
    ((_, _, message),) = said(cronjob(), cronjob(schedule="25 * * * *"))
    assert message == "`grafana` runs `25 * * * *` (Europe/Berlin) instead of `20 * * * *` (Europe/Berlin)"


def test_a_schedule_that_cannot_be_read_is_shown_as_it_is() -> None:
    """What is committed may be anything."""
    ((_, _, message),) = said(cronjob(schedule="@every 1h", timeZone="Nowhere"), cronjob())
    assert message == "`grafana` runs `20 * * * *` (Europe/Berlin) instead of `@every 1h` (Nowhere)"


def test_deadline_and_suspension() -> None:
    assert said(cronjob(), cronjob(deadline=7200, suspend=True)) == [
        ("suspended", "grafana", "`grafana` rests: it does not run until it is resumed"),
        ("deadline-changed", "grafana", "a run of `grafana` is ended after 2h, it was after 8m30s"),
    ]
    assert said(cronjob(suspend=True), cronjob()) == [("resumed", "grafana", "`grafana` runs again")]


def plan(name: str, text: str) -> dict[str, str]:
    return rendered(
        {"kind": "ConfigMap", "metadata": {"name": name, "namespace": "longhorn"}, "data": {"plan.sh": text}}
    )


def test_retention_is_told_by_tag() -> None:
    kept = "retain {} '' --keep-daily={}\n"
    old = plan("restic-retentionpolicies-plan", "# plan\n" + kept.format("a", 7) + kept.format("b", 7) + "prune\n")
    new = plan("restic-retentionpolicies-plan", "# Plan\nprune\n" + kept.format("'a'", 3) + kept.format("c", 1))
    assert said(old, new) == [
        (
            "retention-changed",
            "a",
            "of the snapshots with the tag `a`, those stay that `--keep-daily=3` keeps, it was `--keep-daily=7`",
        ),
        ("retention-changed", "b", "nothing removes snapshots with the tag `b` any more"),
        ("retention-changed", "c", "of the snapshots with the tag `c`, those stay that `--keep-daily=1` keeps"),
    ]
    assert said({}, new) == []
    quoted, swapped = (
        plan("x-plan", "retain a '' x\nretain 'b c' '' x\n"),
        plan("x-plan", "retain 'b c' '' x\nretain a '' x"),
    )
    assert said(quoted, swapped) == []


def test_another_plan_is_told_step_by_step() -> None:
    old, new = plan("backup-restore-test-plan", "a\nb\n"), plan("backup-restore-test-plan", "b\nc 'd\n")
    assert said(old, new) == [
        (
            "plan-changed",
            "backup-restore-test",
            "`backup-restore-test` does other things: no longer `a`; now `c 'd`",
        )
    ]
    many = plan("backup-restore-test-plan", "".join(f"step {number}\n" for number in range(9)))
    ((_, _, message),) = said(plan("backup-restore-test-plan", ""), many)
    assert message.endswith("now `step 3`; and 5 more")


def secret(*keys: str) -> dict[str, str]:
    meta = {"name": "backup-env-configuration-grafana", "namespace": "monitoring"}
    return rendered({"kind": "Secret", "metadata": meta, "stringData": dict.fromkeys(keys, "x")})


def test_keys_of_secrets() -> None:
    name = "the Secret `monitoring/backup-env-configuration-grafana`"
    assert said(secret("A", "B"), secret("B", "C")) == [
        ("secret-keys-added", "grafana", f"{name} needs `C`: seal it with them"),
        ("secret-keys-removed", "grafana", f"{name} no longer needs `A`"),
    ]
    assert said(secret("A"), {}) == []


def test_what_goes_is_told_first() -> None:
    old = cronjob("backup-a") | cronjob("backup-b") | secret("A")
    new = cronjob("backup-a", deadline=1) | cronjob("backup-c") | secret("B")
    kinds = [kind for kind, _, _ in said(old, new)]
    assert kinds[:2] == ["target-removed", "target-added"]
    assert len(kinds) == 5


def test_objects_of_others_mean_nothing() -> None:
    job = {"kind": "CronJob", "metadata": {"name": "other"}, "spec": {"schedule": "x"}}
    assert said(rendered(job), {}) == []
    assert said(rendered(job | {"spec": None}), rendered(job)) == []


def test_a_job_without_a_deadline() -> None:
    endless = cronjob(jobTemplate={"spec": {"template": {"metadata": {"labels": {"backupgen.io/role": "backup"}}}}})
    assert said(endless, cronjob()) == [
        ("deadline-changed", "grafana", "a run of `grafana` is ended after 8m30s, it was never")
    ]


def test_hours_that_are_left_out_are_told_with_the_slot() -> None:
    reason = "the hour 03 is left out: a run could meet restic-retentionpolicies"
    left_out = {"backup-grafana": reason, "backup-other": "never told"}
    (added,) = impact(compare({}, cronjob(schedule="20 0-2,4-23 * * *")), left_out)
    assert added.message.endswith(f"at least every 2h; {reason}")
    (moved,) = impact(compare(cronjob(), cronjob(schedule="20 0-2,4-23 * * *")), left_out)
    assert moved.message.endswith(f"is 2h instead of 1h; {reason}")
    (deadline,) = impact(compare(cronjob(deadline=60), cronjob()), left_out)
    assert "left out" not in deadline.message
