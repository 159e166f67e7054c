"""The `at:` of fleet.yaml: short forms for hourly, daily and weekly slots, a cron expression, or `auto`."""

import re
from enum import Enum
from functools import cache
from typing import Final, NoReturn

from backupgen.schedule.cron import CronError, CronExpr, parse_cron

FORMS: Final = (
    '":20" (hourly)',
    '"03:05" (daily)',
    '"Sun 04:00", "Mon,Thu 04:00", "Mon-Fri 22:15" (weekly)',
    "a Kubernetes cron expression such as `20 */6 * * *`",
    "`@hourly`, `@daily`, `@weekly`, `@monthly` or `@yearly`",
    "`auto`",
)
"""What `at:` takes, for messages and documentation."""

_DAYS: Final = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_CLOCK: Final = re.compile(r"([01][0-9]|2[0-3])?:([0-5][0-9])", re.ASCII)
_LOOSE_CLOCK: Final = re.compile(r"([0-9]{0,2})[:.h]([0-9]{1,2})(?::[0-9]{2})?\s*([ap]m)?", re.ASCII | re.IGNORECASE)
_WEEKLY: Final = re.compile(r"([^@\s]\S*) +(\S+)")


class SlotError(CronError):
    """A text that `at:` does not take. Same shape as CronError; `hint` guesses what was meant or lists the forms."""


class Auto(Enum):
    """The type of `AUTO`."""

    AUTO = "auto"

    def __str__(self) -> str:
        return self.value


AUTO: Final = Auto.AUTO
"""The slot is left to the compiler."""


@cache
def parse_slot(text: str) -> CronExpr | Auto:
    """Read the value of `at:`.

    Raises SlotError with the accepted forms and a guess at what was meant.
    """
    if text == "auto":
        return AUTO
    clock = _CLOCK.fullmatch(text)
    if clock:
        return _expression(clock.group(1), clock.group(2), "*")
    weekly = _WEEKLY.fullmatch(text)
    if weekly:
        return _parse_weekly(text, weekly)
    try:
        return parse_cron(text)
    except CronError as error:
        _refuse(text, error)


def format_slot(schedule: CronExpr) -> str:
    """Return the shortest text that `parse_slot` takes for a schedule: `:20`, `03:05`, `Sun 04:00`, else its own."""
    once = schedule.minutes.bit_count() == 1 and schedule.hours.bit_count() in (1, 24)
    minute, hour, *date, weekday = schedule.canonical().split()
    if not once or date != ["*", "*"] or (hour == "*" and weekday != "*"):
        return schedule.text
    clock = f"{'' if hour == '*' else f'{int(hour):02}'}:{int(minute):02}"
    days = ",".join(day.capitalize() for number, day in enumerate(_DAYS) if schedule.weekdays >> number & 1)
    return clock if weekday == "*" else f"{days} {clock}" if days else schedule.text


def _expression(hour: str | None, minute: str, weekdays: str) -> CronExpr:
    return parse_cron(f"{int(minute)} {'*' if hour is None else int(hour)} * * {weekdays}")


def _parse_weekly(text: str, weekly: re.Match[str]) -> CronExpr:
    days = _weekdays(weekly.group(1))
    clock = _CLOCK.fullmatch(weekly.group(2))
    if days is None:
        _fail(text, f"`{weekly.group(1)}` is not a list or range of the weekdays Sun to Sat", weekly.start(1))
    if clock is None or clock.group(1) is None:
        _fail(text, f"`{weekly.group(2)}` is not a time from 00:00 to 23:59", weekly.start(2))
    return _expression(clock.group(1), clock.group(2), _render_days(days))


def _weekdays(text: str) -> frozenset[int] | None:
    """Return the weekdays of `Mon`, `Mon,Thu`, `Mon-Fri`, `Fri-Mon`; None if the text is something else."""
    days: set[int] = set()
    for part in text.lower().split(","):
        first, dash, last = part.partition("-")
        if first not in _DAYS or (dash and last not in _DAYS):
            return None
        start = _DAYS.index(first)
        length = (_DAYS.index(last) - start) % 7 if dash else 0
        days.update((start + step) % 7 for step in range(length + 1))
    return frozenset(days)


def _render_days(days: frozenset[int]) -> str:
    ordered = sorted(days)
    if len(ordered) > 2 and ordered[-1] - ordered[0] == len(ordered) - 1:
        return f"{ordered[0]}-{ordered[-1]}"
    return ",".join(map(str, ordered))


def _refuse(text: str, error: CronError) -> NoReturn:
    looks_like_cron = text.lstrip().startswith("@") or len(text.split()) > 3 or "TZ" in text
    if looks_like_cron and not _guess(text):
        raise SlotError(error.message, error.hint or _forms(), error.offset) from None
    _fail(text, "expected a time, days and a time, a cron expression or `auto`", 0)


def _fail(text: str, what: str, offset: int) -> NoReturn:
    guess = _guess(text)
    hint = f'perhaps `"{guess}"`; {_forms()}' if guess else _forms()
    raise SlotError(f"`{text}` is not a slot: {what}", hint, offset)


def _forms() -> str:
    return f"accepted: {'; '.join(FORMS)}"


def _guess(text: str) -> str:
    """Return a valid slot near the text, or an empty text."""
    from difflib import get_close_matches

    words = text.strip().lower()
    if words in ("automatic", "any", "random") or get_close_matches(words, ["auto"], cutoff=0.7):
        return "auto"
    if words in ("hourly", "daily", "weekly", "monthly", "yearly", "annually", "midnight"):
        return f"@{words}"
    if re.fullmatch("[0-9]{1,2}", words, re.ASCII):
        return f"{int(words):02}:00" if int(words) < 24 else f":{words}" if int(words) < 60 else ""
    *day_words, clock_word = words.replace(", ", ",").split() or [""]
    clock = _guess_clock(clock_word)
    days = _guess_days(" ".join(day_words))
    if not clock or days is None or (days and clock.startswith(":")):
        return ""
    return f"{days} {clock}" if days else clock


def _guess_clock(text: str) -> str:
    match = _LOOSE_CLOCK.fullmatch(text)
    if not match:
        return ""
    hour, minute, half = match.groups()
    carried = int(minute) // 60
    if carried > 1 or (carried and int(minute) > 60):
        return ""
    if not hour:
        return f":{int(minute) % 60:02}"
    hours = int(hour) + carried + (12 if (half or "").lower() == "pm" and int(hour) < 12 else 0)
    return f"{hours % 24:02}:{int(minute) % 60:02}" if hours <= 24 else ""


def _guess_days(text: str) -> str | None:
    """Return the weekdays in the accepted spelling; empty for none, None for words that are no weekdays."""
    words = text.replace("every ", "").replace(" and ", ",")
    if words in ("", "daily", "every", "day", "*"):
        return ""
    short = re.sub("[a-z]+", lambda word: word.group()[:3].capitalize(), words)
    numbered = re.sub("[0-7]", lambda digit: _DAYS[int(digit.group()) % 7].capitalize(), short)
    return numbered if _weekdays(numbered) is not None else None
