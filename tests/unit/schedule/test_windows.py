import pytest

from backupgen.schedule.cron import parse_cron
from backupgen.schedule.windows import Timing, meet, meeting_slots, meetings, next_meeting
from backupgen.schedule.zones import CYCLE_SECONDS, CYCLE_START, load_zone


def timing(schedule: str, seconds: int, zone: str = "UTC") -> Timing:
    return Timing.of(parse_cron(schedule), zone, seconds)


@pytest.mark.parametrize(("seconds", "minutes"), [(1, 1), (59, 1), (60, 1), (61, 2), (3600, 60), (3601, 61)])
def test_length_in_instants(seconds: int, minutes: int) -> None:
    assert timing("0 * * * *", seconds).minutes == minutes


@pytest.mark.parametrize(("seconds", "expected"), [(600, False), (601, True)])
def test_half_open(seconds: int, expected: bool) -> None:  # noqa: FBT001
    one, other = timing("0 * * * *", seconds), timing("10 * * * *", 60)
    assert meet(one, other) is meet(other, one) is expected
    assert (meetings(one, other) is not None) is expected
    assert (next_meeting(one, other, 0) is not None) is expected


def test_which_slots_meet() -> None:
    (pattern,) = meeting_slots(timing("*/10 * * * *", 700), timing("30 12 * * *", 60))
    assert [minute for minute in range(1440) if pattern.minutes >> minute & 1] == [740, 750]


def test_outside_the_cycle_it_repeats() -> None:
    one, other = timing("0 3 1 * *", 60), timing("0 3 * * *", 60)
    first = CYCLE_START + 3 * 3600
    assert next_meeting(one, other, CYCLE_START - 1) == first
    assert next_meeting(one, other, CYCLE_START + CYCLE_SECONDS - 1) == first + CYCLE_SECONDS
    assert next_meeting(one, other, first - CYCLE_SECONDS - 1) == first - CYCLE_SECONDS


def test_zones_hash_by_name() -> None:
    assert len({load_zone("UTC"), load_zone("UTC"), load_zone("Europe/Berlin")}) == 2
