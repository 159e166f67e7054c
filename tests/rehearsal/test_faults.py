"""Faults that are planted from without: each has its exit code, is pushed, notified, and ends the Job as it should."""

from collections.abc import Iterator

import pytest

from backupgen.adapters.rehearsal.stage import Stage
from backupgen.integrations.dump_tools import noise
from backupgen.rehearsal.cluster import Cluster
from backupgen.rehearsal.environment import ConfigError
from backupgen.rehearsal.outcome import JobEnd, Verdict, judge_job
from tests.rehearsal.stages import (
    add_file,
    back_up,
    course_of,
    grafana,
    stage_of,
)


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with grafana() as made:
        yield made


def assert_failed(end: JobEnd, code: int, reason: str, pods: int = 1) -> None:
    assert (end.ending.complete, end.ending.reason) == (False, reason), end.log
    assert [pod.exit_code for pod in end.pods] == [code] * pods, end.log
    assert end.metrics['backup_status{status="failure"}'] == code
    assert end.notifications == ("grafana - Backup failed",) * pods
    assert judge_job(end, reports=True) == (Verdict.FAILED, reason)


def test_a_wrong_password(stage: Stage) -> None:
    assert_failed(back_up(stage, RESTIC_PASSWORD="wrong"), 12, "PodFailurePolicy")  # noqa: S106


def test_another_repository_than_the_pinned_one(stage: Stage) -> None:
    assert_failed(back_up(stage, RESTIC_REPOSITORY_ID="0" * 64), 66, "PodFailurePolicy")


def test_a_wrong_user_of_the_server(stage: Stage) -> None:
    assert_failed(back_up(stage, RESTIC_REST_PASSWORD="wrong"), 67, "BackoffLimitExceeded", pods=3)  # noqa: S106


def test_a_file_that_the_user_may_not_read(stage: Stage) -> None:
    add_file(stage, "of-root", b"private", uid=0, mode=0o600)
    end = back_up(stage)
    stage.enclosure.run(["sh", "-c", f"rm {stage.enclosure.root}/volumes/claims/monitoring/*/of-root"])
    assert_failed(end, 3, "PodFailurePolicy")
    assert "permission denied" in end.log


def test_a_pushgateway_that_is_down_is_no_failure_but_does_not_pass_either() -> None:
    with grafana() as stage:
        name = next(name for name in stage.servers if "pushgateway" in name)
        stage.servers.pop(name).stop()
        end = back_up(stage)
    assert end.ending.complete
    assert judge_job(end, reports=True) == (Verdict.FAILED, "no metrics arrived")


@pytest.mark.slow
def test_a_full_disk_below_the_repository() -> None:
    with grafana(disk=1 << 20) as stage:
        add_file(stage, "large", noise("full", 4 << 20))
        end = back_up(stage, RESTIC_LOCK_WAIT="5s", BACKUP_DEADLINE="7")
    assert not end.ending.complete
    assert {pod.exit_code for pod in end.pods} <= {1, 124}
    assert end.metrics['backup_status{status="failure"}'] in {1, 124}


@pytest.mark.slow
def test_a_server_that_is_down() -> None:
    with grafana() as stage:
        stage.servers["rest-server"].stop()
        end = back_up(stage, RESTIC_PROBE_TIMEOUT="1")
        assert_failed(end, 67, "BackoffLimitExceeded", pods=3)


def test_a_pod_whose_secret_is_missing_cannot_start() -> None:
    whole = course_of("reference", "grafana").cluster
    gone = ("Secret", "monitoring", "backup-env-configuration-grafana")
    cluster = Cluster({key: item for key, item in whole.objects.items() if key != gone})
    with stage_of(course_of("reference", "grafana"), cluster) as stage, pytest.raises(ConfigError, match="no Secret"):
        stage.run("monitoring", "backup-grafana")
