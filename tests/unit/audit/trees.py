"""Trees of the tests, on disk and in memory."""

from collections.abc import Mapping
from pathlib import Path

from backupgen.adapters.repo import open_tree
from backupgen.audit.gitops import Deployed, deployed
from backupgen.audit.tree import Tree, read_tree
from tests.auditing import contents
from tests.conftest import REPOSITORY

TREES = REPOSITORY / "tests" / "audit" / "trees"
NAMES = tuple(sorted(path.name for path in TREES.iterdir()))


def tree_of(name: str) -> Tree:
    opened = open_tree(TREES / name, ())
    assert opened.value is not None
    return read_tree(opened.value, ".", f"tests/audit/trees/{name}")


def deployed_of(files: Mapping[str, str | bytes], below: str = "") -> Deployed:
    return deployed(read_tree(contents(files), ".", below))


def names_of(found: Deployed) -> list[str]:
    """`Kind namespace/name` of each object, sorted; `?` where the tree does not say the namespace."""
    return sorted(
        f"{one.resource.kind} {one.text(one.namespace) or '?'}/{one.text(one.name) or '?'}" for one in found.instances
    )


def write(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    for path, text in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder
