"""How many operations a repository or a node has at once when all start on time, and where that is more than it takes.

A sweep over the 1,440 minutes of the UTC day, in which days of the cycle with the same windows are counted together:
its cost grows with the number of different schedules, not with the pairs of operations.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from backupgen.schedule.days import condense, first_day
from backupgen.schedule.locks import Operation, Pool
from backupgen.schedule.windows import Timing, disjoint, reach
from backupgen.schedule.zones import CYCLE_START, DAY_MINUTES


class Crowd(NamedTuple):
    """Operations of a repository or a node of which, at some time, more run at once than it takes.

    Each meets another one in such a moment, so that they hang together; all of them need not run at once.
    """

    pool: Pool
    worst: int
    """The most that run at once."""
    first: int
    """The first such moment in the cycle, epoch seconds."""
    operations: tuple[str, ...]
    """In the order in which they were given."""


def crowded(operations: Sequence[Operation], limits: Mapping[Pool, int]) -> tuple[Crowd, ...]:
    """Find the operations that run beside too many others; a pool without a limit takes one at once.

    A repository counts its backups, a node all that runs on it. An operation is in one crowd of a pool at most. The
    crowds come in the order of their first operations.
    """
    pools: dict[Pool, dict[Timing, list[int]]] = {}
    for index, operation in enumerate(operations):
        for pool in operation.pools():
            pools.setdefault(pool, {}).setdefault(operation.nominal, []).append(index)
    found: list[tuple[list[int], Crowd]] = []
    for pool, by_timing in pools.items():
        groups = list(by_timing.values())
        for cluster in _sweep(by_timing, limits.get(pool, 1)):
            members = sorted(index for group in _bits(cluster.groups) for index in groups[group])
            names = tuple(operations[index].name for index in members)
            found.append((members, Crowd(pool, cluster.worst, cluster.first, names)))
    return tuple(crowd for _, crowd in sorted(found))


class _Cluster(NamedTuple):
    """Groups of operations with equal windows that hang together."""

    groups: int
    """As a bit set of their indexes."""
    worst: int
    first: int


@dataclass(slots=True)
class _State:
    """What runs at one minute of the day: per set of days, how many operations and which groups."""

    masks: dict[int, int] = field(default_factory=dict)
    """The sets of days by identity: of days at first, of kinds of days once they are known."""
    first_days: Sequence[int] = ()
    """The first day of each kind, ascending."""
    count: dict[int, int] = field(default_factory=dict)
    groups: dict[int, int] = field(default_factory=dict)

    def change(self, mask: int, group: int, members: int) -> None:
        self.count[mask] = self.count.get(mask, 0) + members
        self.groups[mask] = self.groups.get(mask, 0) ^ 1 << group
        if not self.count[mask]:
            del self.count[mask], self.groups[mask]


_Changes = dict[int, list[tuple[int, int, int]]]
"""Per minute of the day: the set of days, the group, and by how many operations the count changes."""


class _Moment(NamedTuple):
    """Too many operations at one minute, as those see it that run on the same set of days."""

    beside: tuple[int, ...]
    """The sets of days that take part, by identity."""
    worst: int
    day: int
    """The first such day of the cycle."""


def _sweep(by_timing: Mapping[Timing, Sequence[int]], limit: int) -> list[_Cluster]:
    if sum(map(len, by_timing.values())) <= limit:
        return []
    state = _State()
    starts, ends = _changes(by_timing, state)
    condensed, state.first_days = condense(list(state.masks.values()))
    state.masks = dict(zip(state.masks, condensed, strict=True))
    known: dict[tuple[tuple[int, int], ...], list[_Moment]] = {}
    clusters: list[_Cluster] = []
    for minute in sorted(starts.keys() | ends.keys()):
        for change in (*ends.get(minute, ()), *starts.get(minute, ())):
            state.change(*change)
        if minute in starts and sum(state.count.values()) > limit:
            key = tuple(sorted(state.count.items()))
            if key not in known:
                known[key] = _moments(state, limit)
            for moment in known[key]:
                groups = 0
                for mask in moment.beside:
                    groups |= state.groups[mask]
                first = CYCLE_START + (moment.day * DAY_MINUTES + minute) * 60
                clusters = _joined(clusters, _Cluster(groups, moment.worst, first))
    return clusters


def _joined(clusters: list[_Cluster], new: _Cluster) -> list[_Cluster]:
    apart = [cluster for cluster in clusters if not cluster.groups & new.groups]
    groups, worst, first = new
    for cluster in clusters:
        if cluster.groups & new.groups:
            groups, worst, first = groups | cluster.groups, max(worst, cluster.worst), min(first, cluster.first)
    return [*apart, _Cluster(groups, worst, first)]


def _changes(by_timing: Mapping[Timing, Sequence[int]], state: _State) -> tuple[_Changes, _Changes]:
    """List where the windows of each group begin and end."""
    starts: _Changes = {}
    ends: _Changes = {}
    for index, (timing, members) in enumerate(by_timing.items()):
        # Each minute counts once: concurrencyPolicy Forbid keeps a job from running beside itself.
        for span in disjoint(reach(timing, 0, timing.minutes - 1)):
            mask = id(span.days)
            state.masks[mask] = span.days
            for minute in _bits(span.minutes & ~(span.minutes << 1)):
                starts.setdefault(minute, []).append((mask, index, len(members)))
            for minute in _bits(~span.minutes & span.minutes << 1):
                ends.setdefault(minute, []).append((mask, index, -len(members)))
    return starts, ends


def _bits(bits: int) -> Iterator[int]:
    while bits:
        yield first_day(bits)
        bits &= bits - 1


def _levels(state: _State) -> dict[int, int]:
    """Return the days of the cycle by how many operations run."""
    levels = {0: (1 << len(state.first_days)) - 1}
    for mask, count in state.count.items():
        days = state.masks[mask]
        raised: dict[int, int] = {}
        for level, known in levels.items():
            for key, part in ((level + count, known & days), (level, known & ~days)):
                if part:
                    raised[key] = raised.get(key, 0) | part
        levels = raised
    return levels


def _moments(state: _State, limit: int) -> list[_Moment]:
    """Return what those that run on the same days meet on days with more than `limit` operations."""
    levels = sorted(_levels(state).items(), reverse=True)
    over = 0
    for level, days in levels:
        over |= days if level > limit else 0
    crowded_days = {mask: days for mask in state.count if (days := state.masks[mask] & over)}
    found = []
    for days in crowded_days.values():
        worst = next(level for level, known in levels if known & days)
        beside = tuple(mask for mask, others in crowded_days.items() if days & others)
        found.append(_Moment(beside, worst, state.first_days[first_day(days)]))
    return found
