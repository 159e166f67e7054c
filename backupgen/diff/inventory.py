"""The inventory in out/: which files backupgen wrote, and what it wrote, so that a change by hand is seen.

Committed with the files, one line a file, sorted: Git merges it as it merges them.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final

INVENTORY: Final = ".backupgen-inventory.json"
"""Its path below out/."""
_NOTE: Final = "Written by backupgen render; do not edit. The files that it wrote, and the SHA-256 of each."

NO_FILES: Final[Mapping[str, str]] = {}


class InventoryError(ValueError):
    """The text is no inventory; the message says why, in lower case."""


@dataclass(frozen=True, slots=True)
class Inventory:
    """What backupgen wrote: path below out/ -> fingerprint."""

    files: Mapping[str, str] = field(default_factory=dict)
    pending: Mapping[str, str] = field(default_factory=dict)
    """What a run was about to write. Not empty only while it runs, and after it was killed."""

    def __contains__(self, path: str) -> bool:
        return path in self.files or path in self.pending

    def paths(self) -> Iterable[str]:
        """Every path that it knows, in no order that matters."""
        return {**self.files, **self.pending}

    def wrote(self, path: str, fingerprint_now: str) -> bool:
        """Whether a file with this fingerprint is as backupgen left it: before a killed run, or after it."""
        return fingerprint_now in (self.files.get(path), self.pending.get(path))


def own_files(files: Mapping[str, str], manifests: Mapping[str, str]) -> dict[str, str]:
    """Return the files of a revision (path below out/ -> text) that backupgen wrote, by the inventory among them.

    Without a readable inventory, those that it would write now.
    """
    try:
        known = set(parse_inventory(files.get(INVENTORY, "")).paths())
    except InventoryError:
        known = set(manifests)
    return {path: text for path, text in files.items() if path in known}


def fingerprint(content: bytes) -> str:
    """The SHA-256 of a file's bytes, in hexadecimal."""
    return sha256(content).hexdigest()


def dump_inventory(inventory: Inventory) -> str:
    """Return the text of the inventory."""
    document: dict[str, Any] = {"note": _NOTE, "version": 1, "files": inventory.files}
    if inventory.pending:
        document["pending"] = inventory.pending
    for name in ("files", "pending"):
        if name in document:
            document[name] = dict(sorted(document[name].items()))
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def parse_inventory(text: str) -> Inventory:
    """Read the text of an inventory. Raises InventoryError, also for a path that leads out of out/."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise InventoryError("it is no JSON") from None
    if not isinstance(document, dict) or document.get("version") != 1:
        raise InventoryError("it has no `version: 1`")
    return Inventory(_files(document.get("files")), _files(document.get("pending", {})))


def _files(value: object) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(known, str) for known in value.values()):
        raise InventoryError("it does not give a fingerprint for each file")
    for path in value:
        if not is_inside(path):
            raise InventoryError(f"`{path}` is no path below the folder")
    return value


def is_inside(path: str) -> bool:
    """Whether a relative path names a file below its root, other than the inventory, without `.`, `..` and `//`."""
    parts = path.split("/")
    return path != INVENTORY and "\0" not in path and not any(part in {"", ".", ".."} for part in parts)
