"""What a Pushgateway holds of one instance."""

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

_SERIES: Final = re.compile(r"(?P<name>[A-Za-z_:][A-Za-z0-9_:]*)(?:\{(?P<labels>.*)\})? (?P<value>\S+)")
_LABEL: Final = re.compile(r'(?P<name>[A-Za-z_][A-Za-z0-9_]*)="(?P<value>(?:[^"\\]|\\.)*)"')
_GROUP: Final = ("job", "instance")
_OWN: Final = ("push_time_seconds", "push_failure_time_seconds")
"""What the Pushgateway itself says of each group."""


class Pushed(NamedTuple):
    """One group."""

    series: Mapping[str, float]
    """`name` or `name{label="value"}`, without the labels of the group."""
    time: float
    """When it was last pushed to; 0: never."""


def pushed(text: str, instance: str) -> Pushed:
    """Return the group of an instance, from what the Pushgateway's /metrics answers."""
    series: dict[str, float] = {}
    time = 0.0
    for match in map(_SERIES.fullmatch, text.splitlines()):
        if match is None or match["labels"] is None:
            continue
        labels = {label["name"]: label["value"] for label in _LABEL.finditer(match["labels"])}
        if labels.get("job") != "backup" or _unescaped(labels.get("instance", "")) != instance:
            continue
        if match["name"] == _OWN[0]:
            time = float(match["value"])
        elif match["name"] not in _OWN:
            kept = ",".join(f'{name}="{value}"' for name, value in labels.items() if name not in _GROUP)
            series[f"{match['name']}{{{kept}}}" if kept else match["name"]] = float(match["value"])
    return Pushed(series, time)


def _unescaped(value: str) -> str:
    return re.sub(r"\\(.)", lambda match: "\n" if match[1] == "n" else match[1], value)
