"""retention.sh against the real restic and REST server: forged snapshots, and what a person does then."""

import datetime
import json
import random
import re
import subprocess
from pathlib import Path

import pytest

from tests.scripts.jobs import Fleet
from tests.thinning.model import Snapshot, kept

BOTH = [("restic", "dash"), ("restic-forky", "busybox"), ("restic", "bash")]
KEEP = ("--keep-daily=7", "--keep-weekly=4", "--keep-within-daily=7d", "--keep-within-weekly=22d")
DAY = datetime.timedelta(days=1)
RELEASE = re.compile(r"BACKUP_RELEASE='([^']+)'")


def now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


def plan(fleet: Fleet, source: Path, *keep: str) -> str:
    facts = f"every=86400 rarest=86400 lasts=840 attempts=3 path={source}"
    return fleet.plan(
        f"retain photos photos {' '.join(keep or KEEP)} {facts}\nthin 86520 backup retention\nprune\ncheck\n"
    )


def made(fleet: Fleet, source: Path, time: datetime.datetime, *flags: str) -> str:
    """One more snapshot; with the append-only user's credentials, as a thief has them."""
    place = f"rest:{fleet.server.append_only_url}{fleet.repository.name}/"
    command = ["restic", "backup", "--json", "--repo", place, "--tag=photos", "--host=photos"]
    run = subprocess.run(
        [*command, f"--time={time:%Y-%m-%d %H:%M:%S}", *flags, str(source)],
        env={**fleet.env(), "TZ": "UTC"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return run.stdout.rpartition('"snapshot_id":"')[2][:64]


def there(fleet: Fleet) -> set[str]:
    return {file.name for file in (fleet.repository / "snapshots").iterdir()}


@pytest.fixture
def forged(tmp_path: Path) -> Path:
    folder = tmp_path / "empty" / "source"
    folder.mkdir(parents=True)
    (folder / "file").write_text("x")
    return folder


@pytest.mark.slow
@pytest.mark.fault("forged")
@pytest.mark.parametrize(("restic", "shell"), BOTH)
def test_forged_snapshots(writable: Fleet, source: Path, forged: Path, restic: str, shell: str) -> None:
    """One late in each evening, dated back; then they are removed by the Job of the runbook, and it goes on."""
    if restic != "restic":
        writable.use_restic(restic)
    real = [made(writable, source, now() - DAY * day - DAY / 4) for day in range(12)]
    evenings = [now().replace(hour=23, minute=59, second=50) - DAY * (day + 1) for day in range(14)]
    false = [made(writable, source, evening) for evening in evenings[:7]]
    false += [made(writable, forged, evening) for evening in evenings[7:]]
    run = writable.run("retention.sh", PLAN=plan(writable, source), shell=shell)
    assert run.returncode == 74, run.stdout
    assert there(writable) == {*real, *false}
    assert "nothing is pruned" in run.stdout
    assert writable.metrics()['backup_retention_refused{tag="photos"}'] == 1
    assert writable.metrics()['backup_step_status{step="forget photos"}'] == 74
    words = " ".join(name[:8] for name in false)
    run = writable.run("retention.sh", PLAN=plan(writable, source), shell=shell, BACKUP_FORGET=words)
    assert run.returncode == 0, run.stdout
    assert there(writable) <= set(real)
    assert {*real[:7]} <= there(writable)
    assert writable.metrics()['backup_retention_refused{tag="photos"}'] == 0
    false = [made(writable, source, evening) for evening in evenings[2:4]]
    run = writable.run("retention.sh", PLAN=plan(writable, source), shell=shell)
    assert run.returncode == 74, "the Pushgateway has told what the last one left"
    assert "were not there at the last retention" in run.stdout
    assert {*real[:7], *false} <= there(writable)


@pytest.mark.slow
@pytest.mark.fault("from-the-future")
def test_a_snapshot_from_the_future(writable: Fleet, source: Path) -> None:
    """It cannot be released, only removed."""
    made(writable, source, now() - DAY)
    future = made(writable, source, now() + DAY * 3650)
    run = writable.run("retention.sh", PLAN=plan(writable, source))
    assert run.returncode == 74, run.stdout
    assert future[:8] in run.stdout
    word = RELEASE.search(run.stdout)
    assert word
    run = writable.run("retention.sh", PLAN=plan(writable, source), BACKUP_RELEASE=word[1])
    assert run.returncode == 74, run.stdout
    run = writable.run("retention.sh", PLAN=plan(writable, source), BACKUP_FORGET=future)
    assert run.returncode == 0, run.stdout


@pytest.mark.slow
@pytest.mark.fault("released")
@pytest.mark.parametrize(("restic", "shell"), BOTH[:2])
def test_a_plan_is_released_once(writable: Fleet, source: Path, restic: str, shell: str) -> None:
    """An old repository of many by hand; what is added after the refusal is not released with it."""
    if restic != "restic":
        writable.use_restic(restic)
    for number in range(12):
        made(writable, source, now() - DAY * (number // 3) - DAY / 3 - number % 3 * DAY / 8 - DAY * 3)
    run = writable.run("retention.sh", PLAN=plan(writable, source, "--keep-daily=2"), shell=shell)
    assert run.returncode == 74, run.stdout
    word = RELEASE.search(run.stdout)
    assert word
    forged = made(writable, source, now() - DAY * 5)
    run = writable.run(
        "retention.sh", PLAN=plan(writable, source, "--keep-daily=2"), shell=shell, BACKUP_RELEASE=word[1]
    )
    assert run.returncode == 74, run.stdout
    writable.restic("forget", forged)
    run = writable.run(
        "retention.sh", PLAN=plan(writable, source, "--keep-daily=2"), shell=shell, BACKUP_RELEASE=word[1]
    )
    assert run.returncode == 0, run.stdout
    assert "its plan was released" in run.stdout
    assert len(there(writable)) == 2
    run = writable.run("retention.sh", PLAN=plan(writable, source, "--keep-daily=2"), shell=shell)
    assert run.returncode == 0, run.stdout


def test_what_holds_nothing_goes_first(writable: Fleet, source: Path) -> None:
    good = made(writable, source, now() - DAY * 2)
    (source / "file").write_text("")
    for number in range(3):
        made(writable, source, now() - DAY + DAY * number / 999)
    run = writable.run("retention.sh", PLAN=plan(writable, source, "--keep-last=1"))
    assert run.returncode == 0, run.stdout
    assert there(writable) == {good}
    assert "3 snapshots hold nothing" in run.stdout


def test_words_that_are_no_ids(writable: Fleet, source: Path) -> None:
    for word in ("abcdef", "--keep-last=1", "latest:/tmp", "0123456g"):
        assert writable.run("retention.sh", PLAN=plan(writable, source), BACKUP_FORGET=word).returncode == 64


@pytest.mark.slow
@pytest.mark.parametrize("restic", ["restic", "restic-forky"])
def test_the_model_keeps_what_restic_keeps(writable: Fleet, source: Path, restic: str) -> None:
    """What the drawn nights of tests/thinning stand on: the same snapshots in other zones, by many rules."""
    if restic != "restic":
        writable.use_restic(restic)
    draw = random.Random(7)  # noqa: S311
    for _ in range(30):
        moment = now() - DAY * draw.choice([1, 9, 70, 500]) * draw.random()
        hours = draw.choice([0, 5, -9])
        local = moment.astimezone(datetime.timezone(datetime.timedelta(hours=hours)))
        writable.environment["TZ"] = f"Etc/GMT{-hours:+d}"
        writable.restic("backup", "--tag=a", "--host=h", f"--time={local:%Y-%m-%d %H:%M:%S}", str(source))
    writable.environment["TZ"] = "UTC"
    listed = json.loads(writable.restic("snapshots", "--json", "--no-lock"))
    group = [Snapshot(datetime.datetime.fromisoformat(item["time"]), id=item["id"]) for item in listed]
    for _ in range(20):
        rules = draw.sample(["last", "hourly", "daily", "weekly", "monthly", "yearly"], draw.randrange(1, 4))
        flags = [f"--keep-{rule}={draw.randrange(1, 9)}" for rule in rules]
        span = draw.choice(["3d5h", "1m", "2m4d", "1y"])
        flags += [f"--keep-within-{rule}={span}" for rule in rules[:1] if rule != "last"]
        text = writable.restic("forget", "--dry-run", "--json", "--no-lock", "--group-by=host,tags", "--tag=a", *flags)
        stays = {item["id"] for item in json.loads(text)[0]["keep"]}
        assert stays == {item.id for item in kept(group, flags, now())}, flags
