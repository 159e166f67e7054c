"""How many operations a repository or a node has at once when all start on time, and where that is more than it takes.

A sweep over the 1,440 minutes of the UTC day, in which days of the cycle with the same windows are counted together:
its cost grows with the number of different schedules, not with the pairs of operations.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from backupgen.schedule.days import condense, first_day
from backupgen.schedule.locks import Operation, Pool
from backupgen.schedule.windows import Span, Timing, reach
from backupgen.schedule.zones import CYCLE_START, DAY_MINUTES


@dataclass(frozen=True, slots=True)
class Crowd:
    """An operation that runs, at some time, beside more operations than its repository or its node takes at once."""

    operation: str
    pool: Pool
    worst: int
    """The most operations that run at once while this one does."""
    first: int
    """The first such moment in the cycle, epoch seconds."""
    groups: tuple[tuple[str, ...], ...]
    """The pool's operations, those with equal windows together; shared by all its crowds."""
    crowd: int
    """The groups that take part in such moments with this one, its own included, as a bit set of their indexes."""

    @property
    def taking_part(self) -> tuple[tuple[str, ...], ...]:
        """The groups that take part, this operation's own included."""
        return tuple(self.groups[index] for index in _bits(self.crowd))

    @property
    def others(self) -> tuple[str, ...]:
        """The other operations of the crowd. Spelled out on demand: in a large fleet they are most of the fleet."""
        return tuple(name for group in self.taking_part for name in group if name != self.operation)


@dataclass(slots=True)
class _Group:
    """Operations with equal windows."""

    members: list[Operation]
    worst: int = 0
    first: int = 0
    crowd: int = 0
    """The groups that take part, as a bit set of their indexes."""


def crowded(operations: Sequence[Operation], limits: Mapping[Pool, int]) -> tuple[Crowd, ...]:
    """Find the operations that run beside too many others, in their order; a pool without a limit takes one at once.

    A repository counts its backups, a node all that runs on it.
    """
    pools: dict[Pool, dict[Timing, list[Operation]]] = {}
    for operation in operations:
        for pool in operation.pools():
            pools.setdefault(pool, {}).setdefault(operation.nominal, []).append(operation)
    found: dict[str, list[Crowd]] = {}
    for pool, by_timing in pools.items():
        for crowd in _report(pool, _sweep(by_timing, limits.get(pool, 1))):
            found.setdefault(crowd.operation, []).append(crowd)
    return tuple(crowd for operation in operations for crowd in found.get(operation.name, ()))


def _report(pool: Pool, groups: list[_Group]) -> Iterator[Crowd]:
    names = tuple(tuple(member.name for member in group.members) for group in groups)
    for group in groups:
        if group.worst:
            for member in group.members:
                yield Crowd(member.name, pool, group.worst, group.first, names, group.crowd)


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
    """Too many operations at one minute, as the groups that run on one set of days see it."""

    mask: int
    beside: tuple[int, ...]
    """The sets of days that take part, by identity."""
    worst: int
    day: int
    """The first such day of the cycle."""


def _sweep(by_timing: dict[Timing, list[Operation]], limit: int) -> list[_Group]:
    groups = [_Group(members) for members in by_timing.values()]
    state = _State()
    starts, ends = _changes(by_timing, state)
    condensed, state.first_days = condense(list(state.masks.values()))
    state.masks = dict(zip(state.masks, condensed, strict=True))
    seen: set[tuple[tuple[int, int], ...]] = set()
    known: dict[tuple[tuple[int, int], ...], list[_Moment]] = {}
    for minute in sorted(starts.keys() | ends.keys()):
        for change in (*ends.get(minute, ()), *starts.get(minute, ())):
            state.change(*change)
        # The same groups on the same days at a later minute tell nothing new.
        active = tuple(sorted(state.groups.items()))
        if minute in starts and sum(state.count.values()) > limit and active not in seen:
            seen.add(active)
            key = tuple(sorted(state.count.items()))
            if key not in known:
                known[key] = _moments(state, limit)
            _note(groups, state, known[key], minute)
    return groups


def _changes(by_timing: dict[Timing, list[Operation]], state: _State) -> tuple[_Changes, _Changes]:
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


def disjoint(spans: Sequence[Span]) -> list[Span]:
    """Return the same instants with none in two spans."""
    found: list[Span] = []
    for span in spans:
        pieces = [span]
        for known in found:
            pieces = [part for piece in pieces for part in _without(piece, known)]
        found += pieces
    return found


def _without(span: Span, known: Span) -> list[Span]:
    both = span.minutes & known.minutes
    if not both or not span.days & known.days:
        return [span]
    parts = (Span(span.minutes & ~both, span.days), Span(both, span.days & ~known.days))
    return [part for part in parts if part.minutes and part.days]


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
    """Return what the groups on each set of days meet on days with more than `limit` operations."""
    levels = sorted(_levels(state).items(), reverse=True)
    over = 0
    for level, days in levels:
        over |= days if level > limit else 0
    if not over:
        return []
    crowded_days = {mask: state.masks[mask] & over for mask in state.count}
    found = []
    for mask, days in crowded_days.items():
        if days:
            worst = next(level for level, known in levels if known & days)
            beside = tuple(other for other, others in crowded_days.items() if days & others)
            found.append(_Moment(mask, beside, worst, state.first_days[first_day(days)]))
    return found


def _note(groups: list[_Group], state: _State, moments: list[_Moment], minute: int) -> None:
    for moment in moments:
        crowd = 0
        for mask in moment.beside:
            crowd |= state.groups[mask]
        first = CYCLE_START + (moment.day * DAY_MINUTES + minute) * 60
        for index in _bits(state.groups[moment.mask]):
            _merge(groups[index], moment.worst, first, crowd)


def _merge(group: _Group, worst: int, first: int, crowd: int) -> None:
    group.first = min(first, group.first) if group.worst else first
    group.worst = max(worst, group.worst)
    group.crowd |= crowd
