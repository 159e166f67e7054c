"""`read_data: 1/N`: N runs of any schedule read all parts, each another one."""

import subprocess
from itertools import islice, pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backupgen.schedule import load_zone, next_firings, parse_cron
from tests.scripts.jobs import SCRIPTS, SHELLS

START = 1_764_500_000


def parts(schedule: str, zone: str, count: int, shell: str, tools: dict[str, str], after: int = START) -> list[str]:
    """The parts that so many runs in a row read, each some seconds late; as maintenance.py renders the schedule."""
    expression, place = parse_cron(schedule), load_zone(zone)
    offset = 60 * min(regime.offset for regime in place.regimes)
    runs = [str(instant + 7) for instant in islice(next_firings(expression, place, after), count)]
    program = (
        f"set -u; schedule=$1 offset=$2 parts=$3; shift 3; . {SCRIPTS / 'snapshots.sh'}; "
        'for job_started; do rotating_part "$parts" "$schedule" "$offset"; echo; done'
    )
    command = [tools[SHELLS[shell][0]], *SHELLS[shell][1:], "-c", program, "sh", expression.canonical(), str(offset)]
    run = subprocess.run([*command, str(count), *runs], capture_output=True, text=True, check=True)
    assert run.stderr == ""
    return run.stdout.split()


@pytest.mark.fault("parts-in-turn")
@pytest.mark.parametrize("shell", SHELLS)
def test_each_run_of_a_week_with_gaps_reads_another_part(fleet: object, shell: str, tools: dict[str, str]) -> None:
    """By the number of the day, Mondays to Fridays never read parts 3 and 4 of 7."""
    for schedule, count in {"0 3 * * 1-5": 7, "0 3 * * 1,4": 14, "30 2 * * 0,6": 7, "0 4 1,15 * 1": 6}.items():
        for zone in ("UTC", "Europe/Berlin"):
            read = parts(schedule, zone, count, shell, tools)
            assert sorted(read) == sorted(f"{part}/{count}" for part in range(1, count + 1)), (schedule, zone)
    fleet.codes.append(0)  # type: ignore[attr-defined]


days = st.sampled_from(["*", "1-5", "0,6", "1,3,5", "2"])
dates = st.sampled_from(["*", "*", "*/2", "1,15", "28-31", "13"])
months = st.sampled_from(["*", "*", "1-6", "2,8"])
hours = st.sampled_from(["3", "3,15", "*/6", "0", "23"])
zones = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"])


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(days, dates, months, hours, zones, st.sampled_from([3, 5, 7, 8]), st.integers(START, START + 3 * 31_556_952))
def test_as_many_runs_as_parts_read_everything(
    tools: dict[str, str], weekday: str, date: str, month: str, hour: str, zone: str, count: int, after: int
) -> None:
    """But for the week in which the clocks are changed: one part may come twice then, and another one run later."""
    read = parts(f"17 {hour} {date} {month} {weekday}", zone, count + 1, "busybox", tools, after)
    number = [int(part.partition("/")[0]) for part in read]
    steps = [(later - earlier) % (count + 1) for earlier, later in pairwise(number)]
    assert sum(step != 1 for step in steps) <= 1, (read, steps)
    assert all(step in (0, 1, 2) for step in steps)
