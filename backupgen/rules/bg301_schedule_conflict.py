"""BG301: two operations that exclude each other meet."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

from backupgen.diagnostics import CodeInfo, Finding, Severity
from backupgen.rules.base import Rule, RuleContext, finding
from backupgen.rules.wording import SHOWN, change, slots_of, some, when, windows
from backupgen.schedule import Adviser, Conflict, Stuck, Why, first_meeting

INFO = CodeInfo(
    code="BG301",
    slug="schedule-conflict",
    severity=Severity.ERROR,
    summary="Two operations that exclude each other can run at the same time.",
    why="restic refuses the later one, and a copy of files that are being pruned cannot be restored.",
    fix="Make one of the changes that the finding names; each of them has been proved to be enough.",
    bad='retention: {at: "03:00", deadline: 2h, …}\nmirrors:\n  wasabi: {at: "04:00", …}',
    good='retention: {at: "03:00", deadline: 45m, …}\nmirrors:\n  wasabi: {at: "04:00", …}',
)

_WHY = {
    Why.BOTH_EXCLUSIVE: "both take the exclusive lock",
    Why.SHARED: "the one takes the shared lock, the other the exclusive one",
    Why.COPY: "the other removes files that the one copies, and a copy of files takes no lock that would hold it back",
}
_STUCK = {
    Stuck.FORBIDDEN: "`yields: false` forbids to give way",
    Stuck.SPARSE: "to give way would cost more than an hourly run",
    Stuck.ALWAYS: "to give way would leave no hour to run in",
}
_ADVISED = 20
"""For how many groups of conflicts remedies are looked for; the others are often gone with the first ones."""
_REMEDIES = 4


def check(context: RuleContext) -> Iterator[Finding]:
    """Report one finding for all operations that meet the same one for the same reason."""
    for conflicts, remedies in advice(context):
        one, other = conflicts[0].one, conflicts[0].other
        subject, related = (one, [other]) if len(conflicts) == 1 else (other, [each.one for each in conflicts])
        found = finding(
            INFO, _message(context, conflicts), (*context.jobs[subject].path, "at"), _help(context, remedies)
        )
        cause = windows(context, (subject, related[0]), late=True)
        yield replace(found, related=slots_of(context, related[:SHOWN]), cause=cause)


def advice(context: RuleContext) -> Iterator[tuple[tuple[Conflict, ...], tuple[str, ...]]]:
    """Put together the conflicts with the same exclusive operation for the same reason, with what would end them.

    Each of the remedies says what to write where; it is proved to be enough, for all of them unless it says otherwise.
    """
    groups: dict[tuple[str, Why, Stuck | None], list[Conflict]] = {}
    for conflict in context.conflicts:
        groups.setdefault((conflict.other, conflict.why, conflict.stuck), []).append(conflict)
    adviser = Adviser(context.schedule_input.operations, context.schedule_input.limits)
    for number, conflicts in enumerate(groups.values()):
        yield tuple(conflicts), _remedies(context, adviser, conflicts) if number < _ADVISED else ()


def _remedies(context: RuleContext, adviser: Adviser, conflicts: Sequence[Conflict]) -> tuple[str, ...]:
    found = [change(context, remedy) for remedy in islice(adviser.remedies(conflicts), _REMEDIES)]
    if not found and len(conflicts) > 1:
        # Nothing ends them all: one change for each of the first few that has one.
        for conflict in conflicts[:_REMEDIES]:
            helping = islice(adviser.remedies([conflict]), 1)
            found += [f"{change(context, remedy)}, for `{conflict.one}` alone" for remedy in helping]
    return tuple(found)


def next_meeting(context: RuleContext, conflicts: Sequence[Conflict]) -> int | None:
    """The first instant from `context.since` on at which any of them meet, epoch seconds."""
    operations = context.operations
    pairs = {(operations[each.one].worst, each.other): operations[each.one] for each in conflicts}
    found = (first_meeting(one, operations[other], context.since - 1) for (_, other), one in pairs.items())
    return min((instant for instant in found if instant is not None), default=None)


def locks_of(conflict: Conflict) -> str:
    """Which locks clash, in words."""
    return _WHY[conflict.why]


def _message(context: RuleContext, conflicts: Sequence[Conflict]) -> str:
    first = conflicts[0]
    names = [each.one for each in conflicts]
    instant = next_meeting(context, conflicts)
    zone = context.jobs[first.other].timezone
    times = sum(each.per_year for each in conflicts)
    often = f"{times:,.0f} times a year" if times >= 100 else f"{times:.3g} times a year"
    next_ = f"next on {when(instant, zone)}, " if instant is not None else ""
    stuck = "" if first.stuck is None else f"{_STUCK[first.stuck]}; "
    return f"{some(names)} can meet `{first.other}`: {_WHY[first.why]}; {stuck}{next_}{often}"


def _help(context: RuleContext, remedies: Sequence[str]) -> str:
    if not remedies:
        return "no other slot, no shorter deadline and no start window would do; give them another repository or day"
    known = "would be enough by the plain rule of cron" if context.irregular else "is proved to be enough"
    return f"each of these {known}: {'; '.join(remedies)}"


RULE = Rule(INFO, check)
