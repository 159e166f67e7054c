"""Asking the machine's shell whether it can read a script. Nothing is run."""

import re
from functools import cache
from typing import Final

from backupgen.adapters.environment import environment_of_others

_PLACE: Final = re.compile(r"^(?:[^:]*: )?(?:(?:line )?([0-9]+): )?(?:[Ss]yntax error: )?")


@cache
def syntax_error(script: str) -> str:
    """Return what `sh -n` says against a script, with its line if it says one; empty, if nothing.

    Also empty where there is no `sh`, as on Windows: CI has one.
    """
    import subprocess

    environment = environment_of_others({"LC_ALL": "C"})
    try:
        done = subprocess.run(
            ["sh", "-n"],  # noqa: S607 - the one on PATH is meant
            input=script.encode(),
            capture_output=True,
            env=environment,
            check=False,
        )
    except OSError:
        return ""
    if done.returncode == 0:
        return ""
    said = done.stderr.decode(errors="replace").strip().partition("\n")[0]
    place = _PLACE.match(said)
    if place is None:  # pragma: no cover - every part of it may be missing
        return said
    message = said[place.end() :]
    return f"line {place[1]}: {message}" if place[1] else message
