"""What the clock on the wall shows, in one zone, and where its days and hours begin."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Final, NamedTuple

from backupgen.schedule import WEEKDAYS, Zone, load_zone

DAY: Final = 86_400
HOUR: Final = 3600

_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001 (what a wall clock shows has no zone)


class Tick(NamedTuple):
    """The beginning of an hour on the wall."""

    at: int
    """Epoch seconds."""
    hour: int
    again: bool
    """The hour has begun before: clocks went back."""


class Clock:
    """The wall clock of a zone. Instants are epoch seconds, from 1970 to 9999."""

    def __init__(self, timezone: str) -> None:
        """Raise ZoneError for an unknown zone."""
        self._zone: Zone = load_zone(timezone)
        self._walls: dict[int, datetime] = {}

    def wall(self, instant: int) -> datetime:
        """Return what the clock shows, without a zone."""
        # A drawing asks for each instant several times.
        if instant not in self._walls:
            self._walls[instant] = _EPOCH + timedelta(seconds=instant + self._zone.data.offset(instant))
        return self._walls[instant]

    def moment(self, instant: int) -> str:
        """Return for instance `Sun 2026-03-29 03:05`."""
        wall = self.wall(instant)
        return f"{WEEKDAYS[wall.weekday()]} {wall:%Y-%m-%d %H:%M}"

    def exact(self, instant: int) -> str:
        """Return for instance `Sun 2026-03-29 03:05 +02:00 (2026-03-29T01:05:00Z)`."""
        minutes = self._zone.data.offset(instant) // 60
        sign = "-" if minutes < 0 else "+"
        offset = f"{sign}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
        return f"{self.moment(instant)} {offset} ({utc(instant)})"

    def days(self, start: int, end: int) -> list[int]:
        """Return the beginnings of the days from `start` to before `end`, and `end`.

        A day lasts until the wall clock shows the time of `start` on the next date: 23, 24 or 25 hours.
        """
        first = self.wall(start)
        begins = [start]
        for number in range(1, (end - start) // DAY + 3):
            begin = self._zone.instant((first + timedelta(days=number) - _EPOCH) // timedelta(seconds=1))
            if begins[-1] < begin < end:
                begins.append(begin)
        return [*begins, end]

    def ticks(self, start: int, end: int) -> Iterator[Tick]:
        """Return the full hours on the wall from `start` to before `end`."""
        shown: set[datetime] = set()
        cuts = [start, *(at for at, _ in self.changes(start + 1, end)), end]
        for begin, stop in pairwise(cuts):
            offset = self._zone.data.offset(begin)
            for at in range(begin + -(begin + offset) % HOUR, stop, HOUR):
                wall = self.wall(at)
                yield Tick(at, wall.hour, wall in shown)
                shown.add(wall)

    def changes(self, start: int, end: int) -> tuple[tuple[int, int], ...]:
        """Return when clocks change with start <= instant < end, and by how many seconds they go forward."""
        return tuple((change.at, change.offset - change.before) for change in self._zone.data.transitions(start, end))

    def notes(self, start: int, end: int) -> tuple[str, ...]:
        """Say which times of the day are left out or come twice between two instants."""
        return tuple(self._note(at, by) for at, by in self.changes(start + 1, end))

    def _note(self, at: int, by: int) -> str:
        after = self.wall(at)
        before = after - timedelta(seconds=by)
        if by > 0:
            return f"{before:%H:%M} to {after:%H:%M} does not exist: clocks go forward"
        return f"{after:%H:%M} to {before:%H:%M} comes twice: clocks go back"


def utc(instant: int) -> str:
    """Return an instant as RFC 3339, in UTC."""
    return datetime.fromtimestamp(instant, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
