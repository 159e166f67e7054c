"""Is what is committed in out/ what fleet.yaml says? The part of `check` that reads rendered files."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from backupgen.conventions.naming import SEALED_SUFFIX
from backupgen.diagnostics import CodeInfo, Finding, Spot
from backupgen.diff import codes
from backupgen.diff.inventory import INVENTORY, Inventory, fingerprint
from backupgen.sealing.sealed import is_sealed


@dataclass(frozen=True, slots=True)
class OutTree:
    """What lies in out/. Paths are below it."""

    name: str
    """The folder, as findings show it."""
    files: Mapping[str, str]
    """The text of the files that are in the inventory or were asked for."""
    inventory: Inventory
    unknown: Mapping[str, str] = field(default_factory=dict)
    """The text of YAML files that nobody asked for."""
    blocked: frozenset[str] = frozenset()
    """Files that cannot be read: the findings that say so exist already."""


def staleness(manifests: Mapping[str, str], tree: OutTree) -> tuple[Finding, ...]:
    """Compare what would be rendered (path -> text) with what lies in out/. Empty: out/ is up to date."""
    if manifests and not tree.files and not tree.blocked:
        return (
            Finding(
                codes.OUT_MISSING,
                f"`{tree.name}` holds none of the {len(manifests)} files of the fleet",
                Spot(file=tree.name),
                "run `backupgen render` and commit what it writes",
            ),
        )
    findings = [finding for path in sorted(manifests) for finding in _planned(path, manifests[path], tree)]
    findings += [_orphan(path, tree) for path in sorted(tree.files.keys() - manifests.keys())]
    findings += _inventory(manifests, tree) if not findings else ()
    findings += [
        _finding(codes.OUT_UNKNOWN, tree, path, "this file was not written by backupgen", "keep it beside the folder")
        for path in sorted(tree.unknown)
    ]
    return tuple(findings)


def _planned(path: str, expected: str, tree: OutTree) -> Iterator[Finding]:
    present = tree.files.get(path)
    if present == expected or path in tree.blocked:
        return
    if present is None:
        yield _finding(codes.OUT_MISSING, tree, path, "this file is missing", "run `backupgen render`")
    elif is_sealed(path, present):
        pass  # `sealing` judges it
    elif tree.inventory.wrote(path, fingerprint(present.encode())):
        message = "this file is not what fleet.yaml says today"
        yield _finding(codes.OUT_STALE, tree, path, message, "run `backupgen render`")
    else:
        yield in_the_way(path, tree.inventory, tree.name)


def in_the_way(path: str, inventory: Inventory, out: str) -> Finding:
    """The finding about a file whose content backupgen did not write, and which it would have to replace."""
    spot = Spot(file=f"{out}/{path}")
    if path in inventory and path.endswith(SEALED_SUFFIX):
        message = "this Secret was filled in or changed, but is not sealed"
        remedy = "run `sops encrypt --in-place` on it, from within out/, before you commit it; or delete it and render"
        return Finding(codes.OUT_EDITED, message, spot, remedy)
    if path in inventory:
        remedy = "move the change into fleet.yaml or a template, delete the file, and run `backupgen render`"
        return Finding(codes.OUT_EDITED, "this file was changed by hand since it was rendered", spot, remedy)
    message = "this file was not written by backupgen, and stands where one would be rendered"
    remedy = f"move or delete it, choose another `--out`, or restore `{INVENTORY}` from Git if it was lost"
    return Finding(codes.OUT_FOREIGN, message, spot, remedy)


def _orphan(path: str, tree: OutTree) -> Finding:
    message = "this file belongs to nothing in fleet.yaml any more"
    if is_sealed(path, tree.files[path]):
        remedy = "delete it, once nothing else needs what is sealed in it"
    elif tree.inventory.wrote(path, fingerprint(tree.files[path].encode())):
        remedy = "run `backupgen render`, which removes it"
    else:
        remedy = "it was changed by hand: delete it once nothing of that is needed"
    return _finding(codes.OUT_ORPHAN, tree, path, message, remedy)


def _inventory(manifests: Mapping[str, str], tree: OutTree) -> tuple[Finding, ...]:
    """Judge the inventory by itself, where no file gives reason to render."""
    expected = {path: fingerprint(text.encode()) for path, text in manifests.items()}
    if replace(tree.inventory, sealed={}) == Inventory(expected) or INVENTORY in tree.blocked or tree.blocked:
        return ()
    message = "the inventory does not list what is rendered"
    return (_finding(codes.OUT_STALE, tree, INVENTORY, message, "run `backupgen render`"),)


def _finding(info: CodeInfo, tree: OutTree, path: str, message: str, remedy: str) -> Finding:
    return Finding(info, message, Spot(file=f"{tree.name}/{path}"), remedy)
