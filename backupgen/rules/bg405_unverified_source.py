"""BG405: a source that no verify rule looks at."""

from collections.abc import Iterator

from backupgen.diagnostics import CodeInfo, Finding, Severity
from backupgen.rules.base import Rule, RuleContext, finding

INFO = CodeInfo(
    code="BG405",
    slug="unverified-source",
    severity=Severity.WARNING,
    summary="A volume, a folder of it, or a dump by a command of your own has no verify rule of its own.",
    why="The restore test then only asks whether anything is there at all: a broken database would pass.",
    fix="Add a rule under `verify` that the app's own data must satisfy.",
    bad="volume: {pvc: grafana}",
    good="volume: {pvc: grafana}\nverify: [{sqlite: grafana/grafana.db}]",
)

_HELP = {
    "dir": "write a rule under `verify`, such as `{sqlite: …}`, `{file: …}` or `{dir: …, min_files: 10}`",
    "file": "write a rule under `verify`, such as `{file: …, min_size: 1Mi}`",
}


def check(context: RuleContext) -> Iterator[Finding]:
    """Report each source whose rule the compiler made up without knowing what it holds."""
    for target in context.fleet.targets:
        for rule in target.verify:
            if rule.derived and rule.kind in _HELP:
                message = f"nothing is said about what `{rule.file}` has to hold after a restore"
                yield finding(INFO, message, target.job.path, _HELP[rule.kind], on_key=True)


RULE = Rule(INFO, check)
