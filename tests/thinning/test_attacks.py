"""What somebody can do who may add snapshots in a target's name, with any time and size, and remove none."""

import random
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from tests.thinning.model import Snapshot, kept
from tests.thinning.world import DAY, START, World

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def old_repository(folder: Path, days: int = 28, **more: object) -> World:
    world = World(folder, **more)  # type: ignore[arg-type]
    for day in range(days):
        world.add(START - DAY * day - 105 * MINUTE)
    return world


def forged_each_evening(world: World, count: int, **more: object) -> None:
    for day in range(count):
        late = world.now.replace(hour=23, minute=59, second=50) - DAY * (day + 1)
        world.add(late, real=False, **more)


@pytest.mark.parametrize("pushgateway", [True, False])
@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize(
    ("size", "shell"),
    [
        ({"bytes": 0, "files": 0}, "dash"),
        ({"bytes": 1000}, "busybox"),
        ({"bytes": 10**12}, "bash"),
        ({"bytes": -1}, "dash"),
    ],
)
def test_one_forged_for_each_day(
    *, size: dict[str, int], before: bool, pushgateway: bool, shell: str, tmp_path: Path
) -> None:
    """28 good snapshots, 35 forged ones: whether the retention has run before, and whatever they claim to hold."""
    world = old_repository(tmp_path, pushgateway=pushgateway, shell=shell)
    if before:
        assert not world.retention().refused
        world.now += DAY
    forged_each_evening(world, 35, **size)
    there = list(world.snapshots)
    for _ in range(3):
        night = world.retention()
        assert night.refused
        assert world.snapshots == there
        world.now += DAY


@pytest.mark.parametrize("pushgateway", [True, False])
def test_from_the_future(*, pushgateway: bool, tmp_path: Path) -> None:
    """It is refused until it is gone or past; a clock that is an hour fast is no reason."""
    world = old_repository(tmp_path, 5, pushgateway=pushgateway)
    world.add(world.now + 59 * MINUTE)
    assert not world.retention().refused
    forged = world.add(world.now + 3650 * DAY, real=False)
    assert "from the future" in world.retention().refused
    assert "from the future" in world.day(lambda day: world.add(day + 22 * HOUR)).refused
    world.snapshots.remove(forged)
    assert not world.retention().refused


def test_a_clock_that_was_a_day_fast_once(tmp_path: Path) -> None:
    world = old_repository(tmp_path, 5)
    world.retention()
    world.add(world.now + 26 * HOUR)
    refused = [bool(world.day(lambda day: world.add(day + 22 * HOUR)).refused) for _ in range(3)]
    assert refused == [True, False, False]


def test_a_flood(tmp_path: Path) -> None:
    world = old_repository(tmp_path)
    world.retention()
    world.now += DAY
    for number in range(60):
        world.add(world.now - MINUTE * number * 10, real=False)
    assert "by hand it may be 30" in world.retention().refused


def test_from_another_source(tmp_path: Path) -> None:
    world = old_repository(tmp_path)
    world.retention()
    world.day(lambda day: world.add(day + 22 * HOUR))
    night = world.day(lambda day: world.add(day + 23 * HOUR, paths=("/etc",)))
    assert "another source" in night.refused


def test_other_hosts_and_further_tags_are_left_alone(tmp_path: Path) -> None:
    world = old_repository(tmp_path)
    others = [world.add(START - DAY * day, host='ho"st\t\\') for day in range(40)]
    others += [world.add(START - DAY * day, tags=("photos", 'a",\n{"time":"]')) for day in range(40)]
    night = world.retention()
    assert not night.refused
    assert not set(night.removed) & set(others)
    assert night.log.count("are no target's own") == 2


@pytest.mark.parametrize("pushgateway", [True, False])
def test_the_last_ones_from_before_the_data_shrank(*, pushgateway: bool, tmp_path: Path) -> None:
    """An app that began anew on an empty volume: months later the good ones would be gone."""
    world = old_repository(tmp_path, pushgateway=pushgateway)
    good = [item.id for item in world.snapshots]
    nights = [world.day(lambda day: world.add(day + 22 * HOUR, bytes=10)) for _ in range(60)]
    assert nights[-1].refused
    assert "hold much more than the newest" in nights[-1].refused
    assert sum(item.id in good for item in world.snapshots) == 2
    assert not world.retention(word(nights[-1].log)).refused


def word(log: str) -> str:
    """The word that releases a plan."""
    return log.split("BACKUP_RELEASE='")[1].split("'", maxsplit=1)[0]


@pytest.mark.parametrize("pushgateway", [True, False])
def test_a_release_is_for_what_was_refused(*, pushgateway: bool, tmp_path: Path) -> None:
    """What honest runs add does not end it, what a thief adds is not released, and it holds once for all."""
    world = World(tmp_path, pushgateway=pushgateway)
    for hour in range(24 * 20):
        world.add(START - HOUR * hour - 3 * MINUTE)
    released = word(world.retention().log)
    assert world.retention("1-0123 x-y").refused
    world.now += 5 * HOUR
    world.add(world.now - HOUR)
    thief = world.add(START - DAY * 5, real=False)
    assert world.retention(released).refused
    world.snapshots.remove(thief)
    forged = [world.add(world.now - MINUTE * number, real=False) for number in range(40)]
    assert world.retention(released).refused
    world.snapshots = [item for item in world.snapshots if item not in forged]
    night = world.retention(released)
    assert not night.refused
    assert len(night.removed) > 400
    for _ in range(10):
        assert not world.day(lambda day: world.add(day + 22 * HOUR)).refused


def test_a_release_is_for_the_rules_that_were_refused(tmp_path: Path) -> None:
    world = old_repository(tmp_path)
    forged_each_evening(world, 35)
    released = word(world.retention().log)
    world.keep = ("--keep-last=1",)
    assert world.retention(released).refused


KEEPS = [
    ("--keep-daily=7", "--keep-weekly=4"),
    ("--keep-last=1", "--keep-hourly=24", "--keep-daily=7", "--keep-weekly=4", "--keep-monthly=6"),
    ("--keep-last=5",),
    ("--keep-hourly=24",),
    ("--keep-daily=14", "--keep-monthly=2", "--keep-yearly=2"),
]


class Attack:
    """A night for a target, and for somebody who forges some snapshots each day, for weeks."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.draw = random.Random(seed)  # noqa: S311
        self.world = World(
            folder,
            keep=self.draw.choice(KEEPS),
            every=self.draw.choice([HOUR * 6, DAY, DAY]),
            pushgateway=self.draw.random() < 0.6,
        )
        self.kinds = self.draw.sample(["back", "present", "retry", "zone", "future"], self.draw.randrange(1, 4))
        self.slot = START + 20 * MINUTE
        self.honest: list[Snapshot] = []
        """What would be there, had nobody forged anything."""

    def night(self, *, forges: bool) -> None:
        world = self.world
        world.now += DAY
        last = None
        while self.slot < world.now:
            last = world.add(self.slot + timedelta(seconds=self.draw.uniform(0, 120)))
            self.honest.append(last)
            self.slot += world.every
        if forges:
            assert last is not None
            for _ in range(self.draw.choice([0, 1, 1, 2, 3, 6, 12])):
                world.add(self._time(last), real=False, bytes=self.draw.choice([1000, 1000, 10**9]))
        world.retention()
        self.honest = kept(self.honest, world.keep, world.now)

    def _time(self, last: Snapshot) -> datetime:
        draw, now = self.draw, self.world.now
        kind = draw.choice(self.kinds)
        if kind == "back":
            return now - DAY * draw.uniform(0, 30)
        if kind == "present":
            return now - DAY * draw.random() * 0.99
        if kind == "retry":
            return last.time + timedelta(seconds=draw.uniform(1, 700))
        if kind == "zone":
            zone = timezone(timedelta(hours=draw.randrange(-23, 24)))
            return (now - MINUTE * draw.uniform(1, 60)).astimezone(zone)
        return now + MINUTE * draw.uniform(1, 200)


def attacked(seed: int, folder: Path, nights: int) -> None:
    """Nothing from before the attack goes before its time, however slowly and cleverly it is done."""
    attack = Attack(seed, folder)
    quiet = attack.draw.randrange(16, 24)
    for _ in range(quiet):
        attack.night(forges=False)
    begun = attack.world.now
    for number in range(nights):
        attack.night(forges=True)
        there = {item.id for item in attack.world.snapshots}
        lost = [item for item in attack.honest if item.time < begun and item.id not in there]
        if not attack.world.pushgateway:
            # restic keeps the oldest for counts that are not filled yet. Who remembers nothing cannot tell an older one
            # that came today from one that was always there; docs/retention.md says so.
            lost = [item for item in lost if item is not attack.honest[-1]]
        assert not lost, f"seed {seed}, {number + 1} nights after the attack began, {attack.kinds}: {lost}"


@pytest.mark.parametrize("seed", range(8))
def test_nothing_from_before_an_attack_goes_before_its_time(seed: int, tmp_path: Path) -> None:
    attacked(seed, tmp_path, 8)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 200))
def test_a_hundred_attacks(seed: int, tmp_path: Path) -> None:
    attacked(seed, tmp_path, 25)
