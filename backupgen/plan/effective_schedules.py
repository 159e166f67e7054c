"""The effective schedules of a proved fleet, by job."""

from collections.abc import Mapping
from dataclasses import dataclass

from backupgen.schedule import CronExpr, ScheduleProof, Yielded


@dataclass(frozen=True, slots=True)
class EffectiveSchedules:
    """What the proof says about each job's schedule."""

    schedules: Mapping[str, CronExpr]
    """The schedule that is rendered: after `auto` and after yielding."""
    yielded: Mapping[str, str]
    """Which hours were left out and for what: `the hour 03 is left out: a run could meet restic-retentionpolicies`."""


def effective_schedules(proof: ScheduleProof) -> EffectiveSchedules:
    """The schedules that are left after `auto` and yielding."""
    return EffectiveSchedules(
        {operation.name: operation.schedule for operation in proof.operations},
        {item.operation: _in_words(item) for item in proof.yielded},
    )


def _in_words(item: Yielded) -> str:
    hours = [f"{hour:02}" for hour in range(24) if item.hours >> hour & 1]
    named = f"hour {hours[0]} is" if len(hours) == 1 else f"hours {', '.join(hours)} are"
    return f"the {named} left out: a run could meet {' and '.join(item.causes)}"
