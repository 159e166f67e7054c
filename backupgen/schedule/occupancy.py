"""How many windows cover each instant of the cycle, kept up to date as windows are added.

The days of the cycle are split into kinds that no window added so far tells apart; for each kind the 1,440 minutes have
a counter each, stored by binary digits as bit sets. So to add a window costs a few operations on integers, whatever the
fleet's size.
"""

from backupgen.schedule.days import ALL_DAYS
from backupgen.schedule.windows import Span, Timing, disjoint, reach


class Occupancy:
    """What one repository or node has to do, minute by minute."""

    def __init__(self) -> None:
        self.windows = 0
        """How many have been added: no instant has more."""
        self._days = [ALL_DAYS]
        """The kinds of days, a partition of the cycle."""
        self._digits: list[list[int]] = [[]]
        """For each kind, the minutes whose count has the binary digit N set."""
        self._inside: dict[int, tuple[int, list[int]]] = {}
        """The kinds that share days with a set of days, by the identity of the set, which is kept alive here."""

    def add(self, timing: Timing) -> None:
        """Add the windows of a schedule. They count once where they overlap: a job never runs beside itself."""
        for span in disjoint(_covered(timing)):
            self._split(span.days)
            for kind in self._kinds(span.days):
                self._increment(kind, span.minutes)
        self.windows += 1

    def most(self, timing: Timing) -> int:
        """Return the most windows that cover any instant of the windows of a schedule; they need not be added."""
        if not self.windows:
            return 0
        return max(self._most(kind, span.minutes) for span in _covered(timing) for kind in self._kinds(span.days))

    def _kinds(self, days: int) -> list[int]:
        known = self._inside.get(id(days))
        if known is None:
            known = days, [kind for kind, mask in enumerate(self._days) if mask & days]
            self._inside[id(days)] = known
        return known[1]

    def _split(self, days: int) -> None:
        """Split the kinds that lie in a set of days in part."""
        new = [(kind, mask & ~days) for kind in self._kinds(days) if (mask := self._days[kind]) & ~days]
        for kind, rest in new:
            self._days[kind] &= days
            self._days.append(rest)
            self._digits.append(list(self._digits[kind]))
        if new:
            self._inside.clear()

    def _increment(self, kind: int, minutes: int) -> None:
        digits, carry, place = self._digits[kind], minutes, 0
        while carry:
            if place == len(digits):
                digits.append(0)
            digits[place], carry = digits[place] ^ carry, digits[place] & carry
            place += 1

    def _most(self, kind: int, minutes: int) -> int:
        count, left = 0, minutes
        for place in range(len(self._digits[kind]) - 1, -1, -1):
            higher = left & self._digits[kind][place]
            if higher:
                count, left = count | 1 << place, higher
        return count


def _covered(timing: Timing) -> tuple[Span, ...]:
    return reach(timing, 0, timing.minutes - 1)
