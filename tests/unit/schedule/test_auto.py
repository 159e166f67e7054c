import subprocess
import sys
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backupgen.schedule.auto import CADENCES, DAY, HOUR, MONTH, WEEK, Placer, place
from backupgen.schedule.cron import parse_cron
from backupgen.schedule.firings import firings_per_year, longest_gap, shortest_gap
from backupgen.schedule.locks import Operation, Use
from backupgen.schedule.proof import ScheduleProof, first_meeting, prove
from backupgen.schedule.zones import load_zone

BERLIN = "Europe/Berlin"


def operation(name: str, use: Use, schedule: str, deadline: int, zone: str = BERLIN) -> Operation:
    yields = use is Use.BACKUP
    return Operation(name, "local", use, parse_cron(schedule), zone, deadline, 120, 90, 600, may_yield=yields)


def auto(name: str, use: Use = Use.BACKUP, deadline: int = 240) -> Operation:
    return operation(name, use, "0 0 31 2 *", deadline)


RETENTION = operation("retention", Use.EXCLUSIVE, "5 3 * * *", 2700)
CHECK = operation("check", Use.EXCLUSIVE, "0 9 * * 0", 3600)
HOURLY = [operation(f"b{minute}", Use.BACKUP, f"{minute} * * * *", 240) for minute in (0, 10, 20, 30)]
names = st.text(min_size=1, max_size=12)


@pytest.mark.parametrize("every", CADENCES)
@given(name=names)
@settings(max_examples=5, deadline=None)
def test_cadence_is_kept(every: int, name: str) -> None:
    schedule, zone = place(replace(auto(name), zone="UTC"), every, []), load_zone("UTC")
    if every == MONTH:
        assert firings_per_year(schedule, zone) == 12
    else:
        assert longest_gap(schedule, zone) == shortest_gap(schedule, zone) == every


@pytest.mark.parametrize("every", [0, 60, 7 * 60, 5 * HOUR, 2 * DAY])
def test_other_cadences_are_refused(every: int) -> None:
    with pytest.raises(ValueError, match=str(every)):
        place(auto("a"), every, [])


@given(name=names, every=st.sampled_from([DAY, WEEK]))
@settings(max_examples=20, deadline=None)
def test_a_daily_slot_is_neither_lost_nor_doubled_by_a_clock_change(name: str, every: int) -> None:
    schedule = place(auto(name), every, [])
    assert longest_gap(schedule, load_zone(BERLIN)) == every + HOUR
    assert shortest_gap(schedule, load_zone(BERLIN)) == every - HOUR


@given(name=names, every=st.sampled_from(CADENCES))
@settings(max_examples=40, deadline=None)
def test_what_is_placed_proves(name: str, every: int) -> None:
    explicit = [RETENTION, CHECK, *HOURLY]
    placed = replace(auto(name), name=f"auto-{name}", schedule=place(auto(name), every, explicit))
    result = prove([*explicit, placed], {})
    assert isinstance(result, ScheduleProof)
    if every >= HOUR:
        assert not [crowd for crowd in result.crowded if crowd.operation == placed.name]


@given(name=names, use=st.sampled_from([Use.EXCLUSIVE, Use.FILE_COPY, Use.READ]))
@settings(max_examples=20, deadline=None)
def test_others_avoid_what_excludes_them(name: str, use: Use) -> None:
    placed = auto(name, use, HOUR)
    placed = replace(placed, schedule=place(placed, DAY, [RETENTION, CHECK]))
    assert first_meeting(placed, RETENTION, 0) is None
    assert first_meeting(placed, CHECK, 0) is None


def test_a_slot_depends_on_its_own_name_and_what_is_in_the_way() -> None:
    explicit = [RETENTION, *HOURLY]
    placer = Placer(explicit)
    alone = {name: place(auto(name), DAY, explicit) for name in ("a", "b", "c", "d")}
    assert {name: placer.place(auto(name), DAY) for name in reversed(alone)} == alone
    assert {name: placer.place(auto(name), DAY) for name in alone} == alone
    assert len(set(map(str, alone.values()))) == 4
    # A slot elsewhere in the day, or on another repository, moves nobody.
    far = operation("far", Use.BACKUP, "35 14 * * *", 60)
    assert all(
        place(auto(name), DAY, [*explicit, far]) == slot for name, slot in alone.items() if slot.hours != 1 << 14
    )
    offsite = replace(operation("offsite", Use.EXCLUSIVE, "* * * * *", HOUR), repository="offsite")
    assert {name: place(auto(name), DAY, [*explicit, offsite]) for name in alone} == alone
    # One in the way does.
    taken = replace(auto("taken"), schedule=alone["a"])
    assert place(auto("a"), DAY, [*explicit, taken]) != alone["a"]


def test_the_least_bad_slot_where_none_is_free() -> None:
    full = [operation(f"b{minute}", Use.BACKUP, f"{minute} * * * *", 500) for minute in range(0, 60, 2)]
    placed = replace(auto("a"), schedule=place(auto("a"), HOUR, full))
    assert firings_per_year(placed.schedule, load_zone(BERLIN)) == 146097 * 24 / 400
    always = operation("always", Use.EXCLUSIVE, "0 * * * *", HOUR)
    assert place(auto("a"), DAY, [always]) == place(auto("a"), DAY, [always])


def test_hash_randomisation_does_not_matter() -> None:
    code = (
        "from tests.unit.schedule.test_auto import *\n"
        "print([str(place(auto(name), HOUR, [RETENTION, CHECK, *HOURLY])) for name in 'abcdef'])"
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
    assert seen.pop().startswith("['")


def test_pinned_choices() -> None:
    # A change of these moves every fleet's auto slots: never change them without a major release.
    explicit = [RETENTION, CHECK]
    assert [str(place(auto("grafana"), every, explicit)) for every in CADENCES] == [
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
