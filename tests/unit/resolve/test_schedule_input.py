"""What the proof hears of a fleet."""

import pytest

from backupgen.language.load import load_fleet
from backupgen.resolve.fleet import resolve_fleet
from backupgen.resolve.resolved import ResolvedFleet
from backupgen.resolve.schedule_input import schedule_input
from backupgen.schedule import Operation, Pool, PoolKind
from backupgen.source import read_document

DIGEST = "0" * 64
FLEET = f"""\
fleet: home
home_namespace: backup
timezone: Europe/Vienna
images:
  restic: r.example.com/restic:1@sha256:{DIGEST}
  rest_server: r.example.com/rest:1@sha256:{DIGEST}
repository:
  url: rest:http://rest.storage.svc.cluster.local:8000/
  lock_wait: 50m
  parallel: 4
  server: {{volume: {{pvc: repository}}, node_selector: {{zone: a, disk: zfs}}}}
  retention: {{at: "03:00", deadline: 2h, needs: 40m, keep: {{last: 1}}}}
  restore_test: {{at: "Sun 08:00", deadline: 3h, scratch: 1Gi, node_selector: {{zone: b}}}}
  mirrors:
    files: {{at: "12:00", deadline: 1h, to: "s3:h/b"}}
    copy: {{at: "14:00", deadline: 1h, to: "b2:x:", method: restic_copy}}
nodes:
  zone-a: {{labels: {{zone: a}}, parallel: 3}}
  zfs: {{labels: {{zone: a, disk: zfs}}, parallel: 2}}
  zone-b: {{labels: {{zone: b}}, parallel: 1}}
defaults: {{deadline: 20m, retries: 1, run_as: 1}}
targets:
  a: {{namespace: a, at: ":20", needs: 5m, volume: {{pvc: a}}, node_selector: {{zone: a, other: x}}}}
  b: {{namespace: b, at: ":40", deadline: 5m, yields: false, volume: {{pvc: b}}}}
  c: {{namespace: c, at: auto, volume: {{pvc: c}}, with_pod: {{app: c}}}}
  d: {{namespace: d, at: auto, every: 1d, skip: ["00:00-12:00"], volume: {{pvc: d}}, with_pod: {{app: d}}}}
"""


def resolved(text: str = FLEET) -> ResolvedFleet:
    read = read_document(text.encode(), "fleet.yaml")
    assert read.value is not None, read.findings
    loaded = load_fleet(read.value)
    assert loaded.value is not None, loaded.findings
    fleet = resolve_fleet(loaded.value)
    assert fleet.value is not None, fleet.findings
    return fleet.value


def refusal(text: str) -> list[str]:
    read = read_document(text.encode(), "fleet.yaml")
    assert read.value is not None
    loaded = load_fleet(read.value)
    assert loaded.value is not None
    return [finding.message for finding in resolve_fleet(loaded.value).findings]


@pytest.fixture
def operations() -> dict[str, Operation]:
    return {operation.name: operation for operation in schedule_input(resolved()).operations}


def test_operations_know_their_nodes(operations: dict[str, Operation]) -> None:
    nodes = {name: operation.node for name, operation in operations.items() if operation.node}
    # The mirror of files runs beside the server; the node with the most labels that fit counts.
    assert nodes == {"backup-a": "zone-a", "backup-mirror-files": "zfs", "backup-restore-test": "zone-b"}


def test_limits_are_those_of_repositories_and_nodes() -> None:
    assert schedule_input(resolved()).limits == {
        Pool(PoolKind.REPOSITORY, "main"): 4,
        Pool(PoolKind.NODE, "zone-a"): 3,
        Pool(PoolKind.NODE, "zfs"): 2,
        Pool(PoolKind.NODE, "zone-b"): 1,
    }


def test_who_says_what_it_needs_may_wait_with_the_rest(operations: dict[str, Operation]) -> None:
    retention = operations["restic-retentionpolicies"]
    # A run ends itself a minute before its deadline, and what comes before its lock takes up to ten: no time to wait.
    assert (retention.needs, retention.lock_wait, retention.slack) == (51 * 60, 50 * 60, 50 * 60)
    assert (operations["backup-a"].lock_wait, operations["backup-a"].slack) == (14 * 60, 4 * 60)
    # Who does not say so waits up to half of its deadline, and nothing is proved by it.
    assert (operations["backup-b"].needs, operations["backup-b"].lock_wait, operations["backup-b"].slack) == (
        None,
        150,
        0,
    )


def test_each_command_and_each_attempt_takes_a_lock(operations: dict[str, Operation]) -> None:
    locks = {name: operation.locks for name, operation in operations.items()}
    assert locks["backup-a"] == 2
    assert locks["restic-retentionpolicies"] == (4 + 2) * 3
    assert locks["backup-restore-test"] == 4 * 3


def test_a_target_yields_unless_it_says_no(operations: dict[str, Operation]) -> None:
    assert {name for name, operation in operations.items() if operation.may_yield} == {
        "backup-a",
        "backup-c",
        "backup-d",
    }


def test_what_was_chosen_before_is_kept() -> None:
    fleet = resolved()
    first = schedule_input(fleet)
    assert set(first.chosen) == {"backup-c", "backup-d"}
    moved = {"backup-c": "59 * * * *", "backup-d": "31 17 * * *"}
    timetable = schedule_input(fleet, moved)
    assert {name: str(slot) for name, slot in timetable.chosen.items()} == moved
    assert [str(operation.schedule) for operation in timetable.operations[2:4]] == ["59 * * * *", "31 17 * * *"]


@pytest.mark.parametrize(
    "before", ["", "nonsense", "* * * * *", "0 3 * * *", "@every 1h", "TZ=UTC 0 * * * *", "31 7 * * *"]
)
def test_what_cannot_be_kept_is_chosen_anew(before: str) -> None:
    fleet = resolved()
    # 07:31 lies in the hours to skip.
    assert schedule_input(fleet, {"backup-d": before}) == schedule_input(fleet)


def test_a_chosen_slot_says_nothing_of_the_skipped_hours() -> None:
    text = FLEET.replace('every: 1d, skip: ["00:00-12:00"]', 'every: 1h, skip: ["00:00-12:00"]')
    timetable = schedule_input(resolved(text))
    assert timetable.chosen["backup-d"].hours.bit_count() == 24
    assert timetable.operations[3].schedule.hours == 0xFFF000


@pytest.mark.parametrize(
    ("old", "new"),
    [("needs: 5m", "needs: 19m"), ("needs: 5m", "needs: 1h"), ("needs: 40m", "needs: 2h")],
)
def test_needs_have_to_leave_time_to_wait(old: str, new: str) -> None:
    (message,) = refusal(FLEET.replace(old, new))
    assert message.startswith("`needs` leaves no time to wait: a run ends itself after ")
