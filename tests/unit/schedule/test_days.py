from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backupgen.schedule.cron import parse_cron
from backupgen.schedule.days import ALL_DAYS, condense, day_list, first_day, matching_days, rotate
from backupgen.schedule.zones import CYCLE_DAYS, CYCLE_START
from tests.unit.schedule.oracle import matches
from tests.unit.schedule.test_cron import expressions

masks = st.lists(st.integers(0, CYCLE_DAYS - 1), max_size=5).map(lambda days: sum(1 << day for day in set(days)))


@given(expressions, st.integers(0, CYCLE_DAYS - 1))
def test_matching_days(text: str, day: int) -> None:
    schedule = parse_cron(text)
    anytime = parse_cron(" ".join(["*", "*", *text.split()[2:]]))
    local = datetime.fromtimestamp(CYCLE_START + day * 86_400, UTC)
    assert bool(matching_days(schedule) >> day & 1) == matches(anytime, local)


@given(masks, st.integers(-CYCLE_DAYS, CYCLE_DAYS))
def test_rotate(days: int, by: int) -> None:
    assert day_list(rotate(days, by)) == sorted((day + by) % CYCLE_DAYS for day in day_list(days))
    assert rotate(ALL_DAYS, by) == ALL_DAYS


@given(st.lists(masks, max_size=4))
def test_condense_keeps_what_meets_what(sets: list[int]) -> None:
    small, first_days = condense(sets)
    assert list(first_days) == sorted(first_days)
    for one, one_small in zip(sets, small, strict=True):
        for other, other_small in zip(sets, small, strict=True):
            common = one & other
            assert bool(common) == bool(one_small & other_small)
            if common:
                assert first_days[first_day(one_small & other_small)] == first_day(common)


@pytest.mark.parametrize("limit", [0, 1, 2])
def test_too_many_kinds_stay_days(limit: int) -> None:
    sets = [0b0011, 0b0110]
    small, first_days = condense(sets, limit)
    assert small == sets
    assert list(first_days[:3]) == [0, 1, 2]
