"""The command line: flags in, exit code out. Wires pipeline, adapters and reports."""

import gc
from typing import NoReturn


def main() -> NoReturn:
    """Run backupgen with the arguments of the process, and exit."""
    # A run allocates a lot, drops hardly anything, and ends: collecting garbage would cost an eighth of it.
    gc.disable()
    from backupgen.cli.app import run

    run()
