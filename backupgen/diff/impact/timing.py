"""When jobs run, how long they may take, and how much data can be lost in the worst case."""

from collections.abc import Iterator
from itertools import takewhile
from typing import Final

from backupgen.conventions.roles import PodRole
from backupgen.conventions.units import format_duration
from backupgen.diff.impact.kinds import ConsequenceKind
from backupgen.diff.impact.model import Impact, Situation
from backupgen.diff.jobs import RenderedJob
from backupgen.diff.pairs import Pair
from backupgen.rules.wording import when
from backupgen.schedule import CronError, CronExpr, Zone, ZoneError, load_zone, longest_gap, next_firings, parse_cron

_EXCLUSIVE: Final = frozenset({PodRole.RETENTION, PodRole.MIRROR})
"""Those that other jobs must not meet: by restic's exclusive lock, or because files are copied without one."""


def of_timing(pair: Pair, situation: Situation) -> Iterator[Impact]:
    """Compare the times of a job before and after."""
    old, new = pair
    if old is None or new is None:
        return
    yield from _slot_changed(old, new, situation)
    yield from _loss_changed(old, new)
    if old.deadline != new.deadline:
        message = f"a run of `{new.subject}` is ended {_after(new.deadline)}, it was {_after(old.deadline)}"
        yield Impact(ConsequenceKind.DEADLINE_CHANGED, new.subject, message)
    yield from _versions_meet(old, new)


def _versions_meet(old: RenderedJob, new: RenderedJob) -> Iterator[Impact]:
    """An exclusive window that moves is proved against the new version of the other jobs only.

    A run that has begun keeps its old deadline, and a controller applies each namespace at a time of its own.
    """
    was, will_be = ((one.schedule, one.timezone, one.deadline, one.start_within) for one in (old, new))
    if new.role not in _EXCLUSIVE or was == will_be or old.suspended or new.suspended:
        return
    message = (
        f"the window of `{new.subject}` moves, and nothing is proved about two versions of the fleet at once: let no "
        "run of it begin, by either schedule, before every namespace has the change"
    )
    yield Impact(ConsequenceKind.VERSIONS_MEET, new.subject, message)


def slot_words(job: RenderedJob) -> str:
    """Say when a job runs: `` `20 * * * *` (Europe/Berlin), at least every 1h ``."""
    gap = _gap(job)
    often = f", at least every {format_duration(gap)}" if gap else ""
    return f"{_slot(job)}{often}" + ("; it is suspended" if job.suspended else "")


def data_loss(job: RenderedJob) -> int | None:
    """How much may be lost when no run fails, in seconds; None, if that cannot be said.

    What is written just after a run began is in no snapshot until the next run, which may begin late, has ended.
    """
    gap = _gap(job)
    if gap is None or job.start_within is None or job.deadline is None:
        return None
    return gap + job.start_within + job.deadline


def _slot_changed(old: RenderedJob, new: RenderedJob, situation: Situation) -> Iterator[Impact]:
    if (old.schedule, old.timezone) == (new.schedule, new.timezone):
        return
    left_out = situation.left_out.get(new.name)
    reason = f"; {left_out}" if left_out else ""
    message = f"`{new.subject}` runs {_slot(new)} instead of {_slot(old)}{_gap_change(old, new)}{reason}"
    yield Impact(ConsequenceKind.SCHEDULE_CHANGED, new.subject, message)
    if situation.since is not None and not (old.suspended or new.suspended):
        yield from _skipped(old, new, situation.since)


def _skipped(old: RenderedJob, new: RenderedJob, since: int) -> Iterator[Impact]:
    """Find the gap from the last run by the old schedule to the first by the new one, if no usual one is as long."""
    before, after = _firings(old), _firings(new)
    old_gap, new_gap = _gap(old), _gap(new)
    if before is None or after is None or old_gap is None or new_gap is None:
        return
    last = max(_between(before, since - old_gap, since), default=since)
    first = next(next_firings(*after, since), since)
    usual = max(old_gap, new_gap)
    if first - last > usual:
        message = (
            f"`{new.subject}` misses a run: if this is deployed now, the next one is {when(first, new.timezone)}, "
            f"{format_duration(first - last)} after the last one; usual are at most {format_duration(usual)}"
        )
        yield Impact(ConsequenceKind.RUN_SKIPPED, new.subject, message)


def _between(schedule: tuple[CronExpr, Zone], start: int, end: int) -> Iterator[int]:
    return takewhile(lambda firing: firing <= end, next_firings(*schedule, start - 1))


def _loss_changed(old: RenderedJob, new: RenderedJob) -> Iterator[Impact]:
    before, after = data_loss(old), data_loss(new)
    resting = old.suspended or new.suspended
    if new.role != PodRole.BACKUP or resting or before is None or after is None or before == after:
        return
    message = (
        f"up to {format_duration(after)} of the data of `{new.subject}` can be lost, it was {format_duration(before)} "
        "(longest gap between runs, start window and deadline)"
    )
    yield Impact(ConsequenceKind.RPO_WORSE if after > before else ConsequenceKind.RPO_BETTER, new.subject, message)


def _slot(job: RenderedJob) -> str:
    return f"`{job.schedule}` ({job.timezone or 'the zone of the controller'})"


def _after(seconds: int | None) -> str:
    return "never" if seconds is None else f"after {format_duration(seconds)}"


def _gap_change(old: RenderedJob, new: RenderedJob) -> str:
    before, after = _gap(old), _gap(new)
    if before is None or after is None or before == after:
        return ""
    return f": the longest time between two runs is {format_duration(after)} instead of {format_duration(before)}"


def _gap(job: RenderedJob) -> int | None:
    """The longest time between two runs in seconds, as far as the schedule can be read."""
    schedule = _firings(job)
    return None if schedule is None else longest_gap(*schedule)


def _firings(job: RenderedJob) -> tuple[CronExpr, Zone] | None:
    try:
        return parse_cron(job.schedule), load_zone(job.timezone)
    except (CronError, ZoneError):
        return None
