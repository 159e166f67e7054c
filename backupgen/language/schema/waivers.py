"""Findings that are accepted."""

from typing import Annotated, ClassVar

from backupgen.language import patterns
from backupgen.language import scalars as s
from backupgen.language.schema.model import Fragment, Model, required, short_form, whole


class WaiverMapping(Model):
    """A finding that is known and accepted."""

    reason: s.Line = required(examples=["the new disk comes in spring"])
    """Why it is accepted."""
    until: s.Day | None = None
    """The last day on which it is, in the fleet's time zone; then it is reported again. Without it, for good."""

    short: ClassVar[Fragment] = {"type": "string", **whole(patterns.LINE), "description": "Why it is accepted."}


Waiver = Annotated[WaiverMapping, short_form("reason", str, "a reason or a mapping")]


Waivers = dict[s.DnsLabel, Waiver]
"""The slug of a finding -> the reason why it is accepted."""
