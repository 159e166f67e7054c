"""The shell of the dump tools: files of their own, so that shellcheck reads them."""

from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).with_name("shell")


@cache
def shell(*names: str) -> str:
    """Return the programs of some files of `shell/`, one after the other, without the comments at their heads."""
    return "\n".join(_program(name) for name in names)


def _program(name: str) -> str:
    lines = (_FOLDER / f"{name}.sh").read_text(encoding="utf-8").splitlines()
    head = next(number for number, line in enumerate(lines) if not line.startswith("#"))
    return "\n".join(lines[head:])
