"""What a backup holds and what runs it: volumes, excludes, images."""

from collections.abc import Iterator, Mapping
from typing import Final

from backupgen.conventions.roles import PodRole
from backupgen.diagnostics.wording import listed
from backupgen.diff.compare import Change
from backupgen.diff.impact.kinds import ConsequenceKind
from backupgen.diff.impact.model import Impact
from backupgen.diff.jobs import images
from backupgen.diff.pairs import Pair
from backupgen.source.untyped import get_path

_MOST: Final = 80
"""Characters of a command."""


def of_contents(pair: Pair) -> Iterator[Impact]:
    """Compare what a target reads and leaves out."""
    old, new = pair
    if old is None or new is None or new.role != PodRole.BACKUP:
        return
    name = new.subject
    yield from _sources(name, old.sources, new.sources)
    for what in sorted({*old.commands, *new.commands}):
        before, after = old.commands.get(what), new.commands.get(what)
        if before != after:
            # A long one says nothing in a sentence; it stands with the objects.
            told = max(len(before or ""), len(after or "")) <= _MOST
            said = f": {_command(after)}, it was {_command(before)}" if told else ""
            yield Impact(ConsequenceKind.COMMAND_CHANGED, name, f"the backup of `{name}` has another {what}{said}")
    if added := [pattern for pattern in new.excludes if pattern not in old.excludes]:
        yield Impact(ConsequenceKind.EXCLUDE_ADDED, name, f"`{name}` leaves out {listed(added)} too")
    if removed := [pattern for pattern in old.excludes if pattern not in new.excludes]:
        yield Impact(ConsequenceKind.EXCLUDE_REMOVED, name, f"`{name}` no longer leaves out {listed(removed)}")


def _sources(name: str, old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[Impact]:
    places = {path: _place(after, old, new) for path, after in new.items() if path not in old}
    moved = {path: place for path, place in places.items() if place}
    for path, place in moved.items():
        message = f"the snapshots of `{name}` hold {new[path]} as `{path}`, it was `{place}`: a restore looks there"
        yield Impact(ConsequenceKind.SOURCE_MOVED, name, message)
    for path in sorted({*old, *new} - {*moved, *moved.values()}):
        before, after = old.get(path), new.get(path)
        if after is None:
            yield Impact(ConsequenceKind.SOURCE_REMOVED, name, f"`{name}` no longer backs up `{path}` ({before})")
        elif before is None:
            yield Impact(ConsequenceKind.SOURCE_ADDED, name, f"`{name}` backs up `{path}` too ({after})")
        elif before != after:
            message = f"`{name}` backs up {after} instead of {before} as `{path}`"
            yield Impact(ConsequenceKind.SOURCE_REMOVED, name, message)


def _place(source: str, old: Mapping[str, str], new: Mapping[str, str]) -> str:
    """Where a source was before; empty, if it was nowhere or is still there."""
    return next((path for path, held in old.items() if held == source and new.get(path) != source), "")


def of_images(change: Change) -> Iterator[Impact]:
    """Compare the images of a workload."""
    if change.old is None or change.new is None:
        return
    way = ("spec", "jobTemplate", "spec", "template") if change.identity.kind == "CronJob" else ("spec", "template")
    before, after = images(get_path(change.old, *way)), images(get_path(change.new, *way))
    pairs = sorted(
        {(before[name], after[name]) for name in before.keys() & after.keys() if before[name] != after[name]}
    )
    for old, new in pairs:
        name = change.identity.name
        yield Impact(ConsequenceKind.IMAGE_CHANGED, name, f"`{name}` runs the image `{new}` instead of `{old}`")


def of_rights(change: Change) -> Iterator[Impact]:
    """Say that a job may do something in the cluster that it could not do before."""
    if change.old is None:
        one = change.identity
        message = f"`{one.name}` may run commands in the pods of the namespace `{one.namespace}`, for its dump"
        yield Impact(ConsequenceKind.RIGHTS_ADDED, one.name, message)


def _command(text: str | None) -> str:
    return "none" if text is None else f"`{text}`"
