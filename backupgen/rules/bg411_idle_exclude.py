"""BG411: a pattern that can match nothing of its target."""

from collections.abc import Iterator

from backupgen.diagnostics import CodeInfo, Finding, Severity
from backupgen.fleet import naming
from backupgen.fleet.resolved import Target
from backupgen.rules.base import Rule, RuleContext, finding
from backupgen.rules.patterns import Pattern, PatternError, split, written

INFO = CodeInfo(
    code="BG411",
    slug="idle-exclude",
    severity=Severity.WARNING,
    summary="An `exclude` that begins with `/` leads into none of the target's sources.",
    why="It excludes nothing: the snapshots grow by what was meant to be left out.",
    fix="Begin it with `/` and the volume's name, or leave the `/` out to match anywhere.",
    bad="emby:\n  volume: {pvc: emby}\n  exclude: [/cache]",
    good="emby:\n  volume: {pvc: emby}\n  exclude: [/emby/cache]",
)


def check(context: RuleContext) -> Iterator[Finding]:
    """Report each such pattern."""
    for target in context.fleet.targets:
        sources = [split(f"{naming.BACKUP_DIR}/{volume.name}") for volume in target.volumes]
        for index, text in enumerate(target.exclude):
            if text and not _may_match(text, sources):
                message = f"`{written(text)}` excludes nothing: it leads into none of `{target.name}`'s volumes"
                yield finding(INFO, message, (*target.job.path, "exclude", index), _help(target, written(text)))


def _may_match(text: str, sources: list[tuple[str, ...]]) -> bool:
    try:
        return any(Pattern(text).may_match_below(source) for source in sources)
    except PatternError:  # BG410 tells of it
        return True


def _help(target: Target, pattern: str) -> str:
    if not target.volumes:
        return "a dump is one file, of which nothing can be excluded"
    bare = pattern.removeprefix("!")
    within = f"`{pattern[: -len(bare)]}/{target.volumes[0].name}{bare}`"
    return f"write {within} for what lies in that volume, or leave the `/` out to match anywhere"


RULE = Rule(INFO, check)
