from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backupgen.schedule.capacity import Crowd, crowded
from backupgen.schedule.cron import parse_cron
from backupgen.schedule.days import ALL_DAYS, condense
from backupgen.schedule.locks import Operation, Pool, PoolKind, Use
from backupgen.schedule.proof import ScheduleProof, prove
from backupgen.schedule.windows import Span, disjoint
from backupgen.schedule.zones import CYCLE_START
from tests.thoroughness import examples
from tests.unit.schedule.oracle import fires, iso

DAY, HOUR = 86_400, 3600
LOCAL = Pool(PoolKind.REPOSITORY, "local")


def backup(name: str, schedule: str, deadline: int = 510, zone: str = "UTC", repository: str = "local") -> Operation:
    return Operation(name, repository, Use.BACKUP, parse_cron(schedule), zone, deadline, start_within=120, grace=90)


def naive(operations: list[Operation], limit: int, start: int, end: int) -> set[tuple[int, int, frozenset[str]]]:
    """The crowds (worst count, first moment, members), from every slot: moments that share a member hang together."""
    running: dict[int, set[str]] = {}
    for item in operations:
        for slot in fires(item.schedule, item.zone, start - item.hold - 60, end):
            for instant in range(slot, slot + item.hold, 60):
                if start <= instant < end:
                    running.setdefault(instant, set()).add(item.name)
    crowds: list[tuple[int, int, frozenset[str]]] = []
    for instant, names in sorted(running.items()):
        if len(names) > limit:
            joined = [(len(names), instant, frozenset(names)), *(crowd for crowd in crowds if crowd[2] & names)]
            crowds = [crowd for crowd in crowds if not crowd[2] & names]
            worst, first, members = zip(*joined, strict=True)
            crowds.append((max(worst), min(first), frozenset().union(*members)))
    return set(crowds)


def as_naive(crowds: tuple[Crowd, ...]) -> set[tuple[int, int, frozenset[str]]]:
    return {(crowd.worst, crowd.first, frozenset(crowd.operations)) for crowd in crowds}


def test_ten_minutes_apart_is_no_crowd() -> None:
    assert crowded([backup("a", "10 * * * *"), backup("b", "20 * * * *")], {}) == ()


def test_a_second_too_long_is_one() -> None:
    (crowd,) = crowded([backup("a", "10 * * * *", 511), backup("b", "20 * * * *")], {})
    assert (crowd.pool, crowd.operations, crowd.worst) == (LOCAL, ("a", "b"), 2)
    assert iso(crowd.first) == "2026-10-01T00:20Z"


def test_late_starts_do_not_count() -> None:
    assert crowded([replace(backup("a", "10 * * * *"), start_within=HOUR), backup("b", "20 * * * *")], {}) == ()


@pytest.mark.parametrize(("limit", "names"), [(1, [("a", "b", "c")]), (2, [("a", "b", "c")]), (3, [])])
def test_limit(limit: int, names: list[tuple[str, ...]]) -> None:
    operations = [backup(name, "10 * * * *") for name in "abc"]
    found = crowded(operations, {LOCAL: limit})
    assert [crowd.operations for crowd in found] == names
    assert all(crowd.worst == 3 for crowd in found)


def test_what_does_not_hang_together_is_apart() -> None:
    pairs = [backup(f"{name}{minute}", f"{minute} * * * *") for minute in (10, 30) for name in "ab"]
    assert [crowd.operations for crowd in crowded(pairs, {})] == [("a10", "b10"), ("a30", "b30")]
    between = backup("c", "15 * * * *", 20 * 60)
    (crowd,) = crowded([*pairs, between], {})
    assert (crowd.operations, crowd.worst) == (("a10", "b10", "a30", "b30", "c"), 3)


def test_a_node_counts_all_that_runs_on_it() -> None:
    a, b = backup("a", "10 * * * *"), replace(backup("b", "12 * * * *"), repository="other", use=Use.READ)
    node = Pool(PoolKind.NODE, "zfs")
    assert crowded([a, b], {}) == ()
    found = crowded([replace(item, node="zfs") for item in (a, b)], {})
    assert [(crowd.pool, crowd.operations) for crowd in found] == [(node, ("a", "b"))]
    assert crowded([replace(item, node="zfs") for item in (a, b)], {node: 2}) == ()
    both = crowded([replace(item, node="zfs") for item in (a, replace(a, name="c"))], {})
    assert {crowd.pool for crowd in both} == {LOCAL, node}


def test_only_backups_of_one_repository_crowd() -> None:
    a, b = backup("a", "10 * * * *"), backup("b", "10 * * * *")
    assert crowded([a, replace(b, repository="offsite")], {}) == ()
    assert crowded([a, replace(b, use=Use.READ)], {}) == ()
    assert len(crowded([a, b], {LOCAL._replace(name="offsite"): 5})) == 1


def test_a_job_does_not_crowd_itself() -> None:
    assert crowded([backup("a", "* * * * *", HOUR)], {}) == ()
    assert crowded([backup("a", "0 3 * * *", 30 * HOUR, "Europe/Berlin")], {}) == ()


def test_across_midnight_and_the_cycle_s_end() -> None:
    found = crowded([backup("a", "55 23 * * 3"), backup("b", "0 0 * * 4")], {})
    assert [iso(crowd.first) for crowd in found] == ["2026-10-01T00:00Z"]


def test_only_in_the_gap_night() -> None:
    found = crowded(
        [backup("a", "55 1 * * *", zone="Europe/Berlin"), backup("b", "0 3 * * *", zone="Europe/Berlin")], {}
    )
    assert [iso(crowd.first) for crowd in found] == ["2027-03-28T01:00Z"]


def test_the_crowd_is_judged_after_yielding() -> None:
    retention = Operation("retention", "local", Use.EXCLUSIVE, parse_cron("5 3 * * *"), "UTC", 2700, 120, 90)
    hourly = replace(backup("a", "10 * * * *"), may_yield=True)
    later = backup("b", "12 2-4 * * *")
    result = prove([retention, hourly, replace(later, may_yield=True)], {})
    assert isinstance(result, ScheduleProof)
    assert [iso(crowd.first) for crowd in result.crowded] == ["2026-10-01T02:12Z"]


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
@examples(60)
def test_brute_force_agrees_where_every_week_is_alike(fleet: list[Operation], limit: int) -> None:
    expected = naive(fleet, limit, CYCLE_START, CYCLE_START + 7 * DAY)
    assert as_naive(crowded(fleet, {LOCAL: limit})) == expected


@given(fleets(("Europe/Berlin", "America/New_York")), st.integers(1, 2), st.sampled_from([69, 90, 300, 307]))
@examples(40)
def test_brute_force_finds_nothing_more_around_changes(fleet: list[Operation], limit: int, day: int) -> None:
    start = CYCLE_START + (day - 2) * DAY
    found = crowded(fleet, {LOCAL: limit})
    for worst, first, members in naive(fleet, limit, start, start + 4 * DAY):
        (crowd,) = [crowd for crowd in found if members & set(crowd.operations)]
        assert members <= set(crowd.operations)
        assert worst <= crowd.worst
        assert crowd.first <= first


@given(fleets(("UTC",)), st.integers(1, 2))
@examples(10)
def test_many_kinds_of_days_give_the_same(fleet: list[Operation], limit: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("backupgen.schedule.capacity.condense", lambda masks: condense(masks, 0))
        uncondensed = crowded(fleet, {LOCAL: limit})
    assert uncondensed == crowded(fleet, {LOCAL: limit})
