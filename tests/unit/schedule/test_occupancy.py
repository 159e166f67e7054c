from hypothesis import given
from hypothesis import strategies as st

from backupgen.schedule.cron import parse_cron
from backupgen.schedule.occupancy import Occupancy
from backupgen.schedule.windows import Timing
from backupgen.schedule.zones import CYCLE_START
from tests.thoroughness import examples
from tests.unit.schedule.oracle import fires

DAY = 86_400
schedules = st.tuples(
    st.sampled_from(["0", "30", "*/20", "5,50", "59"]),
    st.sampled_from(["*", "2", "1-3", "*/6", "0,23"]),
    st.sampled_from(["*", "*", "1-7"]),
    st.just("*"),
    st.sampled_from(["*", "*", "0", "1-5", "6"]),
).map(" ".join)
timings = st.builds(
    Timing, schedules.map(parse_cron), st.sampled_from(["UTC", "Asia/Kolkata"]), st.sampled_from([1, 10, 60, 95, 1500])
)


def covered(timing: Timing, start: int, end: int) -> set[int]:
    """The minutes from `start` to before `end` that the windows of a schedule cover."""
    slots = fires(timing.schedule, timing.zone, start - timing.minutes * 60, end)
    return {
        slot + 60 * minute for slot in slots for minute in range(timing.minutes) if start <= slot + 60 * minute < end
    }


def test_nothing_is_there_at_first() -> None:
    assert Occupancy().most(Timing(parse_cron("0 * * * *"), "UTC", 10)) == 0


def test_who_runs_longer_than_its_cadence_counts_once() -> None:
    occupied, hourly = Occupancy(), Timing(parse_cron("0 * * * *"), "UTC", 200)
    occupied.add(hourly)
    assert occupied.most(hourly) == 1
    # With a changing clock, the windows of one day lie on more than one set of days.
    daily = Timing(parse_cron("0 3 * * *"), "Europe/Berlin", 30 * 60)
    occupied = Occupancy()
    occupied.add(daily)
    assert occupied.most(daily) == 1


@given(st.lists(timings, min_size=1, max_size=6), timings)
@examples(60, quick=5)
def test_counting_by_hand_gives_the_same(added: list[Timing], asked: Timing) -> None:
    occupied = Occupancy()
    for timing in added:
        occupied.add(timing)
    # Five weeks have every weekday on each of the days 1 to 7.
    start, end = CYCLE_START, CYCLE_START + 60 * DAY
    windows = [covered(timing, start, end) for timing in added]
    by_hand = max((sum(minute in window for window in windows) for minute in covered(asked, start, end)), default=0)
    assert occupied.windows == len(added)
    # Elsewhere in the cycle a weekday may fall on other days of the month.
    assert occupied.most(asked) >= by_hand
    if all("1-7" not in str(timing.schedule) for timing in (*added, asked)):
        assert occupied.most(asked) == by_hand
