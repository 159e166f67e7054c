"""What a repository or a node has to do, minute by minute, while slots are chosen: who is added can be taken away.

As in `occupancy`, the days are split into kinds that no window added so far tells apart, each with a counter for every
minute of the day, stored by binary digits as bit sets. Days are those of the horizon of `starts`.
"""

from functools import cache

from backupgen.schedule.starts import HORIZON, near
from backupgen.schedule.windows import Span, Timing, disjoint, reach, smear
from backupgen.schedule.zones import DAY_MINUTES

_DAY_BITS = (1 << DAY_MINUTES) - 1


class Load:
    """How many windows cover each minute within the horizon."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        """How many it takes at once."""
        self._days = [(1 << HORIZON) - 1]
        self._digits: list[list[int]] = [[]]
        self._inside: dict[int, list[int]] = {}
        self._full: dict[int, list[Span]] = {}
        self._changes: list[int] = [0]
        """How often each kind has changed."""
        self._known: dict[int, dict[int, tuple[int, int]]] = {}
        """By count and kind: the minutes with so many, and how often the kind had changed then."""

    def add(self, timing: Timing) -> None:
        """Add the windows of a schedule, which count once where they overlap."""
        for minutes, days in covered(timing):
            for kind in self._changing(days):
                self._add(self._digits[kind], minutes)

    def remove(self, timing: Timing) -> None:
        """Take windows away that were added."""
        for minutes, days in covered(timing):
            for kind in self._changing(days):
                self._subtract(self._digits[kind], minutes)

    def most(self, timing: Timing) -> int:
        """Return the most windows that cover any minute of the windows of a schedule; they need not be added."""
        return max(
            (_most(self._digits[kind], minutes) for minutes, days in covered(timing) for kind in self._kinds(days)),
            default=0,
        )

    def full(self, count: int) -> list[Span]:
        """Return the minutes that `count` windows or more cover."""
        if count not in self._full:
            found: dict[int, int] = {}
            known = self._known.setdefault(count, {})
            for kind, days in enumerate(self._days):
                changes = self._changes[kind]
                then, minutes = known.get(kind, (-1, 0))
                if then != changes:
                    minutes = _at_least(self._digits[kind], count)
                    known[kind] = changes, minutes
                if minutes:
                    found[minutes] = found.get(minutes, 0) | days
            self._full[count] = [Span(minutes, days) for minutes, days in found.items()]
        return self._full[count]

    def closed(self, length: int, count: int) -> list[Span]:
        """Return where a window of `length` minutes may not begin, for it would reach a minute with `count` windows."""
        found = []
        for minutes, days in self.full(count):
            wide = smear(minutes, length - 1)
            for day in range(-(length - 1) // DAY_MINUTES, 1):
                by = -(length - 1) - DAY_MINUTES * day
                part = (wide << by if by >= 0 else wide >> -by) & _DAY_BITS
                if part:
                    found.append(Span(part, days >> -day))
        return found

    def _changing(self, days: int) -> list[int]:
        """Return the kinds that lie in a set of days, whose counts are about to change."""
        self._full.clear()
        kinds = self._split(days)
        for kind in kinds:
            self._changes[kind] += 1
        return kinds

    def _kinds(self, days: int) -> list[int]:
        known = self._inside.get(days)
        if known is None:
            known = [kind for kind, mask in enumerate(self._days) if mask & days]
            self._inside[days] = known
        return known

    def _split(self, days: int) -> list[int]:
        """Split the kinds that lie in a set of days in part; return those that lie in it."""
        new = [(kind, rest) for kind in self._kinds(days) if (rest := self._days[kind] & ~days)]
        for kind, rest in new:
            self._days[kind] &= days
            self._days.append(rest)
            self._digits.append(list(self._digits[kind]))
            self._changes.append(0)
        if new:
            self._inside.clear()
        return self._kinds(days)

    @staticmethod
    def _add(digits: list[int], minutes: int) -> None:
        carry, place = minutes, 0
        while carry:
            if place == len(digits):
                digits.append(0)
            digits[place], carry = digits[place] ^ carry, digits[place] & carry
            place += 1

    @staticmethod
    def _subtract(digits: list[int], minutes: int) -> None:
        borrow, place = minutes, 0
        while borrow:
            digits[place], borrow = digits[place] ^ borrow, ~digits[place] & borrow
            place += 1


@cache
def covered(timing: Timing) -> tuple[Span, ...]:
    """Return the minutes of a schedule's windows within the horizon, none of them twice."""
    return tuple(disjoint(near(reach(timing, 0, timing.minutes - 1))))


def covered_minutes(timing: Timing) -> int:
    """Return how many minutes within the horizon a schedule's windows cover."""
    return sum(minutes.bit_count() * days.bit_count() for minutes, days in covered(timing))


def _most(digits: list[int], minutes: int) -> int:
    count, left = 0, minutes
    for place in range(len(digits) - 1, -1, -1):
        higher = left & digits[place]
        if higher:
            count, left = count | 1 << place, higher
    return count


def _at_least(digits: list[int], count: int) -> int:
    """Return the minutes with a count of at least `count`."""
    if count >> len(digits):
        return 0
    more, equal = 0, _DAY_BITS
    for place in range(len(digits) - 1, -1, -1):
        if count >> place & 1:
            equal &= digits[place]
        else:
            more |= equal & digits[place]
            equal &= ~digits[place]
    return more | equal
