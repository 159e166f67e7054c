"""BG301: two operations that exclude each other meet."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

from backupgen.diagnostics import CodeInfo, Finding, Related, Severity, Spot
from backupgen.rules.base import Rule, RuleContext, finding
from backupgen.schedule import Conflict, Why

INFO = CodeInfo(
    code="BG301",
    slug="schedule-conflict",
    severity=Severity.ERROR,
    summary="Two operations that exclude each other can run at the same time.",
    why="restic refuses the later one, and a copy of files that are being pruned cannot be restored.",
    fix="Move one of the slots, or shorten a deadline or `start_within`, until the windows no longer touch.",
    bad='retention: {at: "03:00", deadline: 2h, …}\nmirrors:\n  wasabi: {at: "04:00", …}',
    good='retention: {at: "03:00", deadline: 45m, …}\nmirrors:\n  wasabi: {at: "04:00", …}',
)

_WHY = {
    Why.BOTH_EXCLUSIVE: "both need the repository for themselves",
    Why.SHARED: "the second needs the repository for itself",
    Why.COPY: "the second removes files that the first copies, and no lock holds it back",
}


def check(context: RuleContext) -> Iterator[Finding]:
    """Report one finding for each operation with the operations that it meets."""
    by_operation: dict[str, list[Conflict]] = {}
    for conflict in context.conflicts:
        by_operation.setdefault(conflict.one, []).append(conflict)
    for name, conflicts in by_operation.items():
        job = context.jobs[name]
        first = conflicts[0]
        others = ", ".join(f"`{conflict.other}`" for conflict in conflicts)
        when = datetime.fromtimestamp(first.first, UTC).strftime("%Y-%m-%d %H:%M UTC")
        message = (
            f"`{name}` can meet {others}: {_WHY[first.why]}; for instance on {when}, {first.per_year:.3g} times a year"
        )
        related = tuple(_slot(context, conflict.other) for conflict in conflicts)
        yield replace(finding(INFO, message, (*job.path, "at"), _HELP), related=related)


_HELP = (
    "windows reach from the slot to `start_within` + `deadline` + `grace` later; move a slot or shorten one of these"
)


def _slot(context: RuleContext, name: str) -> Related:
    return Related(f"the slot of `{name}`", Spot(path=(*context.jobs[name].path, "at")))


RULE = Rule(INFO, check)
