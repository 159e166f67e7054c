"""A real Prometheus and a real Pushgateway, to which the real scripts push, raise the expected alerts and no others.

Runs of the past are run now, with a clock that is set back. The rules are the rendered ones, but that an alert need not
hold for long; and this Prometheus remembers that the fleet was deployed three days ago.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from backupgen.conventions import metrics
from tests.observing.cluster import Cluster
from tests.observing.gateway import Gateway
from tests.observing.grafana import Answer, ask, panel
from tests.observing.observed import DAY, FLEET, Observed
from tests.observing.prometheus import Prometheus, Sample, Scrape, prometheus, what
from tests.observing.rehearsal import Rehearsal

# A fleet is rehearsed for minutes, and a Prometheus reads what it left.
pytestmark = pytest.mark.slow

REPOSITORY, CARELESS = "main", "careless"
"""The repository, and a second scrape of the Pushgateway that does not keep its labels."""
RETENTION, MIRROR, FROZEN = "restic-retentionpolicies", "backup-mirror-broken", "backup-mirror-frozen"
DRILL, FROZEN_DRILL = "backup-restore-test", "backup-restore-test-mirror-broken"
KILLED, KILLED_TAG = "killed.example.com", "the-killed.one"
REMOVED = "removed"

Alerts = Mapping[str, tuple[str | tuple[str, str], ...]]
"""The alerts by job; with the tag that they tell of, if they do."""

WRONG: Alerts = {
    "good": (),
    "late": (),
    "failed": ("BackupFailed",),
    "failing": ("BackupFailed", "BackupNotSucceeding"),
    "partial": ("BackupPartial",),
    "slow": ("BackupNearDeadline",),
    "shrunk": ("BackupSnapshotShrank",),
    KILLED: ("BackupOverdue", "BackupJobKilled"),
    "never": ("BackupNeverRun", "BackupCronJobMissing"),
    "new": ("BackupJobStuck",),
    "suspended": (),
    REMOVED: ("BackupNotInFleet",),
    RETENTION: ("BackupFailed", ("BackupRetentionRefused", "good")),
    DRILL: (("BackupRestoreTestFailed", "failed"),),
    FROZEN_DRILL: ("BackupRestoreTestStale",),
    MIRROR: ("BackupMirrorFailed", "BackupMirrorUnverified"),
    FROZEN: ("BackupMirrorStale",),
    REPOSITORY: ("BackupLockHeld", "BackupRepositoryNearQuota", "BackupServerDown"),
    CARELESS: ("BackupLabelsLost",),
}
"""What is wrong with each job of the fleet, with two that are not expected, and with what they need."""

FORGOTTEN: Alerts = {
    "failing": ("BackupNotSucceeding",),
    KILLED: ("BackupOverdue", "BackupJobKilled"),
    "never": ("BackupNeverRun", "BackupCronJobMissing"),
    "new": ("BackupJobStuck",),
    FROZEN_DRILL: ("BackupRestoreTestStale",),
    MIRROR: ("BackupMirrorUnverified",),
    FROZEN: ("BackupMirrorStale",),
    REPOSITORY: ("BackupServerDown",),
}
"""What is left of it when the Pushgateway has lost everything: what the last run said is said anew by the next one."""

WELL = ("good", "late", "slow", "shrunk", KILLED)
"""The targets whose last report was of a success."""

COUNTS = {
    # Whatever has no success that is young enough: the one that is new as well.
    "Is everything protected?": len({"failing", KILLED, "never", "new", DRILL, FROZEN_DRILL, MIRROR, FROZEN}),
    "Alerts": sum(map(len, WRONG.values())),
    "Last run failed": len({"failed", "failing", "partial", DRILL, MIRROR, RETENTION}),
    "Overdue or never run": len({KILLED, "never", "new", FROZEN_DRILL, FROZEN}),
}
"""What the first row of the dashboard counts."""


@pytest.fixture(scope="module")
def watched(
    observed: Observed,
    tool: Callable[[str], Path],
    rehearsal: Rehearsal,
    gateway: Gateway,
    cluster: Cluster,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Prometheus]:
    scrapes = [
        Scrape("pushgateway", gateway.address, {}),
        Scrape("pushgateway-too", gateway.address, {"instance": CARELESS}, honor=False),
        Scrape("kube-state-metrics", cluster.address, {}),
    ]
    folder = tmp_path_factory.mktemp("prometheus")
    with prometheus(tool, folder, observed.groups, scrapes, list(_deployed(observed))) as running:
        go_wrong(rehearsal, {name: job.within for name, job in observed.expected.items()})
        cluster.failed(observed.expected[KILLED])
        cluster.waits(observed.expected["new"])
        cluster.lacks(observed.expected["never"])
        running.settle()
        yield running


@pytest.fixture(scope="module")
def observed() -> Observed:
    """The fleet, but there is little room for its repository."""
    return Observed(FLEET.read_text(encoding="utf-8").replace("quota: 10Gi", "quota: 1Ki"))


def _deployed(observed: Observed) -> Iterator[Sample]:
    """What the rules have recorded for three days, of all jobs but the one that is new."""
    now = int(time.time())
    for instance in observed.expected.keys() - {"new"}:
        labels = {"fleet": "observed", "instance": instance}
        for at in range(now - 3600, now - 30, 30):
            yield metrics.EXPECTED_SINCE, labels, now - 3 * DAY, at


def go_wrong(rehearsal: Rehearsal, within: Mapping[str, int]) -> None:
    """Run every job, each as it is called; `within` says how old the last run of each may be."""
    # First of all, as a drill refuses snapshots that are younger than it is.
    rehearsal.backup("good", ago=within[FROZEN_DRILL] + 600, dated=True)
    rehearsal.restore_test(FROZEN_DRILL, {"good": rehearsal.source("good")}, ago=within[FROZEN_DRILL] + 300)
    rehearsal.source("shrunk", lines=1000)
    rehearsal.backup("shrunk", ago=3600)
    rehearsal.slow("slow", 170)
    rehearsal.backup("late", ago=within["late"] - 300)
    for name in ("failed", "partial"):
        rehearsal.backup(name, ago=3600)
    rehearsal.backup("failed", code=12, RESTIC_PASSWORD="forgotten")  # noqa: S106 (no password opens with it)
    rehearsal.backup("failing", ago=within["failing"] + 300)
    rehearsal.backup("failing", code=66, RESTIC_REPOSITORY_ID="0" * 64)
    rehearsal.partial("partial")
    for name in ("suspended", REMOVED):
        rehearsal.backup(name, ago=30 * DAY)
    rehearsal.backup(REMOVED, code=66, RESTIC_REPOSITORY_ID="0" * 64)
    rehearsal.backup("good")
    rehearsal.retention(RETENTION, "good", "late")
    # By a clock that is two hours behind, the newest snapshot comes from the future.
    rehearsal.retention(RETENTION, "good", ago=2 * 3600, code=74)
    rehearsal.mirror(FROZEN, ago=within[FROZEN] + 300)
    rehearsal.mirror(MIRROR, code=66)
    rehearsal.backup("good", ago=3600)
    lost = rehearsal.fleet.folder / "lost"
    rehearsal.restore_test(DRILL, {"good": rehearsal.source("good"), "failed": lost}, code=72)
    rehearsal.backup(KILLED, KILLED_TAG, ago=within[KILLED] + 300)
    rehearsal.source("shrunk", lines=10)
    rehearsal.backup("shrunk")
    rehearsal.killed(KILLED, meanwhile=lambda: rehearsal.backup("good"))


def _pairs(alerts: Alerts) -> set[tuple[str, ...]]:
    """As `Prometheus.firing` returns them."""
    each = ((alert, instance) for instance, some in alerts.items() for alert in some)
    return {(alert, instance) if isinstance(alert, str) else (alert[0], instance, alert[1]) for alert, instance in each}


def test_every_job_of_the_fleet_has_its_fate(observed: Observed) -> None:
    assert set(WRONG) - {"suspended", REMOVED, REPOSITORY, CARELESS} == set(observed.expected)
    assert {alert for alert, *_ in _pairs(WRONG)} == observed.alerts


def test_what_goes_wrong_is_told_and_nothing_else(watched: Prometheus) -> None:
    assert watched.firing() == _pairs(WRONG)


def test_the_dashboard_says_the_same(watched: Prometheus, observed: Observed) -> None:
    now = int(time.time())
    (wrong,) = ask(watched, panel(observed.dashboard, "What is wrong"), now)
    assert {what(labels) for labels, _ in wrong.series} == _pairs(WRONG)
    assert all(now - 120 < since / 1000 <= now for _, since in wrong.series)
    for title, count in COUNTS.items():
        ((_, value),) = ask(watched, panel(observed.dashboard, title), now)[0].series
        assert value == count, title
    codes = {
        answer.column: dict(_by_instance(answer)) for answer in ask(watched, panel(observed.dashboard, "Targets"), now)
    }
    assert codes["Last run"] == {"failed": 12, "failing": 66, "partial": 3} | dict.fromkeys(WELL, 0)
    assert codes["Restore test"] == {"good": 0, "failed": 72}
    assert {name for name, share in codes["Of allowed"].items() if share > 1} == {"failing", KILLED}
    assert set(codes["Allowed"]) == {job.instance for job in observed.expected.values() if job.kind == "backup"}


def _by_instance(answer: Answer) -> Iterator[tuple[str, float]]:
    return ((labels["instance"], value) for labels, value in answer.series)


def test_a_pushgateway_that_restarts_is_no_silence_and_no_alarm(watched: Prometheus, gateway: Gateway) -> None:
    gateway.restart()
    watched.settle()
    assert watched.firing() == _pairs(FORGOTTEN)
