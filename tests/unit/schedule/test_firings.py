from datetime import UTC, datetime
from itertools import islice, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backupgen.schedule.cron import parse_cron
from backupgen.schedule.days import day_list
from backupgen.schedule.firings import firings, firings_per_year, longest_gap, next_firings, shortest_gap
from backupgen.schedule.zones import CYCLE_SECONDS, CYCLE_START, load_zone
from tests.thoroughness import examples
from tests.unit.schedule.oracle import ZONES, epoch, fires, iso
from tests.unit.schedule.test_cron import expressions

DAY = 86_400


def between(text: str, zone: str, start: str, end: str) -> list[str]:
    found = []
    for instant in next_firings(parse_cron(text), load_zone(zone), epoch(start) - 1):
        if instant >= epoch(end):
            break
        found.append(iso(instant))
    return found


@pytest.mark.parametrize(
    ("text", "gap", "fold"),
    [
        ("30 2 * * *", ["2026-03-28T01:30Z", "2026-03-30T00:30Z"], ["00:30Z", "01:30Z"]),
        ("0 2 * * *", ["2026-03-28T01:00Z", "2026-03-30T00:00Z"], ["00:00Z", "01:00Z"]),
        ("0 3 * * *", ["2026-03-28T02:00Z", "2026-03-29T01:00Z", "2026-03-30T01:00Z"], ["02:00Z"]),
    ],
)
def test_berlin(text: str, gap: list[str], fold: list[str]) -> None:
    assert between(text, "Europe/Berlin", "2026-03-28T00:00Z", "2026-03-30T12:00Z") == gap
    night = between(text, "Europe/Berlin", "2026-10-24T22:00Z", "2026-10-25T12:00Z")
    assert night == [f"2026-10-25T{time}" for time in fold]


@pytest.mark.parametrize(
    ("text", "start", "end", "expected"),
    [
        ("*/10 * * * *", "2026-03-29T00:50Z", "2026-03-29T01:11Z", ["00:50Z", "01:00Z", "01:10Z"]),
        ("0 * * * *", "2026-03-29T00:00Z", "2026-03-29T02:00Z", ["00:00Z", "01:00Z"]),
        ("15 */2 * * *", "2026-03-28T23:00Z", "2026-03-29T03:00Z", ["23:15Z", "02:15Z"]),
        ("15 */2 * * *", "2026-10-24T22:00Z", "2026-10-25T04:00Z", ["22:15Z", "00:15Z", "01:15Z", "03:15Z"]),
        ("0 * * * *", "2026-10-25T00:00Z", "2026-10-25T03:00Z", ["00:00Z", "01:00Z", "02:00Z"]),
    ],
)
def test_berlin_pace(text: str, start: str, end: str, expected: list[str]) -> None:
    assert [instant[11:] for instant in between(text, "Europe/Berlin", start, end)] == expected


def test_new_york() -> None:
    assert between("30 2 * * *", "America/New_York", "2026-03-08T05:00Z", "2026-03-09T04:00Z") == []
    assert between("30 1 * * *", "America/New_York", "2026-11-01T04:00Z", "2026-11-02T05:00Z") == [
        "2026-11-01T05:30Z",
        "2026-11-01T06:30Z",
    ]


@pytest.mark.parametrize("text", ["0 0 31 2 *", ", * * * *", "* , * * *", "0 0 30 FEB *"])
def test_never(text: str) -> None:
    schedule, zone = parse_cron(text), load_zone("Europe/Berlin")
    assert firings(schedule, zone) == ()
    assert list(next_firings(schedule, zone, 0)) == []
    assert longest_gap(schedule, zone) is None
    assert shortest_gap(schedule, zone) is None
    assert firings_per_year(schedule, zone) == 0


@pytest.mark.parametrize("weekday", ["*,3", "*/1,WED", "?"])
def test_a_star_makes_the_weekday_irrelevant(weekday: str) -> None:
    # A field with the star bit is always full, so robfig has no way to say "29 February, if a Wednesday".
    assert firings_per_year(parse_cron(f"0 12 29 2 {weekday}"), load_zone("UTC")) == 97 / 400


def test_leap_day_or_any_wednesday_of_february() -> None:
    leap_years = [year for year in range(2024, 2424) if year % 4 == 0 and (year % 100 or year % 400 == 0)]
    wednesdays = sum(
        datetime(year, 2, day, tzinfo=UTC).isoweekday() == 3
        for year in range(2024, 2424)
        for day in range(1, 30 if year in leap_years else 29)
    )
    leap_wednesdays = sum(datetime(year, 2, 29, tzinfo=UTC).isoweekday() == 3 for year in leap_years)
    expected = (wednesdays + len(leap_years) - leap_wednesdays) / 400
    assert firings_per_year(parse_cron("0 12 29 2 3"), load_zone("UTC")) == expected


def test_sparse_schedules_far_away() -> None:
    leap, zone = parse_cron("30 2 29 2 *"), load_zone("Europe/Berlin")
    assert [iso(t)[:16] for t in islice(next_firings(leap, zone, epoch("2096-03-01T00:00Z")), 2)] == [
        "2104-02-29T01:30",
        "2108-02-29T01:30",
    ]
    assert longest_gap(leap, zone) == (date_days("2104-02-29") - date_days("2096-02-29")) * DAY
    assert shortest_gap(leap, zone) == 1461 * DAY


def date_days(text: str) -> int:
    return epoch(f"{text}T00:00Z") // DAY


@pytest.mark.parametrize(
    ("text", "zone", "shortest", "longest", "per_year"),
    [
        ("20 * * * *", "Europe/Berlin", 3600, 3600, 146097 * 24 / 400),
        ("30 2 * * *", "Europe/Berlin", 3600, 47 * 3600, 146097 / 400),
        ("0 3 * * *", "Europe/Berlin", 23 * 3600, 25 * 3600, 146097 / 400),
        ("15 */2 * * *", "Europe/Berlin", 3600, 3 * 3600, 146097 * 12 / 400),
        ("0 4 * * 0", "Europe/Berlin", 167 * 3600, 169 * 3600, 20871 / 400),
        ("30 2 * * 0", "Europe/Berlin", 3600, 14 * DAY - 3600, 20871 / 400),
        ("@monthly", "UTC", 28 * DAY, 31 * DAY, 12),
        ("@yearly", "UTC", 365 * DAY, 366 * DAY, 1),
        ("0 9 * * 1-5", "UTC", DAY, 3 * DAY, 104355 / 400),
        ("0,59 0,23 * * *", "UTC", 60, 22 * 3600 + 60, 146097 * 4 / 400),
        ("45 1 * * *", "Australia/Lord_Howe", 1800, 24 * 3600, 146497 / 400),
    ],
)
def test_gaps(text: str, zone: str, shortest: int, longest: int, per_year: float) -> None:
    schedule = parse_cron(text)
    assert shortest_gap(schedule, load_zone(zone)) == shortest
    assert longest_gap(schedule, load_zone(zone)) == longest
    assert firings_per_year(schedule, load_zone(zone)) == per_year


def expand(text: str, zone: str, start: int, end: int) -> list[int]:
    """The instants of the bit sets in a stretch of the cycle."""
    first, last = (start - CYCLE_START) // DAY, (end - CYCLE_START) // DAY + 1
    window = (1 << last) - (1 << first)
    found = [
        CYCLE_START + day * DAY + minute * 60
        for pattern in firings(parse_cron(text), load_zone(zone))
        for day in day_list(pattern.days & window)
        for minute in range(1440)
        if pattern.minutes >> minute & 1
    ]
    return sorted(instant for instant in found if start <= instant < end)


@st.composite
def spans(draw: st.DrawFn) -> tuple[str, int, int]:
    """A zone and three days, most often around one of its changes."""
    zone = draw(st.sampled_from(ZONES))
    changes = load_zone(zone).transitions
    often: int = draw(st.integers(0, 3))
    if changes and often:
        middle = draw(st.sampled_from(changes)).at
    else:
        middle = CYCLE_START + draw(st.integers(3 * DAY, CYCLE_SECONDS - 3 * DAY))
    start = middle - draw(st.integers(0, 2 * DAY))
    return zone, start, start + 2 * DAY


@given(expressions, spans())
@examples(120)
def test_brute_force_agrees(text: str, span: tuple[str, int, int]) -> None:
    zone, start, end = span
    expected = list(fires(parse_cron(text), zone, start, end))
    assert expand(text, zone, start, end) == expected
    coming = next_firings(parse_cron(text), load_zone(zone), start - 1)
    assert list(islice(coming, len(expected))) == expected


@given(expressions, st.sampled_from(ZONES), st.integers(0, CYCLE_SECONDS // 2))
@examples(60)
def test_gaps_bound_what_next_firings_shows(text: str, zone: str, after: int) -> None:
    schedule = parse_cron(text)
    coming = list(islice(next_firings(schedule, load_zone(zone), CYCLE_START + after), 200))
    gaps = [later - earlier for earlier, later in pairwise(coming)]
    low, high = shortest_gap(schedule, load_zone(zone)), longest_gap(schedule, load_zone(zone))
    if low is None or high is None:
        assert coming == []
        return
    assert all(low <= gap <= high for gap in gaps)


@pytest.mark.parametrize("text", ["30 2 1 * *", "15,45 1,2 * * 0", "0 0 29 2 *"])
@pytest.mark.parametrize("zone", ["Europe/Berlin", "Asia/Gaza", "Australia/Lord_Howe"])
def test_gaps_are_attained(text: str, zone: str) -> None:
    schedule = parse_cron(text)
    gaps: set[int] = set()
    previous = None
    for instant in next_firings(schedule, load_zone(zone), CYCLE_START):
        if instant >= CYCLE_START + CYCLE_SECONDS:
            break
        gaps |= {instant - previous} if previous else set()
        previous = instant
    assert min(gaps) == shortest_gap(schedule, load_zone(zone))
    assert max(gaps) == longest_gap(schedule, load_zone(zone))


def test_beyond_the_cycle() -> None:
    after = CYCLE_START + CYCLE_SECONDS + 100 * DAY
    schedule = parse_cron("30 2 * * *")
    found = list(islice(next_firings(schedule, load_zone("Europe/Berlin"), after), 5))
    assert found == list(fires(schedule, "Europe/Berlin", after, after + 7 * DAY))[:5]
