"""Units as fleet.yaml and Kubernetes write them: durations, quantities, hours of the day, image names.

Input and output: text and plain numbers. Never: a judgement that needs a place in the file.
"""

import re
from fractions import Fraction
from math import ceil

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
# Longer numbers are no setting, and Python refuses to convert thousands of digits.
DURATION = re.compile(r"(?:[0-9]{1,9}[smhdw])+")
_DURATION_PART = re.compile(r"([0-9]+)([smhdw])")
QUANTITY = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,9})?|\.[0-9]{1,9})(m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?")
_FACTOR = {
    "m": Fraction(1, 1000),
    "": Fraction(1),
    **{unit: Fraction(1000**power) for power, unit in enumerate(("k", "M", "G", "T", "P", "E"), start=1)},
    **{unit + "i": Fraction(1024**power) for power, unit in enumerate(("K", "M", "G", "T", "P", "E"), start=1)},
}
IMAGE = re.compile(
    r"(?P<name>[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?::[0-9]+(?=/))?(?:/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*)"
    r"(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?"
)

SHORTEST_GRACE = 120
"""40 s in which restic may end by itself, a hook of 30 s, and the reports; rounded up."""


def parse_duration(text: str) -> int | None:
    """`9m`, `2h`, `540s`, `1h30m` -> seconds; None, if it is not a duration."""
    if not DURATION.fullmatch(text):
        return None
    return sum(int(count) * _SECONDS[unit] for count, unit in _DURATION_PART.findall(text))


def format_duration(seconds: int) -> str:
    """Seconds as fleet.yaml writes them: 5400 -> `1h30m`."""
    parts = []
    for unit in ("d", "h", "m", "s"):
        count, seconds = divmod(seconds, _SECONDS[unit])
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"


def format_hours(hours: int) -> tuple[str, ...]:
    """A bit set of hours as `skip` takes it: one range a run of hours, around midnight too."""
    every = (1 << 24) - 1
    if hours & every == every:
        return ("00:00-24:00",)
    first = [hour for hour in range(24) if hours >> hour & 1 and not hours >> (hour - 1) % 24 & 1]
    ranges = []
    for start in first:
        length = next(length for length in range(1, 25) if not hours >> (start + length) % 24 & 1)
        ranges.append(f"{start:02}:00-{(start + length) % 24:02}:00")
    return tuple(ranges)


def amount(value: str) -> Fraction:
    """A quantity in its base unit: bytes or cores."""
    match = QUANTITY.fullmatch(value)
    if match is None:  # pragma: no cover - the model accepts nothing else
        raise ValueError(value)
    return Fraction(match[1]) * _FACTOR[match[2] or ""]


def quantity_value(value: str) -> int:
    """A quantity in its base unit (bytes, for a size), rounded up."""
    return ceil(amount(value))


def image_parts(value: str) -> tuple[str, str | None, str | None]:
    """An image's name, tag and digest."""
    match = IMAGE.fullmatch(value)
    if match is None:  # pragma: no cover - the model accepts nothing else
        raise ValueError(value)
    return match["name"], match["tag"], match["digest"]
