"""BG405: a source that no verify rule looks at."""

from collections.abc import Iterator

from backupgen.diagnostics import CodeInfo, Finding, Severity
from backupgen.rules.base import Rule, RuleContext, finding

INFO = CodeInfo(
    code="BG405",
    slug="unverified-source",
    severity=Severity.WARNING,
    summary="A volume has no verify rule of its own.",
    why="The restore test then only asks whether it holds any file at all: a broken database would pass.",
    fix="Add a rule under `verify` that the app's own data must satisfy.",
    bad="volume: {pvc: grafana}",
    good="volume: {pvc: grafana}\nverify: [{sqlite: grafana/grafana.db}]",
)


def check(context: RuleContext) -> Iterator[Finding]:
    """Report each source whose rule the compiler made up."""
    for target in context.fleet.targets:
        for rule in target.verify:
            if rule.derived and rule.kind == "dir":
                message = f"nothing is said about what `{rule.file}` has to hold after a restore"
                help_ = "write a rule under `verify`, such as `{sqlite: …}`, `{file: …}` or `{dir: …, min_files: 10}`"
                yield finding(INFO, message, target.job.path, help_, on_key=True)


RULE = Rule(INFO, check)
