"""What changes between two sets of rendered files, object by object."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from backupgen.diff.fields import FieldChange, compare_fields
from backupgen.diff.objects import Identity, Object, comparable, read_objects


class Action(StrEnum):
    """What happens to an object."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Change:
    """One object that is not the same in both sets."""

    identity: Identity
    action: Action
    fields: tuple[FieldChange, ...]
    """What differs, in the order of the object; empty unless it is changed."""
    old: Object | None
    """The object as plain data; None: it is added."""
    new: Object | None
    """None: it is removed."""


NOTHING: Final[Mapping[tuple[str, str], Iterable[str]]] = {}


def compare(
    old: Mapping[str, str],
    new: Mapping[str, str],
    revalued: Mapping[tuple[str, str], Iterable[str]] = NOTHING,
) -> tuple[Change, ...]:
    """Compare two sets of files (path below out/ -> text); changes sorted by namespace, kind and name.

    Files with the same text are not read. An object that only moved to another file is no change, nor is a difference
    in comments or layout. A sealed Secret is compared by its keys, and by what is known of its values: `revalued`
    holds, by namespace and name, the keys whose values changed.
    """
    before = read_objects(old, (path for path in sorted(old) if new.get(path) != old[path]))
    after = read_objects(new, (path for path in sorted(new) if old.get(path) != new[path]))
    identities = sorted({**before, **after}, key=lambda one: (one.namespace, one.kind, one.name, one.api_version))
    changes = (
        _change(
            identity, before.get(identity), after.get(identity), revalued.get((identity.namespace, identity.name), ())
        )
        for identity in identities
    )
    return tuple(change for change in changes if change)


def _change(identity: Identity, old: Object | None, new: Object | None, revalued: Iterable[str]) -> Change | None:
    if old is None or new is None:
        return Change(identity, Action.ADDED if old is None else Action.REMOVED, (), old, new)
    fields = tuple(compare_fields(*comparable(old, new, revalued)))
    return Change(identity, Action.CHANGED, fields, old, new) if fields else None
