from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from backupgen.schedule.locks import Operation, Pool, PoolKind, Use
from backupgen.schedule.proof import Conflict, ScheduleProof, prove
from backupgen.schedule.remedies import Adviser, Remedy
from tests.thoroughness import examples
from tests.unit.schedule.test_proof import DAY, HOUR, backup, exclusive, operation

LOCAL = Pool(PoolKind.REPOSITORY, "local")


def advised(*operations: Operation, limits: dict[Pool, int] | None = None) -> list[tuple[str, str, str]]:
    outcome = prove(operations, limits or {})
    assert isinstance(outcome, tuple)
    remedies = Adviser(operations, limits or {}).remedies(outcome)
    return [(remedy.operation, remedy.lever.value, str(remedy.value)) for remedy in remedies]


def holds(operations: list[Operation], remedy: Remedy) -> bool:
    """Whether the operation excludes nobody any more, told by proving all operations anew, not only its rivals."""
    outcome = prove([remedy.applied(item) for item in operations], {})
    if isinstance(outcome, ScheduleProof):
        return True
    return all(remedy.operation not in (conflict.one, conflict.other) for conflict in outcome)


def test_a_restore_test_in_the_retention() -> None:
    retention = exclusive("5 3 * * *")
    restore = operation("restore", Use.READ, "30 3 * * 0", 3 * HOUR)
    assert advised(retention, restore) == [
        ("restore", "at", "55 3 * * 0"),
        ("retention", "at", "40 2 * * *"),
        ("retention", "deadline", "1260"),
    ]


def test_late_starts_alone_are_in_the_way() -> None:
    retention = exclusive("0 3 * * *", 3480 - 90, start_within=600)
    check = exclusive("0 4 * * *", 1200, name="check")
    found = advised(retention, check)
    assert ("retention", "start_within", "90") in found
    assert ("retention", "deadline", "2880") in found


def test_a_backup_that_may_not_yield_can_skip() -> None:
    found = advised(exclusive("5 3 * * *"), backup("10 * * * *", may_yield=False))
    assert {("grafana", "skip", str(1 << 3)), ("grafana", "yields", "1")} <= set(found)


def test_a_daily_backup_has_no_hour_to_skip() -> None:
    assert {lever for _, lever, _ in advised(exclusive("5 3 * * *"), backup("10 3 * * *"))} == {"at"}


def test_a_longer_wait_for_locks() -> None:
    prune = exclusive("0 3 * * 0", 2700, start_within=120, grace=0, lock_wait=600, needs=600)
    restore = operation("restore", Use.READ, "30 3 * * 0", 1800, start_within=0, grace=0, lock_wait=600, needs=720)
    waits = [value for _, lever, value in advised(prune, restore) if lever == "lock_wait"]
    assert waits == ["1860", "1860"]


def test_where_nothing_helps() -> None:
    assert advised(exclusive("0 * * * *", HOUR), exclusive("30 * * * *", HOUR, name="check")) == []


def short(schedule: str, name: str = "grafana") -> Operation:
    """Ten minutes of window."""
    return backup(schedule, 510, name)


def test_a_slot_with_room_comes_before_a_closer_one() -> None:
    retention = exclusive("0 3 * * *", 1500)
    assert advised(retention, short("10 3 * * *"))[0] == ("grafana", "at", "30 3 * * *")
    # That one is taken then.
    assert advised(retention, short("10 3 * * *"), short("32 3 * * *", "taken"))[0] == ("grafana", "at", "45 2 * * *")
    # Where there is no room nearby, the closest will do.
    crowd = [short(f"{minute} * * * *", f"b{minute}") for minute in range(0, 60, 10)]
    assert advised(retention, short("10 3 * * *"), *crowd)[0] == ("grafana", "at", "30 3 * * *")


def test_what_helps_many_moves_the_one_that_they_meet() -> None:
    retention = exclusive("5 3 * * *")
    daily = [short(f"{minute} 3 * * *", f"b{minute}") for minute in range(0, 60, 5)]
    assert advised(retention, *daily)[0] == ("retention", "at", "10 2 * * *")
    assert {name for name, _, _ in advised(retention, *daily)} == {"retention"}


def test_a_slot_with_room() -> None:
    hourly = [short(f"{minute} * * * *", f"b{minute}") for minute in (0, 10, 20, 40)]
    assert str(Adviser([*hourly, short("25 * * * *", "late")], {}).roomy_slot("late")) == "30 * * * *"
    full = [short(f"{minute} * * * *", f"b{minute}") for minute in range(0, 60, 10)]
    assert Adviser([*full, short("25 * * * *", "late")], {}).roomy_slot("late") is None
    assert str(Adviser([*full, short("25 * * * *", "late")], {LOCAL: 2}).roomy_slot("late")) == "30 * * * *"


clock = st.tuples(st.integers(0, 11).map(lambda five: five * 5), st.integers(0, 23))
daily = clock.map(lambda at: f"{at[0]} {at[1]} * * *")
slots = (
    daily | clock.map(lambda at: f"{at[0]} {at[1]} * * 0") | st.integers(0, 59).map(lambda minute: f"{minute} * * * *")
)


@st.composite
def fleets(draw: st.DrawFn) -> list[Operation]:
    use = st.sampled_from([Use.BACKUP, Use.READ, Use.EXCLUSIVE, Use.FILE_COPY])
    found = [exclusive(draw(daily), draw(st.integers(600, 4 * HOUR)), lock_wait=draw(st.sampled_from([0, 7200])))]
    for number in range(draw(st.integers(1, 4))):
        item = operation(f"op{number}", draw(use), draw(slots), draw(st.integers(300, 5 * HOUR)))
        more = {"may_yield": draw(st.booleans()), "needs": draw(st.sampled_from([None, 120])), "lock_wait": 600}
        found.append(replace(item, start_within=draw(st.sampled_from([10, 120, DAY])), **more))  # type: ignore[arg-type]
    return found


@given(fleets())
@examples(80, quick=8)
def test_every_remedy_ends_what_it_is_for(fleet: list[Operation]) -> None:
    outcome = prove(fleet, {})
    if isinstance(outcome, ScheduleProof):
        return
    adviser = Adviser(fleet, {})
    by_other: dict[str, list[Conflict]] = {}
    for conflict in outcome:
        by_other.setdefault(conflict.other, []).append(conflict)
        assert all(holds(fleet, remedy) for remedy in adviser.remedies([conflict]))
    for conflicts in by_other.values():
        assert all(holds(fleet, remedy) for remedy in adviser.remedies(conflicts))
