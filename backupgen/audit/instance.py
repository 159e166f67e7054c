"""An object as it reaches the cluster: under the name and in the namespace that kustomize, Flux or Argo CD give it."""

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from backupgen.audit.tree import Resource
from backupgen.diagnostics import Spot
from backupgen.resolve.resolved import StringMap

NOTHING: Final[StringMap] = {}
_VARIABLE: Final = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::?[-=]([^${}]*))?\}")
_UNKNOWN: Final = ("${", "{{", "ENC[")
"""What a name holds that is filled in elsewhere: by Flux, by a template engine, by sops."""
_LONGEST: Final = 4096
_PASSES: Final = 4
"""How deep defaults may lie in each other: `${CLAIM:=${APP}}` needs two."""


class Instance(NamedTuple):
    """One object of one build; a base that two overlays use has two."""

    resource: Resource
    name: str
    """As far as it is known; with a variable in it, it is not."""
    namespace: str | None
    """None, where nothing in the tree says it."""
    labels: StringMap = NOTHING
    """What kustomize adds to the labels of pods."""
    claims: tuple[StringMap, ...] = ()
    """How kustomize renames claims, innermost first."""
    variables: StringMap = NOTHING
    """What Flux fills in (`postBuild.substitute`)."""
    placed: Spot | None = None
    """What gives it its namespace, where that is not the object itself."""

    def text(self, value: object) -> str | None:
        """Return a string of the object as it reaches the cluster; None, where it is none or unknown."""
        if not isinstance(value, str) or len(value) > _LONGEST:
            return None
        for _ in range(_PASSES):
            if "${" not in value:
                break
            value = _VARIABLE.sub(self._substitute, value)
        return None if any(sign in value for sign in _UNKNOWN) or len(value) > _LONGEST else value

    def number(self, value: object) -> int | None:
        """Return a whole number of the object; None, where it is none or unknown."""
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        text = self.text(value)
        return int(text) if text is not None and text.isdecimal() and len(text) <= 10 else None

    def strings(self, data: object) -> StringMap | None:
        """Return a mapping of strings, such as labels; None, where one of them is unknown."""
        found: dict[str, str] = {}
        for key, value in data.items() if isinstance(data, Mapping) else ():
            text = self.text(_written(value))
            if text is None:
                return None
            found[key] = text
        return found

    def claim(self, value: object) -> str | None:
        """Return the name of a claim that the object refers to."""
        if not isinstance(value, str):
            return None
        text = value
        for renamed in self.claims:
            text = renamed.get(text, text)
        return self.text(text)

    def _substitute(self, match: re.Match[str]) -> str:
        value: str | None = self.variables[match[1]] if match[1] in self.variables else match[2]
        return match[0] if value is None or len(value) > _LONGEST // 8 else value


def _written(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def as_written(resource: Resource) -> Instance:
    """Return an object as it stands in its file."""
    metadata = resource.data.get("metadata")
    metadata = metadata if isinstance(metadata, Mapping) else {}
    name, namespace = metadata.get("name", ""), metadata.get("namespace")
    # `{{ name }}` without quotes is a mapping to YAML.
    known = name if isinstance(name, str) else _UNKNOWN[0]
    return Instance(resource, known, namespace if isinstance(namespace, str) else None)
