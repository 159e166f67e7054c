"""Meetings that restic's --retry-lock provably survives.

A job takes its locks somewhere within its window: it may be held up by an image, a dump or a node, and it may run
several restic commands. So whoever starts first, each of two operations that meet may have to wait for the other, and a
meeting is covered only if both can, except where `lock_within` says that one has its lock before the other starts. In
one run an operation waits for each holder at most until the holder's end, plus the time until it asks again; several
holders, or several runs of one, add up. A holder that takes its lock several times (each command of a retention, each
attempt of a backup) can come first each time, as often as the waiter asks, and each time the waiter asks again late.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from backupgen.schedule.firings import shortest_gap
from backupgen.schedule.locks import Operation
from backupgen.schedule.windows import Timing, reach, within
from backupgen.schedule.zones import load_zone

POLL = 60
"""restic asks again at least once a minute, so up to this many seconds pass after the holder has ended."""


@dataclass(frozen=True, slots=True)
class Wait:
    """A meeting that --retry-lock covers."""

    waiter: str
    holder: str
    seconds: int
    """The longest wait in one run of the waiter, polling included."""


def longest_wait(waiter: Operation, holder: Operation) -> int:
    """Bound the seconds that one run of `waiter` spends waiting for `holder`, where their worst windows meet."""
    leads = _leads(waiter.worst, holder.worst)
    runs = _most_apart(leads, shortest_gap(holder.schedule, load_zone(holder.zone)) or 0)
    polling = POLL * min(waiter.locks, holder.locks)
    if runs > 1:
        return runs * (holder.hold + polling)
    return min(holder.hold, holder.start_within + holder.hold - 60 * leads[0]) + polling


def comes_first(operation: Operation, other: Operation) -> bool:
    """Whether an operation has its lock, and keeps it, before the other starts, wherever the two meet."""
    if operation.lock_within is None:
        return False
    return _leads(other.worst, operation.worst)[0] * 60 > operation.start_within + operation.lock_within


@cache
def _leads(waiter: Timing, holder: Timing) -> tuple[int, ...]:
    """Return by how many minutes slots of the waiter follow (are ahead of, if negative) slots that they meet."""
    return tuple(_search(waiter, holder, 1 - waiter.minutes, holder.minutes - 1))


def _search(waiter: Timing, holder: Timing, low: int, high: int) -> Iterator[int]:
    if within(waiter.slots, reach(holder, -low, high)):
        if low == high:
            yield low
            return
        middle = (low + high) // 2
        yield from _search(waiter, holder, low, middle)
        yield from _search(waiter, holder, middle + 1, high)


def _most_apart(leads: tuple[int, ...], gap: int) -> int:
    """Return how many of the leads, in ascending order, can belong to runs at least `gap` seconds apart."""
    runs, last = 0, 0
    for lead in leads:
        if not runs or (lead - last) * 60 >= gap:
            runs, last = runs + 1, lead
    return runs


Pair = tuple[int, int]
"""The indexes of two operations that meet and exclude each other; each may have to wait for the other."""


def covered(operations: list[Operation], pairs: Iterable[Pair]) -> set[Pair]:
    """Return those of the pairs in which both sides can always wait.

    Where an operation's waits are bearable one by one but not together, the pairs of those that may yield are given up
    first: they have another way out.
    """
    left = {pair for pair in pairs if _bearable(operations, pair)}
    over = _overcharged(operations, left)
    left = {pair for pair in left if not (over & set(pair) and any(operations[index].may_yield for index in pair))}
    over = _overcharged(operations, left)
    return {pair for pair in left if not over & set(pair)}


def _bearable(operations: list[Operation], pair: Pair) -> bool:
    one, other = operations[pair[0]], operations[pair[1]]
    return all(
        comes_first(waiter, holder) or (waiter.slack > POLL and longest_wait(waiter, holder) <= waiter.slack)
        for waiter, holder in ((one, other), (other, one))
    )


def _overcharged(operations: list[Operation], pairs: set[Pair]) -> set[int]:
    """Return the operations whose waits in one run may add up to more than they have time for."""
    total: dict[int, int] = {}
    for (waiter, _), seconds in waits(operations, pairs).items():
        total[waiter] = total.get(waiter, 0) + seconds
    return {index for index, seconds in total.items() if seconds > operations[index].slack}


def waits(operations: list[Operation], pairs: Iterable[Pair]) -> dict[Pair, int]:
    """Return the longest wait in seconds by waiter and holder, for pairs that meet.

    An operation that always comes first need not wait, unless it has to wait for a third one, which lets others
    overtake it.
    """
    found: dict[Pair, int] = {}
    ahead: list[Pair] = []
    for one, other in pairs:
        for waiter, holder in ((one, other), (other, one)):
            if comes_first(operations[waiter], operations[holder]):
                ahead.append((waiter, holder))
            else:
                found[waiter, holder] = longest_wait(operations[waiter], operations[holder])
    waiters = {waiter for waiter, _ in found}
    late = (pair for pair in ahead if pair[0] in waiters)
    found.update((pair, longest_wait(operations[pair[0]], operations[pair[1]])) for pair in late)
    return dict(sorted(found.items()))
