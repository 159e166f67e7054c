"""ntfy (docs.ntfy.sh/publish): a POST to a topic, with title, priority and tags in headers."""

from collections.abc import Mapping
from typing import NamedTuple

from backupgen.integrations.channels.record import ChannelKind, Credential, StandInPlace
from backupgen.integrations.location import Location

_CREDENTIALS = "NTFY_CREDS"
_VALUE = "ntfy-credentials"


class Ntfy(NamedTuple):
    """Where a job's failures are sent."""

    server: Location
    topic: str
    auth: bool
    priority: int
    tags: tuple[str, ...]
    title: str
    """Empty if each script says which of them failed."""
    pod_labels: Mapping[str, str]

    @property
    def kind(self) -> ChannelKind:
        """What is known of all servers of ntfy."""
        return NTFY

    def variables(self) -> Mapping[str, str]:
        """Return what report.sh reads, credentials aside."""
        title = {"NTFY_TITLE": self.title} if self.title else {}
        return {
            "NTFY_SERVER": self.server.text,
            "NTFY_TOPIC": self.topic,
            "NTFY_PRIO": str(self.priority),
            "NTFY_TAG": ",".join(self.tags),
            **title,
        }

    def credentials(self) -> Mapping[str, str]:
        """Return the variable with the credentials, if the server wants any, and the name of its value."""
        return {_CREDENTIALS: _VALUE} if self.auth else {}


def _stand_in(environment: Mapping[str, str]) -> StandInPlace:
    user, _, password = environment.get(_CREDENTIALS, "").partition(":")
    return StandInPlace(environment["NTFY_SERVER"], user, password)


NTFY = ChannelKind(
    key="ntfy",
    url="server",
    prefix="NTFY_",
    switch="NTFY_ENABLED",
    variables=("NTFY_SERVER", "NTFY_TOPIC", "NTFY_PRIO", "NTFY_TAG", "NTFY_TITLE", _CREDENTIALS),
    credentials=(
        Credential(_VALUE, ("ntfy", "auth"), "ntfy: `user:password`, or a token", lambda word: f"rehearsal:{word}"),
    ),
    overridable=("topic", "priority", "tags", "title"),
    make=lambda fields: Ntfy(**fields),
    stand_in=_stand_in,
)
