"""What is known of a service that failures are told to."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol

from backupgen.diagnostics import NodePath
from backupgen.integrations.location import Location


class Channel(Protocol):
    """A service as the fleet gives it, for one job: a named tuple, whose fields a job's own settings can override."""

    @property
    def kind(self) -> "ChannelKind":
        """What is known of all such services."""

    @property
    def server(self) -> Location:
        """Where the jobs reach it."""

    @property
    def pod_labels(self) -> Mapping[str, str]:
        """The labels of its pods, where it runs in this cluster."""

    def variables(self) -> Mapping[str, str]:
        """Return what report.sh reads, credentials aside."""

    def credentials(self) -> Mapping[str, str]:
        """Return the variables that hold credentials, and the names of their values."""

    def _asdict(self) -> dict[str, Any]: ...


class Credential(NamedTuple):
    """A value that a channel's servers may ask for."""

    value: str
    """Its name in the values file."""
    path: NodePath
    """The place of fleet.yaml that asks for it."""
    purpose: str
    """What it is, for a comment in the values file."""
    sample: Callable[[str], str]
    """A word made up by chance -> a value of the form that report.sh expects, for a rehearsal."""


class StandInPlace(NamedTuple):
    """Where a rehearsal listens in a server's place, and for whom."""

    url: str
    user: str
    password: str
    """Empty, if it asks nobody."""


class ChannelKind(NamedTuple):
    """A kind of service."""

    key: str
    """Its key in fleet.yaml, for the fleet and for a job's override."""
    url: str
    """The key below it with the server's URL."""
    prefix: str
    """How the variables of report.sh begin."""
    switch: str
    """The variable that says whether report.sh sends there: `true` or `false`."""
    variables: tuple[str, ...]
    """The others, those with credentials among them."""
    credentials: tuple[Credential, ...]
    overridable: tuple[str, ...]
    """The keys below it that a job can say otherwise."""
    make: Callable[[Mapping[str, Any]], Channel]
    """The keys below it, every default filled in, the URL as a Location -> the channel."""
    stand_in: Callable[[Mapping[str, str]], StandInPlace]
    """The environment of a job's container -> where the notification goes."""
