"""BG406: a repository without retention or restore test, a mirror without restore test."""

from collections.abc import Iterator

from backupgen.diagnostics import CodeInfo, Finding, Severity
from backupgen.rules.base import Rule, RuleContext, finding

INFO = CodeInfo(
    code="BG406",
    slug="missing-operation",
    severity=Severity.WARNING,
    summary="A repository has no retention or no restore test, or a mirror has no restore test.",
    why="Without the one it grows until the disk is full; without the other nobody knows whether it can be restored.",
    fix="Add `retention` and `restore_test`, or waive it where somebody else does the work.",
    bad="repository: {url: s3:s3.example.com/backup}",
    good="repository: {url: s3:s3.example.com/backup, retention: {…}, restore_test: {…}}",
)


def check(context: RuleContext) -> Iterator[Finding]:
    """Report each operation that a repository lacks."""
    for repository in context.fleet.repositories:
        for name in ("retention", "restore_test"):
            if getattr(repository, name) is None:
                message = f"the repository `{repository.name}` has no `{name}`"
                yield finding(INFO, message, repository.path, on_key=True)
        for mirror in repository.mirrors:
            if mirror.restore_test is None:
                message = f"the mirror `{mirror.name}` has no `restore_test`"
                yield finding(INFO, message, mirror.job.path, on_key=True)


RULE = Rule(INFO, check)
