"""ResolvedFleet + ScheduleProof -> Plan."""

from collections.abc import Iterator, Mapping
from itertools import pairwise

from backupgen.conventions import naming
from backupgen.plan.alerts.parts import rule_objects
from backupgen.plan.alerts.rule import prometheus_rule
from backupgen.plan.alerts.rule_tests import rule_test_units
from backupgen.plan.backup import target_units
from backupgen.plan.dashboard import dashboard
from backupgen.plan.effective_schedules import EffectiveSchedules, effective_schedules
from backupgen.plan.facts.manifest import Plan, Unit
from backupgen.plan.facts.monitoring import PrometheusRule
from backupgen.plan.facts.pages import ChosenSlots
from backupgen.plan.maintenance import repository_units
from backupgen.plan.policies import network_policies
from backupgen.plan.runbooks import runbook_units
from backupgen.plan.scripts import script_units
from backupgen.plan.server import server_units
from backupgen.plan.wiring import wiring_units
from backupgen.resolve.resolved import ResolvedFleet
from backupgen.schedule import CronExpr, ScheduleProof


class SharedFileError(ValueError):
    """Two objects would have one kind, namespace and name, and so one file; the text is its path."""


def build_plan(
    fleet: ResolvedFleet,
    proof: ScheduleProof,
    chosen: Mapping[str, CronExpr],
    timetable_svg: str = "",
) -> Plan:
    """Everything that is rendered for a fleet whose schedule is proved.

    `chosen` are the slots that the compiler chose, by job; they are in the proof already, and are remembered.
    `timetable_svg` is a drawing of the schedule, as SVG; empty: there is none. Raises SharedFileError.
    """
    slots = effective_schedules(proof)
    rule = prometheus_rule(fleet, slots.schedules)
    units = tuple(sorted(_objects(fleet, slots, rule), key=lambda unit: unit.path))
    # No object of the cluster: nothing leads to them.
    pages = [*runbook_units(fleet, slots, units, rule, timetable_svg)]
    if rule is not None:
        pages += rule_test_units(fleet, rule, slots.schedules)
    planned = sorted((*units, *wiring_units(fleet, units), *_memory(chosen), *pages), key=lambda unit: unit.path)
    for unit, following in pairwise(planned):
        if unit.path == following.path:
            raise SharedFileError(unit.path)
    return Plan(fleet.name, tuple(planned))


def _memory(chosen: Mapping[str, CronExpr]) -> Iterator[Unit]:
    if chosen:
        yield Unit(naming.CHOSEN_SLOTS, ChosenSlots({job: str(chosen[job]) for job in sorted(chosen)}))


def _objects(fleet: ResolvedFleet, slots: EffectiveSchedules, rule: PrometheusRule | None) -> Iterator[Unit]:
    for target in fleet.targets:
        yield from target_units(fleet, target, slots)
    for repository in fleet.repositories:
        yield from repository_units(fleet, repository, slots)
        if repository.server is not None:
            yield from server_units(fleet, repository, repository.server)
    yield from script_units(fleet)
    yield from network_policies(fleet)
    yield from map(Unit.of, rule_objects(rule) if rule is not None else ())
    panels = dashboard(fleet)
    if panels is not None:
        yield Unit.of(panels)
