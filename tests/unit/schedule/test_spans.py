"""The longest time from a firing to the n-th one after it, against a walk over the firings."""

from itertools import islice

import pytest

from backupgen.schedule import load_zone, parse_cron
from backupgen.schedule.firings import longest_gap, next_firings
from backupgen.schedule.spans import longest_gaps

HOUR, DAY = 3600, 86400


@pytest.mark.parametrize(
    ("schedule", "zone", "seconds"),
    [
        ("20 * * * *", "UTC", 2 * HOUR),
        ("20 * * * *", "Europe/Berlin", 2 * HOUR),
        ("10 0-1,4-23 * * *", "UTC", 4 * HOUR),
        ("5 3 * * *", "UTC", 2 * DAY),
        ("5 3 * * *", "Europe/Berlin", 2 * DAY + HOUR),
        ("30 2 * * *", "Europe/Berlin", 3 * DAY - HOUR),
        ("0 4 * * 0", "UTC", 14 * DAY),
        ("0 6,7 * * *", "UTC", 25 * HOUR - HOUR),
        ("0 4 * * 1,4", "UTC", 7 * DAY),
        ("0 0 29 2 *", "UTC", (4 + 8) * 365 * DAY + 2 * DAY),
        ("0 0 31 2 *", "UTC", None),
    ],
)
def test_known_spans(schedule: str, zone: str, seconds: int | None) -> None:
    assert longest_gaps(parse_cron(schedule), load_zone(zone), 2) == seconds


@pytest.mark.parametrize("count", [1, 2, 5])
@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"])
@pytest.mark.parametrize(
    "schedule",
    ["*/30 0-11,14-23 * * *", "30 1,2 * * *", "15 22 * * 1-5", "30 15 1,15 * *", "45 2 */2 * *", "0 */6 * * *"],
)
def test_a_walk_over_twelve_years_agrees(schedule: str, zone: str, count: int) -> None:
    expression, place = parse_cron(schedule), load_zone(zone)
    start = 1_767_225_600  # 2026-01-01
    instants = []
    for instant in next_firings(expression, place, start):
        if instant > start + 12 * 366 * DAY:
            break
        instants.append(instant)
    walked = max(later - first for first, later in zip(instants, islice(instants, count, None), strict=False))
    assert longest_gaps(expression, place, count) == walked


def test_it_is_no_longer_than_twice_the_longest_gap() -> None:
    expression, place = parse_cron("10 0-1,4-23 * * *"), load_zone("Europe/Berlin")
    gap, both = longest_gap(expression, place), longest_gaps(expression, place, 2)
    assert gap is not None
    assert both is not None
    assert gap < both < 2 * gap
