"""BG438: a password that stands in a command."""

import re
from collections.abc import Iterator
from typing import Final

from backupgen.diagnostics import CodeInfo, Finding, NodePath, Severity
from backupgen.resolve.resolved import Target
from backupgen.rules.base import Rule, RuleContext, finding
from backupgen.rules.commands import own_commands

INFO = CodeInfo(
    code="BG438",
    slug="password-in-command",
    severity=Severity.WARNING,
    summary="A hook or a dump's command holds a password.",
    why="It stands in Git, in the CronJob and in the process list of the node, for everybody who may read one of them.",
    fix="Name a value under `credentials`, and read its variable in the command; in the app's pod, read the variable "
    "that the pod has.",
    bad="before: curl -u admin:hunter2 http://wiki/pause",
    good='credentials: {WIKI_PASSWORD: wiki-password}\nbefore: curl -u "admin:$WIKI_PASSWORD" http://wiki/pause',
)

# What follows is no password where it is a variable, a substitution, or nothing.
_LITERAL: Final = r"[\"']?(?![$`\"'<\s])[^\s\"';&|]{3,}"
_CLIENTS: Final = "mysql|mysqldump|mariadb|mariadb-dump|mariabackup|mariadb-backup|mysqladmin"
_PASSWORDS: Final = tuple(
    re.compile(f"{before}{_LITERAL}")
    for before in (
        r"(?<![\w-])(?P<shown>--?(?:password|passwd|pass|token|secret|api-key|apikey))[= ]",
        rf"\b(?:{_CLIENTS})\b[^;&|]*?\s(?P<shown>-p)",
        r"\b(?P<shown>[A-Z_]*(?:PASSWORD|PASSWD|MYSQL_PWD|TOKEN|SECRET))=",
        r"\b(?:curl|wget)\b[^;&|]*?\s(?P<shown>-u|--user)[= ]?[\"']?[^\s:$\"']+:",
        r"\bredis-cli\b[^;&|]*?\s(?P<shown>-a) ",
        r"(?P<shown>[a-z][a-z0-9+.-]*://)[^/\s:@$\"']+:(?=[^/\s@]+@)",
        r"(?P<shown>(?i:authorization))(?i:: *(?:bearer|basic)) +",
    )
)


def holds_password(command: str) -> str:
    """Return what precedes a password in plain text in a command; empty if there is none."""
    return next((match["shown"] for pattern in _PASSWORDS if (match := pattern.search(command))), "")


def check(context: RuleContext) -> Iterator[Finding]:
    """Report each command once. What it finds is not repeated: findings are read in logs and on pull requests."""
    for target in context.fleet.targets:
        for path, command in _commands(target):
            place = holds_password(command)
            if place:
                message = f"a password seems to stand in this command, after `{place}`"
                yield finding(INFO, message, path, "name a value under `credentials`, and read its variable here")


def _commands(target: Target) -> Iterator[tuple[NodePath, str]]:
    yield from own_commands(target)
    if target.dump_in_pod is not None and target.dump_in_pod.command:
        yield (*target.job.path, "dump", "command"), " ".join(target.dump_in_pod.command)


RULE = Rule(INFO, check)
