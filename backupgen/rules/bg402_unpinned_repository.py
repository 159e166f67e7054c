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
    fix="Add `id:` with what the Job of `backupgen bootstrap` prints, or `restic cat config` if the repository exists.",
    bad="repository: {url: s3:s3.example.com/backup}",
    good="repository: {url: s3:s3.example.com/backup, id: 5f…}",
)


def check(context: RuleContext) -> Iterator[Finding]:
    """Report each repository without an id, and each mirror that is a repository of its own and has none."""
    help_ = "`backupgen bootstrap` makes the Job that initialises it and prints the id; of one that exists, "
    help_ += "`restic cat config` prints it"
    for repository in context.fleet.repositories:
        if repository.id is None:
            yield finding(INFO, f"the repository `{repository.name}` has no `id`", repository.path, help_, on_key=True)
        for mirror in repository.mirrors:
            if mirror.method == "restic_copy" and mirror.id is None:
                message = f"the mirror `{mirror.name}` is a repository of its own and has no `id`"
                yield finding(INFO, message, mirror.job.path, help_, on_key=True)


RULE = Rule(INFO, check)
