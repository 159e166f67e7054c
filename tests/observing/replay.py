"""The past of a fleet that is well: what its jobs pushed in a rehearsal, told again for each slot of the last day."""

import json
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from backupgen.conventions import metrics
from tests.observing.observed import DAY, Observed
from tests.observing.prometheus import Sample

INSTANTS = (metrics.START, metrics.LAST_SUCCESS, metrics.RESTORE_TIME, metrics.MIRROR_TIME)
"""The metrics whose value is a time."""
STEP = 120
"""How many seconds lie between two samples."""


class Pushed(NamedTuple):
    """A series of the Pushgateway."""

    name: str
    labels: dict[str, str]
    value: float


def pushed(text: str) -> list[Pushed]:
    """The series of the fleet's jobs in what the Pushgateway is scraped for."""
    found = []
    for line in text.splitlines():
        match = re.fullmatch(r"(backup_\w+)\{(.*)\} (\S+)", line)
        if match:
            labels = re.findall(r'(\w+)=("(?:[^"\\]|\\.)*")', match[2])
            found.append(Pushed(match[1], {name: json.loads(value) for name, value in labels}, float(match[3])))
    return found


def told_again(observed: Observed, series: list[Pushed], now: int) -> Iterator[Sample]:
    """What Prometheus would have scraped and recorded in the 26 hours before `now`."""
    start = now - DAY - 7200
    began = {one.labels["instance"]: one.value for one in series if one.name == metrics.START}
    took = {one.labels["instance"]: one.value for one in series if one.name == metrics.DURATION}
    for one in series:
        instance = one.labels["instance"]
        for slot, following in pairwise([*observed.slots(instance, start, now), now]):
            value = slot + one.value - began[instance] if one.name in INSTANTS else one.value
            reported = slot + int(took[instance]) + 10
            for at in range(max(reported, start), min(following + 10, now - 30), STEP):
                yield one.name, one.labels, value, at
    for name, labels, value in observed.constants():
        for at in range(start, now - 30, STEP):
            yield name, labels, value, at
