"""BG302: more backups at once than a repository is meant to take."""

from collections.abc import Iterator
from dataclasses import replace

from backupgen.diagnostics import CodeInfo, Finding, Related, Severity, Spot
from backupgen.rules.base import Rule, RuleContext, finding
from backupgen.schedule import Crowd

INFO = CodeInfo(
    code="BG302",
    slug="slot-capacity",
    severity=Severity.WARNING,
    summary="More backups of one repository overlap than its `parallel` allows.",
    why="They do not exclude each other, but share the server's disk and network: each takes longer than alone.",
    fix="Move the slot, shorten the deadline, raise `parallel`, or waive it where it is meant.",
    bad='a: {at: ":00", deadline: 30m, …}\nb: {at: ":10", deadline: 30m, …}',
    good='a: {at: ":00", deadline: 25m, …}\nb: {at: ":30", deadline: 25m, …}',
)

_SHOWN = 5


def check(context: RuleContext) -> Iterator[Finding]:
    """Report each crowd once, at one of the backups with the longest window in it."""
    proof = context.proof
    if proof is None:
        return
    hold = {operation.name: operation.hold for operation in proof.operations}
    reported: set[tuple[str, int]] = set()
    for crowd in proof.crowded:
        longest = max(hold[group[0]] for group in crowd.taking_part)
        if hold[crowd.operation] == longest and (crowd.repository, crowd.crowd) not in reported:
            reported.add((crowd.repository, crowd.crowd))
            yield _finding(context, crowd)


def _finding(context: RuleContext, crowd: Crowd) -> Finding:
    others = crowd.others
    shown = ", ".join(f"`{name}`" for name in others[:_SHOWN])
    rest = f" and {len(others) - _SHOWN} more" if len(others) > _SHOWN else ""
    allowed = context.fleet.repository(crowd.repository).parallel
    message = f"`{crowd.operation}` overlaps {shown}{rest}: up to {crowd.worst} at once, `parallel` is {allowed}"
    help_ = "a window reaches from the slot to `deadline` + `grace` later; choose another minute or a shorter deadline"
    related = tuple(
        Related(f"the slot of `{name}`", Spot(path=(*context.jobs[name].path, "at"))) for name in others[:_SHOWN]
    )
    return replace(finding(INFO, message, (*context.jobs[crowd.operation].path, "at"), help_), related=related)


RULE = Rule(INFO, check)
