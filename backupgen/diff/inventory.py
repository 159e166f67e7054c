"""The inventory in out/: which files backupgen wrote, and what it wrote, so that a change by hand is seen.

Committed with the files, one line a file, sorted: Git merges it as it merges them.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from backupgen.sealing.seal_record import SealRecord

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
    sealed: Mapping[str, SealRecord] = field(default_factory=dict)
    """What is remembered of the Secrets that it sealed."""
    pending_sealed: Mapping[str, SealRecord] = field(default_factory=dict)
    """What is to be remembered of those that a run was about to seal."""

    def __contains__(self, path: str) -> bool:
        return path in self.files or path in self.pending

    def paths(self) -> Iterable[str]:
        """Every path that it knows, in no order that matters."""
        return {**self.files, **self.pending}

    def marks(self) -> dict[str, tuple[SealRecord, ...]]:
        """What is remembered of each sealed Secret: of the old text and of the new one, after a killed run."""
        known: dict[str, tuple[SealRecord, ...]] = {path: (mark,) for path, mark in self.sealed.items()}
        for path, mark in self.pending_sealed.items():
            known[path] = (*known.get(path, ()), mark)
        return known

    def wrote(self, path: str, fingerprint_now: str) -> bool:
        """Whether a file with this fingerprint is as backupgen left it: before a killed run, or after it."""
        return fingerprint_now in (self.files.get(path), self.pending.get(path))


def own_files(files: Mapping[str, str], manifests: Mapping[str, str]) -> dict[str, str]:
    """Return the files of a revision (path below out/ -> text) that backupgen wrote, by the inventory among them.

    Without a readable inventory, those that it would write now.
    """
    inventory = inventory_of(files)
    known = set(inventory.paths() if inventory != Inventory() else manifests)
    return {path: text for path, text in files.items() if path in known}


def inventory_of(files: Mapping[str, str]) -> Inventory:
    """Return the inventory among the files of a revision; an empty one, if there is none that can be read."""
    try:
        return parse_inventory(files.get(INVENTORY, ""))
    except InventoryError:
        return Inventory()


def fingerprint(content: bytes) -> str:
    """The SHA-256 of a file's bytes, in hexadecimal."""
    return sha256(content).hexdigest()


def dump_inventory(inventory: Inventory) -> str:
    """Return the text of the inventory."""
    parts = [f' "note": {_quote(_NOTE)}', ' "version": 1', f' "files": {_lines(inventory.files)}']
    if inventory.pending:
        parts.append(f' "pending": {_lines(inventory.pending)}')
    if inventory.sealed:
        parts.append(f' "sealed": {_marks(inventory.sealed)}')
    if inventory.pending_sealed:
        parts.append(f' "pending_sealed": {_marks(inventory.pending_sealed)}')
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _quote(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _lines(files: Mapping[str, str]) -> str:
    # By hand, one line a file: json indents in Python, which takes longer than to write the files.
    lines = [f'  {_quote(path)}: "{files[path]}"' for path in sorted(files)]
    return "{\n" + ",\n".join(lines) + "\n }" if lines else "{}"


def _marks(marks: Mapping[str, SealRecord]) -> str:
    lines = [f"  {_quote(path)}: {_quote(marks[path]._asdict())}" for path in sorted(marks)]
    return "{\n" + ",\n".join(lines) + "\n }"


def parse_inventory(text: str) -> Inventory:
    """Read the text of an inventory. Raises InventoryError, also for a path that leads out of out/."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise InventoryError("it is no JSON") from None
    if not isinstance(document, dict) or document.get("version") != 1:
        raise InventoryError("it has no `version: 1`")
    return Inventory(
        _files(document.get("files")),
        _files(document.get("pending", {})),
        _sealed(document.get("sealed", {})),
        _sealed(document.get("pending_sealed", {})),
    )


def _files(value: object) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(known, str) for known in value.values()):
        raise InventoryError("it does not give a fingerprint for each file")
    for path in value:
        if not is_inside(path):
            raise InventoryError(f"`{path}` is not a path below the folder")
    return value


def _sealed(value: object) -> dict[str, SealRecord]:
    if not isinstance(value, dict):
        raise InventoryError("it does not say how each Secret was sealed")
    return {path: _mark(entry) for path, entry in value.items()}


def _mark(entry: object) -> SealRecord:
    given = entry if isinstance(entry, dict) else {}
    keys = given.get("keys")
    if not isinstance(keys, dict) or not all(isinstance(text, str) for text in keys.values()):
        raise InventoryError("it does not say what each Secret was sealed from")
    texts = [text for name in ("file", "ready", "rule") if isinstance(text := given.get(name), str)]
    if len(texts) < 3:
        raise InventoryError("it does not say how each Secret was sealed")
    return SealRecord(texts[0], texts[1], texts[2], keys)


def is_inside(path: str) -> bool:
    """Whether a relative path names a file below its root, other than the inventory, without `.`, `..` and `//`."""
    parts = path.split("/")
    if any("\ud800" <= character <= "\udfff" for character in path):  # no file system's encoding has it
        return False
    return path != INVENTORY and "\0" not in path and not any(part in {"", ".", ".."} for part in parts)
