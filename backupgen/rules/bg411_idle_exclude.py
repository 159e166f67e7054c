"""BG411: a pattern that can match nothing of its target."""

from collections.abc import Iterator

from backupgen.diagnostics import CodeInfo, Finding, Severity
from backupgen.resolve.resolved import Target
from backupgen.rules.base import Rule, RuleContext, finding
from backupgen.rules.patterns import Pattern, split, written
from backupgen.rules.sources import sources_of
from backupgen.rules.wording import some

INFO = CodeInfo(
    code="BG411",
    slug="idle-exclude",
    severity=Severity.WARNING,
    summary="An `exclude` that begins with `/` leads into none of the target's sources.",
    why="It excludes nothing: the snapshots grow by what was meant to be left out.",
    fix="Begin it with `/` and the volume's name, or leave the `/` out to match anywhere.",
    bad="emby: {volume: {pvc: emby}, exclude: [/cache], …}",
    good="emby: {volume: {pvc: emby}, exclude: [/emby/cache], …}",
)


def check(context: RuleContext) -> Iterator[Finding]:
    """Report each such pattern."""
    for target in context.fleet.targets:
        sources = [split(source) for source in sources_of(target)] if target.exclude else []
        for index, text in enumerate(target.exclude):
            pattern = Pattern(text)
            if text and pattern.sound and not any(map(pattern.may_match_below, sources)):
                message = f"`{written(text)}` excludes nothing: it leads to no source of `{target.name}`"
                yield finding(INFO, message, (*target.job.path, "exclude", index), _help(target))


def _help(target: Target) -> str:
    if not target.volumes:
        return "a dump is one file, of which nothing can be excluded"
    places = [written(source) for source in sources_of(target)]
    return f"begin it with {some(places)}, or leave the `/` out to match anywhere"


RULE = Rule(INFO, check)
