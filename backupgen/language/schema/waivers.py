"""Findings that are accepted."""

from typing import Annotated

from backupgen.language import scalars as s
from backupgen.language.schema.model import Model, short_form


class WaiverMapping(Model):
    """A finding that is known and accepted."""

    reason: s.Line
    """Why it is accepted."""
    until: s.Day | None = None
    """The last day on which it is, in the fleet's time zone; then it is reported again. Without it, for good."""


Waiver = Annotated[WaiverMapping, short_form("reason", str, "a reason or a mapping")]


Waivers = dict[s.DnsLabel, Waiver]
"""The slug of a finding -> the reason why it is accepted."""
