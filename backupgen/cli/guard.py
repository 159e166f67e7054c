"""What happens when a command does not come to its end: nobody ever sees a traceback who did not ask for one."""

import contextlib
import os
import sys
import traceback
from collections.abc import Callable

from backupgen.cli import clock, exits, terminal


def guarded(command: Callable[[], int], *, trace: bool = False) -> int:
    """Run a command and return its exit code; also when it is interrupted, or fails for a reason of its own.

    `trace`, or BACKUPGEN_DEBUG in the environment, shows the traceback of a fault.
    """
    try:
        return command()
    except KeyboardInterrupt:
        terminal.note("\ninterrupted; no file is half written\n")
        return exits.INTERRUPTED
    except (BrokenPipeError, clock.ClockError, terminal.OutputError, OSError, MemoryError, RecursionError) as error:
        return _ended(error)
    except Exception as error:  # noqa: BLE001 (the last place that can turn a fault into an exit code)
        _apologise(error, trace=trace or bool(os.environ.get("BACKUPGEN_DEBUG")))
        return exits.FAULT


def _ended(error: Exception) -> int:
    """End a run that its surroundings ended: a reader who left, a full disk, a folder that is gone, no memory."""
    if isinstance(error, BrokenPipeError):
        with contextlib.suppress(OSError, ValueError):
            terminal.abandon_output()
        return exits.PIPE_CLOSED
    with contextlib.suppress(terminal.OutputError):
        terminal.note(f"{_told(error)}\n")
    return exits.USAGE


def _told(error: Exception) -> str:
    match error:
        case MemoryError():
            return "the memory does not suffice for what is to be read"
        case RecursionError():
            return "what is to be read is nested too deep"
        case OSError():
            named = terminal.plain(str(error.filename or ""))[:200]
            return f"{named or 'the system refuses'}: {(error.strerror or str(error)).lower()}"
        case _:
            return str(error)


def _apologise(error: Exception, *, trace: bool) -> None:
    from backupgen import __version__

    if trace:
        terminal.note("".join(traceback.format_exception(error)))
    kind, text = type(error).__name__, str(error)
    python = ".".join(map(str, sys.version_info[:3]))
    terminal.note(
        f"backupgen failed, and it is not your fault: {kind}{f': {text}' if text else ''}\n"
        f"please report it with the version (backupgen {__version__}, Python {python}), the command, the traceback, and"
        " the fleet.yaml if you may show it; `backupgen --traceback ...` prints the traceback\n"
    )
