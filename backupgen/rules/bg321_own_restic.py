"""BG321: a hook or a dump that works on a repository by itself."""

import re
from collections.abc import Iterator
from typing import Final

from backupgen.diagnostics import CodeInfo, Finding, Severity
from backupgen.rules.base import Rule, RuleContext, finding
from backupgen.rules.commands import own_commands

INFO = CodeInfo(
    code="BG321",
    slug="own-restic",
    severity=Severity.WARNING,
    summary="A hook or a dump's command runs restic, or another program that works on repositories.",
    why="It takes locks, removes or makes what the schedule knows nothing of, so nothing is proved about this fleet.",
    fix="Leave it to the jobs: `retention` thins out and prunes, every job removes stale locks, `backupgen bootstrap` "
    "makes a repository.",
    bad="before: restic forget --prune --keep-last 5",
    good='retention: {at: "03:00", deadline: 1h, keep: {last: 5}}',
    voids_proof=True,
)

_COMMANDS: Final = (
    "backup|cat|check|copy|diff|dump|find|forget|init|key|list|ls|migrate|mount|prune|rebuild-index|recover|repair|restore"
    "|rewrite|snapshots|stats|tag|unlock"
)
_CALL: Final = re.compile(
    r"(?<![\w.-])(?P<program>(?:restic|rustic|resticprofile|autorestic|runrestic|crestic)(?![\w./-])"
    rf"[^;&|\n)`]*?\s[\"']?(?:{_COMMANDS})(?![\w./-]))"
)


def words_of_repositories(script: str) -> Iterator[str]:
    """Yield each call of a program that works on restic repositories, as the script writes it, comments left out."""
    code = re.sub(r"(?m)(?:^|(?<=\s))#.*$", "", script.replace("\\\n", " "))
    for match in _CALL.finditer(code):
        yield " ".join(match["program"].split())


def check(context: RuleContext) -> Iterator[Finding]:
    """Report each command once, with the first such call."""
    for target in context.fleet.targets:
        for path, command in own_commands(target):
            call = next(words_of_repositories(command), None)
            if call is not None:
                message = f"`{call}` works on a repository, which no slot or lock of the schedule accounts for"
                yield finding(INFO, message, path, "leave it out: the rendered jobs thin out, prune, unlock and check")


RULE = Rule(INFO, check)
