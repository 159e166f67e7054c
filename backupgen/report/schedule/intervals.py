"""Arithmetic on half-open intervals of seconds."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple


class Interval(NamedTuple):
    """From `start` to before `end`."""

    start: int
    end: int


def merged(intervals: Iterable[Interval]) -> list[Interval]:
    """Return the same instants in as few intervals as there can be, in order."""
    found: list[Interval] = []
    for start, end in sorted(intervals):
        if found and start <= found[-1].end:
            found[-1] = Interval(found[-1].start, max(end, found[-1].end))
        else:
            found.append(Interval(start, end))
    return found


def common(one: Sequence[Interval], other: Sequence[Interval]) -> Iterator[Interval]:
    """Return the instants in both. Each of the two is merged, and so is the result."""
    first = second = 0
    while first < len(one) and second < len(other):
        start, end = max(one[first].start, other[second].start), min(one[first].end, other[second].end)
        if start < end:
            yield Interval(start, end)
        if one[first].end < other[second].end:
            first += 1
        else:
            second += 1


class Step(NamedTuple):
    """How many intervals hold every instant from `start` to before `end`."""

    start: int
    end: int
    depth: int


def depths(intervals: Iterable[Interval]) -> Iterator[Step]:
    """Return how many of the intervals overlap, wherever there are any, in order."""
    changes: dict[int, int] = {}
    for start, end in intervals:
        changes[start] = changes.get(start, 0) + 1
        changes[end] = changes.get(end, 0) - 1
    begin, count = 0, 0
    for instant in sorted(changes):
        if count:
            yield Step(begin, instant, count)
        begin, count = instant, count + changes[instant]
