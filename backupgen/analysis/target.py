"""From a judged fleet to what there is to say about one of its targets."""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, Final

from backupgen.analysis.target_report import Home, Rendered, Row, Runs, TargetReport
from backupgen.conventions import naming
from backupgen.conventions.units import format_duration
from backupgen.diagnostics import NodePath
from backupgen.language.load import load_fleet
from backupgen.plan.backup import target_units
from backupgen.plan.effective_schedules import EffectiveSchedules
from backupgen.plan.expectations import overdue_after
from backupgen.plan.facts.manifest import Unit, manifest_of
from backupgen.plan.facts.workloads import CronJob
from backupgen.plan.policies import network_policies
from backupgen.resolve.fleet import explain_target
from backupgen.resolve.origins import Origin, Setting, derived
from backupgen.resolve.resolved import Target
from backupgen.rules import RuleContext
from backupgen.schedule import load_zone, longest_gap, next_firings
from backupgen.source import Document

NEXT_RUNS: Final = 3
_AS_WRITTEN: Final = frozenset({"at", "waive"})
"""Keys whose value may be written in several ways, of which the resolved fleet remembers none."""


def target_report(document: Document, context: RuleContext, name: str) -> TargetReport:
    """Say all about the target of that name, which is in the fleet. `context.since` is from when on runs are shown."""
    fleet = context.fleet
    target = next(target for target in fleet.targets if target.name == name)
    units = tuple(_units(context, target))
    settings = _with_consequences(settings_of(document, name), context, target, units)
    return TargetReport(
        target=name,
        file=document.file,
        span=document.span(target.job.path, on_key=True),
        runs=_runs(context, target),
        home=_home(context, target),
        objects=tuple(Rendered(*_named(unit)) for unit in units),
        rows=tuple(_row(document, setting) for setting in settings),
    )


def settings_of(document: Document, name: str) -> Iterator[Setting]:
    """Every setting of a target, which the document's fleet has; the fleet is sound."""
    fleet = load_fleet(document).value
    for setting in explain_target(fleet, name) if fleet is not None else ():
        origin = setting.origin
        path = origin.path
        while not document.holds(path):  # a short form stands for a mapping that the document does not have
            path = path[:-1]
        located = setting._replace(origin=origin._replace(path=path))
        as_written = setting.key[0] in _AS_WRITTEN and origin.kind == "target"
        yield located._replace(value=_at(document, path)) if as_written else located


def _at(document: Document, path: NodePath) -> object:
    value: Any = document.data
    for part in path:
        value = value[part]
    return value


def _units(context: RuleContext, target: Target) -> Iterator[Unit]:
    """The objects of the target alone. Its policy is among those of the fleet, by the name of the job."""
    schedules = {name: operation.schedule for name, operation in context.operations.items()}
    yield from target_units(context.fleet, target, EffectiveSchedules(schedules, {}))
    for unit in network_policies(context.fleet):
        if _named(unit)[1:3] == (target.job.namespace, target.job.name):
            yield unit


def _named(unit: Unit) -> tuple[str, str, str, str]:
    meta = unit.meta
    return manifest_of(type(unit.facts)).kind, meta.namespace, meta.name, unit.path


def _runs(context: RuleContext, target: Target) -> Runs:
    job = target.job
    operation = context.operations[job.name]
    zone = load_zone(operation.zone)
    yielded = (
        next((item for item in context.proof.yielded if item.operation == job.name), None) if context.proof else None
    )
    hours = yielded.hours if yielded else 0
    met = {frozenset((conflict.one, conflict.other)) for conflict in context.conflicts}
    return Runs(
        cron=str(operation.schedule),
        timezone=operation.zone,
        chosen=job.name in context.schedule_input.chosen,
        left_out=tuple(hour for hour in range(24) if hours >> hour & 1),
        causes=yielded.causes if yielded else (),
        next=tuple(islice(next_firings(operation.schedule, zone, context.since), NEXT_RUNS)),
        suspended=job.suspend,
        start_within=job.start_within,
        deadline=job.deadline,
        grace=job.grace,
        conflicts=tuple(sorted(name for pair in met if job.name in pair for name in pair - {job.name})),
        longest_gap=longest_gap(operation.schedule, zone),
        overdue_after=None if job.suspend else overdue_after(job, operation.schedule),
    )


def _home(context: RuleContext, target: Target) -> Home:
    repository = context.fleet.repository(target.repository)
    dumped = [target.dump.file] if target.dump is not None else []
    return Home(
        name=repository.name,
        url=repository.location.text,
        id=repository.id,
        lock_wait=repository.lock_wait_of(target.job),
        tag=target.tag,
        host=target.job.instance,
        paths=(*dumped, *(f"{naming.BACKUP_DIR}/{volume.name}" for volume in target.volumes)),
    )


def _with_consequences(
    settings: Iterator[Setting], context: RuleContext, target: Target, units: tuple[Unit, ...]
) -> Iterator[Setting]:
    """Fill in what only the whole fleet tells: how old a snapshot may be, and the group that gets the volumes."""
    overdue = _runs(context, target).overdue_after
    pods = [unit.facts.pod for unit in units if isinstance(unit.facts, CronJob)]
    group = pods[0].user.fs_group
    told: Mapping[tuple[str | int, ...], tuple[object, Origin | None]] = {
        ("max_age",): (format_duration(overdue) if overdue else None, None),
        ("run_as", "fs_group"): (group, derived("the gid: every volume is the job's own", target.job.path)),
    }
    for setting in settings:
        value, origin = told.get(setting.key, (None, None))
        if setting.value is None and value is not None:
            yield setting._replace(value=value, origin=origin or setting.origin)
        else:
            yield setting


def _row(document: Document, setting: Setting) -> Row:
    origin = setting.origin
    span = document.span(origin.path, on_key=origin.kind == "derived") if origin.path else None
    return Row(setting.key, setting.value, origin.kind, span, origin.note)
