"""The command line: flags in, exit code out. Wires pipeline, adapters and reports."""

import contextlib
import gc
import os
import signal
import sys
from typing import Final, NoReturn

_INTERRUPTED: Final = 130
"""As in `exits`, which is not imported yet."""


def main() -> NoReturn:
    """Run backupgen with the arguments of the process, and exit."""
    try:
        _run()
    except KeyboardInterrupt:
        # Before the commands' own guard, or after it.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        with contextlib.suppress(OSError):
            os.write(2, b"\ninterrupted; no file is half written\n")
        os._exit(_INTERRUPTED)


def _run() -> NoReturn:
    # A run allocates a lot, drops hardly anything, and ends: collecting garbage would cost an eighth of it.
    gc.disable()
    from backupgen.cli.app import run

    try:
        run()
    except SystemExit as end:
        _leave(end.code if isinstance(end.code, int) else 0)


def _leave(code: int) -> NoReturn:
    """End the process at once: to free a million objects one by one takes longer than to render some of them."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError, AttributeError):  # nobody listens any more, or there is no stream
            stream.flush()
    os._exit(code)
