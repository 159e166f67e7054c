"""How long tests look that could look for ever: a short sample in `make test`, a long one in `make nightly`."""

import os

VARIABLE = "BACKUPGEN_NIGHTLY"
"""Given, it multiplies the long sample: `1` is the usual one."""


def rounds(short: int, long: int) -> int:
    """How many rounds a test makes: `short`, or at night `long`."""
    times = os.environ.get(VARIABLE, "")
    return long * int(times) if times.isdecimal() and int(times) else short
