"""The slots that an operation can have which runs every so often: which there are, and in what order they are tried.

They are numbered by the minutes by which they follow the first one: an hourly operation has 60, a daily one 1,440.
"""

from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from typing import Final

from backupgen.schedule.cron import CronExpr, parse_cron
from backupgen.schedule.zones import DAY_MINUTES

MINUTE: Final = 60
HOUR: Final = 3600
DAY: Final = 86_400
WEEK: Final = 7 * DAY
MONTH: Final = 30 * DAY

CADENCES: Final = (
    *(minutes * MINUTE for minutes in (15, 20, 30)),
    *(hours * HOUR for hours in (1, 2, 3, 4, 6, 8, 12)),
    DAY,
    WEEK,
    MONTH,
)
"""The distances between runs, in seconds, that a cron expression can keep; MONTH stands for monthly."""


def slot_count(every: int) -> int:
    """How many slots of a cadence there are."""
    return 28 * DAY // MINUTE if every == MONTH else every // MINUTE


@cache
def slot_of(number: int, every: int) -> CronExpr:
    """Return a candidate of a cadence by its number: the minutes by which it follows the cadence's first slot."""
    return parse_cron(_expression(number, every))


def _expression(number: int, every: int) -> str:
    hour, minute = divmod(number, 60)
    if every < HOUR:
        minutes = ",".join(str(start) for start in range(number, 60, every // MINUTE))
        return f"{minutes} * * * *"
    if every == HOUR:
        return f"{minute} * * * *"
    if every <= DAY:
        hours = ",".join(str(start) for start in range(hour, 24, every // HOUR))
        return f"{minute} {hours} * * *"
    day, hour = divmod(hour, 24)
    return f"{minute} {hour} * * {day}" if every == WEEK else f"{minute} {hour} {day + 1} * *"


def number_of(schedule: CronExpr, every: int) -> int | None:
    """Return the number of a slot among those of a cadence; None if it is none of them."""
    if not schedule.minutes or not schedule.hours:
        return None
    minute, hour = _lowest(schedule.minutes), _lowest(schedule.hours)
    number = minute if every <= HOUR else hour * 60 + minute
    if every == WEEK and schedule.weekdays:
        number += DAY_MINUTES * _lowest(schedule.weekdays)
    elif every == MONTH and schedule.days:
        number += DAY_MINUTES * (_lowest(schedule.days) - 1)
    if number >= slot_count(every) or slot_of(number, every).canonical() != schedule.canonical():
        return None
    return number


def _lowest(bits: int) -> int:
    return (bits & -bits).bit_length() - 1


def own_order(name: str, every: int) -> Iterator[int]:
    """Yield the numbers of a cadence's candidates in an order of the name's own."""
    total, digest = slot_count(every), digest_of(name, every)
    index = int.from_bytes(digest[:8], "big") % total
    step = _coprime(int.from_bytes(digest[8:16], "big"), total)
    for _ in range(total):
        yield index
        index = (index + step) % total


def rank_of(name: str, every: int, number: int) -> int:
    """Return the place of a candidate in the name's own order."""
    total, digest = slot_count(every), digest_of(name, every)
    first = int.from_bytes(digest[:8], "big") % total
    step = _coprime(int.from_bytes(digest[8:16], "big"), total)
    return (number - first) * pow(step, -1, total) % total


def in_turn(name: str, every: int) -> Iterator[int]:
    """Yield them one after the other, from the start of a day of the name's own."""
    total = slot_count(every)
    days = max(1, total // DAY_MINUTES)
    first = int.from_bytes(digest_of(name, every)[:8], "big") % days * DAY_MINUTES
    yield from (index % total for index in range(first, first + total))


def digest_of(name: str, every: int) -> bytes:
    """What is the name's own and looks like chance."""
    return sha256(f"{name}\0{every}".encode()).digest()


def _coprime(number: int, total: int) -> int:
    """Return a step below `total` that visits every candidate: no factor in common with it."""
    step = number % total or 1
    # The totals have no prime factors but 2, 3, 5 and 7.
    while any(step % prime == 0 and total % prime == 0 for prime in (2, 3, 5, 7)):
        step += 1
    return step
