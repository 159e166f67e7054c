"""Cron expressions as Kubernetes reads them: robfig/cron v3.0.1 `ParseStandard`, with every oddity of that parser.

Source: the library's `parser.go` and `spec.go` at v3.0.1, checked against the library itself.
"""

import re
from dataclasses import dataclass, replace
from typing import Final, NoReturn

from backupgen.diagnostics.wording import listed

ALL_HOURS: Final = (1 << 24) - 1

_SPACE: Final = "\t\n\v\f\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
"""Go's unicode.IsSpace. Python's own idea of white space is wider (it has the separators U+001C to U+001F)."""
_TOKEN: Final = re.compile(f"[^{_SPACE}]+")
_INTEGER: Final = re.compile(r"\+?[0-9]+")
_LARGEST: Final = (1 << 63) - 1
_LONGEST: Final = len(str(_LARGEST))


class CronError(ValueError):
    """A text that Kubernetes does not accept as a schedule, or that backupgen cannot prove anything about.

    `message` says what is wrong and what was expected, `hint` what to write instead (may be empty), `offset` is the
    0-based index of the offending part in the text.
    """

    def __init__(self, message: str, hint: str = "", offset: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.offset = offset


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    low: int
    high: int
    names: tuple[str, ...] = ()
    """The names of the values from `low` on."""

    @property
    def full(self) -> int:
        return (1 << (self.high + 1)) - (1 << self.low)

    def number(self, text: str) -> int | None:
        if text.lower() in self.names:
            return self.low + self.names.index(text.lower())
        return _integer(text)


_MINUTE: Final = _Field("minute", 0, 59)
_HOUR: Final = _Field("hour", 0, 23)
_DAY: Final = _Field("day of month", 1, 31)
_MONTH: Final = _Field(
    "month", 1, 12, ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
)
_WEEKDAY: Final = _Field("day of week", 0, 6, ("sun", "mon", "tue", "wed", "thu", "fri", "sat"))
_FIELDS: Final = (_MINUTE, _HOUR, _DAY, _MONTH, _WEEKDAY)

_NEAR_MISSES: Final[dict[tuple[str, int | None], str]] = {
    ("day of week", 7): "Sunday is `0` or `SUN`; Kubernetes does not take 7, nor a range that ends in it",
    ("hour", 24): "midnight is hour `0`",
    ("minute", 60): "the full hour is minute `0`",
}
_DESCRIPTORS: Final = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}


@dataclass(frozen=True, slots=True)
class CronExpr:
    """A schedule. The bit sets have bit N set where the value N matches; bit 0 of `weekdays` is Sunday."""

    text: str
    """The expression as Kubernetes gets it."""
    minutes: int
    hours: int
    days: int
    months: int
    weekdays: int
    day_star: bool
    """The day of month has robfig's star bit: `*`, `?`, `*/1`, or a list with one of them."""
    weekday_star: bool

    def __str__(self) -> str:
        return self.text

    @property
    def both_days(self) -> bool:
        """Whether day of month *and* day of week must match; either is enough when neither field has the star bit."""
        return self.day_star or self.weekday_star

    def canonical(self) -> str:
        """Return the shortest five-field text with the same meaning; equal schedules agree in it."""
        return " ".join(
            (
                _render(self.minutes, _MINUTE),
                _render(self.hours, _HOUR),
                _render(self.days, _DAY, star=self.day_star),
                _render(self.months, _MONTH),
                _render(self.weekdays, _WEEKDAY, star=self.weekday_star),
            )
        )

    def without_hours(self, hours: int) -> "CronExpr | None":
        """Return the same schedule with the hours of the bit set `hours` left out; None if none is left.

        The other fields keep the user's spelling.
        """
        left = self.hours & ~hours
        if left == self.hours:
            return self
        return self.with_hours(left) if left else None

    def with_hours(self, hours: int) -> "CronExpr":
        """Return the same schedule in the hours of the bit set `hours`; the other fields keep the user's spelling."""
        fields = _TOKEN.findall(_DESCRIPTORS.get(self.text, self.text))
        fields[1] = _render(hours, _HOUR)
        return replace(self, text=" ".join(fields), hours=hours)


def parse_cron(text: str) -> CronExpr:
    """Read a cron expression exactly as Kubernetes does.

    Raises CronError for what the API server rejects, and for `@every`, which it accepts but which has no phase.
    """
    if "TZ" in text:
        raise CronError(
            f"`{text}` names a time zone, which Kubernetes rejects in a schedule (any `TZ` in it)",
            "leave it out of the schedule and set the time zone in its own field",
            text.index("TZ"),
        )
    if text.startswith("@"):
        return _parse_descriptor(text)
    tokens = [(match.group(), match.start()) for match in _TOKEN.finditer(text)]
    if len(tokens) != len(_FIELDS):
        _refuse_count(text, tokens)
    bits: list[int] = []
    stars: list[bool] = []
    for field, (token, offset) in zip(_FIELDS, tokens, strict=True):
        value, star = _parse_field(field, token, offset)
        bits.append(value)
        stars.append(star)
    minutes, hours, days, months, weekdays = bits
    return CronExpr(text, minutes, hours, days, months, weekdays, day_star=stars[2], weekday_star=stars[4])


def _parse_descriptor(text: str) -> CronExpr:
    if text in _DESCRIPTORS:
        return replace(parse_cron(_DESCRIPTORS[text]), text=text)
    if text.startswith("@every"):
        raise CronError(
            f"`{text}` counts from the CronJob's creation or last run, so it is unknown when it fires",
            "write fixed times, such as `*/15 * * * *`, `20 * * * *` or `5 */6 * * *`",
        )
    wanted = text.strip().lower()
    if wanted in _DESCRIPTORS:
        raise CronError(
            f"`{text}` is not a descriptor; Kubernetes takes them in lower case without spaces only",
            f"write `{wanted}`",
        )
    raise CronError(
        f"unknown descriptor `{text}`, expected one of {listed(_DESCRIPTORS)}",
        "a CronJob does not run at boot; choose a time" if wanted == "@reboot" else "",
    )


def _refuse_count(text: str, tokens: list[tuple[str, int]]) -> NoReturn:
    found = len(tokens)
    expected = "expected five fields: minute, hour, day of month, month, day of week"
    if not found:
        raise CronError(f"the schedule is empty, {expected}", "write for example `20 * * * *`")
    if tokens[0][0].startswith("@"):
        raise CronError(
            f"`{text}` has white space before the descriptor, which Kubernetes rejects",
            f"write `{text.strip()}`",
            0,
        )
    if found > len(_FIELDS):
        five = " ".join(token for token, _ in tokens[1:6])
        hint = f"Kubernetes has no seconds and no years: perhaps `{five}`" if found in (6, 7) else ""
        raise CronError(f"`{text}` has {found} fields, {expected}", hint, tokens[5][1])
    raise CronError(f"`{text}` has {found} {'field' if found == 1 else 'fields'}, {expected}", "", len(text))


def _parse_field(field: _Field, token: str, offset: int) -> tuple[int, bool]:
    bits, star = 0, False
    for part in re.finditer("[^,]+", token):
        part_bits, part_star = _parse_range(field, part.group(), offset + part.start())
        bits |= part_bits
        star |= part_star
    return bits, star


def _parse_range(field: _Field, part: str, offset: int) -> tuple[int, bool]:
    spread, *steps = part.split("/")
    if len(steps) > 1:
        raise CronError(f"`{part}` in {field.name} has more than one `/`", "", offset)
    first, *rest = spread.split("-")
    star = first in ("*", "?")
    # After `*-` robfig ignores whatever follows: `*-foo` is `*`.
    low, high = (field.low, field.high) if star else _parse_ends(field, part, offset)
    step = 1
    if steps:
        step = _parse_step(field, part, steps[0], offset)
        high = high if rest else field.high
    if low > high:
        _refuse_order(field, part, low, high, offset)
    bits = sum(1 << value for value in range(low, high + 1, step))
    return bits, star and step == 1


def _parse_ends(field: _Field, part: str, offset: int) -> tuple[int, int]:
    ends = part.partition("/")[0].split("-")
    if len(ends) > 2:
        raise CronError(f"`{part}` in {field.name} has more than one `-`", "", offset)
    values = [_parse_value(field, part, end, offset) for end in ends]
    return values[0], values[-1]


def _parse_value(field: _Field, part: str, text: str, offset: int) -> int:
    value = field.number(text)
    if value is not None and field.low <= value <= field.high:
        return value
    expected = f"{field.low}-{field.high}" + (f" or {field.names[0]}-{field.names[-1]}" if field.names else "")
    quoted = f"`{text}`" if text == part else f"`{text}` in `{part}`"
    raise CronError(
        f"{quoted} is not a valid {field.name}, expected {expected}", _value_hint(field, text, value), offset
    )


def _value_hint(field: _Field, text: str, value: int | None) -> str:
    hint = _NEAR_MISSES.get((field.name, value), "")
    if not hint:
        names = (name for name in field.names if len(text) > 3 and text.lower().startswith(name))
        hint = next((f"names have three letters: `{name.upper()}`" for name in names), "")
    if not hint and re.search("[LW#HR~]", text):
        hint = "Kubernetes has none of the extensions `L`, `W`, `#`, `H`, `R` and `~`"
    return hint or ("" if text else "a range needs two ends, such as `1-5`")


def _parse_step(field: _Field, part: str, text: str, offset: int) -> int:
    step = _integer(text)
    if step:
        return step
    raise CronError(
        f"the step `{text}` in `{part}` of {field.name} is not a number from 1 on",
        "write a step such as `*/15`",
        offset + part.index("/") + 1,
    )


def _refuse_order(field: _Field, part: str, low: int, high: int, offset: int) -> NoReturn:
    split = ",".join(_stretch(*ends) for ends in ((field.low, high), (low, field.high)))
    raise CronError(
        f"`{part}` in {field.name} ends before it begins, and Kubernetes does not wrap ranges around",
        "" if "/" in part else f"write `{split}`",
        offset,
    )


def _integer(text: str) -> int | None:
    """Return what Go's strconv.Atoi makes of a text without a minus sign; None for its errors."""
    if not _INTEGER.fullmatch(text):
        return None
    digits = text.lstrip("+0") or "0"
    return int(digits) if len(digits) <= _LONGEST and int(digits) <= _LARGEST else None


def _render(bits: int, field: _Field, *, star: bool = True) -> str:
    """One field as text; `star` says whether a full field may be written `*`."""
    if bits == field.full:
        return "*" if star else _stretch(field.low, field.high)
    values = [value for value in range(field.low, field.high + 1) if bits >> value & 1]
    if not values:
        return ","
    return _steps(values, field) or ",".join(_stretch(*run) for run in _runs(values))


def _steps(values: list[int], field: _Field) -> str:
    """`*/15` for values that step evenly from the lowest to the end of the field, else an empty text."""
    step = values[1] - values[0] if len(values) > 2 else 1
    if step == 1 or values != list(range(values[0], field.high + 1, step)):
        return ""
    return f"*/{step}" if values[0] == field.low else f"{values[0]}-{field.high}/{step}"


def _runs(values: list[int]) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    for value in values:
        if runs and runs[-1][1] == value - 1:
            runs[-1] = (runs[-1][0], value)
        else:
            runs.append((value, value))
    return runs


def _stretch(low: int, high: int) -> str:
    return str(low) if low == high else f"{low}-{high}"
