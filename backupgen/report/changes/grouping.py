"""What changes mean, as people are told: the same consequence of many targets once, all by how serious they are."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from backupgen.diagnostics.wording import few, joined, quoted
from backupgen.diff.impact import ConsequenceKind, Impact, Level

HEADINGS: Final = {
    Level.RISK: "what is less safe than before",
    Level.ACTION: "what you have to do",
    Level.NOTE: "what else it means",
}
_NAMED: Final = 3


@dataclass(frozen=True, slots=True)
class GroupedImpact:
    """A consequence of one target, or the same one of several."""

    message: str
    commands: tuple[str, ...]


def group_impacts(impacts: Iterable[Impact]) -> dict[Level, list[GroupedImpact]]:
    """Return the consequences by level, in their order; the levels without any are left out."""
    groups: dict[tuple[ConsequenceKind, str], list[Impact]] = {}
    for one in impacts:
        groups.setdefault((one.kind, one.message.replace(f"`{one.target}`", "\0")), []).append(one)
    found: dict[Level, list[GroupedImpact]] = {}
    for level in Level:
        if of_level := [_grouped(group) for (kind, _), group in groups.items() if kind.level is level]:
            found[level] = of_level
    return found


def _grouped(group: list[Impact]) -> GroupedImpact:
    first, *others = group
    commands = tuple(dict.fromkeys(command for one in group for command in one.commands))
    return GroupedImpact(first.message + (f" (so for {_names(others)})" if others else ""), commands)


def _names(others: list[Impact]) -> str:
    names = quoted(one.target for one in others)
    return few(names, _NAMED) if len(names) > _NAMED + 1 else joined(names)
