from dataclasses import replace

import pytest

from backupgen.schedule.cron import parse_cron
from backupgen.schedule.locks import Operation, Use
from backupgen.schedule.waiting import POLL, covered, longest_wait, waits


def operation(name: str, use: Use, schedule: str, deadline: int, lock_within: int | None = None) -> Operation:
    return Operation(
        name, "local", use, parse_cron(schedule), "UTC", deadline, 0, 0, 10_000, needs=0, lock_within=lock_within
    )


PRUNE = operation("prune", Use.EXCLUSIVE, "0 3 * * *", 2700)


@pytest.mark.parametrize(
    ("schedule", "deadline", "seconds"),
    [
        ("30 3 * * *", 600, 900),
        # The earliest arrival counts.
        ("25,30 3 * * *", 60, 1200),
        # Who is there first may still ask for its lock later.
        ("0 3 * * *", 600, 2700),
        ("55 2 * * *", 600, 2700),
    ],
)
def test_a_wait_ends_with_the_holder(schedule: str, deadline: int, seconds: int) -> None:
    assert longest_wait(operation("reader", Use.READ, schedule, deadline), PRUNE) == seconds + POLL


def test_a_late_start_of_the_holder_adds_to_the_wait() -> None:
    reader = operation("reader", Use.READ, "30 3 * * *", 600)
    assert longest_wait(reader, replace(PRUNE, start_within=300)) == 1200 + POLL


@pytest.mark.parametrize(("waiter", "holder", "times"), [(1, 1, 1), (5, 1, 1), (1, 5, 1), (3, 5, 3), (5, 3, 3)])
def test_each_time_the_lock_is_taken_anew_the_waiter_asks_late(waiter: int, holder: int, times: int) -> None:
    reader = replace(operation("reader", Use.READ, "30 3 * * *", 600), locks=waiter)
    assert longest_wait(reader, replace(PRUNE, locks=holder)) == 900 + times * POLL
    hourly = replace(PRUNE, schedule=parse_cron("0 * * * *"), locks=holder)
    late = replace(operation("reader", Use.READ, "40 2 * * *", 5400), locks=waiter)
    assert longest_wait(late, hourly) == 3 * (2700 + times * POLL)


def test_each_run_of_the_holder_is_waited_for() -> None:
    reader = operation("reader", Use.READ, "40 2 * * *", 5400)
    assert longest_wait(reader, replace(PRUNE, schedule=parse_cron("0 * * * *"))) == 3 * (2700 + POLL)


def test_who_comes_first_waits_only_behind_a_third() -> None:
    first = replace(PRUNE, lock_within=600)
    second = operation("second", Use.READ, "30 3 * * *", 600)
    third = operation("third", Use.READ, "5 3 * * *", 300)
    assert waits([first, second], [(1, 0)]) == {(1, 0): 900 + POLL}
    assert waits([first, second, third], [(1, 0), (2, 0)]) == {
        (0, 1): 600 + POLL,
        (0, 2): 300 + POLL,
        (1, 0): 900 + POLL,
        (2, 0): 2400 + POLL,
    }


def test_an_unbearable_pair_burdens_no_other() -> None:
    reader = operation("reader", Use.READ, "30 3 * * *", 1000)
    hopeless = replace(reader, name="hopeless", lock_wait=0)
    patient = replace(PRUNE, lock_wait=1000 + POLL)
    assert covered([patient, reader, hopeless], [(1, 0), (2, 0)]) == {(1, 0)}
