"""What the retention is told of each target: its rules, what is added to them, and what its schedule can make."""

import math
import re
from collections.abc import Iterator, Sequence

from backupgen.plan.backup import sources
from backupgen.plan.effective_schedules import EffectiveSchedules
from backupgen.plan.facts.workloads import PlanLine
from backupgen.resolve.resolved import Job, Repository, ResolvedFleet, Retention, Target
from backupgen.schedule import load_zone, longest_gap, shortest_gap

_HOUR, _DAY = 3600, 86_400
_WEEK = 7 * _DAY
_UNITS = {"hourly": _HOUR, "daily": _DAY, "weekly": _WEEK}
_CALENDAR = {"monthly": ("m", 28 * _DAY), "yearly": ("y", 365 * _DAY)}
"""The unit of `restic forget`, and its shortest length in seconds."""
_COUNT = re.compile(r"--keep-(last|hourly|daily|weekly|monthly|yearly)=([0-9]+)")
_LONGEST = 100 * 365 * _DAY


def thinning(
    fleet: ResolvedFleet, repository: Repository, retention: Retention, slots: EffectiveSchedules
) -> Iterator[PlanLine]:
    """The lines of retention.sh's plan that forget the targets' snapshots."""
    for target in fleet.targets_of(repository.name):
        keep = target.keep or retention.keep
        shortest, longest = _gaps(target.job, slots)
        also = tuple(f"also={flag}" for flag in kept_in_time(keep, shortest))
        facts = _expected(target, shortest, longest)
        yield PlanLine("retain", (target.tag, target.job.instance, *keep, *also, *facts))
    job = retention.job
    began = _gaps(job, slots)[1] + job.start_within
    yield PlanLine("thin", (str(began), job.namespace, job.name))


def _gaps(job: Job, slots: EffectiveSchedules) -> tuple[int, int]:
    """The shortest and the longest time between two runs, in seconds; a day for one that never runs."""
    schedule, zone = slots.schedules[job.name], load_zone(job.timezone)
    return shortest_gap(schedule, zone) or _DAY, longest_gap(schedule, zone) or _DAY


def _expected(target: Target, shortest: int, longest: int) -> Iterator[str]:
    job = target.job
    yield f"every={shortest}"
    yield f"rarest={longest}"
    yield f"lasts={job.start_within + job.deadline + job.grace}"
    yield f"attempts={job.retries + 1}"
    yield f"shrink={target.max_shrink}"
    for path in sources(target):
        yield f"path={path}"


def kept_in_time(keep: Sequence[str], every: int) -> Iterator[str]:
    """The flags of `restic forget` that keep as long, by the clock, what a target's counts keep.

    A count is used up by whoever writes snapshots, also by somebody else in the target's name; time is not. For a
    target whose shortest time between two runs is `every` seconds, n daily snapshots reach back n days at least.
    A rule `within` of the fleet's own stays what it is.
    """
    whole = any(flag.startswith("--keep-within=") for flag in keep)
    every = max(_HOUR, every)
    for flag in keep:
        found = _COUNT.fullmatch(flag)
        if found is None:
            continue
        rule, count = found[1], int(found[2])
        if rule == "last":
            if not whole:
                yield f"--keep-within={_span(count * every)}"
            continue
        letter, length = _CALENDAR.get(rule, ("", 0))
        if letter and every <= length:
            front = f"{min(count - 1, 100)}{letter}" if count > 1 else ""
            yield f"--keep-within-{rule}={front}{_span(every)}"
        else:
            yield f"--keep-within-{rule}={_span((count - 1) * max(_UNITS.get(rule, every), every) + every)}"


def _span(seconds: int) -> str:
    """Seconds -> `6d1h`, rounded up to hours, a hundred years at most: Go counts hours in nanoseconds."""
    hours = math.ceil(min(seconds, _LONGEST) / _HOUR)
    days, rest = divmod(hours, 24)
    return (f"{days}d" if days else "") + (f"{rest}h" if rest else "")
