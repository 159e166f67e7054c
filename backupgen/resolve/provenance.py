"""Where a setting of a target comes from: the target itself, `defaults`, the fleet, or the compiler.

Input: the data of the document, in which a setting is looked for where `resolve` takes it from. Output: origins whose
paths lead to places of the document. Never: the value itself; that is the resolved one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from backupgen.diagnostics import NodePath
from backupgen.language.schema import JobSettings

OriginKind = Literal["target", "defaults", "fleet", "built-in", "derived"]


class Origin(NamedTuple):
    """Where a value comes from."""

    kind: OriginKind
    path: NodePath = ()
    """The place in the document; empty where there is none."""
    note: str = ""
    """What it is derived from, in words."""


class Setting(NamedTuple):
    """A setting of a target as it is meant."""

    key: NodePath
    """As fleet.yaml writes it below the target."""
    value: Any
    """As fleet.yaml writes it; None where nothing is set, which then is what is meant."""
    origin: Origin


BUILT_IN = Origin("built-in")


def derived(note: str, path: NodePath = ()) -> Origin:
    """Made by the compiler from something else."""
    return Origin("derived", path, note)


@dataclass(frozen=True, slots=True)
class Layers:
    """The places of the document in which a setting of one target may stand."""

    data: Mapping[str, Any]
    target: str

    def origin(self, *key: str | int, shared: NodePath = (), otherwise: Origin = BUILT_IN) -> Origin:
        """Return where the key stands: in the target, in `defaults`, at the shared place, or else `otherwise`.

        An empty value is none, as everywhere in the language.
        """
        own: NodePath = ("targets", self.target, *key)
        if self.value(own) is not None:
            return Origin("target", own)
        common: NodePath = ("defaults", *key)
        if key[0] in JobSettings.model_fields and self.value(common) is not None:
            return Origin("defaults", common)
        if shared and self.value(shared) is not None:
            return Origin("fleet", shared)
        return otherwise

    def value(self, path: NodePath) -> Any:
        """Return what stands at a place of the document; None if nothing does."""
        node: Any = self.data
        for part in path:
            if not isinstance(node, Mapping | list) or (isinstance(node, Mapping) and part not in node):
                return None
            node = node[part]  # type: ignore[index]
        return node

    def own(self, *key: str | int) -> Any:
        """Return what the target itself says."""
        return self.value(("targets", self.target, *key))
