"""The exit codes. They are part of the interface."""

from typing import Final

CLEAN: Final = 0
"""Nothing to report."""
FOUND: Final = 1
"""Findings of severity error, or differences."""
USAGE: Final = 2
"""Wrong usage, or input that cannot be read. Typer's own code for wrong usage."""
FAULT: Final = 3
"""A fault of backupgen itself."""
INTERRUPTED: Final = 130
"""Ctrl-C: 128 and the number of SIGINT, as shells have it."""
PIPE_CLOSED: Final = 141
"""Whoever read the output has left: 128 and the number of SIGPIPE."""
