"""How findings about the schedule say things: instants, remedies, lists of names."""

from collections.abc import Iterable, Sequence

from backupgen.conventions.units import format_duration, format_hours
from backupgen.diagnostics import Related, Spot
from backupgen.diagnostics.wording import few, quoted
from backupgen.rules.base import RuleContext
from backupgen.schedule import ALL_HOURS, CronExpr, Lever, Operation, Remedy, format_slot, load_zone

SHOWN = 5
"""How many of many operations a finding names."""


def when(instant: int, zone: str) -> str:
    """An instant as clocks in a zone show it, and in UTC: `Sun 2026-11-29 04:00 in Europe/Berlin (03:00 UTC)`."""
    local = load_zone(zone).wall(instant)
    utc = load_zone("UTC").wall(instant)
    if zone == "UTC":
        return f"{local:%a %Y-%m-%d %H:%M} UTC"
    day = "" if utc.date() == local.date() else f"{utc:%a} "
    return f"{local:%a %Y-%m-%d %H:%M} in {zone} ({day}{utc:%H:%M} UTC)"


def some(names: Sequence[str]) -> str:
    """The first few of many names."""
    return few(quoted(names), SHOWN)


def slots_of(context: RuleContext, names: Iterable[str]) -> tuple[Related, ...]:
    """The places where the slots of operations stand."""
    return tuple(Related(f"the slot of `{name}`", Spot(path=(*context.jobs[name].path, "at"))) for name in names)


def windows(context: RuleContext, names: Iterable[str], *, late: bool) -> str:
    """How long operations may run, and which values say so, a line each; `late`: if they begin as late as they may."""
    return "\n".join(_window(context.operations[name], late=late) for name in names)


def _window(operation: Operation, *, late: bool) -> str:
    parts = {"deadline": operation.deadline, "grace": operation.grace}
    if late:
        parts = {"start_within": operation.start_within, **parts}
    listed = " + ".join(f"`{key}` {format_duration(value)}" for key, value in parts.items())
    whole = format_duration(sum(parts.values()))
    return f"`{operation.name}` may take {whole} from `{format_slot(operation.schedule)}` on: {listed}"


def change(context: RuleContext, remedy: Remedy) -> str:
    """What to write where: `at: "03:50"` of `backup-grafana`."""
    job = context.jobs[remedy.operation]
    if remedy.lever is Lever.LOCK_WAIT:
        repository = context.fleet.repository(context.operations[job.name].repository)
        place = ".".join(str(part) for part in repository.path)
        return f"`lock_wait: {format_duration(int(str(remedy.value)))}` of `{place}`"
    return f"`{remedy.lever}: {_value(context, remedy)}` of `{job.name}`"


def _value(context: RuleContext, remedy: Remedy) -> str:
    skip = next((target.skip for target in context.fleet.targets if target.job.name == remedy.operation), 0)
    if isinstance(remedy.value, CronExpr):
        return slot_text(remedy.value, skip)
    if remedy.lever is Lever.YIELDS:
        return "true"
    if remedy.lever is Lever.SKIP:
        ranges = ", ".join(f'"{hours}"' for hours in format_hours(remedy.value | skip))
        return f"[{ranges}]"
    return format_duration(remedy.value)


def slot_text(slot: CronExpr, skip: int) -> str:
    """A slot as `at:` takes it, quoted for YAML; hours that `skip` leaves out anyway need not be left out twice."""
    whole = slot if slot.hours | skip != ALL_HOURS else slot.with_hours(ALL_HOURS)
    return f'"{format_slot(whole)}"'
