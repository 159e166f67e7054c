"""BG408: a verify rule looks where no source is."""

from collections.abc import Iterator

from backupgen.diagnostics import CodeInfo, Finding, Severity
from backupgen.diagnostics.wording import listed
from backupgen.rules.base import Rule, RuleContext, finding
from backupgen.rules.sources import sources_of, within

INFO = CodeInfo(
    code="BG408",
    slug="verify-outside-sources",
    severity=Severity.ERROR,
    summary="A verify rule looks at a path that the snapshot cannot hold.",
    why="The restore test of this target would fail every time.",
    fix="Begin the path with the volume's name, or name the dump's file.",
    bad="volumes: {data: {pvc: app}}\nverify: [{sqlite: app.db}]",
    good="volumes: {data: {pvc: app}}\nverify: [{sqlite: data/app.db}]",
)


def check(context: RuleContext) -> Iterator[Finding]:
    """Report each such rule."""
    for target in context.fleet.targets:
        sources = tuple(sources_of(target))
        for index, rule in enumerate(target.verify):
            if not any(within(rule.file, source) or within(source, rule.file) for source in sources):
                places = listed(sources)
                message = f"`{rule.file}` lies in no source of `{target.name}`, expected a path in {places}"
                yield finding(INFO, message, (*target.job.path, "verify", index))


RULE = Rule(INFO, check)
