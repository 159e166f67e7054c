"""Changes of a text that leave every other character where it is: no parser and no printer could promise that."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Final

from backupgen.diagnostics import NodePath
from backupgen.source.positions import Positions

_NEXT: Final = re.compile(r"\s*([,}])")
_COMMA_BEFORE: Final = re.compile(r",\s*\Z")
_REST: Final = re.compile(r"[ \t]*(#[^\r\n]*)?(\r\n|\n|\r|\Z)")


def edit(text: str, positions: Positions, values: Mapping[NodePath, str], without: Iterable[NodePath]) -> str:
    """Put other strings into a text, in double quotes, and take keys with scalars out of it.

    Of a key that is taken out, the comment behind it stays. Raises KeyError for a path that leads to no key.
    """
    changes: list[tuple[int, int, str]] = []
    for path, value in values.items():
        _, (start, end), _ = positions.entry(path)
        changes.append((start, end, json.dumps(value, ensure_ascii=False)))
    for path in without:
        (start, _), (_, end), flow = positions.entry(path)
        changes.append(_out_of_flow(text, start, end) if flow else _out_of_block(text, start, end))
    for start, end, value in sorted(changes, reverse=True):
        text = text[:start] + value + text[end:]
    return text


def _out_of_block(text: str, start: int, end: int) -> tuple[int, int, str]:
    """The whole line goes, unless there is a comment on it."""
    line = max(text.rfind("\n", 0, start), text.rfind("\r", 0, start)) + 1
    rest = _REST.match(text, end)
    if rest is None or text[line:start].strip():
        return start, end, ""
    return (start, rest.start(1), "") if rest[1] else (line, rest.end(), "")


def _out_of_flow(text: str, start: int, end: int) -> tuple[int, int, str]:
    """The comma behind goes as well, or the one before; and a line on which nothing is left."""
    following = _NEXT.match(text, end)
    if following is not None and following[1] == ",":
        end = following.end()
    else:
        before = _COMMA_BEFORE.search(text, 0, start)
        start = before.start() if before else start
        return start, end, ""
    whole = _out_of_block(text, start, end)
    if whole[0] < start:
        return whole
    spaces = re.compile(r"[ \t]*").match(text, end)
    return start, spaces.end() if spaces else end, ""
