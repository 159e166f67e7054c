"""The wall clock, against zoneinfo minute by minute; intervals, against sets of seconds; words."""

from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backupgen.report.schedule.clock import Clock, utc
from backupgen.report.schedule.intervals import Interval, common, depths, merged
from backupgen.report.schedule.wording import frequency, shortened, some, spelled_hours
from tests.thoroughness import examples
from tests.unit.report.schedules import DAY, HOUR, MINUTE, at
from tests.unit.schedule.oracle import ZONES, zone_info

minutes = st.integers(1_704_067_200 // MINUTE, 1_893_456_000 // MINUTE).map(lambda minute: minute * MINUTE)
# Around changes in Berlin, on Lord Howe (half an hour), in Cairo (at midnight) and in Troll (two hours).
CHANGES = [at(day) for day in ("2026-03-28T12:00", "2026-10-24T12:00", "2026-04-04T00:00", "2026-04-23T20:00")]
starts = minutes | st.builds(lambda change, by: change + by * MINUTE, st.sampled_from(CHANGES), st.integers(0, 2880))


@given(zone=st.sampled_from(ZONES), start=starts, length=st.integers(1, 30 * 60))
@examples(150)
def test_hours_begin_where_the_clock_shows_a_full_one(zone: str, start: int, length: int) -> None:
    end = start + length * MINUTE
    shown = [(instant, datetime.fromtimestamp(instant, zone_info(zone))) for instant in range(start, end, MINUTE)]
    full = [(instant, wall.replace(tzinfo=None)) for instant, wall in shown if wall.minute == 0]
    seen = set()
    expected = []
    for instant, wall in full:
        expected.append((instant, wall.hour, wall.replace(fold=0) in seen))
        seen.add(wall.replace(fold=0))
    clock = Clock(zone)
    assert list(map(tuple, clock.ticks(start, end))) == expected
    assert [clock.wall(instant) for instant, _ in shown] == [wall.replace(tzinfo=None) for _, wall in shown]


@given(zone=st.sampled_from(ZONES), start=starts, days=st.integers(1, 5))
@examples(150)
def test_days_begin_at_the_same_time(zone: str, start: int, days: int) -> None:
    clock = Clock(zone)
    bounds = clock.days(start, start + days * DAY)
    assert (bounds[0], bounds[-1]) == (start, start + days * DAY)
    assert bounds == sorted(set(bounds))
    time = clock.wall(start).time()
    for begin in bounds[1:-1]:
        changes = clock.changes(begin - 3 * HOUR, begin + 3 * HOUR)
        assert clock.wall(begin).time() == time or any(by > 0 for _, by in changes)
    assert all(20 * HOUR < end - begin < 28 * HOUR for begin, end in pairwise(bounds[:-1]))


@pytest.mark.parametrize(
    ("zone", "day", "hours", "notes"),
    [
        ("Europe/Berlin", "2026-03-28T23:00", 23, ("02:00 to 03:00 does not exist: clocks go forward",)),
        ("Europe/Berlin", "2026-10-24T22:00", 25, ("02:00 to 03:00 comes twice: clocks go back",)),
        ("Australia/Lord_Howe", "2026-04-04T13:00", 24.5, ("01:30 to 02:00 comes twice: clocks go back",)),
        ("Africa/Cairo", "2026-04-23T22:00", 24, ()),
        ("Africa/Cairo", "2026-04-22T22:00", 24, ()),
        ("UTC", "2026-03-29T00:00", 24, ()),
    ],
)
def test_days_of_other_lengths(zone: str, day: str, hours: float, notes: tuple[str, ...]) -> None:
    clock = Clock(zone)
    start = at(day)
    begins = clock.days(start, start + 3 * DAY)
    assert (begins[1] - begins[0]) / HOUR == hours
    assert clock.notes(begins[0], begins[1]) == notes


def test_a_day_that_begins_in_a_fold_begins_at_its_first_time() -> None:
    days = Clock("Europe/Berlin").days(at("2026-10-23T00:30"), at("2026-10-27T00:00"))
    assert [utc(begin)[8:16] for begin in days] == ["23T00:30", "24T00:30", "25T00:30", "26T01:30", "27T00:00"]


def test_a_date_that_was_left_out_is_no_day() -> None:
    days = Clock("Pacific/Apia").days(at("2011-12-29T10:00"), at("2012-01-01T10:00"))
    assert [Clock("Pacific/Apia").moment(begin) for begin in days] == [
        "Thu 2011-12-29 00:00", "Sat 2011-12-31 00:00", "Sun 2012-01-01 00:00", "Mon 2012-01-02 00:00",
    ]  # fmt: skip


def test_instants_are_told_in_the_zone_and_in_utc() -> None:
    assert utc(at("2026-03-29T01:05")) == "2026-03-29T01:05:00Z"
    assert Clock("Europe/Berlin").exact(at("2026-03-29T01:05")) == "Sun 2026-03-29 03:05 +02:00 (2026-03-29T01:05:00Z)"
    assert Clock("America/St_Johns").exact(at("2026-01-01T00:00")) == (
        "Wed 2025-12-31 20:30 -03:30 (2026-01-01T00:00:00Z)"
    )
    assert datetime.fromtimestamp(at("2026-03-29T01:05"), UTC).isoformat() == "2026-03-29T01:05:00+00:00"


intervals = st.lists(
    st.tuples(st.integers(0, 40), st.integers(1, 20)).map(lambda pair: Interval(pair[0], sum(pair))), max_size=8
)


def instants(found: list[Interval]) -> set[int]:
    return {second for start, end in found for second in range(start, end)}


@given(one=intervals, other=intervals)
def test_intervals(one: list[Interval], other: list[Interval]) -> None:
    joined = merged(one)
    assert instants(joined) == instants(one)
    assert all(first.end < second.start for first, second in pairwise(joined))
    assert instants(list(common(joined, merged(other)))) == instants(one) & instants(other)
    assert all(start < end for start, end in common(joined, merged(other)))
    counted = {second: step.depth for step in depths(one) for second in range(step.start, step.end)}
    assert counted == {second: sum(start <= second < end for start, end in one) for second in instants(one)}


def test_words() -> None:
    assert spelled_hours((1, 2, 3, 14)) == "01-03, 14"
    assert spelled_hours((0, 2)) == "00, 02"
    assert some(["a", "b"], 2) == "a, b"
    assert some(["a", "b", "c", "d"], 3) == "a, b and 2 more"
    assert [frequency(number) for number in (1095.75, 1, 0.2425, 0.0025)] == [
        "1,095.8 times a year", "1.0 times a year", "0.24 times a year", "0.0025 times a year",
    ]  # fmt: skip


@given(text=st.text("abc", max_size=30), width=st.integers(3, 30))
def test_a_shortened_text_keeps_its_ends(text: str, width: int) -> None:
    short = shortened(text, width)
    assert len(short) == min(len(text), width)
    if len(text) > width:
        head, _, tail = short.partition("…")
        assert text.startswith(head)
        assert text.endswith(tail)
        assert head
        assert tail
    else:
        assert short == text
