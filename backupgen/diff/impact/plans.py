"""The plans of retention and restore test, line by line: which snapshots stay, and what a restore test looks for."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from shlex import split
from typing import Final, NamedTuple

from backupgen.conventions import naming
from backupgen.conventions.units import format_duration
from backupgen.diagnostics.wording import few
from backupgen.diff.compare import Change
from backupgen.diff.impact.kinds import ConsequenceKind
from backupgen.diff.impact.model import Impact
from backupgen.diff.objects import Object
from backupgen.diff.pairs import Pair
from backupgen.source.untyped import get_path, mapping

_MOST_STEPS: Final = 4
_ANY_AGE: Final = 3650 * 86_400
"""What the plan allows for a job that does not run (`plan.maintenance`)."""
_DAYS: Final = {"y": 365, "m": 30, "d": 1}
_SPAN: Final = re.compile(r"(\d+)([ymdh])")


@dataclass(slots=True)
class _Contents:
    """The lines of a plan, by what they are about."""

    keep: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Tag -> the flags of restic forget."""
    expire: dict[str, str] = field(default_factory=dict)
    """Tag -> days."""
    limits: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Tag -> what the restore test allows: greatest age in seconds, percent by which a snapshot may shrink."""
    drills: dict[str, list[str]] = field(default_factory=dict)
    """Tag -> what the restore test looks for."""
    steps: list[str] = field(default_factory=list)
    """All other lines."""


class TagChanges(NamedTuple):
    """The tags of targets that have a story of their own."""

    removed: frozenset[str]
    added: frozenset[str]
    changed: frozenset[str]
    """Those of all other jobs that changed: the age of their snapshots may follow from their times."""


def known_tags(pairs: Collection[Pair]) -> TagChanges:
    """Return the tags of the targets that came, went, or changed; one that goes to another repository does both."""
    before = frozenset(old.tag for old, _ in pairs if old is not None)
    after = frozenset(new.tag for _, new in pairs if new is not None)
    moved = frozenset(new.tag for old, new in pairs if old and new and old.repository != new.repository)
    return TagChanges((before - after) | moved, (after - before) | moved, before & after)


def of_plans(changes: Iterable[Change], known: TagChanges) -> Iterator[Impact]:
    """Compare the plans among the changed objects; a plan whose job moved to another namespace is the same one."""
    before: dict[str, Object] = {}
    after: dict[str, Object] = {}
    suffix = naming.plan("")
    for change in changes:
        name = change.identity.name
        if change.identity.kind == "ConfigMap" and name.endswith(suffix):
            before |= {name: change.old} if change.old is not None else {}
            after |= {name: change.new} if change.new is not None else {}
    for name in sorted(before.keys() & after.keys()):
        old, new = _read(before[name]), _read(after[name])
        yield from _retention(old, new, known)
        yield from _drills(old, new, known)
        yield from _steps(name.removesuffix(suffix), old.steps, new.steps)


def _read(obj: Object) -> _Contents:
    found = _Contents()
    target = ""
    for line in _lines(obj):
        match _words(line):
            case ["retain", tag, _, *words]:
                # Not what the compiler adds, nor what the target's schedule makes: the schedule's own change says it.
                found.keep[tag] = tuple(word for word in words if word.startswith("--keep-"))
            case ["thin", *_]:
                pass
            case ["expire", tag, days]:
                found.expire[tag] = days
            case ["target", tag, _, *limits]:
                target = tag
                found.limits[tag] = tuple(limits)
                found.drills[tag] = []
            case [verb, *_] if target and verb.startswith("verify_"):
                found.drills[target].append(line)
            case _:
                found.steps.append(line)
    return found


def _lines(obj: Object) -> list[str]:
    data = mapping(get_path(obj, "data"))
    lines = [line.strip() for text in data.values() if isinstance(text, str) for line in text.splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


def _words(line: str) -> list[str]:
    try:
        return split(line)
    except ValueError:
        return []


def _retention(old: _Contents, new: _Contents, known: TagChanges) -> Iterator[Impact]:
    for tag in sorted({*old.keep, *new.keep}):
        before, after = old.keep.get(tag), new.keep.get(tag)
        if before is not None and after is not None:
            yield from _kept(tag, before, after)
        elif before is not None and tag not in known.removed and tag not in new.expire:
            yield Impact(
                ConsequenceKind.RETENTION_GROWN, tag, f"nothing forgets snapshots with the tag `{tag}` any more"
            )
        elif after is not None and tag not in known.added:
            rules = ", ".join(_rules(after).values())
            yield Impact(
                ConsequenceKind.RETENTION_ADDED, tag, f"of the snapshots with the tag `{tag}` only these stay: {rules}"
            )
    for tag, days in sorted(new.expire.items()):
        if old.expire.get(tag) != days and tag not in known.removed:
            message = f"snapshots with the tag `{tag}` are forgotten when older than {days}d, the last one too"
            was = f"; it was {old.expire[tag]}d" if tag in old.expire else ""
            yield Impact(ConsequenceKind.TAG_EXPIRES, tag, message + was)
    for tag in sorted(old.expire.keys() - new.expire.keys() - new.keep.keys()):
        message = f"snapshots with the tag `{tag}` are no longer forgotten by their age: they stay forever"
        yield Impact(ConsequenceKind.RETENTION_GROWN, tag, message)


def _kept(tag: str, old: tuple[str, ...], new: tuple[str, ...]) -> Iterator[Impact]:
    before, after = _rules(old), _rules(new)
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    fewer = [name for name in names if _amount(after.get(name)) < _amount(before.get(name))]
    said = ", ".join(f"{_rule(name, after)} instead of {_rule(name, before)}" for name in names)
    if fewer:
        message = f"fewer snapshots with the tag `{tag}` stay: {said}; the next retention deletes the others for good"
        yield Impact(ConsequenceKind.RETENTION_SHRUNK, tag, message)
    elif names:
        yield Impact(ConsequenceKind.RETENTION_GROWN, tag, f"more snapshots with the tag `{tag}` stay: {said}")


def _rule(name: str, rules: Mapping[str, str]) -> str:
    return rules.get(name, f"no {name}")


def _rules(flags: Iterable[str]) -> dict[str, str]:
    """`--keep-daily=7` -> `daily` and `7 daily`."""
    found = {}
    for flag in flags:
        name, _, value = flag.removeprefix("--keep-").partition("=")
        found[name] = f"all within {value}" if name == "within" else f"{value} {name}"
    return found


def _amount(rule: str | None) -> float:
    """How much a rule keeps, to be compared with the same rule only."""
    if rule is None:
        return 0
    first, last = rule.split(" ")[0], rule.rpartition(" ")[2]
    if first.isdecimal():
        return int(first)
    return sum(int(number) * _DAYS.get(unit, 1 / 24) for number, unit in _SPAN.findall(last))


def _drills(old: _Contents, new: _Contents, known: TagChanges) -> Iterator[Impact]:
    for tag in sorted(old.drills.keys() & new.drills.keys()):
        gone = [f"no longer `{line}`" for line in old.drills[tag] if line not in new.drills[tag]]
        come = [f"now `{line}`" for line in new.drills[tag] if line not in old.drills[tag]]
        if gone or come:
            kind = (
                ConsequenceKind.RESTORE_TEST_WEAKER if len(gone) > len(come) else ConsequenceKind.RESTORE_TEST_CHANGED
            )
            message = f"the restore test of `{tag}` looks for other things: {_steps_in_words([*gone, *come])}"
            yield Impact(kind, tag, message)
        if old.limits[tag] != new.limits[tag] and tag not in known.changed:
            said = " and ".join(
                f"{after} instead of {before}"
                for before, after in zip(_limits(old.limits[tag]), _limits(new.limits[tag]), strict=True)
                if before != after
            )
            yield Impact(
                ConsequenceKind.RESTORE_TEST_CHANGED, tag, f"the restore test of `{tag}` accepts snapshots {said}"
            )
    for tag in sorted(old.drills.keys() - new.drills.keys() - known.removed):
        yield Impact(ConsequenceKind.RESTORE_TEST_WEAKER, tag, f"the restore test no longer restores the tag `{tag}`")


def _limits(limits: tuple[str, ...]) -> tuple[str, str]:
    """`11520 50` -> `up to 3h12m old` and `up to 50 % smaller than the one before`."""
    age, shrinking = (*limits, "", "")[:2]
    old = f"up to {format_duration(int(age))} old" if age.isdecimal() and int(age) < _ANY_AGE else "of any age"
    return old, f"up to {shrinking} % smaller than the one before"


def _steps(job: str, old: list[str], new: list[str]) -> Iterator[Impact]:
    gone = [f"no longer `{line}`" for line in old if line not in new]
    come = [f"now `{line}`" for line in new if line not in old]
    if gone or come:
        yield Impact(ConsequenceKind.PLAN_CHANGED, job, f"`{job}` does other things: {_steps_in_words([*gone, *come])}")


def _steps_in_words(said: list[str]) -> str:
    return few(said, _MOST_STEPS, comma="; ", last="; and ")
