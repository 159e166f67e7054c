"""The instant that a command takes for now: the machine's, unless BACKUPGEN_NOW names another one."""

import os
import time
from typing import Final

VARIABLE: Final = "BACKUPGEN_NOW"
"""An instant as `next --from` takes it; without an offset it is meant in UTC."""


class ClockError(ValueError):
    """The variable holds no instant; the message says what was expected."""


def now() -> int:
    """Return the epoch second that everything is judged at. Raises ClockError."""
    fixed = os.environ.get(VARIABLE)
    if not fixed:
        return int(time.time())
    from backupgen.cli.instants import InstantError, parse_instant
    from backupgen.schedule import load_zone

    try:
        return parse_instant(fixed, load_zone("UTC"))
    except InstantError as error:
        raise ClockError(f"{VARIABLE}: {error}") from None
