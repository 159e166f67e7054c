"""The fleets that other tests draw are fleets: they read back as drawn, load and resolve."""

from hypothesis import given

from backupgen.diagnostics import has_errors
from backupgen.language.load import load_fleet
from backupgen.resolve.fleet import resolve_fleet
from backupgen.resolve.resolved import ResolvedFleet
from backupgen.resolve.schedule_input import schedule_input
from backupgen.rules import RuleContext, judge
from backupgen.schedule import CYCLE_START, prove
from backupgen.source import read_document
from tests.fleets import Data, dumped, fleets, large_fleet
from tests.thoroughness import examples


def resolved(data: Data) -> ResolvedFleet:
    read = read_document(dumped(data), "fleet.yaml")
    assert read.value is not None, read.findings
    assert read.value.data == data
    loaded = load_fleet(read.value)
    assert loaded.value is not None, loaded.findings
    checked = resolve_fleet(loaded.value)
    assert checked.value is not None, checked.findings
    assert checked.findings == ()
    return checked.value


@examples(60)
@given(fleets())
def test_a_drawn_fleet_resolves(data: Data) -> None:
    fleet = resolved(data)
    assert [target.name for target in fleet.targets] == sorted(data["targets"])
    # The proof takes every slot, also those that it chooses.
    timetable = schedule_input(fleet)
    prove(timetable.operations, timetable.limits)


def test_a_large_fleet_is_sound() -> None:
    fleet = resolved(large_fleet(60))
    assert len({target.job.namespace for target in fleet.targets}) == 3
    timetable = schedule_input(fleet)
    outcome = prove(timetable.operations, timetable.limits)
    findings = judge(RuleContext(fleet, timetable, outcome, CYCLE_START))
    assert findings == ()
    assert not has_errors(findings)
