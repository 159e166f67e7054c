"""What is rendered, judged by other means: a cron reader of its own, zoneinfo, and windows laid out minute by minute.

Nothing here comes from `backupgen.schedule`: the CronJobs are read from the rendered YAML. Of each drawn fleet it is
asked whether what was called proved ever meets, whether what was called a conflict does, whether each hour that was
left out had to be, whether each remedy helps, and whether slots that were chosen are chosen again.
"""

import importlib.resources
import random
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import yaml
from hypothesis import given
from hypothesis import strategies as st

from backupgen.diagnostics import has_errors
from backupgen.pipeline import CompileContext, compile_fleet, schedule_fleet
from tests.test_remedies import remedies_hold
from tests.thoroughness import examples

ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/St_Johns",
    "America/Vancouver",
    "America/Asuncion",
    "America/Nuuk",
    "Africa/Casablanca",
    "Asia/Gaza",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Australia/Sydney",
    "Pacific/Norfolk",
    "Asia/Jerusalem",
)
UNLIKE = {"Asia/Gaza", "Asia/Jerusalem", "America/Nuuk"}
"""Zones whose changes lie elsewhere from one year to the next, as seen from other zones: a year does not show all."""
START = datetime(2026, 11, 30, tzinfo=UTC)
DAYS = 400
MARGIN = 30
"""Seconds that the windows of operations which exclude each other are apart at least."""
HOUR = 3600
IMAGE = "ghcr.io/example/restic:0.19.1@sha256:62c66a7a5dd70c3146618063c344e531e6d4b59e379808443ce962b3abd63c5a"
NAMES = {name: value for value, name in enumerate(("sun", "mon", "tue", "wed", "thu", "fri", "sat"))}


class Job(NamedTuple):
    """What a rendered CronJob says."""

    cron: str
    zone: str
    late: int
    length: int
    """From the start to the end of its last process."""


# --- cron and zones, read again


@cache
def values(field: str, low: int, high: int) -> frozenset[int]:
    found: set[int] = set()
    for part in field.split(","):
        spread, _, step = part.partition("/")
        first, _, last = spread.partition("-")
        if first == "*":
            begin, end = low, high
        else:
            begin = NAMES.get(first.lower()) if first.lower() in NAMES else int(first)  # type: ignore[assignment]
            end = (int(last) if last.isdigit() else NAMES[last.lower()]) if last else high if step else begin
        found.update(range(begin, end + 1, int(step or 1)))
    return frozenset(found)


@cache
def zone_info(name: str) -> ZoneInfo:
    path = importlib.resources.files("tzdata").joinpath("zoneinfo", *name.split("/"))
    with path.open("rb") as stream:
        return ZoneInfo.from_file(stream, key=name)


@cache
def hours(zone: str) -> tuple[tuple[int, datetime, bool], ...]:
    """Every UTC hour: its start, the wall clock then, and whether clocks stay as they are within it."""
    info, found = zone_info(zone), []
    for step in range(-72, DAYS * 24):
        at = START + timedelta(hours=step)
        wall, later = at.astimezone(info), (at + timedelta(minutes=59)).astimezone(info)
        found.append((int(at.timestamp()), wall.replace(tzinfo=None), wall.utcoffset() == later.utcoffset()))
    return tuple(found)


@cache
def firings(cron: str, zone: str) -> tuple[int, ...]:
    minute, hour, day, month, weekday = cron.split()
    minutes, all_hours = values(minute, 0, 59), values(hour, 0, 23)
    days, months, weekdays = values(day, 1, 31), values(month, 1, 12), values(weekday, 0, 6)
    both = day == "*" or weekday == "*"

    def fires(wall: datetime) -> bool:
        one, other = wall.day in days, wall.isoweekday() % 7 in weekdays
        on_day = (one and other) if both else (one or other)
        return on_day and wall.month in months and wall.hour in all_hours and wall.minute in minutes

    found = []
    for start, wall, steady in hours(zone):
        if steady and not wall.minute and wall.hour not in all_hours:
            continue
        # Clocks that stand still let only these minutes match; in the hour of a change each one is looked at.
        for step in sorted((each - wall.minute) % 60 for each in minutes) if steady else range(60):
            local = wall + timedelta(minutes=step)
            if not steady:
                local = datetime.fromtimestamp(start + 60 * step, UTC).astimezone(zone_info(zone)).replace(tzinfo=None)
            if fires(local):
                found.append(start + 60 * step)
    return tuple(found)


def windows(job: Job, margin: int = 0) -> Iterator[tuple[int, int]]:
    for slot in firings(job.cron, job.zone):
        yield slot, slot + job.late + job.length + margin


def meetings(one: Job, other: Job, margin: int = 0) -> list[int]:
    """The slots of the one whose windows overlap some window of the other."""
    theirs = list(windows(other, margin))
    found, index = [], 0
    longest = max((end - start for start, end in theirs), default=0)
    for start, end in windows(one, margin):
        while index < len(theirs) and theirs[index][0] < start - longest:
            index += 1
        ahead = index
        while ahead < len(theirs) and theirs[ahead][0] < end:
            if theirs[ahead][1] > start:
                found.append(start)
                break
            ahead += 1
    return found


# --- fleets


def drawn(seed: int) -> dict[str, Any]:
    chance = random.Random(seed)  # noqa: S311 -- reproducible, not secret

    def clock() -> str:
        return f"{chance.randrange(24):02}:{chance.randrange(0, 60, chance.choice((1, 5, 15))):02}"

    def zone() -> dict[str, str]:
        return {"timezone": chance.choice(ZONES)} if chance.random() < 0.5 else {}

    def slot() -> str:
        kind = chance.randrange(7)
        return (
            f":{chance.randrange(60):02}",
            f":{chance.randrange(60):02}",
            clock(),
            f"{chance.choice(('Sun', 'Mon,Thu', 'Sat'))} {clock()}",
            f"{chance.randrange(60)} */{chance.choice((2, 3, 6))} * * *",
            f"{chance.randrange(30)}-59/30 * * * *",
            f"{chance.randrange(60)} {chance.randrange(24)} {chance.randrange(1, 29)} * *",
        )[kind]

    targets = {}
    for number in range(chance.randrange(1, 6)):
        name = f"t{number}"
        auto = chance.random() < 0.35
        timing: dict[str, Any] = {"at": "auto" if auto else slot(), "deadline": f"{chance.choice((5, 9, 13, 20, 50))}m"}
        if auto:
            timing["every"] = chance.choice(("30m", "1h", "1h", "6h", "1d", "7d"))
            if timing["every"] == "1d" and chance.random() < 0.5:
                timing["between"] = chance.choice(("01:00-06:00", "22:00-03:00"))
        targets[name] = {
            "namespace": "n", "run_as": 1000, "volume": {"pvc": name}, "verify": [{"dir": name}], **timing, **zone()
        }  # fmt: skip
    often = chance.choice((clock(), clock(), f"Sun {clock()}"))
    retention = {"at": often, "deadline": f"{chance.choice((10, 28, 45, 90))}m", "keep": {"daily": 7}, **zone()}
    test = {"at": f"Sun {clock()}", "deadline": f"{chance.choice((20, 60))}m", "scratch": "10Gi", **zone()}
    return {
        "fleet": "drawn",
        "home_namespace": "backup",
        "timezone": chance.choice(ZONES),
        "images": {"restic": IMAGE},
        "repository": {
            "url": "s3:s3.example.com/drawn",
            "id": "44775e1cd5de347f281990250de183d57ba766e5ff6650227b9e1b6e82a42889",
            "parallel": chance.choice((1, 2, 4)),
            "retention": retention,
            "restore_test": test,
        },
        "targets": targets,
    }


def rendered(files: Mapping[str, str]) -> dict[str, Job]:
    found = {}
    for path, text in files.items():
        for item in yaml.safe_load_all(text) if path.endswith(".yaml") else ():
            if isinstance(item, dict) and item.get("kind") == "CronJob":
                spec, job = item["spec"], item["spec"]["jobTemplate"]["spec"]
                pod = job["template"]["spec"]
                assert pod["activeDeadlineSeconds"] == job["activeDeadlineSeconds"]
                length = job["activeDeadlineSeconds"] + pod["terminationGracePeriodSeconds"]
                zone = spec["timeZone"]
                found[item["metadata"]["name"]] = Job(spec["schedule"], zone, spec["startingDeadlineSeconds"], length)
    return found


# --- the questions

RETENTION = "restic-retentionpolicies"


def judge(seed: int) -> str:
    """Ask all of them of one fleet; returns what it was."""
    fleet = drawn(seed)
    text = yaml.safe_dump(fleet, sort_keys=False)
    judged = schedule_fleet(text.encode(), "fleet.yaml")
    if judged.value is None:
        return "unread"
    if isinstance(judged.value.outcome, tuple):
        operations = {each.name: each for each in judged.value.schedule_input.operations}
        jobs = {
            name: Job(each.schedule.canonical(), each.zone, each.start_within, each.deadline + each.grace)
            for name, each in operations.items()
        }
        for conflict in judged.value.outcome:
            if conflict.per_year >= 2:
                assert meetings(jobs[conflict.one], jobs[conflict.other], MARGIN), (seed, conflict)
        if not seed % 3:
            remedies_hold(text)
        return "conflict"
    compiled = compile_fleet(text.encode(), "fleet.yaml")
    assert compiled.value is not None, (seed, compiled.findings)
    assert not has_errors(compiled.findings)
    jobs = rendered(compiled.value.manifests.files)
    for name, job in jobs.items():
        if name != RETENTION:
            assert not meetings(job, jobs[RETENTION], MARGIN), (seed, name)
    _needed(seed, judged.value, jobs)
    chosen = {name: str(slot) for name, slot in judged.value.schedule_input.chosen.items()}
    again = schedule_fleet(text.encode(), "fleet.yaml", CompileContext(chosen_before=chosen))
    assert again.value is not None
    assert {name: str(slot) for name, slot in again.value.schedule_input.chosen.items()} == chosen, seed
    _between(fleet, jobs)
    return "proved"


def _needed(seed: int, scheduled: Any, jobs: Mapping[str, Job]) -> None:
    """Each hour that was left out is one in which a run would have met the retention."""
    written = {each.name: each for each in scheduled.schedule_input.operations}
    for item in scheduled.outcome.yielded:
        if not UNLIKE.isdisjoint((jobs[item.operation].zone, jobs[RETENTION].zone)):
            continue
        whole = jobs[item.operation]._replace(cron=written[item.operation].schedule.canonical())
        info = zone_info(whole.zone)
        met = {
            datetime.fromtimestamp(at, UTC).astimezone(info).hour
            # A minute is as fine as slots are.
            for at in meetings(whole, jobs[RETENTION], MARGIN + 59)
        }
        left_out = {hour for hour in range(24) if item.hours >> hour & 1}
        assert left_out <= met, (seed, item.operation, left_out - met)


def _between(fleet: Mapping[str, Any], jobs: Mapping[str, Job]) -> None:
    for name, target in fleet["targets"].items():
        if "between" in target:
            first, end = (int(part[:2]) for part in target["between"].split("-"))
            allowed = {hour % 24 for hour in range(first, end if end > first else end + 24)}
            assert values(jobs[f"backup-{name}"].cron.split()[1], 0, 23) <= allowed


def test_the_oracle_sees_a_meeting() -> None:
    # Thirty minutes in Berlin's night of the gap, and in no other night.
    one, other = Job("50 1 * * *", "Europe/Berlin", 0, 900), Job("0 3 * * *", "Europe/Berlin", 0, 600)
    assert [datetime.fromtimestamp(at, UTC).isoformat() for at in meetings(one, other)] == ["2027-03-28T00:50:00+00:00"]
    assert not meetings(one._replace(length=600), other)


def test_a_few_fleets() -> None:
    seen = {judge(seed) for seed in range(6)}
    assert "proved" in seen


@given(st.integers(0, 2**32))
@examples(200, quick=4)
def test_drawn_fleets(seed: int) -> None:
    assert judge(seed) in {"proved", "conflict"}
