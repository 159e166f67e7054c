from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations, takewhile

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from backupgen.schedule.cron import parse_cron
from backupgen.schedule.locks import MARGIN, Operation, Use, Why, exclusion
from backupgen.schedule.proof import Conflict, ScheduleProof, first_meeting, prove
from backupgen.schedule.waiting import POLL, Wait
from backupgen.schedule.zones import CYCLE_SECONDS, CYCLE_START, TZDATA_VERSION, load_zone
from tests.thoroughness import examples, sample
from tests.unit.schedule.oracle import ZONES, changing_zones, epoch, fires, iso

BERLIN = "Europe/Berlin"
DAY, HOUR, MINUTE = 86_400, 3600, 60


def operation(name: str, use: Use, schedule: str, deadline: int, zone: str = BERLIN, **more: object) -> Operation:
    base = Operation(name, "local", use, parse_cron(schedule), zone, deadline, start_within=120, grace=90)
    return replace(base, **more)  # type: ignore[arg-type]


def backup(schedule: str, deadline: int = 540, name: str = "grafana", **more: object) -> Operation:
    return operation(name, Use.BACKUP, schedule, deadline, **{"may_yield": True, **more})  # type: ignore[arg-type]


def exclusive(schedule: str, deadline: int = 2700, name: str = "retention", **more: object) -> Operation:
    return operation(name, Use.EXCLUSIVE, schedule, deadline, **more)  # type: ignore[arg-type]


def proved(*operations: Operation) -> ScheduleProof:
    result = prove(operations, {})
    assert isinstance(result, ScheduleProof), result
    return result


def refused(*operations: Operation) -> tuple[Conflict, ...]:
    result = prove(operations, {})
    assert isinstance(result, tuple)
    return result


def naive_meetings(one: Operation, other: Operation, start: int, end: int) -> list[int]:
    """The instants in [start, end) at which worst-case windows begin to overlap, from every pair of slots."""
    length_one = one.start_within + one.deadline + one.grace
    length_other = other.start_within + other.deadline + other.grace
    slots_one = list(fires(one.schedule, one.zone, start - length_one, end))
    slots_other = list(fires(other.schedule, other.zone, start - length_other, end))
    begin = {max(a, b) for a in slots_one for b in slots_other if a < b + length_other and b < a + length_one}
    return sorted(instant for instant in begin if start <= instant < end)


def exact_meetings(one: Operation, other: Operation, start: int, end: int) -> list[int]:
    def walk() -> Iterator[int]:
        after = start - 1
        while (instant := first_meeting(one, other, after)) is not None:
            yield instant
            after = instant

    return list(takewhile(lambda instant: instant < end, walk()))


# --- what excludes what


@pytest.mark.parametrize(
    ("use", "lock"),
    [(Use.BACKUP, "shared"), (Use.READ, "shared"), (Use.EXCLUSIVE, "exclusive"), (Use.FILE_COPY, "none")],
)
def test_locks(use: Use, lock: str) -> None:
    assert use.lock == lock


@pytest.mark.parametrize(
    ("use", "other", "why"),
    [
        (Use.BACKUP, Use.BACKUP, None),
        (Use.BACKUP, Use.READ, None),
        (Use.BACKUP, Use.FILE_COPY, None),
        (Use.READ, Use.FILE_COPY, None),
        (Use.FILE_COPY, Use.FILE_COPY, None),
        (Use.EXCLUSIVE, Use.EXCLUSIVE, Why.BOTH_EXCLUSIVE),
        (Use.BACKUP, Use.EXCLUSIVE, Why.SHARED),
        (Use.READ, Use.EXCLUSIVE, Why.SHARED),
        (Use.FILE_COPY, Use.EXCLUSIVE, Why.COPY),
    ],
)
def test_exclusion(use: Use, other: Use, why: Why | None) -> None:
    assert exclusion(use, other) is why
    assert exclusion(other, use) is why
    one = operation("one", use, "0 3 * * *", 600)
    two = operation("two", other, "5 3 * * *", 600)
    result = prove([one, two], {})
    if why is None:
        assert isinstance(result, ScheduleProof)
    else:
        assert isinstance(result, tuple)
        assert [conflict.why for conflict in result] == [why]


@pytest.mark.parametrize(
    "bad",
    [
        {"deadline": 0},
        {"deadline": -1},
        {"start_within": -1},
        {"grace": -1},
        {"lock_wait": -1},
        {"needs": -1},
        {"lock_within": -1},
        {"locks": 0},
    ],
)
def test_durations_are_checked(bad: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"duration|no lock"):
        replace(backup("0 * * * *"), **bad)  # type: ignore[arg-type]


# --- conflicts


def test_conflict_is_witnessed() -> None:
    check = exclusive("30 3 * * 0", name="check")
    (conflict,) = refused(exclusive("5 3 * * *"), check)
    assert (conflict.one, conflict.other, conflict.why) == ("retention", "check", Why.BOTH_EXCLUSIVE)
    assert iso(conflict.first) == "2026-10-04T01:30Z"
    assert conflict.per_year == 20871 / 400


def test_other_repository_is_no_conflict() -> None:
    proved(exclusive("5 3 * * *"), exclusive("5 3 * * *", name="check", repository="offsite"))


def test_half_open_windows_touch_without_meeting() -> None:
    first = exclusive("0 3 * * *", deadline=HOUR - 120 - 90 - MARGIN, zone="UTC")
    proved(first, exclusive("0 4 * * *", name="check", zone="UTC"))
    assert refused(replace(first, deadline=first.deadline + 1), exclusive("0 4 * * *", name="check", zone="UTC"))


def test_start_window_counts() -> None:
    first, second = exclusive("0 3 * * *", deadline=600), exclusive("0 4 * * *", name="check")
    proved(first, second)
    assert refused(replace(first, start_within=HOUR), second)


def test_exclusive_does_not_conflict_with_itself() -> None:
    proved(exclusive("* * * * *", deadline=HOUR))


def test_never_firing_meets_nothing() -> None:
    proved(exclusive("0 0 31 2 *"), exclusive("* * * * *", name="check"), backup("0 0 30 2 *"))


def test_nothing_to_prove() -> None:
    assert proved().operations == ()
    assert proved().tzdata == TZDATA_VERSION


def test_a_week_s_end_runs_into_its_beginning() -> None:
    evening, midnight = exclusive("30 23 * * 3", HOUR, zone="UTC"), exclusive("0 0 * * 4", name="check", zone="UTC")
    (conflict,) = refused(evening, midnight)
    # The cycle begins on a Thursday: the run of the Wednesday before it, at the closed cycle's end, is met first.
    assert iso(conflict.first) == "2026-10-01T00:00Z"
    assert conflict.per_year == 20871 / 400
    proved(evening, replace(midnight, schedule=parse_cron("0 1 * * 4")))


def test_windows_longer_than_a_day() -> None:
    long = exclusive("0 12 1 * *", 50 * HOUR - MARGIN, zone="UTC", start_within=0, grace=0)
    third = exclusive("0 13 3 * *", name="check", zone="UTC")
    assert [iso(conflict.first) for conflict in refused(long, third)] == ["2026-10-03T13:00Z"]
    proved(long, exclusive("0 14 3 * *", name="check", zone="UTC"))
    proved(long, exclusive("0 10 1 * *", 2 * HOUR - 210 - MARGIN, name="check", zone="UTC"))


def test_leap_day_only() -> None:
    (conflict,) = refused(exclusive("0 3 29 2 *"), operation("mirror", Use.FILE_COPY, "10 3 * 2 *", 600))
    assert iso(conflict.first) == "2028-02-29T02:10Z"
    assert conflict.per_year == 97 / 400
    assert (conflict.one, conflict.other) == ("mirror", "retention")


def test_only_in_the_gap_night() -> None:
    # 75 minutes apart on the wall, 15 in the night of the spring change.
    early, late = exclusive("45 1 * * *", 1800), exclusive("0 3 * * *", name="check")
    (conflict,) = refused(early, late)
    assert iso(conflict.first) == "2027-03-28T01:00Z"
    assert conflict.per_year == 1


def test_only_in_the_fold_night() -> None:
    # The second run of the doubled hour starts an hour after the first.
    doubled, other = exclusive("30 2 * * *", 600), exclusive("35 1 * * *", 3000, name="check", zone="UTC")
    (conflict,) = refused(doubled, other)
    # In winter 02:30 is 01:30Z, five minutes before the other; on summer days it is 00:30Z.
    assert conflict.per_year > 100
    summer = exclusive("30 2 * 4-10 *", 600)
    (conflict,) = refused(summer, replace(other, schedule=parse_cron("35 1 * 10 *")))
    assert iso(conflict.first) == "2026-10-25T01:35Z"


def test_between_zones_that_change_on_different_days() -> None:
    berlin, york = exclusive("0 10 * * *", 600), exclusive("0 5 * * *", 600, name="check", zone="America/New_York")
    (conflict,) = refused(berlin, york)
    # Six hours apart for most of the year, five in two to three weeks of March and one of autumn.
    assert iso(conflict.first) == "2026-10-25T09:00Z"
    assert 21 <= conflict.per_year <= 29


# --- yielding


def test_the_reference_s_long_backup_yields_three_hours() -> None:
    proof = proved(exclusive("5 3 * * *"), backup("0 * * * *", 2 * HOUR, name="paperless"))
    assert [str(item.schedule) for item in proof.operations] == ["5 3 * * *", "0 0,4-23 * * *"]
    (yielded,) = proof.yielded
    assert (yielded.operation, yielded.hours, yielded.causes) == ("paperless", 0b1110, ("retention",))


@pytest.mark.parametrize(
    ("minute", "left"),
    [
        (10, "10 0-2,4-23 * * *"),
        (0, "0 0-2,4-23 * * *"),
        (51, "51 * * * *"),
        # In the spring night 01:54 is followed by 03:00, so hour 1 goes as well as hour 2.
        (54, "54 0,3-23 * * *"),
    ],
)
def test_short_backups_yield_little(minute: int, left: str) -> None:
    retention = exclusive("5 3 * * *", 2500)
    assert str(proved(retention, backup(f"{minute} * * * *")).operations[1].schedule) == left


def test_several_causes() -> None:
    proof = proved(exclusive("5 3 * * *"), backup("10 * * * *"), exclusive("0 6 * * 0", name="check"))
    assert str(proof.operations[1].schedule) == "10 0-2,4-5,7-23 * * *"
    assert proof.yielded[0].causes == ("retention", "check")


def test_a_proof_is_stable() -> None:
    proof = proved(exclusive("5 3 * * *"), backup("0 * * * *", 2 * HOUR), backup("*/20 * * * *", name="emby"))
    again = proved(*proof.operations)
    assert again.yielded == ()
    assert again.operations == proof.operations


@pytest.mark.parametrize("schedule", ["10 3 * * *", "10 3 * * 0", "10 3,15 * * *", "10 */3 * * *", "10 3-4 * * *"])
def test_what_cannot_yield_is_a_conflict(schedule: str) -> None:
    (conflict,) = refused(exclusive("5 3 * * *", 2 * HOUR), backup(schedule))
    assert (conflict.one, conflict.other, conflict.why) == ("grafana", "retention", Why.SHARED)


def test_who_may_not_yield_is_a_conflict() -> None:
    assert refused(exclusive("5 3 * * *"), backup("10 * * * *", may_yield=False))
    assert refused(exclusive("5 3 * * *"), replace(backup("10 * * * *"), use=Use.READ))
    assert refused(exclusive("5 3 * * *"), replace(backup("10 * * * *"), use=Use.FILE_COPY))


def test_all_hours_gone() -> None:
    assert refused(exclusive("0 * * * *"), backup("10 * * * *"))


# --- waiting


def waiting(**more: object) -> tuple[Operation, Operation]:
    retention = exclusive("5 3 * * *", 3 * HOUR, lock_wait=2 * HOUR, needs=HOUR)
    restore = operation("restore", Use.READ, "30 3 * * 0", 5 * HOUR, lock_wait=4 * HOUR, needs=HOUR)
    return retention, replace(restore, **more)  # type: ignore[arg-type]


def test_wait_must_cover_both_sides() -> None:
    retention, restore = waiting(deadline=4500, needs=1800)
    # The restore test may have to wait three hours, but has 75 minutes.
    assert refused(retention, restore)
    retention, restore = waiting(deadline=4 * HOUR + 300)
    # Now retention may have to wait four hours for it.
    assert refused(retention, restore)
    retention = replace(retention, deadline=2 * HOUR, lock_wait=4000, needs=3000)
    restore = replace(restore, deadline=12000, lock_wait=7400, needs=3800)
    assert refused(retention, restore)
    restore = replace(restore, start_within=0, deadline=3900, needs=600)
    retention = replace(retention, deadline=3000 + 4050, needs=3000, lock_wait=4050, start_within=0)
    # Retention ends 2 h after 03:05 at the latest: too late for a deadline of 65 minutes.
    assert refused(retention, restore)


def bounded() -> tuple[Operation, Operation]:
    """A weekly prune of 10 minutes' work and a restore test of 20, which meet and can both wait."""
    prune = exclusive("0 3 * * 0", 2700, start_within=120, grace=0, lock_wait=1860, needs=600)
    restore = operation("restore", Use.READ, "30 3 * * 0", 1800, start_within=0, grace=0, lock_wait=1080, needs=720)
    return prune, restore


def test_a_covered_wait_is_recorded() -> None:
    prune, restore = bounded()
    proof = proved(prune, restore)
    # The prune may begin at 03:02 and ends by 03:47, 17 minutes after the restore test's slot; one more to ask again.
    assert set(proof.waits) == {Wait("restore", "retention", 1020 + POLL), Wait("retention", "restore", 1800 + POLL)}


def test_only_the_later_one_waits_where_the_order_is_sure() -> None:
    prune, restore = bounded()
    impatient = replace(prune, lock_wait=0, needs=None)
    assert refused(impatient, restore)
    # It starts at 03:02 at the latest and has its lock before 03:30.
    sure = replace(impatient, lock_within=27 * 60 + 59)
    assert proved(sure, restore).waits == (Wait("restore", "retention", 1020 + POLL),)
    assert refused(replace(sure, lock_within=28 * 60), restore)
    # If it has to wait for a third, the restore test may overtake it.
    third = operation("third", Use.READ, "0 3 * * 0", 4000, start_within=0, grace=0, lock_wait=3500, needs=500)
    patient = replace(sure, lock_wait=2700, needs=0)
    assert refused(patient, restore, third)


def test_a_lead_counts_from_its_least() -> None:
    prune, restore = bounded()
    # On some Sundays the restore test also runs five minutes earlier.
    assert refused(prune, replace(restore, schedule=parse_cron("25,30 3 * * 0")))


def test_hours_wrap_around_midnight() -> None:
    proof = proved(exclusive("5 0 * * *"), backup("10 22,23,0 * * *"))
    assert str(proof.operations[1].schedule) == "10 22-23 * * *"


@pytest.mark.parametrize(
    ("index", "change"),
    [
        (1, {"lock_wait": 1079}),
        (1, {"needs": 721}),
        (1, {"needs": None}),
        (1, {"use": Use.FILE_COPY}),
        (0, {"lock_wait": 1859}),
        (0, {"needs": 841}),
        (0, {"needs": None}),
        (0, {"start_within": 180}),
        (0, {"deadline": 2760}),
    ],
)
def test_any_less_is_a_conflict(index: int, change: dict[str, object]) -> None:
    operations = list(bounded())
    operations[index] = replace(operations[index], **change)  # type: ignore[arg-type]
    assert refused(*operations)


def test_waits_add_up() -> None:
    prune, restore = bounded()
    second = replace(restore, name="second")
    assert len(refused(prune, restore, second)) == 2
    patient = replace(prune, deadline=2 * 1860 + 600, lock_wait=2 * 1860)
    generous = {"deadline": 7000, "lock_wait": 4400, "needs": 100}
    assert refused(patient, replace(restore, **generous), replace(second, **generous))  # type: ignore[arg-type]


def test_a_repeated_holder_adds_up() -> None:
    hourly = exclusive("0 * * * *", 1200, start_within=0, grace=0, lock_wait=900, needs=300)
    reader = operation("restore", Use.READ, "30 3 * * 0", 840, start_within=0, grace=0, lock_wait=840, needs=0)
    # The reader ends before the next hour.
    proved(hourly, reader)
    longer = replace(reader, schedule=parse_cron("10 3 * * 0"))
    proved(hourly, longer)
    assert refused(hourly, replace(longer, deadline=3600, lock_wait=1260))


def test_waiting_comes_before_yielding() -> None:
    prune, restore = bounded()
    patient = replace(restore, use=Use.BACKUP, may_yield=True, deadline=1740, needs=660)
    patient = replace(patient, schedule=parse_cron("30 * * * *"))
    proof = proved(prune, patient)
    assert proof.yielded == ()
    assert len(proof.waits) == 2
    crowd = [replace(patient, name=f"backup-{index}") for index in range(3)]
    proof = proved(prune, *crowd)
    # Three of them are more than the prune can wait for, so they give way.
    assert len(proof.yielded) == 3
    assert proof.waits == ()


# --- brute force

durations = st.integers(1, 40 * MINUTE) | st.integers(1, 30 * HOUR)
fields = st.tuples(
    st.sampled_from(["*", "0", "30", "*/20", "5,50"]) | st.integers(0, 59).map(str),
    st.sampled_from(["*", "2", "1-3", "*/2", "0,23"]) | st.integers(0, 23).map(str),
    st.sampled_from(["*", "*", "1-7", "*/2", "29"]),
    st.sampled_from(["*", "*", "3,10", "2"]),
    st.sampled_from(["*", "*", "0", "1-5", "6"]),
).map(" ".join)


@st.composite
def operations_on(draw: st.DrawFn, zones: tuple[str, ...], use: Use | None = None) -> Operation:
    return Operation(
        name="",
        repository="local",
        use=use or draw(st.sampled_from(list(Use))),
        schedule=parse_cron(draw(fields)),
        zone=draw(st.sampled_from(zones)),
        deadline=draw(durations),
        start_within=draw(st.integers(0, 20 * MINUTE)),
        grace=draw(st.integers(0, 120)),
        lock_wait=draw(st.sampled_from([0, 600, 7200])),
        may_yield=draw(st.booleans()),
        needs=draw(st.sampled_from([None, 60])),
    )


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Operation, Operation, int, int]:
    """Two operations and a stretch of 30 hours, most often around a change of one of their zones."""
    one, other = draw(operations_on(ZONES)), draw(operations_on(ZONES))
    changes = load_zone(one.zone).transitions or load_zone(other.zone).transitions
    middle = CYCLE_START + draw(st.integers(3 * DAY, CYCLE_SECONDS - 3 * DAY))
    often: int = draw(st.integers(0, 3))
    if changes and often:
        middle = draw(st.sampled_from(changes)).at
    start = middle - draw(st.integers(0, 30 * HOUR))
    return one, other, start, start + 30 * HOUR


@given(pairs())
@examples(100)
def test_brute_force_finds_the_same_meetings(case: tuple[Operation, Operation, int, int]) -> None:
    one, other, start, end = case
    assume(start > CYCLE_START + 2 * DAY)
    assume(end < CYCLE_START + CYCLE_SECONDS)
    assert exact_meetings(one, other, start, end) == naive_meetings(one, other, start, end)


CHANGING = changing_zones()
ODD = (
    "Africa/Cairo",
    "Africa/Ceuta",
    "America/Santiago",
    "Antarctica/Troll",
    "Asia/Gaza",
    "Atlantic/Azores",
    "Australia/LHI",
    "NZ-CHAT",
)
"""One of each way to change: at midnight, as in Europe, in the south, by two hours, around Ramadan, across midnight,
by half an hour, with an odd offset."""


def test_the_database_has_odd_rules() -> None:
    assert len(CHANGING) > 25
    assert {"Africa/Cairo", "Antarctica/Troll", "Asia/Gaza"} <= set(CHANGING)


@pytest.mark.parametrize("zone", sample(CHANGING, ODD))
@given(st.data())
@examples(4)
def test_brute_force_in_every_zone_that_changes(zone: str, data: st.DataObject) -> None:
    one = data.draw(operations_on((zone,)))
    other = data.draw(operations_on((zone, zone, "UTC", "Europe/Berlin")))
    change = data.draw(st.sampled_from(load_zone(zone).transitions[:60]))
    start = change.at - data.draw(st.integers(0, 8)) * HOUR
    end = start + 9 * HOUR
    assume(start > CYCLE_START + 2 * DAY)
    assert exact_meetings(one, other, start, end) == naive_meetings(one, other, start, end)


@st.composite
def fleets(draw: st.DrawFn) -> list[Operation]:
    zones = ("Europe/Berlin", "America/New_York", "UTC")
    found = [draw(operations_on(zones, Use.EXCLUSIVE))]
    found += draw(st.lists(operations_on(zones), min_size=1, max_size=3))
    return [replace(item, name=f"op{index}") for index, item in enumerate(found)]


@given(fleets(), st.integers(0, 400 * 2 - 1))
@examples(100)
def test_a_verdict_stands_up_to_brute_force(fleet: list[Operation], change: int) -> None:
    result = prove(fleet, {})
    named = {item.name: item for item in fleet}
    if isinstance(result, tuple):
        for conflict in result:
            check_conflict(conflict, named)
        return
    start = load_zone(BERLIN).transitions[change].at - DAY
    check_exclusion(result, start, start + 2 * DAY)
    check_yielding(result, named)


def check_conflict(conflict: Conflict, named: dict[str, Operation]) -> None:
    one, other, first = named[conflict.one], named[conflict.other], conflict.first
    assert exclusion(one.use, other.use) is conflict.why
    if first > CYCLE_START + 2 * DAY:
        assert naive_meetings(one, other, first, first + 1) == [first]


def check_exclusion(proof: ScheduleProof, start: int, end: int) -> None:
    covered = {frozenset((wait.waiter, wait.holder)) for wait in proof.waits}
    for one, other in combinations(proof.operations, 2):
        if exclusion(one.use, other.use) and frozenset((one.name, other.name)) not in covered:
            assert naive_meetings(one, other, start, end) == []


def check_yielding(proof: ScheduleProof, named: dict[str, Operation]) -> None:
    """Each hour left out holds a run that would have met one of the causes."""
    for yielded in proof.yielded:
        before = named[yielded.operation]
        for hour in range(24):
            if yielded.hours >> hour & 1:
                only = before.schedule.without_hours(~(1 << hour) & (1 << 24) - 1)
                assert only is not None
                run = replace(before, schedule=only)
                assert any(first_meeting(run, named[cause], 0) is not None for cause in yielded.causes)


def test_per_year_counts_every_beginning() -> None:
    # Monday's long exclusive window holds three slots of the other and begins inside none.
    (conflict,) = refused(
        exclusive("30 0 * * 1", 3 * HOUR, zone="UTC"), operation("copy", Use.FILE_COPY, "0 * * * *", 600, zone="UTC")
    )
    assert conflict.per_year == 20871 * 4 / 400 - 20871 / 400
    assert iso(conflict.first) == "2026-10-05T01:00Z"


@example(0)
@given(st.integers(-DAY, CYCLE_SECONDS + DAY))
@examples(30)
def test_first_meeting_is_later_than_asked(offset: int) -> None:
    one, other = exclusive("0 3 * * *"), exclusive("30 3 1 * *", name="check")
    after = CYCLE_START + offset
    found = first_meeting(one, other, after)
    assert found is not None
    assert after < found <= after + 32 * DAY
    assert first_meeting(one, other, found - 1) == found
    assert first_meeting(one, exclusive("0 0 31 2 *"), after) is None


def test_first_meeting_example() -> None:
    one, other = exclusive("0 3 * * *"), exclusive("30 3 1 * *", name="check")
    assert first_meeting(one, other, epoch("2026-03-28T12:00Z")) == epoch("2026-04-01T01:30Z")
