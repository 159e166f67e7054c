from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backupgen.schedule.capacity import Crowd, crowded, disjoint
from backupgen.schedule.cron import parse_cron
from backupgen.schedule.days import ALL_DAYS, condense
from backupgen.schedule.locks import Operation, Pool, PoolKind, Use
from backupgen.schedule.proof import ScheduleProof, prove
from backupgen.schedule.windows import Span
from backupgen.schedule.zones import CYCLE_START
from tests.unit.schedule.oracle import fires, iso

DAY, HOUR = 86_400, 3600
LOCAL = Pool(PoolKind.REPOSITORY, "local")


def backup(name: str, schedule: str, deadline: int = 510, zone: str = "UTC", repository: str = "local") -> Operation:
    return Operation(name, repository, Use.BACKUP, parse_cron(schedule), zone, deadline, start_within=120, grace=90)


def naive(operations: list[Operation], limit: int, start: int, end: int) -> dict[str, tuple[int, int, set[str]]]:
    """Per crowded operation: the worst count, the first moment, everybody who takes part; from every slot."""
    running: dict[int, set[str]] = {}
    for item in operations:
        for slot in fires(item.schedule, item.zone, start - item.hold - 60, end):
            for instant in range(slot, slot + item.hold, 60):
                if start <= instant < end:
                    running.setdefault(instant, set()).add(item.name)
    found: dict[str, tuple[int, int, set[str]]] = {}
    for instant, names in sorted(running.items()):
        if len(names) > limit:
            for name in names:
                worst, first, crowd = found.get(name, (0, instant, set()))
                found[name] = (max(worst, len(names)), first, crowd | names)
    return found


def as_naive(crowds: tuple[Crowd, ...]) -> dict[str, tuple[int, int, set[str]]]:
    return {crowd.operation: (crowd.worst, crowd.first, {crowd.operation, *crowd.others}) for crowd in crowds}


def test_ten_minutes_apart_is_no_crowd() -> None:
    assert crowded([backup("a", "10 * * * *"), backup("b", "20 * * * *")], {}) == ()


def test_a_second_too_long_is_one() -> None:
    first, second = crowded([backup("a", "10 * * * *", 511), backup("b", "20 * * * *")], {})
    assert (first.operation, first.others, first.worst) == ("a", ("b",), 2)
    assert (second.operation, second.others, second.worst) == ("b", ("a",), 2)
    assert iso(first.first) == iso(second.first) == "2024-01-01T00:20Z"


def test_late_starts_do_not_count() -> None:
    assert crowded([replace(backup("a", "10 * * * *"), start_within=HOUR), backup("b", "20 * * * *")], {}) == ()


@pytest.mark.parametrize(("limit", "names"), [(1, ["a", "b", "c"]), (2, ["a", "b", "c"]), (3, [])])
def test_limit(limit: int, names: list[str]) -> None:
    operations = [backup(name, "10 * * * *") for name in "abc"]
    found = crowded(operations, {LOCAL: limit})
    assert [crowd.operation for crowd in found] == names
    assert all(crowd.worst == 3 for crowd in found)


def test_only_backups_of_one_repository_crowd() -> None:
    a, b = backup("a", "10 * * * *"), backup("b", "10 * * * *")
    assert crowded([a, replace(b, repository="offsite")], {}) == ()
    assert crowded([a, replace(b, use=Use.READ)], {}) == ()
    assert len(crowded([a, b], {LOCAL._replace(name="offsite"): 5})) == 2


def test_a_job_does_not_crowd_itself() -> None:
    assert crowded([backup("a", "* * * * *", HOUR)], {}) == ()
    assert crowded([backup("a", "0 3 * * *", 30 * HOUR, "Europe/Berlin")], {}) == ()


def test_across_midnight_and_the_cycle_s_end() -> None:
    found = crowded([backup("a", "55 23 * * 0"), backup("b", "0 0 * * 1")], {})
    assert [iso(crowd.first) for crowd in found] == ["2024-01-01T00:00Z"] * 2


def test_only_in_the_gap_night() -> None:
    found = crowded(
        [backup("a", "55 1 * * *", zone="Europe/Berlin"), backup("b", "0 3 * * *", zone="Europe/Berlin")], {}
    )
    assert [iso(crowd.first) for crowd in found] == ["2024-03-31T01:00Z"] * 2


def test_the_crowd_is_judged_after_yielding() -> None:
    retention = Operation("retention", "local", Use.EXCLUSIVE, parse_cron("5 3 * * *"), "UTC", 2700, 120, 90)
    hourly = replace(backup("a", "10 * * * *"), may_yield=True)
    later = backup("b", "12 2-4 * * *")
    result = prove([retention, hourly, replace(later, may_yield=True)], {})
    assert isinstance(result, ScheduleProof)
    assert [iso(crowd.first) for crowd in result.crowded] == ["2024-01-01T02:12Z"] * 2


def test_disjoint() -> None:
    spans = [Span(0b1111, ALL_DAYS), Span(0b0110, 0b11), Span(0b11100, 0b101)]
    assert disjoint(spans) == [Span(0b1111, ALL_DAYS), Span(0b10000, 0b101)]
    assert disjoint([Span(0b11, 0b01), Span(0b110, 0b11)]) == [Span(0b11, 0b01), Span(0b100, 0b11), Span(0b10, 0b10)]


weekly = st.tuples(
    st.sampled_from(["0", "30", "*/20", "5,50", "59"]),
    st.sampled_from(["*", "2", "1-3", "*/6", "0,23"]),
    st.just("*"),
    st.just("*"),
    st.sampled_from(["*", "*", "0", "1-5", "6", "0,1"]),
).map(" ".join)


@st.composite
def fleets(draw: st.DrawFn, zones: tuple[str, ...]) -> list[Operation]:
    count = draw(st.integers(2, 6))
    deadline = st.sampled_from([100, 540, 1800, 5 * HOUR, 26 * HOUR])
    return [backup(f"op{index}", draw(weekly), draw(deadline), draw(st.sampled_from(zones))) for index in range(count)]


@given(fleets(("UTC", "Asia/Kolkata")), st.integers(1, 3))
@settings(max_examples=60, deadline=None)
def test_brute_force_agrees_where_every_week_is_alike(fleet: list[Operation], limit: int) -> None:
    expected = naive(fleet, limit, CYCLE_START, CYCLE_START + 7 * DAY)
    assert as_naive(crowded(fleet, {LOCAL: limit})) == expected


@given(fleets(("Europe/Berlin", "America/New_York")), st.integers(1, 2), st.sampled_from([69, 90, 300, 307]))
@settings(max_examples=40, deadline=None)
def test_brute_force_finds_nothing_more_around_changes(fleet: list[Operation], limit: int, day: int) -> None:
    start = CYCLE_START + (day - 2) * DAY
    found = as_naive(crowded(fleet, {LOCAL: limit}))
    for name, (worst, first, crowd) in naive(fleet, limit, start, start + 4 * DAY).items():
        assert name in found
        assert worst <= found[name][0]
        assert found[name][1] <= first
        assert crowd <= found[name][2]


@given(fleets(("UTC",)), st.integers(1, 2))
@settings(max_examples=10, deadline=None)
def test_many_kinds_of_days_give_the_same(fleet: list[Operation], limit: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("backupgen.schedule.capacity.condense", lambda masks: condense(masks, 0))
        uncondensed = crowded(fleet, {LOCAL: limit})
    assert uncondensed == crowded(fleet, {LOCAL: limit})
