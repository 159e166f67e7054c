"""`check --repo`: the fleet against the rest of its GitOps tree."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from backupgen.adapters.repo import open_tree, place_in_git
from backupgen.audit.judge import audit
from backupgen.audit.tree import read_tree
from backupgen.diagnostics import Finding
from backupgen.pipeline import Compiled
from backupgen.rules import waive_audit


class Audited(NamedTuple):
    """What was found in a tree."""

    findings: tuple[Finding, ...]
    """Located."""
    texts: Mapping[str, str]
    """The texts of the files that the findings may point at, as findings name them."""
    readable: bool


def audit_tree(compiled: Compiled, repo: Path, out: Path, since: int) -> Audited:
    """Compare a fleet with the tree in `repo`, but for what was rendered into `out`. `since` is now."""
    contents = open_tree(repo, (out,))
    if contents.value is None:
        return Audited(contents.findings, {}, readable=False)
    tree = read_tree(contents.value, str(repo), place_in_git(repo))
    findings = waive_audit(audit(compiled.fleet, tree), compiled.fleet, since)
    return Audited(tuple(compiled.document.locate(one) for one in findings), tree.texts, readable=True)
