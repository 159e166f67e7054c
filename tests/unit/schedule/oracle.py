"""An independent reading of the rules: minute by minute, with zoneinfo and datetime, no bit sets."""

import importlib.resources
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from backupgen.schedule.cron import CronExpr
from backupgen.schedule.zones import load_zone

ZONES = (
    "UTC",
    "Europe/Berlin",
    "Europe/London",
    "America/New_York",
    "America/St_Johns",
    "America/Nuuk",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
    "Pacific/Apia",
    "Africa/Casablanca",
    "Africa/Cairo",
    "Asia/Gaza",
    "Antarctica/Troll",
    "America/Havana",
)


def changing_zones() -> tuple[str, ...]:
    """One zone for each set of rules in the database by which clocks change in the years that are proved."""
    names = importlib.resources.files("tzdata").joinpath("zones").read_text(encoding="ascii").split()
    found: dict[tuple[tuple[int, int, int], ...], str] = {}
    for name in sorted(names):
        changes = load_zone(name).transitions[:12]
        found.setdefault(tuple((change.at, change.before, change.offset) for change in changes), name)
    return tuple(name for changes, name in found.items() if changes)


@cache
def zone_info(name: str) -> ZoneInfo:
    path = importlib.resources.files("tzdata").joinpath("zoneinfo", *name.split("/"))
    with path.open("rb") as stream:
        return ZoneInfo.from_file(stream, key=name)


def epoch(text: str) -> int:
    return int(datetime.fromisoformat(text).astimezone(UTC).timestamp())


def iso(instant: int) -> str:
    return datetime.fromtimestamp(instant, UTC).strftime("%Y-%m-%dT%H:%MZ")


def matches(schedule: CronExpr, local: datetime) -> bool:
    day = bool(schedule.days >> local.day & 1)
    weekday = bool(schedule.weekdays >> (local.isoweekday() % 7) & 1)
    date_matches = day and weekday if schedule.day_star or schedule.weekday_star else day or weekday
    return (
        date_matches
        and bool(schedule.months >> local.month & 1)
        and bool(schedule.hours >> local.hour & 1)
        and bool(schedule.minutes >> local.minute & 1)
    )


def fires(schedule: CronExpr, zone: str, start: int, end: int) -> Iterator[int]:
    """The firings with start <= t < end, by looking at every minute."""
    info = zone_info(zone)
    first = datetime.fromtimestamp(start + -start % 60, UTC)
    for step in range((end - start + 59) // 60):
        local = (first + timedelta(minutes=step)).astimezone(info)
        if matches(schedule, local) and (instant := int(local.timestamp())) < end:
            yield instant
