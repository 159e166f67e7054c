import subprocess
import sys
from collections import Counter
from dataclasses import replace
from itertools import combinations, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backupgen.schedule.cadence import CADENCES, DAY, HOUR, MONTH, WEEK
from backupgen.schedule.cron import CronExpr, parse_cron
from backupgen.schedule.firings import firings_per_year, longest_gap, shortest_gap
from backupgen.schedule.locks import Operation, Pool, PoolKind, Use
from backupgen.schedule.placing import Placement, place
from backupgen.schedule.proof import ScheduleProof, first_meeting, prove
from backupgen.schedule.wishes import Request
from backupgen.schedule.zones import load_zone

BERLIN = "Europe/Berlin"
LOCAL = Pool(PoolKind.REPOSITORY, "local")
NODE = Pool(PoolKind.NODE, "zfs")
MINUTE = 60


def operation(name: str, use: Use, schedule: str, deadline: int, zone: str = BERLIN) -> Operation:
    yields = use is Use.BACKUP
    return Operation(name, "local", use, parse_cron(schedule), zone, deadline, 120, 90, 600, may_yield=yields)


def auto(name: str, use: Use = Use.BACKUP, deadline: int = 240) -> Operation:
    return operation(name, use, "0 0 31 2 *", deadline)


def slot(request: Operation, every: int, explicit: list[Operation], **more: object) -> CronExpr:
    return place([Request(request, every, **more)], explicit, {}).slots[request.name]  # type: ignore[arg-type]


def placed(placement: Placement, requests: list[Request]) -> list[Operation]:
    """The operations as they will run."""
    found = []
    for request in requests:
        chosen = placement.slots[request.operation.name]
        found.append(replace(request.operation, schedule=chosen.without_hours(request.skip) or chosen))
    return found


RETENTION = operation("retention", Use.EXCLUSIVE, "5 3 * * *", 2700)
CHECK = operation("check", Use.EXCLUSIVE, "0 9 * * 0", 3600)
HOURLY = [operation(f"b{minute}", Use.BACKUP, f"{minute} * * * *", 240) for minute in (0, 10, 20, 30)]
names = st.text(min_size=1, max_size=12)


# --- one slot


@pytest.mark.parametrize("every", CADENCES)
@given(name=names)
@settings(max_examples=5, deadline=None)
def test_cadence_is_kept(every: int, name: str) -> None:
    schedule, zone = slot(replace(auto(name), zone="UTC"), every, []), load_zone("UTC")
    if every == MONTH:
        assert firings_per_year(schedule, zone) == 12
    else:
        assert longest_gap(schedule, zone) == shortest_gap(schedule, zone) == every


@pytest.mark.parametrize("every", [0, 60, 7 * 60, 5 * HOUR, 2 * DAY])
def test_other_cadences_are_refused(every: int) -> None:
    with pytest.raises(ValueError, match=str(every)):
        place([Request(auto("a"), every)], [], {})


@given(name=names, every=st.sampled_from([DAY, WEEK]))
@settings(max_examples=20, deadline=None)
def test_a_daily_slot_is_neither_lost_nor_doubled_by_a_clock_change(name: str, every: int) -> None:
    schedule = slot(auto(name), every, [])
    assert longest_gap(schedule, load_zone(BERLIN)) == every + HOUR
    assert shortest_gap(schedule, load_zone(BERLIN)) == every - HOUR


@given(name=names, every=st.sampled_from(CADENCES))
@settings(max_examples=40, deadline=None)
def test_what_is_placed_proves(name: str, every: int) -> None:
    explicit = [RETENTION, CHECK, *HOURLY]
    wanted = replace(auto(name), name=f"auto-{name}")
    result = prove([*explicit, replace(wanted, schedule=slot(wanted, every, explicit))], {})
    assert isinstance(result, ScheduleProof)
    if every >= HOUR:
        assert not [crowd for crowd in result.crowded if wanted.name in crowd.operations]


@given(name=names, use=st.sampled_from([Use.EXCLUSIVE, Use.FILE_COPY, Use.READ]))
@settings(max_examples=20, deadline=None)
def test_others_avoid_what_excludes_them(name: str, use: Use) -> None:
    wanted = auto(name, use, HOUR)
    wanted = replace(wanted, schedule=slot(wanted, DAY, [RETENTION, CHECK]))
    assert first_meeting(wanted, RETENTION, 0) is None
    assert first_meeting(wanted, CHECK, 0) is None


def test_where_everything_is_excluded_there_is_a_slot_all_the_same() -> None:
    always = operation("always", Use.EXCLUSIVE, "0 * * * *", HOUR)
    assert slot(auto("a"), DAY, [always]) == slot(auto("a"), DAY, [always])
    assert isinstance(prove([always, replace(auto("a"), schedule=slot(auto("a"), DAY, [always]))], {}), tuple)


@given(names, st.sampled_from(CADENCES), st.integers(0, 23), st.integers(1, 23))
@settings(max_examples=60, deadline=None)
def test_it_keeps_out_of_skipped_hours(name: str, every: int, first: int, count: int) -> None:
    skip = sum(1 << (first + hour) % 24 for hour in range(count))
    chosen = slot(auto(name), every, [RETENTION], skip=skip)
    rest = chosen.without_hours(skip)
    assert rest is not None
    assert rest.hours & skip == 0


def test_hours_that_are_all_skipped_are_refused() -> None:
    with pytest.raises(ValueError, match="no hour"):
        slot(auto("a"), DAY, [], skip=(1 << 24) - 1)


# --- many slots


def requests(count: int, every: int = HOUR, deadline: int = 240) -> list[Request]:
    return [Request(auto(f"target-{number}", deadline=deadline), every) for number in range(count)]


@pytest.mark.parametrize(
    ("count", "every", "limit"),
    [(8, HOUR, 1), (16, HOUR, 2), (24, DAY, 1), (60, DAY, 1), (40, WEEK, 1), (40, MONTH, 1)],
)
def test_capacity_is_kept(count: int, every: int, limit: int) -> None:
    wanted = requests(count, every)
    placement = place(wanted, [RETENTION], {LOCAL: limit})
    assert placement.shortages == ()
    result = prove([RETENTION, *placed(placement, wanted)], {LOCAL: limit})
    assert isinstance(result, ScheduleProof)
    assert result.crowded == ()


def test_a_full_hour_is_packed() -> None:
    # Windows of ten minutes: six fit into an hour, if none is wasted between them.
    wanted = requests(6, deadline=510)
    placement = place(wanted, [], {})
    assert placement.shortages == ()
    minutes = sorted(request.minutes.bit_length() - 1 for request in placement.slots.values())
    assert [later - earlier for earlier, later in pairwise(minutes)] == [10] * 5


def test_what_is_missing_is_said() -> None:
    (shortage,) = place(requests(13, deadline=510), [], {}).shortages
    assert (shortage.pool, shortage.limit, shortage.needed) == (LOCAL, 1, 3)
    assert len(shortage.without_room) == 7
    wanted = requests(13, deadline=510)
    enough = place(wanted, [], {LOCAL: 3})
    assert enough.shortages == ()
    result = prove(placed(enough, wanted), {LOCAL: 3})
    assert isinstance(result, ScheduleProof)
    assert result.crowded == ()


def test_a_node_has_its_own_capacity() -> None:
    wanted = [request._replace(operation=replace(request.operation, node="zfs")) for request in requests(8)]
    mirror = replace(operation("mirror", Use.FILE_COPY, "0 5 * * *", 4 * HOUR), repository="other", node="zfs")
    hourly = place(wanted, [mirror], {LOCAL: 8, NODE: 2})
    assert hourly.shortages == ()
    result = prove([mirror, *placed(hourly, wanted)], {LOCAL: 8, NODE: 2})
    assert isinstance(result, ScheduleProof)
    assert result.crowded == ()
    (shortage,) = place(wanted, [mirror], {LOCAL: 8, NODE: 1}).shortages
    assert shortage.pool == NODE


def test_they_are_spread_evenly() -> None:
    wanted = requests(600, DAY)
    chosen = place(wanted, [], {LOCAL: 10}).slots
    hours = Counter(each.hours.bit_length() - 1 for each in chosen.values())
    # The hours around the clock changes are left out; the others have 28 each, more or less.
    assert sorted(set(range(24)) - set(hours)) in ([2], [1, 2], [2, 3], [1, 2, 3], [])
    assert max(hours.values()) < 2 * 600 / 22


def test_the_order_of_requests_does_not_matter() -> None:
    wanted = requests(12, DAY)
    assert place(wanted, [RETENTION], {}) == place(wanted[::-1], [RETENTION], {})


@st.composite
def fleets(draw: st.DrawFn) -> list[Request]:
    count = draw(st.integers(1, 12))
    drawn = []
    for name in draw(st.lists(names, min_size=count, max_size=count, unique=True)):
        every = draw(st.sampled_from([HOUR, 6 * HOUR, DAY, WEEK, MONTH, 30 * MINUTE]))
        deadline = draw(st.sampled_from([60, 300, 900]))
        skip = draw(st.sampled_from([0, 0b111, 1 << 12]))
        drawn.append(Request(auto(name, deadline=deadline), every, skip))
    return drawn


@given(fleets(), st.integers(1, 3))
@settings(max_examples=60, deadline=None)
def test_where_there_is_room_nothing_is_crowded_and_where_not_it_is_said(fleet: list[Request], limit: int) -> None:
    placement = place(fleet, [RETENTION], {LOCAL: limit})
    result = prove([RETENTION, *placed(placement, fleet)], {LOCAL: limit})
    assert isinstance(result, ScheduleProof)
    if not placement.shortages:
        assert result.crowded == ()
        return
    (shortage,) = placement.shortages
    assert set(shortage.without_room) <= {name for crowd in result.crowded for name in crowd.operations}
    assert max(crowd.worst for crowd in result.crowded) == shortage.needed
    # What was rendered meanwhile is remembered.
    roomy = place(remembered(fleet, placement), [RETENTION], {LOCAL: shortage.needed})
    assert roomy.shortages == ()


# --- where there is little room


@given(st.lists(st.integers(2, 20), min_size=2, max_size=9), st.booleans())
@settings(max_examples=60, deadline=None)
def test_what_fills_the_hour_exactly_finds_room(lengths: list[int], night: bool) -> None:  # noqa: FBT001
    """Windows that add up to an hour or less fit, whatever their order: one after the other all around."""
    while sum(lengths) > 60:
        lengths.pop()
    wanted = [Request(auto(f"t{n}", deadline=60 * each - 90), HOUR) for n, each in enumerate(lengths)]
    placement = place(wanted, [RETENTION] if night else [], {})
    assert placement.shortages == ()
    result = prove([RETENTION, *placed(placement, wanted)], {})
    assert isinstance(result, ScheduleProof)
    assert result.crowded == ()


@given(fleets(), st.integers(1, 2), st.data())
@settings(max_examples=40, deadline=None)
def test_what_was_chosen_is_chosen_again(fleet: list[Request], limit: int, data: st.DataObject) -> None:
    by_hand = data.draw(st.sampled_from([[RETENTION], [RETENTION, *HOURLY]]))
    first = place(fleet, by_hand, {LOCAL: limit})
    again = place(remembered(fleet, first), by_hand, {LOCAL: limit})
    assert again.slots == first.slots
    assert [shortage[:4] for shortage in again.shortages] == [shortage[:4] for shortage in first.shortages]


@given(names, st.sampled_from([6 * HOUR, DAY, WEEK, MONTH]), st.integers(1, 9))
@settings(max_examples=40, deadline=None)
def test_what_need_not_conflict_does_not_however_crowded_it_is(name: str, every: int, hours: int) -> None:
    crowd = [operation(f"b{minute}", Use.BACKUP, f"{minute} * * * *", 800) for minute in (0, 15, 30, 45)]
    wanted = auto(f"auto-{name}", deadline=hours * HOUR)
    explicit = [RETENTION, *crowd]
    result = prove([*explicit, replace(wanted, schedule=slot(wanted, every, explicit))], {})
    shortest = 86_400 - RETENTION.hold - RETENTION.start_within - wanted.start_within
    if every >= DAY and hours * HOUR + wanted.grace < shortest - 7200:
        assert isinstance(result, ScheduleProof)


def test_no_room_is_said_to_be_impossible_only_where_it_is() -> None:
    (overfull,) = place(requests(7, deadline=510), [], {}).shortages
    assert overfull.impossible
    # Two windows of 31 minutes do not fit into an hour beside a quarter each that is taken; nor would any order help.
    taken = [operation(f"b{minute}", Use.BACKUP, f"{minute} * * * *", 510) for minute in (0, 30)]
    (none,) = place(requests(1, deadline=20 * 60), taken, {}).shortages
    assert (none.impossible, none.anew) == (True, False)


def test_where_there_is_no_room_beside_the_others_one_in_the_way_moves() -> None:
    small = requests(2, deadline=510)
    before = dict(
        zip((request.operation.name for request in small), map(parse_cron, ("0 * * * *", "30 * * * *")), strict=True)
    )
    held = [request._replace(before=before[request.operation.name]) for request in small]
    placement = place([*held, Request(auto("late", deadline=20 * 60), HOUR)], [], {})
    assert placement.shortages == ()
    assert sum(placement.slots[name] != slot for name, slot in before.items()) == 1


def test_the_one_that_has_grown_moves() -> None:
    wanted = requests(3, deadline=510)
    before = [parse_cron(f"{minute} * * * *") for minute in (0, 10, 40)]
    grown = [replace(wanted[0].operation, deadline=900), wanted[1].operation, wanted[2].operation]
    held = [Request(one, HOUR, before=slot) for one, slot in zip(grown, before, strict=True)]
    chosen = place(held, [], {}).slots
    assert [chosen[f"target-{n}"] == before[n] for n in range(3)] == [False, True, True]


# --- stability


def remembered(wanted: list[Request], placement: Placement) -> list[Request]:
    return [request._replace(before=placement.slots.get(request.operation.name)) for request in wanted]


@pytest.mark.slow
@given(fleets(), st.data())
@settings(max_examples=60, deadline=None)
def test_nobody_is_moved_by_who_comes_goes_or_is_renamed(fleet: list[Request], data: st.DataObject) -> None:
    before = place(fleet, [RETENTION, *HOURLY], {LOCAL: 3})
    if before.shortages:
        return
    victim = data.draw(st.sampled_from(fleet))
    rest = [request for request in fleet if request is not victim]
    name = data.draw(names.filter(lambda name: name not in before.slots))
    renamed = victim._replace(operation=replace(victim.operation, name=name))
    for changed in (rest, [*fleet, renamed], [*rest, renamed]):
        after = place(remembered(changed, before), [RETENTION, *HOURLY], {LOCAL: 3})
        assert all(after.slots[old] == chosen for old, chosen in before.slots.items() if old in after.slots)


def test_a_slot_by_hand_moves_whom_it_stands_in_the_way_of_and_nobody_else() -> None:
    wanted = requests(10, DAY)
    before = place(wanted, [RETENTION], {})
    taken = replace(auto("taken"), schedule=before.slots["target-3"])
    after = place(remembered(wanted, before), [RETENTION, taken], {})
    assert {name for name, chosen in before.slots.items() if after.slots[name] != chosen} == {"target-3"}
    far = replace(operation("far", Use.EXCLUSIVE, "* * * * *", HOUR), repository="elsewhere")
    assert place(remembered(wanted, before), [RETENTION, far], {}) == before


@pytest.mark.parametrize(
    "text", ["7 * * * *", "5 3 * * *", "0 0 1 1 *", "0 0 31 2 *", ", , , , ,", "*/5 * * * *", "1 2 3 4 5"]
)
def test_what_is_no_daily_slot_is_not_kept(text: str) -> None:
    # 03:05 is one, but it meets the retention.
    assert slot(auto("a"), DAY, [RETENTION], before=parse_cron(text)) == slot(auto("a"), DAY, [RETENTION])


@pytest.mark.parametrize(
    ("text", "every"),
    [("20,35,50 * * * *", 15 * MINUTE), ("5 3,5,7,9,11,13,15,17,19,21,23 * * *", 2 * HOUR), ("5 * * * *", 30 * MINUTE)],
)
def test_what_runs_less_often_than_the_cadence_is_not_kept(text: str, every: int) -> None:
    assert slot(auto("a"), every, [], before=parse_cron(text)) == slot(auto("a"), every, [])


@pytest.mark.parametrize("every", CADENCES)
def test_every_slot_of_a_cadence_can_be_kept(every: int) -> None:
    for name in "abcdefgh":
        chosen = slot(auto(name), every, [])
        assert slot(auto("other"), every, [], before=parse_cron(str(chosen))) == chosen


def test_two_that_were_given_the_same_slot_apart_do_not_both_keep_it() -> None:
    # As after a merge of two branches.
    both = [Request(auto(name), DAY, before=parse_cron("20 12 * * *")) for name in ("a", "b")]
    chosen = place(both, [], {}).slots
    assert sorted(map(str, chosen.values())).count("20 12 * * *") == 1
    assert place(both, [], {LOCAL: 2}).slots == dict.fromkeys(("a", "b"), parse_cron("20 12 * * *"))


def test_without_memory_most_stay_as_well() -> None:
    wanted = requests(20, DAY)
    before, after = place(wanted[:-1], [RETENTION], {}), place(wanted, [RETENTION], {})
    assert sum(after.slots[name] != chosen for name, chosen in before.slots.items()) <= 2


@pytest.mark.slow
def test_hash_randomisation_does_not_matter() -> None:
    code = (
        "from tests.unit.schedule.test_placing import *\n"
        "print(place(requests(6) + requests(0), [RETENTION, CHECK, *HOURLY], {}))"
    )
    seen = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(filter(None, sys.path))},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(seen) == 1
    assert seen.pop().startswith("Placement(")


def test_pinned_choices() -> None:
    # A change of these moves the auto slots of fleets without memory: never change them without a major release.
    explicit = [RETENTION, CHECK]
    assert [str(slot(auto("grafana"), every, explicit)) for every in CADENCES] == [
        "6,21,36,51 * * * *",
        "9,29,49 * * * *",
        "11,41 * * * *",
        "22 * * * *",
        "43 0,2,4,6,8,10,12,14,16,18,20,22 * * *",
        "38 1,4,7,10,13,16,19,22 * * *",
        "31 0,4,8,12,16,20 * * *",
        "11 0,6,12,18 * * *",
        "56 6,14,22 * * *",
        "55 4,16 * * *",
        "0 5 * * *",
        "27 21 * * 0",
        "19 23 27 * *",
    ]


def test_the_windows_of_what_was_placed_are_apart() -> None:
    # By another way than the module's: nominal windows, pair by pair.
    wanted = requests(8)
    runs = placed(place(wanted, [], {}), wanted)
    assert all(
        first_meeting(replace(a, start_within=0), replace(b, start_within=0), 0) is None
        for a, b in combinations(runs, 2)
    )
