"""The plan of a job on the whole repository, cut down to what is rehearsed."""

import shlex
from collections.abc import Collection, Iterator
from typing import Final

from backupgen.rehearsal.samples import MOST, MOST_FILES

_OF_A_TAG: Final = frozenset({"target", "retain"})
"""The functions of a plan whose first argument is a tag."""


def restricted(plan: str, tags: Collection[str]) -> str:
    """Return a plan.sh without the calls for other tags, and with verify rules that ask for no more than samples hold.

    A `verify_...` call belongs to the `target` call above it.
    """
    return "".join(f"{line}\n" for line in _kept(plan, tags))


def _kept(plan: str, tags: Collection[str]) -> Iterator[str]:
    wanted = True
    for line in logical_lines(plan):
        words = shlex.split(line, comments=True)
        function = words[0] if words else ""
        if function in _OF_A_TAG:
            kept = words[1] in tags
            wanted = kept if function == "target" else wanted
            if not kept:
                continue
        if function.startswith("verify_"):
            if wanted:
                yield shlex.join(_lowered(words))
        else:
            yield line


def _lowered(words: list[str]) -> Iterator[str]:
    """A rule's call; verify_dir has a number of files before the bytes."""
    limits = iter((MOST_FILES, MOST) if words[0] == "verify_dir" else (MOST,))
    for position, word in enumerate(words):
        yield str(min(int(word), next(limits, MOST))) if position > 1 and word.isdecimal() else word


def logical_lines(plan: str) -> Iterator[str]:
    """Yield the commands of a plan; a quoted argument may hold line breaks."""
    pending = ""
    for line in plan.splitlines():
        pending = f"{pending}\n{line}" if pending else line
        try:
            shlex.split(pending, comments=True)
        except ValueError:
            continue  # within quotes
        yield pending
        pending = ""
