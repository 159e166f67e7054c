"""Is what is committed in out/ what fleet.yaml says? The part of `check` that reads rendered files."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from backupgen.diagnostics import CodeInfo, Finding, Spot
from backupgen.diff import codes
from backupgen.diff.inventory import INVENTORY, Inventory, fingerprint
from backupgen.diff.sealed import SUFFIX, is_sealed, secret_keys
from backupgen.source import PlainError, load_all


@dataclass(frozen=True, slots=True)
class OutTree:
    """What lies in out/. Paths are below it."""

    name: str
    """The folder, as findings show it."""
    files: Mapping[str, str]
    """The text of the files that are in the inventory or were asked for."""
    inventory: Inventory
    unknown: tuple[str, ...] = ()
    """YAML files that nobody asked for, sorted."""
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
        for path in tree.unknown
    ]
    return tuple(findings)


def unsealed(manifests: Mapping[str, str], tree: OutTree) -> tuple[Finding, ...]:
    """Name the Secrets that still hold placeholders, all in one finding: there is nothing wrong with any of them."""
    waiting = [path for path in sorted(manifests) if path.endswith(SUFFIX) and tree.files.get(path) == manifests[path]]
    if not waiting:
        return ()
    more = f" and {len(waiting) - 1} more Secrets hold" if len(waiting) > 1 else " holds"
    message = f"`{waiting[0]}`{more} placeholders: not sealed yet"
    remedy = "write each value in place of its placeholder, then run `sops encrypt --in-place` on it, from within out/"
    return (Finding(codes.SECRETS_UNSEALED, message, Spot(file=tree.name), remedy),)


def _planned(path: str, expected: str, tree: OutTree) -> Iterator[Finding]:
    present = tree.files.get(path)
    if present == expected or path in tree.blocked:
        return
    if present is None:
        yield _finding(codes.OUT_MISSING, tree, path, "this file is missing", "run `backupgen render`")
    elif is_sealed(path, present):
        yield from _sealed(path, present, expected, tree)
    elif tree.inventory.wrote(path, fingerprint(present.encode())):
        message = "this file is not what fleet.yaml says today"
        yield _finding(codes.OUT_STALE, tree, path, message, "run `backupgen render`")
    else:
        yield in_the_way(path, tree.inventory, tree.name)


def in_the_way(path: str, inventory: Inventory, out: str) -> Finding:
    """The finding about a file whose content backupgen did not write, and which it would have to replace."""
    spot = Spot(file=f"{out}/{path}")
    if path in inventory and path.endswith(SUFFIX):
        message = "this Secret was filled in or changed, but is not sealed"
        remedy = "run `sops encrypt --in-place` on it, from within out/, before you commit it; or delete it and render"
        return Finding(codes.OUT_EDITED, message, spot, remedy)
    if path in inventory:
        remedy = "move the change into fleet.yaml or a template, delete the file, and run `backupgen render`"
        return Finding(codes.OUT_EDITED, "this file was changed by hand since it was rendered", spot, remedy)
    message = "this file was not written by backupgen, and stands where one would be rendered"
    remedy = f"move or delete it, choose another `--out`, or restore `{INVENTORY}` from Git if it was lost"
    return Finding(codes.OUT_FOREIGN, message, spot, remedy)


def _sealed(path: str, present: str, expected: str, tree: OutTree) -> Iterator[Finding]:
    """Judge a sealed Secret by its keys; the values are nobody's business here."""
    try:
        has, needs = secret_keys(load_all(present)), secret_keys(load_all(expected))
    except PlainError as error:
        yield _finding(codes.OUT_UNREADABLE, tree, path, f"this is no YAML: {error.message}", "seal it again")
        return
    lacking = [key for key in needs if key not in has]
    spare = [key for key in has if key not in needs]
    differences = (("lacks", lacking), ("has the unused", spare))
    said = [f"{what} {', '.join(f'`{key}`' for key in keys)}" for what, keys in differences if keys]
    if said:
        message = f"this sealed Secret {' and '.join(said)}"
        yield _finding(codes.SEALED_KEYS_DIFFER, tree, path, message, "seal it again with the keys that are needed")


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
    if tree.inventory == Inventory(expected) or INVENTORY in tree.blocked or tree.blocked:
        return ()
    message = "the inventory does not list what is rendered"
    return (_finding(codes.OUT_STALE, tree, INVENTORY, message, "run `backupgen render`"),)


def _finding(info: CodeInfo, tree: OutTree, path: str, message: str, remedy: str) -> Finding:
    return Finding(info, message, Spot(file=f"{tree.name}/{path}"), remedy)
