"""BG422: a hook or a dump that installs a program before it can use it."""

import re
from collections.abc import Iterator
from typing import Final

from backupgen.diagnostics import CodeInfo, Finding, Severity
from backupgen.rules.base import Rule, RuleContext, finding
from backupgen.rules.commands import own_commands

INFO = CodeInfo(
    code="BG422",
    slug="installs-at-night",
    severity=Severity.WARNING,
    summary="A hook or a dump's command installs a program.",
    why="The root file system is read-only and the user is not root, so it fails.",
    fix="Put the program into an image, and name that as the target's `image`.",
    bad="before: apk add curl && curl -s http://wiki/pause",
    good="image: ghcr.io/example/restic-curl:1@sha256:…\nbefore: curl -s http://wiki/pause",
)

_INSTALL: Final = re.compile(
    r"\b(?:apk(?: +-\S+)* +add|(?:apt|apt-get|dnf|microdnf|yum|zypper)(?: +-\S+)* +install|pip3?(?: +-\S+)* +install)\b"
)


def check(context: RuleContext) -> Iterator[Finding]:
    """Report each such command."""
    for target in context.fleet.targets:
        for path, command in own_commands(target):
            match = _INSTALL.search(command)
            if match is not None:
                message = f"`{match[0]}` cannot install anything: the root file system is read-only"
                yield finding(INFO, message, path, "put the program into an image, and name it as `image`")


RULE = Rule(INFO, check)
