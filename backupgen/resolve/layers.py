"""What is said of a job, the nearest first: by the job itself, by `defaults`, by the fleet, by the language.

Input: the settings as written. Output: the values that hold. Where a `Record` is kept, each is noted with its origin.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from backupgen.diagnostics import NodePath
from backupgen.language import schema
from backupgen.language.defaults import default_of, written
from backupgen.resolve.origins import BUILT_IN, Origin, Record

_EMPTY: Final[Mapping[str, str]] = {}


class Shared(NamedTuple):
    """What the fleet says for all jobs, and where it does."""

    value: Any
    origin: Origin


class Layers:
    """The settings of a job and of `defaults`, asked key by key."""

    __slots__ = ("_key", "_layers", "record")

    def __init__(
        self,
        own: schema.Model,
        path: NodePath,
        defaults: schema.JobSettings | None = None,
        record: Record | None = None,
        key: NodePath = (),
    ) -> None:
        """Ask `own`, which stands at `path`, then `defaults`. `key` is where `own` stands below the target."""
        own_layer: tuple[schema.Model, Origin] = (own, Origin("target", path))
        self._layers = (own_layer,) if defaults is None else (own_layer, (defaults, _DEFAULTS))
        self.record = record
        self._key = key

    @property
    def has_defaults(self) -> bool:
        """Whether there are `defaults` that could say it."""
        return len(self._layers) > 1

    def given(self, name: str) -> Any:
        """What is said of a key; None, if nothing is."""
        return next((value for said, _ in self._layers if (value := getattr(said, name)) is not None), None)

    def origin(self, name: str, otherwise: Origin = BUILT_IN) -> Origin:
        """Where a key is given, else `otherwise`."""
        given = (origin for said, origin in self._layers if getattr(said, name) is not None)
        return next((origin.at(name) for origin in given), otherwise)

    def value(self, name: str, otherwise: Shared | None = None) -> Any:
        """What holds for a key: what is said of it, else `otherwise`, else the key's own default."""
        value = self.given(name)
        model = type(self._layers[0][0])
        if value is None:
            value = default_of(model, name) if otherwise is None else otherwise.value
        if self.record is not None:
            origin = self.origin(name, BUILT_IN if otherwise is None else otherwise.origin)
            self.record.note((*self._key, name), written(model, name, value), origin)
        return value

    def inner(self, mapping: str, model: type[schema.Model], name: str, otherwise: Shared | None = None) -> Any:
        """What holds for a key of a mapping, whose model is given: layer by layer, as mappings are merged."""
        for said, origin in self._layers:
            value = getattr(getattr(said, mapping), name, None)
            if value is not None:
                found = Shared(value, origin.at(mapping, name))
                break
        else:
            found = otherwise or Shared(default_of(model, name), BUILT_IN)
        if self.record is not None:
            self.record.note((*self._key, mapping, name), written(model, name, found.value), found.origin)
        return found.value

    def entries(self, key: tuple[str, ...], *shared: Shared) -> Mapping[str, str]:
        """A mapping with free keys, laid over those of the fleet: the nearest entry holds."""
        said = [*shared, *(Shared(_at(said, key), origin) for said, origin in reversed(self._layers))]
        result = merge_layers(*(mapping for mapping, _ in said))
        if self.record is not None:
            for name, value in result.items():
                layer = next(layer for layer in reversed(said) if layer.value and name in layer.value)
                self.record.note((*key, name), value, layer.origin.at(*key, name))
            if not result:
                self.record.note(key, None)
        return result


_DEFAULTS: Final = Origin("defaults", ("defaults",))


def _at(said: schema.Model, key: tuple[str, ...]) -> Mapping[str, str] | None:
    value: Any = said
    for name in key:
        value = getattr(value, name, None)
    if isinstance(value, schema.Model):
        amounts: dict[str, str] = value.model_dump(by_alias=True, exclude_none=True)
        return amounts
    return value  # type: ignore[no-any-return]


def merge_layers(*mappings: Mapping[str, str] | None) -> Mapping[str, str]:
    """Merge mappings; later ones win."""
    given = [mapping for mapping in mappings if mapping]
    match given:
        case []:
            return _EMPTY
        case [only]:
            return only
        case _:
            return {key: value for mapping in given for key, value in mapping.items()}
