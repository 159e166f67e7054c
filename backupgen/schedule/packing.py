"""Ways to find room for everybody: by chance, one beside the other, and by a search that is exhaustive if it is short.

In a packing every window can be moved to earlier candidates until something is in its way: what excludes it, a window
of another, or, all around the clock, its own. So the search tries all candidates of whoever comes first, and for each
other one those whose next earlier candidate is not free, in every order. Where one operation at a time may run, in one
pool and one zone, no packing is missed that way.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from backupgen.schedule.cadence import MONTH, digest_of, in_turn, own_order, rank_of, slot_count
from backupgen.schedule.load import Load
from backupgen.schedule.locks import Pool
from backupgen.schedule.starts import blocked
from backupgen.schedule.wishes import Request, Wish, Wishes, bits_of, lowest

SEARCHED: Final = 600
"""How many steps the exhaustive search takes at most."""
_FEW: Final = 12
"""Up to so many requests it is tried."""
_SPARSE: Final = 64
_ANY: Final = 1 << 30
NOTHING_SURE: Final[Mapping[Pool, int]] = {}


class State:
    """Who is where, and what each pool has to do."""

    def __init__(self, wishes: Wishes, limits: Mapping[Pool, int]) -> None:
        self.wishes = wishes
        self.limits = limits
        self.loads: dict[Pool, Load] = {}
        self.numbers: dict[str, int] = {}

    def load(self, pool: Pool) -> Load:
        """Return what a pool has to do."""
        if pool not in self.loads:
            self.loads[pool] = Load(self.limits.get(pool, 1))
        return self.loads[pool]

    def put(self, request: Request, number: int) -> None:
        """Give a request a slot."""
        timing = self.wishes.of(request).timing(number)
        for pool in request.operation.pools():
            self.load(pool).add(timing)
        self.numbers[request.operation.name] = number

    def take(self, request: Request) -> int:
        """Take its slot away from a request; returns it."""
        number = self.numbers.pop(request.operation.name)
        timing = self.wishes.of(request).timing(number)
        for pool in request.operation.pools():
            self.load(pool).remove(timing)
        return number

    def free(self, request: Request, more: int = 0) -> int:
        """Return the allowed candidates that find room, if each pool takes `more` at once than its limit."""
        wish = self.wishes.of(request)
        pools = [self.load(pool) for pool in request.operation.pools()]
        length = wish.timing(lowest(wish.allowed)).minutes
        spans = [span for load in pools for span in load.closed(length, max(1, load.limit + more))]
        if not spans:
            return wish.allowed
        free = 0
        for hours, bits in wish.groups:
            free |= bits & ~blocked(wish.every, wish.operation.zone, spans, hours)
        return free

    def most_allowed(self, request: Request) -> int:
        """Return the largest limit of the pools of a request; 1 if it is in none."""
        return max((self.load(pool).limit for pool in request.operation.pools()), default=1)

    def crowded(self, request: Request) -> int:
        """Return by how much a pool exceeds its limit where a request is."""
        timing = self.wishes.of(request).timing(self.numbers[request.operation.name])
        return max(
            (self.load(pool).most(timing) - self.load(pool).limit for pool in request.operation.pools()), default=0
        )


class Found(NamedTuple):
    """What a search came to."""

    placed: bool
    exhausted: bool
    """It has looked at everything there is, or needed not."""


def spread(state: State, requests: Sequence[Request], sure: Mapping[Pool, int] = NOTHING_SURE) -> bool:
    """Give each the first good candidate in an order of its own; say whether all found room.

    `sure` is how many more than its limit a pool will have to take anyway: nobody looks for room beside fewer.
    """
    roomy = True
    fewest: _Fewest = {}
    for request in sorted(requests, key=lambda one: digest_of(one.operation.name, one.every)):
        anyway = min((sure.get(pool, 0) for pool in request.operation.pools()), default=0)
        free, more = _roomiest(state, request, fewest, anyway)
        roomy = roomy and not more
        state.put(request, best_of(state.wishes.of(request), request, free))
    return roomy


_Fewest = dict[object, dict[int, int]]
"""By what requests have in common but for the length of their windows: the length, and beside how many more there was
room. What is full stays full while others are added, and longer ones do not find room where shorter ones did not."""


def _roomiest(state: State, request: Request, fewest: _Fewest, least: int, most: int = _ANY) -> tuple[int, int]:
    """Return the candidates beside the fewest others, and by how much more than its limit a pool takes there at most.

    No candidates if even `most` more do not do.
    """
    wish = state.wishes.of(request)
    known = fewest.setdefault((wish.family, tuple(request.operation.pools())), {})
    more = max((had for length, had in known.items() if length <= request.operation.deadline), default=least)
    free, step = state.free(request, more), 1
    while not free and more < most:
        failed, more, step = more, min(more + step, most), 2 * step
        free = state.free(request, more)
        while free and more - failed > 1:
            middle = (failed + more) // 2
            fewer = state.free(request, middle)
            failed, more, free = (failed, middle, fewer) if fewer else (middle, more, free)
    known[request.operation.deadline] = more
    return free, more


def best_of(wish: Wish, request: Request, free: int) -> int:
    """Return the best of the free candidates: of equally good ones the first in the request's own order."""
    for level in wish.levels:
        if level & free:
            return _first(request, level & free)
    raise AssertionError("no candidate is free")  # pragma: no cover -- the caller has asked


def _first(request: Request, bits: int) -> int:
    name, every = request.operation.name, request.every
    if bits.bit_count() <= _SPARSE:
        return min(bits_of(bits), key=lambda number: rank_of(name, every, number))
    return next(number for number in own_order(name, every) if bits >> number & 1)


def pack(state: State, requests: Sequence[Request]) -> bool:
    """Place those that run often and long first, each at the first room beside the fewest; say whether all found some.

    Those that find none are not placed.
    """
    roomy = True
    fewest: _Fewest = {}
    for request in sorted(requests, key=_often_and_long):
        free, _ = _roomiest(state, request, fewest, 1 - state.most_allowed(request), most=0)
        if free:
            order = in_turn(request.operation.name, request.every)
            state.put(request, next(number for number in order if free >> number & 1))
        roomy = roomy and bool(free)
    return roomy


def _often_and_long(request: Request) -> tuple[int, int, bytes]:
    return request.every, -request.operation.hold, digest_of(request.operation.name, request.every)


def search(state: State, requests: Sequence[Request]) -> Found:
    """Place all of a few requests by trying everything that is worth trying; leaves `state` as it was if it fails."""
    if len(requests) > _FEW:
        return Found(placed=False, exhausted=False)
    return _Search(state).run(sorted(requests, key=_often_and_long))


class _Search:
    def __init__(self, state: State) -> None:
        self._state = state
        self._steps = 0

    def run(self, requests: Sequence[Request]) -> Found:
        placed = self._place(list(requests), first=True)
        return Found(placed, exhausted=placed or (self._steps < SEARCHED and self._is_complete(requests)))

    def _is_complete(self, requests: Sequence[Request]) -> bool:
        """Whether the argument of this module holds for the requests."""
        pools = {pool for request in requests for pool in request.operation.pools()}
        zones = {request.operation.zone for request in requests}
        return len(pools) == 1 and len(zones) == 1 and all(self._state.load(pool).limit == 1 for pool in pools)

    def _place(self, left: list[Request], *, first: bool = False) -> bool:
        if not left:
            return True
        seen: set[tuple[object, ...]] = set()
        for request in left[:1] if first else left:
            kind = (id(self._state.wishes.of(request)),)
            if kind in seen:
                continue
            seen.add(kind)
            rest = [other for other in left if other is not request]
            for number in self._worth_trying(request, first=first):
                self._steps += 1
                if self._steps >= SEARCHED:
                    return False
                self._state.put(request, number)
                if self._place(rest):
                    return True
                self._state.take(request)
        return False

    def _worth_trying(self, request: Request, *, first: bool) -> Iterator[int]:
        free = self._state.free(request)
        if first:
            yield from (number for number in in_turn(request.operation.name, request.every) if free >> number & 1)
            return
        total = slot_count(request.every)
        # The last of the month's candidates is not followed by the first one.
        around = 0 if request.every == MONTH else free >> total - 1
        yield from bits_of(free & ~(free << 1 | around) or free & -free)
