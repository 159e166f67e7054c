"""TZif files and POSIX TZ footers (RFC 9636), as far as instants from 1970 on need them."""

import re
import struct
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Final

DAY: Final = 86_400
EPOCH_DAY: Final = date(1970, 1, 1).toordinal()

_FOOTER: Final = re.compile(
    r"(?P<std><[^>]+>|[A-Za-z]+)(?P<offset>[+-]?[0-9:]+)"
    r"(?:(?P<dst><[^>]+>|[A-Za-z]+)(?P<dst_offset>[+-]?[0-9:]+)?,(?P<start>[^,]+),(?P<end>[^,]+))?"
)
_DATE: Final = re.compile(
    r"(?:M(?P<month>[0-9]+)\.(?P<week>[0-9]+)\.(?P<weekday>[0-9])|(?P<julian>J?)(?P<day>[0-9]+))(?:/(?P<time>.+))?"
)


@dataclass(frozen=True, slots=True)
class Transition:
    """From the instant `at` (epoch seconds) on, local time is UTC plus `offset` seconds; before it was `before`."""

    at: int
    before: int
    offset: int


@dataclass(frozen=True, slots=True)
class Footer:
    """The rule for all instants after a file's last explicit transition. Without daylight saving both offsets agree."""

    standard: int
    daylight: int
    start: str = ""
    end: str = ""

    def transitions(self, year: int) -> tuple[Transition, ...]:
        """Return the changes that begin in a calendar year, in order."""
        return _changes(self, year) if self.start else ()


@cache
def _changes(footer: Footer, year: int) -> tuple[Transition, ...]:
    into = Transition(_rule(footer.start, year) - footer.standard, footer.standard, footer.daylight)
    out = Transition(_rule(footer.end, year) - footer.daylight, footer.daylight, footer.standard)
    return (into, out) if into.at < out.at else (out, into)


@dataclass(frozen=True, slots=True)
class ZoneData:
    """A zone: explicit transitions up to some year, the footer for ever after."""

    first_offset: int
    explicit: tuple[Transition, ...]
    footer: Footer

    def offset(self, instant: int) -> int:
        """Seconds to add to UTC at an instant."""
        last = self._last_before(instant)
        return last.offset if last else self.first_offset

    def _last_before(self, instant: int) -> Transition | None:
        known = self.explicit
        if self.footer.start and (not known or instant >= known[-1].at):
            year = _year(instant)
            later = [change for change in self._by_rule(year - 1, year + 1) if change.at <= instant]
            if later:
                return later[-1]
        index = bisect_right(known, instant, key=lambda change: change.at)
        return known[index - 1] if index else None

    def transitions(self, start: int, end: int) -> Iterator[Transition]:
        """All changes of the offset with start <= at < end (epoch seconds), in order."""
        for change in self.explicit:
            if start <= change.at < end and change.before != change.offset:
                yield change
        if self.footer.start:
            yield from (change for change in self._by_rule(_year(start), _year(end)) if start <= change.at < end)

    def _by_rule(self, first_year: int, last_year: int) -> Iterator[Transition]:
        """Return the footer's changes after the last explicit one."""
        known_until = self.explicit[-1].at if self.explicit else -(1 << 62)
        for year in range(first_year - 1, last_year + 2):
            yield from (change for change in self.footer.transitions(year) if change.at > known_until)


def parse_tzif(data: bytes) -> ZoneData:
    """Read a TZif file of version 2 or later. Raises ValueError for anything else."""
    if data[:4] != b"TZif" or data[4:5] < b"2":
        raise ValueError("not a TZif file of version 2 or later")
    body = 44 + _body_size(data, 0, 4)
    _, _, _, time_count, type_count, _ = struct.unpack_from(">6l", data, body + 20)
    position = body + 44
    times = struct.unpack_from(f">{time_count}q", data, position)
    kinds = struct.unpack_from(f">{time_count}B", data, position + 8 * time_count)
    types = position + 9 * time_count
    offsets = [struct.unpack_from(">l", data, types + 6 * index)[0] for index in range(type_count)]
    footer = data[body + 44 + _body_size(data, body, 8) :].decode("ascii").strip("\n")
    before = offsets[0]
    explicit = []
    for at, kind in zip(times, kinds, strict=True):
        explicit.append(Transition(at, before, offsets[kind]))
        before = offsets[kind]
    return ZoneData(offsets[0], tuple(explicit), parse_footer(footer))


def _body_size(data: bytes, header: int, time_size: int) -> int:
    utc_count, standard_count, leap_count, time_count, type_count, name_size = struct.unpack_from(
        ">6l", data, header + 20
    )
    per_leap = time_size + 4
    size = time_count * (time_size + 1) + type_count * 6 + name_size + leap_count * per_leap
    return int(size + standard_count + utc_count)


def parse_footer(text: str) -> Footer:
    """Read a POSIX TZ string such as `CET-1CEST,M3.5.0,M10.5.0/3`. Raises ValueError."""
    match = _FOOTER.fullmatch(text)
    if not match:
        raise ValueError(f"not a POSIX time zone rule: {text!r}")
    standard = -_seconds(match["offset"])
    if not match["dst"]:
        return Footer(standard, standard)
    daylight = -_seconds(match["dst_offset"]) if match["dst_offset"] else standard + 3600
    return Footer(standard, daylight, match["start"], match["end"])


def _seconds(text: str) -> int:
    sign = -1 if text.startswith("-") else 1
    parts = [int(part) for part in text.lstrip("+-").split(":")]
    return sign * sum(part * unit for part, unit in zip(parts, (3600, 60, 1), strict=False))


def _rule(text: str, year: int) -> int:
    """Return the local wall clock of a rule in a year, as seconds since 1970-01-01 00:00 local."""
    match = _DATE.fullmatch(text)
    if not match:
        raise ValueError(f"not a POSIX date rule: {text!r}")
    time = _seconds(match["time"]) if match["time"] else 7200
    return (_rule_day(match, year) - EPOCH_DAY) * DAY + time


def _rule_day(match: re.Match[str], year: int) -> int:
    if match["month"] is None:
        number, leap = int(match["day"]), date(year, 12, 31).timetuple().tm_yday == 366
        # `Jn` counts from 1 and never counts 29 February, `n` counts from 0 and does.
        skipped = (1 if leap and number >= 60 else 0) - 1 if match["julian"] else 0
        return date(year, 1, 1).toordinal() + number + skipped
    month, week, weekday = int(match["month"]), int(match["week"]), int(match["weekday"])
    first = date(year, month, 1)
    day = first.toordinal() + (weekday - first.isoweekday()) % 7 + 7 * (week - 1)
    following = date(year + month // 12, month % 12 + 1, 1).toordinal()
    return day if day < following else day - 7


def _year(instant: int) -> int:
    return date.fromordinal(EPOCH_DAY + instant // DAY).year
