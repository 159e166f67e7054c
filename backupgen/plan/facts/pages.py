"""What no cluster reads: the pages for people, and what the compiler remembers for its next run."""

from collections.abc import Mapping
from typing import Literal, NamedTuple

from backupgen.plan.facts.manifest import manifest


@manifest("chosen-slots.yaml.j2")
class ChosenSlots(NamedTuple):
    """The slots that the compiler chose: the next run reads them back, so that no target moves."""

    slots: Mapping[str, str]
    """Job -> cron expression, sorted."""


class Page(NamedTuple):
    """A page for people, in Markdown."""

    kind: Literal["overview", "restore", "exit-codes", "target", "alert"]
    """Decides its template."""
    variables: Mapping[str, object]


class Picture(NamedTuple):
    """A drawing, as SVG."""

    svg: str
