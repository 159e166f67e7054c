"""BG408: a verify rule looks where no source is."""

from collections.abc import Iterator

from backupgen.diagnostics import CodeInfo, Finding, Severity
from backupgen.fleet import naming
from backupgen.fleet.resolved import Target
from backupgen.rules.base import Rule, RuleContext, finding

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
        sources = tuple(_sources(target))
        for index, rule in enumerate(target.verify):
            if not any(_within(rule.file, source) or _within(source, rule.file) for source in sources):
                places = ", ".join(f"`{source}`" for source in sources)
                message = f"`{rule.file}` lies in no source of `{target.name}`, expected a path in {places}"
                yield finding(INFO, message, (*target.job.path, "verify", index))


def _within(path: str, place: str) -> bool:
    return path == place or path.startswith(f"{place.rstrip('/')}/")


def _sources(target: Target) -> Iterator[str]:
    if target.dump is not None:
        yield target.dump.file
    for volume in target.volumes:
        place = f"{naming.BACKUP_DIR}/{volume.name}"
        yield from [f"{place}/{path}" for path in volume.paths if path != "."] or [place]


RULE = Rule(INFO, check)
