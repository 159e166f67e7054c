"""Reading out/: the inventory, the files that it lists, and those that would be rendered."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple

from backupgen.adapters.folder import BlockedError, by_folder, join, open_below, open_root, read_file
from backupgen.conventions.naming import CHOSEN_SLOTS
from backupgen.diagnostics import Checked, Finding, Spot
from backupgen.diff import codes
from backupgen.diff.inventory import INVENTORY, Inventory, InventoryError, parse_inventory
from backupgen.diff.staleness import OutTree
from backupgen.source import PlainError, decode_any, load_all

_MOST: Final = 1 << 20
"""Bytes that are looked at of a file which backupgen did not write: Secrets and keys are small."""


class Survey(NamedTuple):
    """What lies at some paths of a folder."""

    contents: dict[str, bytes]
    """The files that exist."""
    blocked: dict[str, Finding]
    """The paths at which something stands that is no readable file of the folder."""


def read_out(out: Path, manifests: Mapping[str, str]) -> Checked[OutTree]:
    """Return what lies in out/ of that which would be rendered (path -> text) or was; nothing, if out/ does not exist.

    Links are never followed; a link, a file that cannot be read or one that is not UTF-8 is a finding, but the tree is
    returned beside it. Without a value: out/ or its inventory cannot be read.
    """
    try:
        with open_root(out) as root:
            if root is None:
                return Checked(OutTree(str(out), {}, Inventory()))
            inventory = read_inventory(root, str(out))
            wanted = {*manifests, *inventory.paths()}
            survey = look(root, wanted, str(out))
            files, findings = _decode(survey, str(out))
            strangers = look(
                root, {path for path in _files(root, "") if path not in {*wanted, INVENTORY}}, str(out), most=_MOST
            )
            unknown = {path: decode_any(content) for path, content in strangers.contents.items()}
    except BlockedError as error:
        return Checked(None, (error.finding,))
    blocked = frozenset({*survey.blocked, *(survey.contents.keys() - files.keys())})
    return Checked(OutTree(str(out), files, inventory, unknown, blocked), findings)


def read_chosen(out: Path) -> Mapping[str, str]:
    """Return the slots that the last render chose, by job; none, if there is no file with them that can be read.

    Nothing is lost by that: they are chosen anew, and a file that was changed by hand is a finding of its own.
    """
    try:
        with open_root(out) as root:
            content = None if root is None else read_file(root, CHOSEN_SLOTS, f"{out}/{CHOSEN_SLOTS}")
        documents = load_all(content.decode()) if content else ()
    except (BlockedError, UnicodeDecodeError, PlainError):
        return {}
    mapping = documents[0] if documents else None
    entries = mapping.items() if isinstance(mapping, dict) else ()
    return {job: slot for job, slot in entries if isinstance(job, str) and isinstance(slot, str)}


def read_inventory(root: int, shown: str) -> Inventory:
    """Return the inventory of an open folder, an empty one if there is none. Raises BlockedError if it is damaged."""
    path = f"{shown}/{INVENTORY}"
    content = read_file(root, INVENTORY, path)
    if content is None:
        return Inventory()
    try:
        return parse_inventory(content.decode())
    except (InventoryError, UnicodeDecodeError) as error:
        reason = str(error) if isinstance(error, InventoryError) else "it is not UTF-8"
        remedy = (
            "restore it from Git; or delete it and run `backupgen render`, which takes over what is as it should be"
        )
        spot = Spot(file=path)
        raise BlockedError(
            Finding(codes.INVENTORY_DAMAGED, f"this inventory is damaged: {reason}", spot, remedy)
        ) from None


def look(root: int, paths: set[str], shown: str, *, most: int | None = None) -> Survey:
    """Read the files at `paths` of an open folder, without following a link; of each at most so many bytes."""
    contents: dict[str, bytes] = {}
    blocked: dict[str, Finding] = {}
    for folder, names in by_folder(paths).items():
        try:
            with open_below(root, folder, shown) as handle:
                if handle is None:
                    continue
                for name in names:
                    path = join(folder, name)
                    try:
                        content = read_file(handle, name, f"{shown}/{path}", most=most)
                    except BlockedError as error:
                        blocked[path] = error.finding
                    else:
                        if content is not None:
                            contents[path] = content
        except BlockedError as error:
            blocked.update(dict.fromkeys((join(folder, name) for name in names), error.finding))
    return Survey(contents, blocked)


def _decode(survey: Survey, shown: str) -> tuple[dict[str, str], tuple[Finding, ...]]:
    files: dict[str, str] = {}
    findings = list(dict.fromkeys(survey.blocked.values()))
    for path, content in survey.contents.items():
        try:
            files[path] = content.decode()
        except UnicodeDecodeError as error:
            message = f"this file is not UTF-8 text: byte {error.start} is 0x{content[error.start]:02x}"
            remedy = "delete it, and run `backupgen render`"
            findings.append(Finding(codes.OUT_UNREADABLE, message, Spot(file=f"{shown}/{path}"), remedy))
    return files, tuple(findings)


def _files(root: int, folder: str) -> Iterator[str]:
    """Yield the files below an open folder; hidden folders, such as .git, and links are left out."""
    inner: list[str] = []
    with os.scandir(root) as entries:
        for entry in entries:
            path = join(folder, entry.name)
            if entry.is_dir(follow_symlinks=False):
                inner += [] if entry.name.startswith(".") else [entry.name]
            elif entry.is_file(follow_symlinks=False):
                yield path
    for name in inner:
        try:
            handle = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=root)
        except OSError:
            # Not ours, and nothing that is ours is missed: `look` reports what it cannot reach.
            continue
        try:
            yield from _files(handle, join(folder, name))
        finally:
            os.close(handle)
