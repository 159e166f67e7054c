"""Fleets to which nothing bad happens are never refused, whatever else happens to them."""

import random
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.thinning.world import DAY, START, World

HOUR = timedelta(hours=1)
KEEPS = [
    ("--keep-daily=7", "--keep-weekly=4"),
    ("--keep-last=1", "--keep-hourly=24", "--keep-daily=7", "--keep-weekly=4", "--keep-monthly=6"),
    ("--keep-last=5",),
    ("--keep-within=30d",),
    ("--keep-daily=14", "--keep-monthly=12", "--keep-yearly=2"),
    ("--keep-hourly=48",),
    ("--keep-last=1",),
    ("--keep-last=3", "--keep-within=7d"),
]


class Fleet:
    """A target with a draw of what happens to fleets."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.draw = random.Random(seed)  # noqa: S311
        self.world = World(
            folder,
            keep=self.draw.choice(KEEPS),
            every=self.draw.choice([HOUR, HOUR * 6, DAY, DAY, DAY, DAY * 7]),
            lasts=self.draw.choice([300, 840, 2000, 7440]),
            shell=self.draw.choice(["dash", "busybox", "bash"]),
        )
        self.slot = START + timedelta(minutes=self.draw.randrange(5, 55))
        self.size = self.most = 1000.0
        self.down, self.failing, self.resting = 0, 0, 0

    def night(self) -> str:
        """Let a day pass; returns why the retention refused."""
        draw, world = self.draw, self.world
        if world.now == START:
            for _ in range(draw.randrange(8)):
                world.add(world.now + DAY * draw.uniform(0.1, 0.9))
        world.now += DAY
        while self.slot < world.now:
            self._run()
            self.slot += world.every
        if self.resting:
            self.resting -= 1
            return ""
        if draw.random() < 0.05:
            self.resting = draw.randrange(1, 12)
        refused = world.retention().refused
        if draw.random() < 0.02:
            world.keep = draw.choice(KEEPS)
        return refused

    def _run(self) -> None:
        draw, world = self.draw, self.world
        if self.down:
            self.down -= 1
            return
        if draw.random() < 0.02:
            self.down = draw.randrange(1, 20)
            return
        # What shrinks to less than half is refused with reason; another test is about that.
        self.size = max(self.size * draw.uniform(0.93, 1.08), self.most * 0.6)
        self.most = max(self.most, self.size)
        size = int(self.size)
        time = self.slot + timedelta(seconds=draw.uniform(0, 120))
        if not self.failing and draw.random() < 0.05:
            self.failing = draw.randrange(1, 5)
        attempts = draw.randrange(1, 4) if self.failing else 1
        nothing = self.failing > 0 and draw.random() < 0.3
        self.failing = max(0, self.failing - 1)
        for attempt in range(attempts):
            world.add(
                time + timedelta(seconds=attempt * draw.uniform(5, 60)),
                bytes=0 if nothing else size,
                files=0 if nothing else 10,
            )
        if draw.random() < 0.03:
            for _ in range(draw.randrange(1, 5)):
                if (by_hand := time + draw.random() * world.every * 0.9) < world.now:
                    world.add(by_hand, bytes=size)


def lives(seed: int, folder: Path, nights: int) -> None:
    fleet = Fleet(seed, folder)
    for number in range(nights):
        refused = fleet.night()
        assert not refused, f"seed {seed}, night {number}: {refused}"


@pytest.mark.parametrize("seed", range(12))
def test_a_fleet_in_which_nothing_bad_happens(seed: int, tmp_path: Path) -> None:
    """Failed runs with retries, runs by hand, outages of target and retention, a changed `keep`, changing sizes."""
    lives(seed, tmp_path, 14)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 300))
def test_two_hundred_fleets(seed: int, tmp_path: Path) -> None:
    lives(seed, tmp_path, 30)


@pytest.mark.parametrize("pushgateway", [True, False])
@pytest.mark.parametrize("keep", KEEPS)
def test_the_first_retention_of_an_old_repository(*, keep: tuple[str, ...], pushgateway: bool, tmp_path: Path) -> None:
    """Of the same schedule, with some retries: it is thinned out at once."""
    world = World(tmp_path, keep=keep, pushgateway=pushgateway)
    for day in range(90):
        first = world.add(START - DAY * day - 105 * timedelta(minutes=1))
        if day % 30 == 7:
            world.add(first.time + timedelta(minutes=3))
    assert not world.retention().refused
    world.now += DAY
    assert not world.retention().refused


@pytest.mark.parametrize("pushgateway", [True, False])
def test_an_old_repository_that_was_thinned_out_by_the_same_rules(*, pushgateway: bool, tmp_path: Path) -> None:
    world = World(tmp_path, derived=False, pushgateway=pushgateway)
    for _ in range(60):
        world.day(lambda day: world.add(day + 22 * HOUR))
    world.derived, world.known = True, ""
    assert not world.retention().refused


@pytest.mark.parametrize("pushgateway", [True, False])
def test_a_retention_that_was_out_for_weeks(*, pushgateway: bool, tmp_path: Path) -> None:
    world = World(tmp_path, pushgateway=pushgateway)
    for _ in range(20):
        world.day(lambda day: world.add(day + 22 * HOUR))
    for _ in range(40):
        world.add(world.now + 22 * HOUR)
        world.now += DAY
    night = world.retention()
    assert not night.refused
    assert len(night.removed) > 25


def test_the_pushgateway_forgets_and_the_retention_fails_the_night_before(tmp_path: Path) -> None:
    world = World(tmp_path)
    for night in range(30):
        world.day(lambda day: world.add(day + 22 * HOUR))
        if night in {12, 20}:
            world.add(world.now + 22 * HOUR)
            world.now += DAY
            world.known = ""


@pytest.mark.parametrize("pushgateway", [True, False])
@pytest.mark.parametrize("after", [HOUR, DAY, DAY * 7])
def test_another_schedule(*, after: timedelta, pushgateway: bool, tmp_path: Path) -> None:
    """Also from each hour to each day: what is left of a day of hours is no reason to refuse."""
    world = World(tmp_path, keep=KEEPS[1], every=HOUR, pushgateway=pushgateway)

    def back_up(day: datetime) -> None:
        slot = day + timedelta(minutes=20)
        while slot < world.now + DAY:
            world.add(slot)
            slot += world.every

    for night in range(40):
        if night == 10:
            world.every = after
        assert not world.day(back_up).refused, night


def test_less_is_kept(tmp_path: Path) -> None:
    """What the fleet says is done: `backupgen diff` has said what it means."""
    world = World(tmp_path, keep=("--keep-daily=60",))
    for _ in range(60):
        world.day(lambda day: world.add(day + 22 * HOUR))
    world.keep = ("--keep-daily=3",)
    world.now += DAY
    night = world.retention()
    assert not night.refused
    assert len(world.snapshots) == 3


def test_what_a_person_has_removed_is_no_reason(tmp_path: Path) -> None:
    world = World(tmp_path)
    for _ in range(20):
        world.day(lambda day: world.add(day + 22 * HOUR))
    del world.snapshots[3:6]
    assert not world.day(lambda day: world.add(day + 22 * HOUR)).refused


def test_one_spike_is_forgotten_and_a_slow_decline_as_well(tmp_path: Path) -> None:
    world = World(tmp_path)
    size = 10**9
    for number in range(60):
        size = int(size * 0.97)
        read = size * (9 if number == 20 else 1)
        night = world.day(lambda day, read=read: world.add(day + 22 * HOUR, bytes=read))  # type: ignore[misc]
        assert not night.refused, (number, night.refused)


def test_what_holds_nothing_takes_no_good_ones_place(tmp_path: Path) -> None:
    """Two nights of an empty dump with their retries, and five snapshots to keep."""
    world = World(tmp_path, keep=("--keep-last=5",), derived=False)
    good = [world.add(START - DAY * day) for day in range(3, 8)]
    for day in (1, 2):
        for attempt in range(3):
            world.add(START - DAY * day + timedelta(minutes=attempt), bytes=0, files=1)
    night = world.retention()
    assert not night.refused
    assert sorted(item.id for item in world.snapshots) == sorted(item.id for item in good)
    assert len(night.removed) == 6
    assert "6 snapshots hold nothing and go first" in night.log


def test_nothing_but_what_holds_nothing_is_left_to_the_rules(tmp_path: Path) -> None:
    world = World(tmp_path, keep=("--keep-last=2",))
    for day in range(4):
        world.add(START - DAY * day - HOUR, bytes=0, files=1)
    assert not world.retention().refused
    assert len(world.snapshots) in {2, 3}
