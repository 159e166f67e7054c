"""What every object has."""

from typing import NamedTuple

from backupgen.resolve.resolved import StringMap

NO_STRINGS: StringMap = {}


class Meta(NamedTuple):
    """An object's name, place and marks."""

    name: str
    namespace: str
    labels: StringMap
    annotations: StringMap = NO_STRINGS
