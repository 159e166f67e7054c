"""BG444: a verify rule that is satisfied by what every file system holds."""

from collections.abc import Iterator
from pathlib import PurePosixPath

from backupgen.diagnostics import CodeInfo, Finding, Severity
from backupgen.rules.base import Rule, RuleContext, finding

INFO = CodeInfo(
    code="BG444",
    slug="verify-lost-found",
    severity=Severity.WARNING,
    summary="A verify rule looks at `lost+found`.",
    why="Every new ext file system has that folder: the rule says nothing about the app's data.",
    fix="Name a file or a folder of the app's own.",
    bad="verify: [{dir: grafana/lost+found}]",
    good="verify: [{dir: grafana/dashboards}]",
)


def check(context: RuleContext) -> Iterator[Finding]:
    """Report each such rule."""
    for target in context.fleet.targets:
        for index, rule in enumerate(target.verify):
            if "lost+found" in PurePosixPath(rule.file).parts and not rule.derived:
                message = f"`{rule.file}` lies in `lost+found`, which the file system makes itself"
                yield finding(
                    INFO, message, (*target.job.path, "verify", index), "name a file or a folder of the app's"
                )


RULE = Rule(INFO, check)
