"""BG409: what the restore test looks for is excluded from the snapshot."""

from collections.abc import Iterator
from dataclasses import replace

from backupgen.diagnostics import CodeInfo, Finding, NodePath, Related, Severity, Spot
from backupgen.resolve.resolved import Target, VerifyRule
from backupgen.rules.base import Rule, RuleContext, finding
from backupgen.rules.patterns import excluder, written
from backupgen.rules.sources import sources_of, within

INFO = CodeInfo(
    code="BG409",
    slug="exclude-hides-verify",
    severity=Severity.ERROR,
    summary="A pattern excludes what a verify rule looks for.",
    why="It is in no snapshot, so the restore test fails every time, or the pattern excludes too much.",
    fix="Narrow the pattern, take the path back with a later `!pattern`, or remove the verify rule.",
    bad='exclude: ["*.db"]\nverify: [{sqlite: grafana/grafana.db}]',
    good='exclude: ["*.db", "!grafana.db"]\nverify: [{sqlite: grafana/grafana.db}]',
)

_ANY_NAMES = ("\ue000", "\ue000" * 23)
"""Two names that a pattern matches only if it matches every name, or nearly."""


def check(context: RuleContext) -> Iterator[Finding]:
    """Report each pattern with the first rule that it hides, also one that the compiler made up for a source."""
    for target in context.fleet.targets:
        if not target.exclude or (target.dump is not None and not target.dump.in_pod):
            continue
        hidden: set[int] = set()
        for index, rule in enumerate(target.verify):
            for part in _parts(rule):
                culprit = _culprit(target, part)
                if culprit is not None and culprit not in hidden:
                    hidden.add(culprit)
                    yield _finding(target, culprit, part, None if rule.derived else index)


def _parts(rule: VerifyRule) -> tuple[VerifyRule, ...]:
    """The rule, and for a SQLite database what belongs to it: its latest transactions lie in files beside it.

    Without its `-wal` it opens as it was at the last checkpoint, without a hot `-journal` half of a transaction is in
    it (sqlite.org, "How To Corrupt An SQLite Database File"). The `-shm` is made anew.
    """
    if rule.kind != "sqlite":
        return (rule,)
    return (rule, *(rule._replace(file=f"{rule.file}{ending}") for ending in ("-wal", "-journal")))


def _culprit(target: Target, rule: VerifyRule) -> int | None:
    """The pattern that hides what a rule looks for in the volume that it lies in."""
    source = next((place for place in sources_of(target) if within(rule.file, place)), None)
    if source is None:
        return None
    culprit = excluder(target.exclude, source, rule.file)
    if culprit is not None or rule.kind != "dir" or not rule.min_files:
        return culprit
    inside = [excluder(target.exclude, source, f"{rule.file}/{name}") for name in _ANY_NAMES]
    return None if None in inside else inside[0]


def _finding(target: Target, culprit: int, rule: VerifyRule, index: int | None) -> Finding:
    pattern, path = target.exclude[culprit], target.job.path
    beside = rule.file.endswith(("-wal", "-journal")) and rule.kind == "sqlite"
    what = "which belongs to a database that the restore test opens" if beside else "which the restore test looks for"
    message = f"`{written(pattern)}` excludes `{rule.file}`, {what}"
    found = finding(INFO, message, (*path, "exclude", culprit), "narrow it, or add a later pattern with `!`")
    if index is None:
        return found
    place: NodePath = (*path, "verify", index)
    return replace(found, related=(Related("looked for here", Spot(path=place)),))


RULE = Rule(INFO, check)
