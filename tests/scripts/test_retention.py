"""retention.sh: what it removes, and what it says when it could not."""

import datetime
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.scripts.jobs import Fleet


def snapshots(fleet: Fleet, source: Path, *tags: str, count: int = 2) -> None:
    for number in range(count):
        (source / "number").write_text(str(number))
        flags = [f"--tag={tag}" for tag in tags]
        fleet.restic("backup", "--quiet", f"--host={fleet.instance}", *flags, str(source))


def retained(fleet: Fleet, tag: str, *words: str) -> str:
    """The lines of a plan that thin out one target's snapshots."""
    return f"retain {tag} {fleet.instance} {' '.join(words)}\nthin 90000 ns retention\n"


def listed(fleet: Fleet, *flags: str) -> int:
    return fleet.restic("snapshots", "--json", "--no-lock", *flags).count('"short_id"')


@pytest.mark.fault("nothing-removed")
def test_a_server_that_only_appends_is_found_out(fleet: Fleet, source: Path) -> None:
    """restic 0.18 says 0 there, and removes nothing; a newer one says so."""
    snapshots(fleet, source, "a")
    run = fleet.run("retention.sh", PLAN=fleet.plan(retained(fleet, "a", "--keep-last=1")))
    assert run.returncode in (3, 71), run.stdout
    assert "1 forgotten snapshots are still there" in run.stdout
    assert fleet.metrics()['backup_step_status{step="removed"}'] == 71
    assert listed(fleet) == 2
    fleet.use_restic("restic-forky")
    run = fleet.run("retention.sh", PLAN=fleet.plan(retained(fleet, "a", "--keep-last=1")))
    assert run.returncode == 3, run.stdout
    assert fleet.metrics()['backup_step_status{step="removed"}'] == 71


@pytest.mark.parametrize("shell", ["dash", "busybox"])
def test_one_failing_step_does_not_hide_the_next(writable: Fleet, source: Path, shell: str) -> None:
    snapshots(writable, source, "a")
    snapshots(writable, source, "b")
    snapshots(writable, source, "theirs & <mine>", 'qu"ote\\', count=1)
    snapshots(writable, source, count=1)
    host = writable.instance
    plan = f"retain a {host} --keep-last=no\nretain b {host} --keep-last=1\nthin 90000 ns retention\n"
    plan += "prune\ncheck_rotating 3\n"
    run = writable.run("retention.sh", PLAN=writable.plan(plan), shell=shell)
    assert run.returncode == 1, run.stdout
    pushed = writable.metrics()
    wanted = {"forget a": 1, "forget b": 0, "prune": 0, "check": 0, "removed": 0}
    assert {step: pushed[f'backup_step_status{{step="{step}"}}'] for step in wanted} == wanted
    assert pushed['backup_repository_snapshots{tag="a"}'] == 2
    assert pushed['backup_repository_snapshots{tag="b"}'] == 1
    unowned = {name: value for name, value in pushed.items() if name.startswith("backup_unowned")}
    assert unowned == {
        'backup_unowned_tag_snapshots{tag=""}': 1,
        'backup_unowned_tag_snapshots{tag="theirs & <mine>"}': 1,
        'backup_unowned_tag_snapshots{tag="qu\\"ote\\\\"}': 1,
    }
    assert "belong to no target" in run.stdout


def test_another_tag_and_another_host_are_left_alone(writable: Fleet, source: Path) -> None:
    snapshots(writable, source, "a", count=3)
    writable.restic("backup", "--host=other", "--tag=a", str(source))
    snapshots(writable, source, "b")
    plan = retained(writable, "a", "--keep-last=1") + "own b\n"
    run = writable.run("retention.sh", PLAN=writable.plan(plan))
    assert run.returncode == 0, run.stdout
    assert (listed(writable, "--tag=a"), listed(writable, "--tag=b")) == (2, 2)
    assert writable.metrics()['backup_repository_snapshots{tag="b"}'] == 2


def test_the_check_reads_all_parts_in_as_many_days(writable: Fleet, tmp_path: Path) -> None:
    clock = tmp_path / "clock"
    clock.mkdir()
    parts = []
    for day in range(20_000, 20_003):
        (clock / "date").write_text(f"#!/bin/sh\necho {day * 86400 + 11_100}\n")
        (clock / "date").chmod(0o755)
        path = f"{clock}:{writable.paths['dash']}"
        run = writable.run("retention.sh", PLAN=writable.plan("check_rotating 3\n"), PATH=path)
        assert run.returncode == 0, run.stdout
        parts.append(run.stdout.partition("reading part ")[2][:3])
    assert sorted(parts) == ["1/3", "2/3", "3/3"]


def held_lock(fleet: Fleet, data: Path) -> subprocess.Popen[bytes]:
    command = ["restic", "backup", "--repo", str(fleet.repository), "--stdin-from-command", "--", "sleep", "3"]
    process = subprocess.Popen(
        [*command[:-2], "sh", "-c", f"sleep 3; cat '{data}'"],
        env=fleet.env(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    for _ in range(100):
        if fleet.locks():
            return process
        time.sleep(0.05)
    pytest.fail("the holder took no lock")


@pytest.mark.slow
@pytest.mark.fault("live-lock")
def test_a_live_lock_is_waited_for_and_left(writable: Fleet, source: Path) -> None:
    holder = held_lock(writable, source / "file")
    run = writable.run("retention.sh", PLAN=writable.plan("prune\n"), RESTIC_LOCK_WAIT="20s")
    assert run.returncode == 0, run.stdout
    assert holder.wait() == 0
    assert listed(writable) == 1


@pytest.mark.fault("lock-that-stays")
def test_a_live_lock_that_stays_is_exit_code_11(writable: Fleet, source: Path) -> None:
    holder = held_lock(writable, source / "file")
    run = writable.run("retention.sh", PLAN=writable.plan("prune\n"), RESTIC_LOCK_WAIT="1s")
    assert run.returncode == 11, run.stdout
    assert holder.wait() == 0


def test_the_lock_of_a_killed_run_is_removed(writable: Fleet, source: Path) -> None:
    holder = held_lock(writable, source / "file")
    os.killpg(holder.pid, signal.SIGKILL)
    holder.wait()
    assert len(writable.locks()) == 1
    run = writable.run("retention.sh", PLAN=writable.plan("prune\n"), RESTIC_LOCK_WAIT="1s")
    assert run.returncode == 0, run.stdout
    assert writable.locks() == []


@pytest.mark.parametrize("shell", ["dash", "busybox"])
def test_the_size_is_that_of_what_snapshots_need(writable: Fleet, source: Path, shell: str) -> None:
    (source / "random").write_bytes(os.urandom(300_000))
    snapshots(writable, source, "a")
    run = writable.run(
        "retention.sh", PLAN=writable.plan(retained(writable, "a", "--keep-last=1") + "prune\nmeasure\n"), shell=shell
    )
    assert run.returncode == 0, run.stdout
    assert 300_000 < writable.metrics()["backup_repository_size_bytes"] < 330_000


def test_a_size_that_cannot_be_read_is_no_failure(writable: Fleet, source: Path) -> None:
    snapshots(writable, source, "a")
    for index in (writable.repository / "index").iterdir():
        index.unlink()
    run = writable.run("retention.sh", PLAN=writable.plan("own a\nmeasure\n"))
    assert run.returncode == 0, run.stdout
    assert "the repository's size is not known" in run.stdout
    assert "backup_repository_size_bytes" not in writable.metrics()


def test_without_a_plan(writable: Fleet) -> None:
    assert writable.run("retention.sh", PLAN="/nowhere/plan.sh").returncode == 64


def aged(fleet: Fleet, source: Path, days: int, *tags: str) -> None:
    moment = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=days)
    flags = [f"--tag={tag}" for tag in tags]
    fleet.restic("backup", "--quiet", f"--time={moment:%Y-%m-%d %H:%M:%S}", *flags, str(source))


@pytest.mark.parametrize("shell", ["dash", "busybox"])
def test_a_tag_that_no_target_has_any_more_expires(writable: Fleet, source: Path, shell: str) -> None:
    """Also its newest snapshot, which `--keep-within` would keep for ever; never one that a target owns as well."""
    writable.environment["TZ"] = "UTC"
    for days in (400, 200, 100):
        aged(writable, source, days, "MariaDB")
    aged(writable, source, 300, "MariaDB", "mariadb")
    aged(writable, source, 300, "mariadb")
    keep = retained(writable, "mariadb", "--keep-last=9")
    plan = keep + "expire MariaDB 150\nexpire gone 9\n"
    run = writable.run("retention.sh", PLAN=writable.plan(plan), shell=shell)
    assert run.returncode == 0, run.stdout
    assert "tag MariaDB: 2 snapshots are older than 150 days" in run.stdout
    assert (listed(writable, "--tag=MariaDB"), listed(writable, "--tag=mariadb")) == (2, 2)
    pushed = writable.metrics()
    assert pushed['backup_repository_snapshots{tag="MariaDB"}'] == 2
    assert pushed['backup_step_status{step="expire MariaDB"}'] == 0
    assert not any(name.startswith("backup_unowned_tag_snapshots") and 'tag=""' not in name for name in pushed)
    run = writable.run("retention.sh", PLAN=writable.plan(keep + "expire MariaDB 50\n"), shell=shell)
    assert run.returncode == 0, run.stdout
    assert listed(writable, "--tag=MariaDB") == 1


def test_an_expiry_that_a_server_refuses(fleet: Fleet, source: Path) -> None:
    fleet.environment["TZ"] = "UTC"
    aged(fleet, source, 9, "old")
    run = fleet.run("retention.sh", PLAN=fleet.plan("expire old 1\n"))
    assert run.returncode in (3, 71), run.stdout
    assert listed(fleet) == 1
