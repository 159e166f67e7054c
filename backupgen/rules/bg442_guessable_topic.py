"""BG442: a topic on the public ntfy server that anybody can guess."""

import re
from collections.abc import Iterator
from typing import Final

from backupgen.diagnostics import CodeInfo, Finding, NodePath, Severity
from backupgen.integrations.channels import Ntfy
from backupgen.rules.base import Rule, RuleContext, finding

INFO = CodeInfo(
    code="BG442",
    slug="guessable-topic",
    severity=Severity.WARNING,
    summary="A topic on ntfy.sh that can be guessed.",
    why="There a topic is its own password: whoever guesses it reads every message, and can send messages that look "
    "like yours.",
    fix="Use a topic with some random letters and digits, or a server of your own.",
    bad="ntfy: {server: https://ntfy.sh, topic: backup}",
    good="ntfy: {server: https://ntfy.sh, topic: backup-x7Qm2vTfL9}",
)

_PUBLIC: Final = frozenset({"ntfy.sh"})
_RANDOM: Final = re.compile(r"(?=[A-Za-z]*[0-9])(?=[0-9]*[A-Za-z])[A-Za-z0-9]{8,}")
"""A part of a topic that looks drawn: letters and digits mixed, eight of them or more."""


def check(context: RuleContext) -> Iterator[Finding]:
    """Report each topic once, where the fleet or a job names it."""
    seen: set[str] = set()
    for ntfy, path in _uses(context):
        if ntfy.auth or ntfy.server.host not in _PUBLIC:
            continue  # an account says who may read and write a topic
        if ntfy.topic not in seen and not _RANDOM.search(ntfy.topic):
            seen.add(ntfy.topic)
            message = f"`{ntfy.topic}` on {ntfy.server.host} can be guessed, and then read and written by anybody"
            yield finding(INFO, message, path, "add some random letters and digits, such as `-x7Qm2vTfL9`")


def _uses(context: RuleContext) -> Iterator[tuple[Ntfy, NodePath]]:
    """Each job's ntfy, the fleet's own first."""
    for job in context.fleet.jobs():
        if job.ntfy is not None:
            own = job.ntfy not in context.fleet.channels
            yield job.ntfy, (*job.path, "ntfy") if own else ("ntfy",)


RULE = Rule(INFO, check)
