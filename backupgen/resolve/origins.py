"""Where a value comes from, as it is noted while a fleet is resolved: what `backupgen explain` shows."""

from collections.abc import Mapping
from typing import Any, Final, Literal, NamedTuple

from backupgen.diagnostics import NodePath
from backupgen.language import schema

OriginKind = Literal["target", "defaults", "fleet", "built-in", "derived"]


class Origin(NamedTuple):
    """Where a value comes from."""

    kind: OriginKind
    path: NodePath = ()
    """The place in the document; empty where there is none."""
    note: str = ""
    """What it is derived from, in words."""

    def at(self, *key: str | int) -> "Origin":
        """The place of a key below this one. What the compiler made has a place as a whole only."""
        return self._replace(path=(*self.path, *key)) if self.kind in _GIVEN else self


class Setting(NamedTuple):
    """A setting of a target as it is meant."""

    key: NodePath
    """As fleet.yaml writes it below the target."""
    value: Any
    """As fleet.yaml writes it; None where nothing is set, which then is what is meant."""
    origin: Origin


_GIVEN: Final = frozenset({"target", "defaults", "fleet"})
BUILT_IN: Final = Origin("built-in")
FLEET: Final = Origin("fleet")
"""The top of fleet.yaml."""


def derived(note: str, path: NodePath = ()) -> Origin:
    """Made by the compiler from something else."""
    return Origin("derived", path, note)


class Record:
    """The settings of one target, as its resolution notes them."""

    def __init__(self) -> None:
        """Begin without any."""
        self._settings: dict[NodePath, Setting] = {}

    def note(self, key: NodePath, value: object, origin: Origin = BUILT_IN) -> None:
        """Note a setting as fleet.yaml writes it. An empty value that nobody gave is none."""
        shown = value if origin.kind in _GIVEN or value not in ("", [], {}) else None
        self._settings[key] = Setting(key, shown, origin)

    def note_each(self, key: NodePath, values: Mapping[str, object], origin: Origin) -> None:
        """Note the entries of a mapping that stands at the origin; an empty one is nothing that is set."""
        for name, value in values.items():
            self.note((*key, name), value, origin.at(name))
        if not values:
            self.note(key, None)

    def settings(self) -> tuple[Setting, ...]:
        """Every setting in the order of the language, a target's own keys before those that every job has."""
        names = sorted(schema.Target.model_fields, key=lambda name: name in schema.JobSettings.model_fields)
        return tuple(sorted(self._settings.values(), key=lambda setting: names.index(str(setting.key[0]))))
