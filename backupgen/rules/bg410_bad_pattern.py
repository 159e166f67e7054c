"""BG410: a pattern that restic refuses."""

from collections.abc import Iterator

from backupgen.diagnostics import CodeInfo, Finding, Severity
from backupgen.rules.base import Rule, RuleContext, finding
from backupgen.rules.patterns import Pattern, PatternError, written

INFO = CodeInfo(
    code="BG410",
    slug="bad-pattern",
    severity=Severity.ERROR,
    summary="An `exclude` is not a pattern that restic takes.",
    why="restic ends before it reads anything: this target would never be backed up.",
    fix="Close the `[`, or write `\\[` where the character itself is meant.",
    bad='exclude: ["[cache"]',
    good='exclude: ["\\\\[cache"]',
)


def check(context: RuleContext) -> Iterator[Finding]:
    """Report each such pattern."""
    for target in context.fleet.targets:
        for index, text in enumerate(target.exclude):
            try:
                Pattern(text).check()
            except PatternError as error:
                help_ = "write `\\` before a character that is meant as it is"
                yield finding(
                    INFO, f"restic refuses `{written(text)}`: {error}", (*target.job.path, "exclude", index), help_
                )


RULE = Rule(INFO, check)
