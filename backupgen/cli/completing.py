"""What a shell proposes when it completes: names that only the fleet, or backupgen itself, knows.

A shell evaluates what it gets, so no text of a file goes there that is not a name.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import typer

VARIABLE: Final = "_BACKUPGEN_COMPLETE"
"""The variable of the environment by which a shell asks (Typer's, from the program's name)."""
_NAME: Final = re.compile("[a-z0-9][-a-z0-9]*")


def prepare() -> None:
    """Make Typer know the shells' forms, which it otherwise learns at each start."""
    from typer.completion import completion_init  # type: ignore[attr-defined]

    completion_init()


def target_names(ctx: typer.Context, incomplete: str) -> Iterator[str]:
    """Yield the names of the targets of the fleet that the command is about; none, while it cannot be read."""
    from backupgen.adapters.files import read_fleet
    from backupgen.source import read_document

    raw = read_fleet(Path(str(ctx.params.get("fleet") or "fleet.yaml")))
    document = read_document(raw.value, "fleet.yaml").value if raw.value is not None else None
    targets = document.data.get("targets") if document is not None else None
    for name in targets if isinstance(targets, dict) else ():
        if name.startswith(incomplete) and _NAME.fullmatch(name):
            yield name


def finding_codes(incomplete: str) -> Iterator[tuple[str, str]]:
    """Yield the codes and names of findings, each with what it reports."""
    from backupgen.pipeline import CATALOGUE

    for info in CATALOGUE:
        for name in (info.code, info.slug):
            if name.lower().startswith(incomplete.lower()):
                yield name, re.sub("[^A-Za-z0-9 ,.]", "", info.summary)


def zone_names(incomplete: str) -> Iterator[str]:
    """Yield the time zones that Kubernetes takes."""
    from backupgen.schedule import zone_names as all_zones

    yield from (name for name in all_zones() if name.startswith(incomplete))
