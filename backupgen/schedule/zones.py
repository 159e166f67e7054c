"""Time zones of the pinned `tzdata` package, over one 400-year cycle of the Gregorian calendar.

The system's own zone files are never read, so that a proof depends on one named version of the data only.

The cycle begins where fleets begin to live, not at some round date: a change of clocks that lies before it is over,
and is not to come back after 400 years because the cycle is closed. Its first day is written down with the data, for a
proof must not depend on the day on which it is made.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from functools import cache, cached_property
from typing import Final

import tzdata

from backupgen.diagnostics.wording import quoted
from backupgen.schedule.tzfile import DAY, EPOCH_DAY, Transition, ZoneData, parse_tzif

TZDATA_VERSION: Final[str] = tzdata.IANA_VERSION
"""The version of the time zone database that every result of this package holds for, such as `2026f`."""

WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
CALENDAR_END: Final = 253_402_214_400
"""9999-12-31: Python's calendar ends that day, in some zone."""
CYCLE_DAYS: Final = 146_097
"""400 years, after which dates and weekdays repeat."""
CYCLE_START_DAY: Final = date(2026, 10, 1).toordinal() - EPOCH_DAY
"""The cycle's first day in days since 1970-01-01: before any fleet that this version compiles is deployed.

It moves with each new `tzdata`, to a day that no zone sees otherwise 400 years later: the closed cycle then has no
change of clocks at its seam that never was.
"""
CYCLE_START: Final = CYCLE_START_DAY * DAY
CYCLE_SECONDS: Final = CYCLE_DAYS * DAY
DAY_MINUTES: Final = 1440

_PART: Final = re.compile(r"[A-Za-z.\-_0-9+]{1,14}", re.ASCII)
"""Kubernetes' rule for each `/` part of a CronJob's timeZone (validation.go, 1.27 to 1.36)."""


class ZoneError(ValueError):
    """A name that Kubernetes does not accept as `timeZone`. `hint` suggests names that it does."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Regime:
    """On the UTC days of the mask `days`, from `start` to before `end` (minutes of the UTC day), `offset` holds.

    `offset` is in minutes, local minus UTC. Bit N of `days` is the Nth day of the cycle.
    """

    offset: int
    start: int
    end: int
    days: int


@dataclass(frozen=True)
class Zone:
    """A time zone. Equal by name: there is one version of the data in a process."""

    name: str
    data: ZoneData

    def __hash__(self) -> int:
        return hash(self.name)

    def wall(self, instant: int) -> datetime:
        """Return what clocks show at an instant (epoch seconds before the year 9999)."""
        return datetime.fromtimestamp(instant, timezone(timedelta(seconds=self.data.offset(instant))))

    def instant(self, wall: int) -> int:
        """Return when clocks first show a time, as an epoch second; `wall` is that time, in seconds since 1970-01-01.

        In a fold two offsets fit, and the larger one comes first; in a gap none does, and the one before it is kept.
        """
        before, after = self.data.offset(wall - DAY), self.data.offset(wall + DAY)
        fitting = [wall - offset for offset in (before, after) if self.data.offset(wall - offset) == offset]
        return min(fitting, default=wall - before)

    @cached_property
    def transitions(self) -> tuple[Transition, ...]:
        """The changes within the cycle, in order."""
        return tuple(self.data.transitions(CYCLE_START, CYCLE_START + CYCLE_SECONDS))

    @cached_property
    def regimes(self) -> tuple[Regime, ...]:
        """The cycle, cut into groups of days on which the same offsets hold at the same minutes; a partition."""
        return _regimes(self)

    @cached_property
    def irregular(self) -> str:
        """Why Kubernetes departs from the plain rule in this zone; empty where it keeps to it.

        Measured against robfig/cron v3.0.1: deviations were found exactly in zones with such changes.
        """
        return next(filter(None, map(_irregularity, self.transitions)), "")


@cache
def load_zone(name: str) -> Zone:
    """Return the zone of a name that Kubernetes accepts as a CronJob's `timeZone`.

    Raises ZoneError with near names for a name that is malformed or not in the database.
    """
    _check_form(name)
    if name not in _names():
        near = _near(name)
        hint = f"perhaps {' or '.join(quoted(near))}" if near else "use a name such as `Europe/Berlin`"
        raise ZoneError(
            f"unknown time zone `{name}` (names are case sensitive; time zone database {TZDATA_VERSION})", hint
        )
    return Zone(name, parse_tzif(_read("/".join(("zoneinfo", name)))))


def irregular_zones(names: Iterable[str]) -> tuple[str, ...]:
    """Return those of the zones in which Kubernetes departs from the plain rule, each once, in order."""
    return tuple(sorted(name for name in set(names) if load_zone(name).irregular))


def zone_names() -> tuple[str, ...]:
    """Return every name that `load_zone` takes, in order."""
    return tuple(sorted(filter(_is_accepted, _names())))


def _is_accepted(name: str) -> bool:
    try:
        _check_form(name)
    except ZoneError:
        return False
    return True


def _check_form(name: str) -> None:
    if not name:
        raise ZoneError("the time zone is empty, expected a name such as `Europe/Berlin`")
    for part in name.split("/"):
        if not _PART.fullmatch(part) or part in (".", "..") or part.startswith("-"):
            raise ZoneError(
                f"`{name}` is not a time zone: each part between `/` has 1 to 14 of the characters A-Z a-z 0-9 . - _ +"
                " and does not begin with `-`",
                "use a name such as `Europe/Berlin`",
            )
    if name.lower() == "local":
        raise ZoneError(f"`{name}` is refused by Kubernetes, for it depends on the node", "name the zone itself")


def _read(path: str) -> bytes:
    data: bytes = tzdata.__spec__.loader.get_data(f"{tzdata.__path__[0]}/{path}")
    return data


@cache
def _names() -> frozenset[str]:
    return frozenset(_read("zones").decode("ascii").split())


def _near(name: str) -> list[str]:
    from difflib import get_close_matches

    names = sorted(_names())
    folded = name.lower().replace(" ", "_")
    exact = [other for other in names if folded in (other.lower(), other.rpartition("/")[2].lower())]
    return exact or get_close_matches(name, names, n=3, cutoff=0.7)


def _irregularity(change: Transition) -> str:
    size = change.offset - change.before
    wall = (change.at + change.before) % DAY
    day = (EPOCH_DAY * DAY + change.at + change.before) // DAY
    when = f"on {date.fromordinal(day).isoformat()}"
    if size % 3600:
        return f"its clocks change by {abs(size) // 60} minutes {when}"
    if abs(size) > 3600:
        return f"its clocks change by {abs(size) // 3600} hours {when}"
    if wall % 3600:
        return f"its clocks change within an hour, at {wall // 3600:02}:{wall % 3600 // 60:02}, {when}"
    if size > 0 and (wall == 0 or wall + size > DAY):
        return f"its clocks change at midnight, so that 00:00 does not exist {when}"
    return ""


def _regimes(zone: Zone) -> tuple[Regime, ...]:
    changes: dict[int, list[tuple[int, int]]] = {}
    for change in zone.transitions:
        day, second = divmod(change.at - CYCLE_START, DAY)
        changes.setdefault(day, []).append((second // 60, change.offset // 60))
    whole: dict[int, bytearray] = {}
    mixed: dict[tuple[tuple[int, int, int], ...], bytearray] = {}
    offset, free_from = zone.data.offset(CYCLE_START - 1) // 60, 0
    for day, cuts in changes.items():
        _fill(whole, offset, free_from, day)
        pieces, start = [], 0
        for minute, later in cuts:
            pieces.append((offset, start, minute))
            offset, start = later, minute
        pieces.append((offset, start, DAY_MINUTES))
        _fill(mixed, tuple(piece for piece in pieces if piece[1] < piece[2]), day, day + 1)
        free_from = day + 1
    _fill(whole, offset, free_from, CYCLE_DAYS)
    found = [Regime(key, 0, DAY_MINUTES, _mask(days)) for key, days in whole.items()]
    found += [Regime(*piece, _mask(days)) for pieces, days in mixed.items() for piece in pieces]
    return tuple(regime for regime in found if regime.days)


def _fill(masks: dict, key: object, start: int, end: int) -> None:  # type: ignore[type-arg]
    days = masks.setdefault(key, bytearray(b"0" * CYCLE_DAYS))
    days[CYCLE_DAYS - end : CYCLE_DAYS - start] = b"1" * (end - start)


def _mask(days: bytearray) -> int:
    return int(days, 2)
