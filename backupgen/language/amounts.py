"""The amounts and the times of fleet.yaml: durations, sizes, shares, slots and the like.

Input: the plain values of the document. Output: what the compiler calculates with, such as seconds. A refusal says what
was found and what is expected; `load` turns it into a finding. Never: a look at other fields.
"""

import re
from datetime import date
from typing import Annotated, Any, Final

from backupgen.conventions.units import (
    QUANTITY,
    SHORTEST_GRACE,
    amount,
    format_duration,
    parse_duration,
    quantity_value,
)
from backupgen.language import patterns
from backupgen.language.forms import Form
from backupgen.language.refusals import refuse, shown, text_of
from backupgen.schedule import Auto, CronExpr, SlotError, ZoneError, load_zone, parse_slot

LARGEST = 2**63
"""Kubernetes keeps quantities in 64 bits, and shells count in as many."""
_KEEP_WITHIN = re.compile(r"(?=.)(?:([1-9][0-9]{0,3})y)?(?:([1-9][0-9]{0,3})mo)?(?:([1-9][0-9]{0,3})d)?")
_PERCENT = re.compile(r"([1-9][0-9]?|100)%")
_DAYS = re.compile(r"[1-9][0-9]{0,2}d")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_PART = re.compile(r"1/([1-9][0-9]?|1[0-9]{2}|2[0-4][0-9]|25[0-6])")
_KUBERNETES = re.compile(r"v?1\.([1-9][0-9]?)(?:\.[0-9]{1,3}(?:[-+][-+.0-9A-Za-z]{1,40})?)?")
_HOUR_RANGE = re.compile(r"([01][0-9]|2[0-3]):00-([01][0-9]|2[0-4]):00")
_QUANTITY_SCHEMA: Final[dict[str, Any]] = {
    "type": ["string", "integer"],
    "description": "A Kubernetes quantity.",
    "examples": ["100m", "256Mi", 1],
    "pattern": f"^(?:{patterns.QUANTITY})$",
    "minimum": 1,
    "maximum": 10**15 - 1,
}


def _duration(value: object) -> int:
    """`9m`, `2h`, `540s`, `1h30m` -> seconds."""
    expected = "a duration such as `540s`, `9m`, `2h` or `1h30m`"
    if isinstance(value, int) and not isinstance(value, bool):
        hint = f"write `{value}s` for seconds, `{value}m` for minutes" if 0 < value < 10**6 else ""
        raise refuse(f"`{shown(value)}` has no unit, expected {expected}", hint)
    value = text_of(value, expected)
    seconds = parse_duration(value)
    if seconds is None:
        raise refuse(f"`{shown(value)}` is not a duration, expected {expected}")
    if not 0 < seconds <= 366 * 86400:
        raise refuse(f"`{shown(value)}` is out of range, expected a duration between `1s` and `366d`")
    return seconds


duration = Form(
    _duration,
    "A duration.",
    (
        "540s",
        "9m",
        "2h",
        "1h30m",
    ),
    pattern=patterns.DURATION,
    write=format_duration,
)
Duration = Annotated[int, duration]


def _start_window(value: object) -> int:
    """A duration of at least ten seconds: the CronJob controller looks only every ten (Kubernetes' documentation)."""
    seconds = duration(value)
    if seconds < 10:
        raise refuse(f"`{shown(value)}` is too short, expected at least `10s`: Kubernetes would miss slots")
    return seconds


start_window = Form(
    _start_window, "A duration of at least 10s.", ("2m",), pattern=patterns.DURATION, write=format_duration
)
StartWindow = Annotated[int, start_window]


def _deadline(value: object) -> int:
    """A duration in which a job can do anything at all."""
    seconds = duration(value)
    if seconds < 60:
        raise refuse(f"`{value}` is too short for a backup, expected a deadline of at least `1m`")
    return seconds


deadline = Form(
    _deadline,
    "A duration of at least 1m.",
    (
        "9m",
        "2h",
    ),
    pattern=patterns.DURATION,
    write=format_duration,
)
Deadline = Annotated[int, deadline]


def _grace(value: object) -> int:
    """The time that the scripts need, after SIGTERM, to end restic, remove its lock and report (lib.sh)."""
    seconds = duration(value)
    if seconds < SHORTEST_GRACE:
        message = f"`{value}` is too short to end restic, remove its lock and report"
        raise refuse(f"{message}, expected at least `{format_duration(SHORTEST_GRACE)}`")
    return seconds


grace = Form(
    _grace,
    "A duration of at least 2m.",
    (
        "2m",
        "5m",
    ),
    pattern=patterns.DURATION,
    write=format_duration,
)
Grace = Annotated[int, grace]


def _quantity(value: object) -> str:
    """A Kubernetes quantity (k8s.io/apimachinery resource.Quantity), without the exponent form."""
    expected = "a Kubernetes quantity such as `500Mi`, `20Gi` or `100m`"
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 10**15:
        return str(value)
    value = text_of(value, expected)
    if not QUANTITY.fullmatch(value):
        near = value.removesuffix("B").replace("K", "k" if value.endswith("KB") else "K")
        hint = f"write `{near}`" if QUANTITY.fullmatch(near) else ""
        raise refuse(f"`{shown(value)}` is not a size, expected {expected}", hint)
    if amount(value) >= LARGEST:
        raise refuse(f"`{shown(value)}` is more than Kubernetes and the scripts can count, expected less than `8Ei`")
    return value


quantity = Form(_quantity, "A Kubernetes quantity.", schema=_QUANTITY_SCHEMA)
Quantity = Annotated[str, quantity]


def _size(value: object) -> str:
    """A quantity of at least one byte, with its unit where it is written as a number."""
    if isinstance(value, int) and not isinstance(value, bool):
        raise refuse(f"`{shown(value)}` has no unit, expected bytes such as `500Mi` or `20Gi`")
    result = quantity(value)
    if quantity_value(result) < 1 or result.endswith("m"):
        raise refuse(f"`{shown(result)}` is not a size, expected bytes such as `500Mi` or `20Gi`")
    return result


size = Form(
    _size,
    "A Kubernetes quantity of bytes.",
    (
        "500Mi",
        "20Gi",
    ),
    pattern=patterns.SIZE,
)
Size = Annotated[str, size]


def _percent(value: object) -> int:
    """`50%` -> 50, from 1 to 100."""
    expected = "a share such as `50%`"
    if isinstance(value, int) and not isinstance(value, bool):
        hint = f"write `{value}%`" if 0 < value <= 100 else ""
        raise refuse(f"`{shown(value)}` has no unit, expected {expected}", hint)
    match = _PERCENT.fullmatch(text_of(value, expected))
    if match is None:
        raise refuse(f"`{shown(value)}` is not a share, expected one from `1%` to `100%`")
    return int(match[1])


percent = Form(_percent, "A share.", ("50%",), pattern=_PERCENT.pattern, write="{}%".format)
Percent = Annotated[int, percent]


def _days(value: object) -> int:
    """`90d` -> 90."""
    seconds = duration(value)
    if not _DAYS.fullmatch(str(value)):
        raise refuse(f"`{shown(value)}` is not a number of days, expected one such as `90d`")
    return seconds // 86400


days = Form(_days, "A number of days.", ("90d",), pattern=patterns.DAYS)
Days = Annotated[int, days]


def _day(value: object) -> date:
    """`2027-03-01` -> the day."""
    expected = "a day such as `2027-03-01`"
    value = text_of(value, expected)
    try:
        if _DATE.fullmatch(value):
            return date.fromisoformat(value)
    except ValueError:
        raise refuse(f"`{value}` is not a day of the calendar, expected {expected}") from None
    raise refuse(f"`{shown(value)}` is not a day, expected {expected}")


day = Form(_day, "A day.", ("2027-03-01",), pattern=_DATE.pattern)
Day = Annotated[date, day]


def _keep_within(value: object) -> str:
    """`90d`, `6mo`, `1y6mo` -> the duration of `restic forget --keep-within`, in which `m` means months."""
    expected = "a span of days, months and years such as `90d`, `6mo` or `1y6mo`"
    value = text_of(value, expected)
    if not _KEEP_WITHIN.fullmatch(value):
        hint = "restic reads `m` as months; write `mo` to make that plain" if value.endswith("m") else ""
        raise refuse(f"`{shown(value)}` is not a span, expected {expected}", hint)
    return value.replace("mo", "m")


keep_within = Form(
    _keep_within,
    "A span of time.",
    (
        "90d",
        "1y6mo",
    ),
    pattern=_KEEP_WITHIN.pattern,
    write=lambda span: span.replace("m", "mo"),
)
KeepWithin = Annotated[str, keep_within]


def _check_part(value: object) -> int:
    """`1/20` -> 20: how many runs of `restic check` read the whole repository."""
    value = text_of(value, "the part of the repository that each run reads, such as `1/20`")
    match = _PART.fullmatch(value)
    if match is None:
        raise refuse(
            f"`{shown(value)}` is not a part, expected `1/` and a number of runs from 1 to 256, restic's limit"
        )
    return int(match[1])


check_part = Form(_check_part, "A part.", ("1/20",), pattern=_PART.pattern)
CheckPart = Annotated[int, check_part]


def _kubernetes_version(value: object) -> int:
    """`1.34`, or what `kubectl version` prints, such as `v1.34.2+k3s1` -> 34, the minor."""
    expected = 'a version of Kubernetes such as `"1.34"`'
    match = _KUBERNETES.fullmatch(text_of(value, expected))
    if match is None:
        raise refuse(f"`{shown(value)}` is not a version, expected {expected}")
    return int(match[1])


kubernetes_version = Form(
    _kubernetes_version,
    "A version.",
    (
        "1.34",
        "v1.34.2+k3s1",
    ),
    pattern=_KUBERNETES.pattern,
)
KubernetesVersion = Annotated[int, kubernetes_version]


def _hour_range(value: object) -> int:
    """`12:00-14:00` -> the bit set of the hours 12 and 13."""
    value = text_of(value, "a range of whole hours such as `12:00-14:00`")
    match = _HOUR_RANGE.fullmatch(value)
    if match is None:
        expected = "expected one such as `12:00-14:00` or `22:00-02:00`"
        hint = "cron can leave out whole hours only"
        raise refuse(f"`{shown(value)}` is not a range of whole hours, {expected}", hint)
    first, end = int(match[1]), int(match[2])
    hours = range(first, end if end > first else end + 24)
    return sum({1 << hour % 24 for hour in hours})


hour_range = Form(_hour_range, "A range of hours.", ("12:00-14:00",), pattern=_HOUR_RANGE.pattern)
HourRange = Annotated[int, hour_range]


def _slot(value: object) -> CronExpr | Auto:
    """When an operation starts. See `backupgen.schedule.parse_slot`."""
    value = text_of(value, 'a slot such as `":20"`, `"03:05"`, `"Sun 04:00"`, a cron expression or `auto`')
    try:
        return parse_slot(value)
    except SlotError as error:
        raise refuse(error.message, error.hint) from None


slot = Form(
    _slot,
    "A slot.",
    (
        ":20",
        "03:05",
        "Sun 04:00",
        "*/30 * * * *",
        "auto",
    ),
    pattern=patterns.SLOT,
)
Slot = Annotated[CronExpr | Auto, slot]


def _timezone(value: object) -> str:
    """An IANA time zone that Kubernetes accepts in a CronJob's `timeZone`."""
    value = text_of(value, "an IANA time zone such as `Europe/Berlin`")
    try:
        return load_zone(value).name
    except ZoneError as error:
        raise refuse(error.message, error.hint) from None


timezone = Form(_timezone, "An IANA time zone.", ("Europe/Berlin",))
Timezone = Annotated[str, timezone]
