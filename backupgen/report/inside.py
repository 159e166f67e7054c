"""`debug`: what the compiler holds between its stages, as JSON, and how long they took."""

import json
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import fields, is_dataclass
from datetime import date
from enum import Enum
from itertools import pairwise
from pathlib import PurePath
from typing import Any, Final, NamedTuple

from backupgen.schedule import CronExpr

_TYPE: Final = "$type"


class Lap(NamedTuple):
    """When a stage was done."""

    stage: str
    wall: float
    """Seconds of a monotonic clock."""
    cpu: float
    """Seconds of the processor since the process began."""


def timing_table(laps: Iterable[Lap]) -> str:
    """Return what each stage took, in milliseconds; the first lap is the start, with all that came before it."""
    start, *_ = laps = list(laps)
    rows = [(start.stage, "", f"{start.cpu * 1000:.1f}")]
    rows += [
        (lap.stage, f"{(lap.wall - before.wall) * 1000:.1f}", f"{(lap.cpu - before.cpu) * 1000:.1f}")
        for before, lap in pairwise(laps)
    ]
    lines = [("stage", "wall ms", "CPU ms"), *rows]
    return "".join(f"{stage:<10}{wall:>10}{cpu:>10}\n" for stage, wall, cpu in lines)


def as_json(value: object) -> str:
    """Return a value of the compiler as JSON, ASCII only, with a line break at the end.

    A record is an object that says its `$type`. Sets are sorted, keys that are no strings are written as one; a cron
    expression is its text, a date that of RFC 3339. Raises TypeError for what no stage holds.
    """
    return json.dumps(_plain(value), indent=2) + "\n"


def _plain(value: Any) -> Any:
    match value:
        case Enum():
            return _plain(value.value)
        case None | bool() | int() | float() | str():
            return value
        case CronExpr() | PurePath() | date():
            return str(value)
        case Mapping():
            return {_key(key): _plain(item) for key, item in value.items()}
        case AbstractSet():
            return sorted(map(_plain, value), key=json.dumps)
        case _:
            return _record(value)


def _record(value: Any) -> Any:
    if is_dataclass(value):
        named = {field.name: getattr(value, field.name) for field in fields(value)}
    elif isinstance(value, tuple) and hasattr(value, "_asdict"):
        named = value._asdict()
    elif hasattr(type(value), "model_fields"):
        named = dict(value)  # a model of the language, which yields its fields
    elif isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    else:
        raise TypeError(f"a {type(value).__name__} has no form in JSON")
    return {_TYPE: type(value).__name__, **{name: _plain(item) for name, item in named.items()}}


def _key(key: object) -> str:
    plain = _plain(key)
    return plain if isinstance(plain, str) else json.dumps(plain)
