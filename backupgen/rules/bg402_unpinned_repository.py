"""BG402: a repository whose id the fleet does not know."""

from collections.abc import Iterator

from backupgen.diagnostics import CodeInfo, Finding, Severity
from backupgen.rules.base import Rule, RuleContext, finding

INFO = CodeInfo(
    code="BG402",
    slug="unpinned-repository",
    severity=Severity.WARNING,
    summary="The repository's id is not pinned.",
    why="A job cannot tell the repository from another one in its place, and the mirror would overwrite the good copy.",
    fix="Add `id:` with what `restic cat config` prints once the repository exists.",
    bad="repository: {url: s3:s3.example.com/backup}",
    good="repository: {url: s3:s3.example.com/backup, id: 5f…}",
)


def check(context: RuleContext) -> Iterator[Finding]:
    """Report each repository without an id."""
    for repository in context.fleet.repositories:
        if repository.id is None:
            help_ = "initialise it once with `restic init`, then write the id that `restic cat config` prints as `id:`"
            yield finding(INFO, f"the repository `{repository.name}` has no `id`", repository.path, help_, on_key=True)


RULE = Rule(INFO, check)
