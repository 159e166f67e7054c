"""The command line: flags in, exit code out. Wires pipeline, adapters and reports."""

from typing import NoReturn


def main() -> NoReturn:
    """Run backupgen with the arguments of the process, and exit."""
    from backupgen.cli.app import run

    run()
