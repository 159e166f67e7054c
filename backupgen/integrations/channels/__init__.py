"""The services that failures are told to: a record each, in a module of its own. How they are told is in report.sh."""

from backupgen.integrations.channels.ntfy import NTFY, Ntfy
from backupgen.integrations.channels.record import Channel, ChannelKind, Credential, StandInPlace

CHANNELS = (NTFY,)
"""In the order in which a job tells them."""

__all__ = ["CHANNELS", "NTFY", "Channel", "ChannelKind", "Credential", "Ntfy", "StandInPlace"]
