"""BG420: a command that no shell can read."""

import re
from collections.abc import Callable, Iterator
from typing import Final

from backupgen.diagnostics import CodeInfo, Finding, NodePath, Severity, Span, Spot
from backupgen.resolve.resolved import Target
from backupgen.rules.base import Rule, RuleContext, finding

INFO = CodeInfo(
    code="BG420",
    slug="shell-syntax",
    severity=Severity.ERROR,
    summary="A hook, a dump's `sh -c` or a script of your own is not valid shell.",
    why="The shell ends before it runs anything: every run of this job would fail.",
    fix="Mend what `sh -n` says. What needs another shell than POSIX `sh` can call it: `bash -c '…'`.",
    bad="before: echo \"it's\" 'begun",
    good="before: echo \"it's\" 'begun'",
)

SyntaxOf = Callable[[str], str]
"""What the shell of this machine says against a script; empty, if nothing, or if there is no shell."""

_LINE: Final = re.compile("line ([1-9][0-9]*): ")
_SHELLS: Final = {"sh", "ash", "dash"}


def check(context: RuleContext) -> Iterator[Finding]:
    """Report each such command, if there is a shell to ask."""
    if context.shell is None:
        return
    for target in context.fleet.targets:
        for path, script in _scripts(target):
            complaint = context.shell(script)
            if complaint:
                yield finding(INFO, "the shell cannot read this command", path, _help(complaint))


def judge_script(file: str, text: str, syntax_of: SyntaxOf) -> Iterator[Finding]:
    """Report a whole script that the shell cannot read; `file` is shown."""
    complaint = syntax_of(text)
    if complaint:
        said = _LINE.match(complaint)
        line = max(min(int(said[1]), text.count("\n")), 1) if said else 1
        spot = Spot(file=file, span=Span(line, 1, line, 1))
        yield Finding(INFO, "the shell cannot read this script", spot, _help(complaint))


def _scripts(target: Target) -> Iterator[tuple[NodePath, str]]:
    path = target.job.path
    if target.before:
        yield (*path, "before"), target.before
    if target.after:
        yield (*path, "after"), target.after
    if target.dump is not None and len(target.dump.command) > 2:
        shell, flags, script, *_ = target.dump.command
        if shell.rpartition("/")[2] in _SHELLS and flags.startswith("-") and flags.endswith("c"):
            yield (*path, "dump", "command", 2), script


def _help(complaint: str) -> str:
    return f"`sh -n` says: {complaint}"


RULE = Rule(INFO, check)
