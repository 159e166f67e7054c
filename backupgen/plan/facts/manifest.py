"""What is common to the facts of every file: which template renders them, and which object they describe."""

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol, TypeVar, cast

from backupgen.conventions import naming
from backupgen.resolve.resolved import StringMap

NO_STRINGS: StringMap = {}


class Meta(NamedTuple):
    """Object metadata: name, namespace, labels, annotations."""

    name: str
    namespace: str
    labels: StringMap
    annotations: StringMap = NO_STRINGS


class Facts(Protocol):
    """A named tuple, whose fields are the variables of a template. Its class carries `@manifest`, but for pages."""

    def _asdict(self) -> dict[str, Any]: ...


class ObjectFacts(Facts, Protocol):
    """Those of an object with metadata."""

    @property
    def meta(self) -> Meta:
        """The object's metadata."""


class Manifest(NamedTuple):
    """How the facts of a class are rendered."""

    template: str
    """The template below `templates/`. Its variables are the fields of the facts, and `fleet`, the fleet's name."""
    api_version: str
    """Empty for a file that no API server reads."""
    kind: str
    folder: str
    """The folder below out/; empty if it is that of the object's namespace."""
    sealed: bool
    """Whether sops encrypts the file."""


_Class = TypeVar("_Class", bound=type)
_ATTRIBUTE = "__manifest__"


def manifest(
    template: str, api_version: str = "", kind: str = "", *, folder: str = "", sealed: bool = False
) -> Callable[[_Class], _Class]:
    """Say of a class of facts how it is rendered. Its field `meta` names the object, else `name`, if it has either.

    A decorator, because a named tuple takes no class variables.
    """

    def declare(facts: _Class) -> _Class:
        setattr(facts, _ATTRIBUTE, Manifest(template, api_version, kind, folder, sealed))
        return facts

    return declare


def manifest_of(facts: type) -> Manifest:
    """Return how the facts of a class are rendered. Raises AttributeError for a class without `@manifest`."""
    own: Manifest = getattr(facts, _ATTRIBUTE)
    return own


class Unit(NamedTuple):
    """One file below out/."""

    path: str
    facts: Facts

    @classmethod
    def of(cls, facts: ObjectFacts) -> "Unit":
        """The file of an object. Raises AttributeError for facts of a class without `@manifest`."""
        return cls(path_of(type(facts), facts.meta), facts)

    @property
    def meta(self) -> Meta:
        """The object's metadata. Raises AttributeError for a file of no object."""
        return cast("ObjectFacts", self.facts).meta


def path_of(facts: type, meta: Meta) -> str:
    """The path below out/ of the object that facts of this class describe."""
    own = manifest_of(facts)
    return naming.file_of(own.folder or meta.namespace, own.kind, meta.name, sealed=own.sealed)


class Plan(NamedTuple):
    """Everything that is rendered, sorted by path."""

    fleet: str
    units: tuple[Unit, ...]
