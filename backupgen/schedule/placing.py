"""Slots that the compiler chooses: conflict-free, within the capacity, and stable.

Where an operation goes depends on its name, on the slots that are written by hand, and on what else is there when it
is placed for the first time. From then on it keeps its slot, as long as nothing is in its way: whoever calls this
remembers what was chosen and hands it back. Without that memory no rule could be stable and mind the capacity: a choice
that no other target can change is one that does not look at them.

What is chosen is a fixed point: it moves nobody when it is handed back. A slot is given up for one reason only, which
is asked of each beside all the others: that more run there at once than there may, and that there is room elsewhere.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from math import ceil
from typing import Final, NamedTuple

from backupgen.schedule.cadence import CADENCES, digest_of, slot_of
from backupgen.schedule.cron import CronExpr
from backupgen.schedule.load import covered_minutes
from backupgen.schedule.locks import Operation, Pool
from backupgen.schedule.packing import State, best_of, pack, search, spread
from backupgen.schedule.starts import HORIZON
from backupgen.schedule.windows import Timing
from backupgen.schedule.wishes import Request, Wishes
from backupgen.schedule.zones import DAY_MINUTES

_MANY: Final = 50
"""Up to so many that find no room are each looked after by themselves."""


class Shortage(NamedTuple):
    """A repository or a node in which not all found room."""

    pool: Pool
    limit: int
    needed: int
    """The most that run at once: a limit that would do."""
    without_room: tuple[str, ...]
    """The operations without which all others would fit where they are; sorted."""
    impossible: bool
    """There is no packing at all; otherwise none was found, in a search that looks at the likely ones only."""
    anew: bool
    """There would be room for all if those that have a slot already were placed anew."""


class Placement(NamedTuple):
    """The slots of all requests."""

    slots: Mapping[str, CronExpr]
    """By the operation's name; the hours of `skip` are in it."""
    shortages: tuple[Shortage, ...]


class _Task(NamedTuple):
    """What is to be placed beside what."""

    wishes: Wishes
    requests: Sequence[Request]
    explicit: Sequence[tuple[Pool, Timing]]
    limits: Mapping[Pool, int]

    def state(self, more: Mapping[Pool, int] | None = None) -> State:
        """Return the state in which the explicit operations are there alone, with other limits if these are given."""
        state = State(self.wishes, self.limits if more is None else {**self.limits, **more})
        for pool, timing in self.explicit:
            state.load(pool).add(timing)
        return state


def place(requests: Sequence[Request], explicit: Sequence[Operation], limits: Mapping[Pool, int]) -> Placement:
    """Choose a slot for each request beside operations that have slots of their own.

    A slot meets nothing that excludes the operation, save for hours in which it yields, wherever there is such a slot;
    of these it is one that finds room in the operation's repository and node (`limits`, 1 where it says nothing), or
    else one of the least crowded. The result does not depend on the order of the requests. Raises ValueError for
    another cadence, and for an operation that may start in no hour.
    """
    for request in requests:
        if request.every not in CADENCES:
            raise ValueError(f"no cron expression runs every {request.every} seconds")
    if not requests:
        return Placement({}, ())
    wishes = Wishes(explicit)
    beside = [(pool, wishes.effective(operation)) for operation in explicit for pool in operation.pools()]
    task = _Task(wishes, sorted(requests, key=_turn), beside, limits)
    state, fresh = _placed(task)
    slots = {
        request.operation.name: slot_of(state.numbers[request.operation.name], request.every) for request in requests
    }
    return Placement(slots, tuple(_shortages(task, state, fresh=fresh)))


def _turn(request: Request) -> bytes:
    return digest_of(request.operation.name, request.every)


def _placed(task: _Task) -> tuple[State, bool]:
    """Return who goes where, and whether nobody had a slot before."""
    keeping, state = [], task.state()
    for request in task.requests:
        kept = task.wishes.of(request).keeps(request.before)
        if kept is not None:
            state.put(request, kept)
            keeping.append(request)
    _settle(state, keeping)
    held = dict(state.numbers)
    moving = [request for request in task.requests if request.operation.name not in held]
    if not moving:
        return state, False

    def beside() -> State:
        other = task.state()
        for request in keeping:
            other.put(request, held[request.operation.name])
        return other

    state = _best(beside, moving, task)
    _settle(state, task.requests)
    return state, not keeping


def _best(beside: Callable[[], State], moving: Sequence[Request], task: _Task) -> State:
    """Place those that move by the first way by which all find room, or else by the one by which the most do."""
    first, overfull = beside(), _overfull(task)
    if overfull and len(moving) > _MANY:
        spread(first, moving, {pool: least - task.limits.get(pool, 1) - 1 for pool, least in overfull.items()})
        return first
    if spread(first, moving):
        return first
    packed = beside()
    if pack(packed, moving):
        return packed
    searched = beside()
    if not overfull and search(searched, moving).placed:
        return searched
    spread(packed, [request for request in moving if request.operation.name not in packed.numbers])
    return min(first, packed, key=lambda state: sum(len(names) for _, names in _without_room(task, state).values()))


def _settle(state: State, requests: Iterable[Request]) -> None:
    """Move those that make too many run at once to where there is room, until nobody is left who could.

    Who runs into others goes before those into whom somebody runs: it is the one that has grown.
    """
    listed = list(requests)
    moved = True
    while moved:
        moved = False
        over = [request for request in listed if state.crowded(request) > 0]
        full: set[object] = set()
        for request in sorted(over, key=lambda one: _is_run_into(state, one)):
            # Of very many, one of a kind is asked: where it finds no room, hardly another one does.
            wish = state.wishes.of(request) if len(over) > _MANY else None
            if wish in full or state.crowded(request) <= 0:
                continue
            number = state.take(request)
            free = state.free(request)
            if free:
                number = best_of(state.wishes.of(request), request, free)
                moved = True
            elif wish is not None:
                full.add(wish)
            state.put(request, number)


def _is_run_into(state: State, request: Request) -> bool:
    """Whether there are too many already when a request begins."""
    timing = state.wishes.of(request).timing(state.numbers[request.operation.name])._replace(minutes=1)
    return any(state.load(pool).most(timing) > state.load(pool).limit for pool in request.operation.pools())


def _shortages(task: _Task, state: State, *, fresh: bool) -> list[Shortage]:
    short = _without_room(task, state)
    if not short:
        return []
    overfull = _overfull(task)
    anew, exhausted = (False, False) if overfull else _searched(task, fresh=fresh)
    return [
        Shortage(
            pool,
            task.limits.get(pool, 1),
            needed,
            tuple(sorted(names)),
            impossible=pool in overfull or exhausted,
            anew=anew,
        )
        for pool, (needed, names) in sorted(short.items())
    ]


def _without_room(task: _Task, state: State) -> dict[Pool, tuple[int, list[str]]]:
    """Return by pool the most that run at once, and who finds no room if all come one after the other."""
    short: dict[Pool, tuple[int, list[str]]] = {}
    again = task.state()
    for request in task.requests:
        number = state.numbers[request.operation.name]
        again.put(request, number)
        timing = task.wishes.of(request).timing(number)
        short_of = [
            pool for pool in request.operation.pools() if again.load(pool).most(timing) > again.load(pool).limit
        ]
        for pool in short_of:
            worst, names = short.get(pool, (0, []))
            short[pool] = max(worst, state.load(pool).most(timing)), [*names, request.operation.name]
        if short_of:
            again.take(request)
    return short


def _searched(task: _Task, *, fresh: bool) -> tuple[bool, bool]:
    """Say whether there is room for all placed anew, and whether everything has been looked at in vain."""
    if not fresh and (spread(task.state(), task.requests) or pack(task.state(), task.requests)):
        return True, False
    found = search(task.state(), task.requests)
    return found.placed, found.exhausted and not found.placed


def _overfull(task: _Task) -> dict[Pool, int]:
    """Return the pools in which the windows add up to more than the time there is, and the least limit for them."""
    minutes: dict[Pool, float] = {}
    for pool, timing in task.explicit:
        minutes[pool] = minutes.get(pool, 0) + covered_minutes(timing)
    for request in task.requests:
        least = task.wishes.of(request).least
        for pool in request.operation.pools():
            minutes[pool] = minutes.get(pool, 0) + least
    least_limits = {pool: ceil(wanted / (HORIZON * DAY_MINUTES)) for pool, wanted in minutes.items()}
    return {pool: least for pool, least in least_limits.items() if least > task.limits.get(pool, 1)}
