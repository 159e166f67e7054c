"""How the dumps of a fleet are rehearsed: with a real database, or with a program in the place of the dump's own."""

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple

from backupgen.integrations.dump_tools import DumpTool
from backupgen.rehearsal.needs import tool_in_pod
from backupgen.rehearsal.samples import dump_content, lowered
from backupgen.resolve.resolved import Target

_REAL: Final = frozenset({"sh", "bash", "ash", "dash", "env", "cat", "printf", "echo", "tar"})
"""Programs that are what they are on any machine."""


class DumpSource(NamedTuple):
    """Where a target's dump comes from in a rehearsal."""

    kind: Literal["database", "printing", "program", "real"]
    labels: Mapping[str, str]
    container: str
    tool: DumpTool | None
    """The tool that dumps a real database."""
    program: str
    """The name of the dump's program, where another stands in for it."""
    size: int
    words: int
    """How many words its command has."""
    content: bytes
    """What is printed in the dump's place; empty for a real database."""
    note: str


def dump_source(target: Target) -> DumpSource | None:
    """Return where the dump of a target comes from; None, if it has none."""
    dump = target.dump
    if dump is None:
        return None
    least = max((rule.min_bytes for rule in target.verify if rule.file == dump.file), default=0)
    nothing = DumpSource("real", dump.in_pod, dump.container, None, "", lowered(least), len(dump.command), b"", "")
    tool = tool_in_pod(target)
    if tool is not None:
        return nothing._replace(kind="database", tool=tool, note=f"dumped from a {tool.engine} with sample rows")
    program = dump.command[0]
    content = dump_content(target)
    if dump.in_pod:
        note = "the app is not here: its dump is made up"
        return nothing._replace(kind="printing", content=content, note=note)
    if program in _REAL or "/" in program:
        return nothing._replace(note=f"`{program}` was run as it is")
    note = f"`{program}` is not here: what it prints is made up"
    return nothing._replace(kind="program", program=program, content=content, note=note)
