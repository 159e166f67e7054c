"""restic's patterns of what to exclude: which of them leaves a path out.

A pattern is cleaned as a path and split at `/`; its parts are those of Go's `filepath.Match`, and `**` stands for any
number of folders. One that begins with `/` is matched from the root on, any other anywhere in the path; `!` takes back
what an earlier one excluded. What is excluded is not read, so nothing below it can be taken back.

Source: restic's internal/filter/filter.go and its manual, "Excluding Files"; Go's path/filepath/match.go.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from posixpath import normpath
from typing import Final

from backupgen.conventions import naming
from backupgen.grammars.globs import Glob, Member

_ROOT: Final = "/"
_ANY: Final = "**"


class PatternError(ValueError):
    """A pattern that restic refuses; the message says why."""


@dataclass(frozen=True)
class Pattern:
    """One pattern, as restic gets it."""

    text: str

    @property
    def negated(self) -> bool:
        """Whether it takes back what an earlier one excluded."""
        return self.text.startswith("!")

    @cached_property
    def parts(self) -> tuple[str, ...]:
        """Its parts; `/` is the first one, if it begins at the root."""
        return split(self.text.removeprefix("!"))

    @cached_property
    def _compiled(self) -> "tuple[_Component, ...]":
        if self.parts.count(_ANY) > _MOST_ANY:
            raise PatternError(f"it has more than {_MOST_ANY} `**`: restic would try every combination of folders")
        return tuple(_component(part) for part in self.parts)

    def check(self) -> None:
        """Raise PatternError if restic refuses it."""
        _ = self._compiled

    @property
    def sound(self) -> bool:
        """Whether restic takes it."""
        try:
            self.check()
        except PatternError:
            return False
        return True

    def matches(self, path: Sequence[str]) -> bool:
        """Whether it matches a split path, or a folder that it lies in. Raises PatternError."""
        first = self._compiled[0]
        if len(self._compiled) == 1 and isinstance(first, str):  # most patterns are a name
            return first in path
        return _matches(self._compiled, path)

    def may_match_below(self, path: Sequence[str]) -> bool:
        """Whether it could match the folder at a split path, or anything that lies in it. Raises PatternError."""
        if self.parts[0] != _ROOT:
            return True
        for part, name in zip(self._compiled, path, strict=False):
            if part is None:
                return True
            if not _fits(part, name):
                return False
        return True


_Component = str | Glob | None
"""What a part of a path has to be; None is any number of them."""
_ANYTHING: Final = Glob([[], []])
_MOST_ANY: Final = 4
_STAR: Final = object()
_SPECIAL: Final = frozenset("*?[\\")


def split(path: str) -> tuple[str, ...]:
    """A path's parts, as restic compares them: `/a/b` -> `("/", "a", "b")`."""
    if "/" not in path and path not in {"", ".."}:
        return (path,)
    clean = normpath(path)
    if clean.startswith(_ROOT):
        return (_ROOT, *(part for part in clean.split("/") if part))
    return tuple(clean.split("/"))


def written(pattern: str) -> str:
    """A pattern as fleet.yaml has it: there, one that begins with `/` is meant below `/backup`."""
    bare = pattern.removeprefix("!")
    return f"{pattern[: -len(bare)]}{bare.removeprefix(naming.BACKUP_DIR)}" if bare.startswith(_ROOT) else pattern


def excluder(patterns: Sequence[str], source: str, path: str) -> int | None:
    """The index of the pattern that keeps a path below a source out of the snapshot; None, if it is in it.

    Both are absolute paths. Patterns that restic refuses are left out.
    """
    each = enumerate(map(Pattern, patterns))
    given = [(index, pattern) for index, pattern in each if pattern.text and pattern.sound]
    place = split(path)
    for length in range(len(split(source)), len(place) + 1):
        culprit: int | None = None
        for index, pattern in given:
            if (culprit is None) != pattern.negated and pattern.matches(place[:length]):
                culprit = None if pattern.negated else index
        if culprit is not None:
            return culprit
    return None


def _matches(parts: Sequence[_Component], names: Sequence[str]) -> bool:
    """Whether the parts match some of the names that follow each other; all that are left, from the root on."""
    if None in parts:
        # Of several `**`, restic lets only one stand for nothing: it compares lengths before it replaces the others.
        place, most = parts.index(None), len(names) - len(parts) + 1
        expanded = ((*parts[:place], *[_ANYTHING] * count, *parts[place + 1 :]) for count in range(most + 1))
        return any(_matches(each, names) for each in expanded)
    if not parts:
        return False
    last = 0 if parts[0] == _ROOT else len(names) - len(parts)
    first = 0 if parts[0] == _ROOT else 1
    return any(
        all(_fits(part, name) for part, name in zip(parts, names[start:], strict=False))
        for start in range(first, last + 1)
        if start + len(parts) <= len(names)
    )


def _fits(part: _Component, name: str) -> bool:
    return part == name if isinstance(part, str) else part is None or part.matches(name)


def _component(part: str) -> _Component:
    if part == _ANY:
        return None
    if _SPECIAL.isdisjoint(part):
        return part
    chunks: list[list[Member]] = [[]]
    for token in _tokens(part):
        if token is _STAR:
            chunks.append([])
        else:
            chunks[-1].append(token if isinstance(token, str | re.Pattern) else None)
    return Glob(chunks)


def _tokens(part: str) -> Iterator[object]:
    """What the characters of a part stand for, one after the other; `_STAR` for any number of them."""
    position = 0
    while position < len(part):
        character = part[position]
        position += 1
        match character:
            case "*":
                yield _STAR
            case "?":
                yield None
            case "[":
                expression, position = _class(part, position)
                yield re.compile(expression, re.DOTALL)
            case "\\":
                if position == len(part):
                    raise PatternError("it ends with a `\\` that escapes nothing")
                yield part[position]
                position += 1
            case _:
                yield character


def _class(part: str, position: int) -> tuple[str, int]:
    """The regular expression of a class such as `[^a-z]` whose `[` stands before the position, and where it ends."""
    negated = part[position : position + 1] == "^"
    position += negated
    first, ranges = position, ""
    while position == first or part[position] != "]":
        low, position = _member(part, position)
        high = low
        if part[position] == "-":
            high, position = _member(part, position + 1)
        if low <= high:
            ranges += f"{re.escape(low)}-{re.escape(high)}"
    if not ranges:  # only ranges that go backwards
        return "." if negated else "(?!)", position + 1
    return f"[{'^' if negated else ''}{ranges}]", position + 1


def _member(part: str, position: int) -> tuple[str, int]:
    """A character of a class, and the position after it, which is still in the class."""
    if part[position : position + 1] in {"-", "]"}:
        raise PatternError(f"a class cannot begin a range with `{part[position]}`")
    position += part[position : position + 1] == "\\"
    if position + 1 >= len(part):
        raise PatternError("a `[` has no `]`")
    return part[position], position + 1
