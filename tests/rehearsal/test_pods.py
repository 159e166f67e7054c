"""What kubelet promises a pod, and what the Job controller does with Jobs, on the reference fleet."""

from collections.abc import Iterator

import pytest

from backupgen.adapters.rehearsal.container import RunningContainer
from backupgen.adapters.rehearsal.stage import Stage
from backupgen.integrations.dump_tools import noise
from backupgen.rehearsal.outcome import JobEnd
from backupgen.rehearsal.pod import Changes
from tests.rehearsal.stages import PINNED, add_file, back_up, course_of, grafana, locks, stage_of

SLOW = ("--limit-upload=20",)


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with grafana() as made:
        yield made


def sh(stage: Stage, script: str, **changes: object) -> JobEnd:
    return stage.run("monitoring", "backup-grafana", Changes(arguments=("sh", "-c", script), **changes))  # type: ignore[arg-type]


def test_a_backup_succeeds_and_pushes(stage: Stage) -> None:
    end = back_up(stage)
    assert end.ending.complete, end.log
    assert [pod.exit_code for pod in end.pods] == [0]
    assert end.metrics['backup_status{status="success"}'] == 0
    assert end.metrics["backup_snapshot_files"] > 3
    assert end.notifications == ()
    assert locks(stage) == 0


def test_the_container_is_as_its_security_context_says(stage: Stage) -> None:
    end = sh(
        stage,
        """
        echo "id $(id -u):$(id -g) groups $(id -G)"
        grep -E 'CapEff|CapBnd|NoNewPrivs' /proc/self/status
        echo "pid $$"
        for place in / /etc /usr /backup /backup/grafana /scripts; do
          touch "$place/x" 2>/dev/null && echo "writable: $place"
        done
        touch /tmp/x /cache/x && echo 'tmp and cache take files'
        hostname
        """,
    )
    lines = end.log.splitlines()
    assert "id 472:472 groups 472" in lines
    assert "CapEff:\t0000000000000000" in lines
    assert "CapBnd:\t0000000000000000" in lines
    assert "NoNewPrivs:\t1" in lines
    assert "pid 1" in lines
    assert not [line for line in lines if line.startswith("writable")]
    assert "tmp and cache take files" in lines
    assert lines[-1] == end.pods[0].name
    assert lines[-1].startswith("backup-grafana-")


def test_a_claim_that_is_the_pods_own_belongs_to_its_fs_group(stage: Stage) -> None:
    script = 'id -G; touch /restore/x && stat -c "%g %A" /restore; stat -c %g /restore/x /plan/..data/plan.sh'
    end = stage.run("longhorn", "backup-restore-test", Changes(arguments=("sh", "-c", script)))
    assert end.log.split("\n") == ["65532", "65532 drwxrwsrwx", "65532", "65532", ""]


def test_root_has_no_capability_but_the_one_that_it_needs() -> None:
    course = course_of("everything", "gameserver")
    with stage_of(course) as stage:
        script = "id -u; grep -E 'Cap(Eff|Bnd)' /proc/self/status; chown 1 /tmp || echo refused; touch /x"
        end = stage.run("games", "backup-gameserver", Changes(arguments=("sh", "-c", script)))
    # DAC_READ_SEARCH is number 2 (capability.h).
    assert end.log.split("\n")[:3] == ["0", "CapEff:\t0000000000000004", "CapBnd:\t0000000000000004"]
    assert "refused" in end.log
    assert "touch: cannot touch '/x': Read-only file system" in end.log


def test_each_pod_has_its_own_name_and_empty_volumes(stage: Stage) -> None:
    end = sh(stage, "ls -A /tmp; hostname; touch /tmp/left-behind; exit 1")
    assert end.ending.reason == "BackoffLimitExceeded"
    assert [pod.exit_code for pod in end.pods] == [1, 1, 1]
    assert len({pod.name for pod in end.pods}) == 3
    assert "left-behind" not in end.log


def test_a_config_map_is_mounted_as_links_over_a_folder(stage: Stage) -> None:
    end = sh(stage, "cd /scripts && readlink ..data backup.sh && [ -r lib.sh ] && stat -Lc %a backup.sh")
    assert end.log.split() == ["..made", "..data/backup.sh", "555"]


def test_an_exit_code_that_another_attempt_would_repeat_ends_the_job(stage: Stage) -> None:
    end = sh(stage, "exit 12")
    assert (end.ending.complete, end.ending.reason) == (False, "PodFailurePolicy")
    assert len(end.pods) == 1


def test_a_full_volume_is_full(stage: Stage) -> None:
    end = sh(stage, "head -c 300000 /dev/zero >/tmp/x && exit 3; exit 12", sizes={"tmp": 200_000})
    assert "No space left on device" in end.log
    assert end.pods[0].exit_code == 12


@pytest.mark.slow
def test_at_the_deadline_the_job_is_asked_to_end_and_cleans_up(stage: Stage) -> None:
    """TERM reaches restic through the script, the lock is gone, and the failure is pushed and notified."""
    add_file(stage, "large", noise("deadline", 4 << 20))
    end = back_up(stage, Changes(flags=SLOW, deadline=4, grace=60))
    assert (end.ending.complete, end.ending.reason) == (False, "DeadlineExceeded")
    assert len(end.pods) == 1
    assert end.pods[0].stopped
    assert not end.pods[0].killed
    assert end.pods[0].exit_code == 143
    assert locks(stage) == 0
    assert end.metrics['backup_status{status="failure"}'] == 143
    assert end.notifications == ("grafana - Backup failed",)


def test_who_ignores_the_request_is_killed_after_the_grace_period(stage: Stage) -> None:
    end = sh(stage, "trap '' TERM; while :; do sleep 0.1; done", deadline=1, grace=1)
    assert end.ending.reason == "DeadlineExceeded"
    assert end.pods[0].killed
    assert end.pods[0].exit_code == 137
    assert end.seconds >= 2


def test_killed_without_warning_the_lock_stays_and_the_next_backup_passes(stage: Stage) -> None:
    add_file(stage, "large", noise("killed", 4 << 20))

    def kill_once_locked(container: RunningContainer, line: str) -> None:
        if line == "locked":
            container.signal("KILL")

    locked = 'until [ -n "$(restic list locks --no-lock 2>/dev/null)" ]; do sleep 0.1; done; echo locked; wait'
    job = "sh /scripts/backup.sh --tag=grafana --limit-upload=20 -- /backup/grafana"
    changes = Changes(environment=PINNED, arguments=("sh", "-c", f"{job} & {locked}"), deadline=60)
    end = stage.run("monitoring", "backup-grafana", changes, kill_once_locked)
    assert {pod.exit_code for pod in end.pods} == {137}
    assert end.ending.reason == "BackoffLimitExceeded"
    assert not any(pod.stopped for pod in end.pods)
    assert end.metrics == {}
    assert locks(stage) == 1, "the later pods saw that of the first one, and were killed before they made any"
    assert back_up(stage).ending.complete
