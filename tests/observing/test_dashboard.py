"""The dashboard of a fleet that is well, asked of a real Prometheus: no panel is empty, and each says what is so."""

import math
import time
from collections.abc import Callable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.observing.cluster import Cluster
from tests.observing.gateway import Gateway
from tests.observing.grafana import Answer, ask, panel, ranged
from tests.observing.observed import DAY, Observed
from tests.observing.prometheus import Prometheus, Scrape, prometheus
from tests.observing.rehearsal import Rehearsal
from tests.observing.replay import pushed, told_again

# A fleet is rehearsed for minutes, and a Prometheus reads what it left.
pytestmark = pytest.mark.slow


class Watched(NamedTuple):
    """The server, and when it was asked."""

    server: Prometheus
    now: int
    rehearsed: int
    """When its jobs were run, after a day that is told again."""
    dashboard: Any
    answers: list[Answer]

    def one(self, title: str) -> float:
        ((_, value),) = next(answer.series for answer in self.answers if answer.panel == title)
        return value

    def column(self, title: str, column: str) -> dict[str, float]:
        (found,) = (one.series for one in self.answers if (one.panel, one.column) == (title, column))
        return {labels["instance"]: value for labels, value in found}


@pytest.fixture(scope="module")
def watched(
    observed: Observed,
    tool: Callable[[str], Path],
    rehearsal: Rehearsal,
    gateway: Gateway,
    cluster: Cluster,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Watched]:
    rehearsed = int(time.time())
    rehearsal.all_well(observed)
    scrapes = [
        Scrape("pushgateway", gateway.address, {}),
        Scrape("kube-state-metrics", cluster.address, {}),
        Scrape("repository", "", {"job": "rest-server", "namespace": "backup"}),
    ]
    past = told_again(observed, pushed(gateway.text()), rehearsed)
    with prometheus(tool, tmp_path_factory.mktemp("prometheus"), observed.groups, scrapes, past) as server:
        server.settle()
        now = int(time.time())
        answers = [answer for one in observed.dashboard["panels"] for answer in ask(server, one, now)]
        yield Watched(server, now, rehearsed, observed.dashboard, answers)


def test_nothing_is_wrong(watched: Watched) -> None:
    assert watched.server.firing() == set()


def test_no_panel_is_empty(watched: Watched) -> None:
    empty = {
        (answer.panel, answer.column)
        for answer in watched.answers
        if not answer.series or not all(math.isfinite(value) for _, value in answer.series)
    }
    assert empty == {("What is wrong", "Since")}
    assert panel(watched.dashboard, "What is wrong")["fieldConfig"]["defaults"]["noValue"] == "No alert is firing"


def test_everything_is_protected(watched: Watched) -> None:
    for title in ("Is everything protected?", "Alerts", "Last run failed", "Overdue or never run"):
        assert watched.one(title) == 0, title


def test_where_nothing_is_expected_nothing_is_said_to_be_well(watched: Watched) -> None:
    stats = [one for one in watched.dashboard["panels"] if one["type"] == "stat"]
    assert len(stats) == 4
    for one in stats:
        assert ask(watched.server, one, watched.now, "nobody")[0].series == [], one["title"]
        assert one["fieldConfig"]["defaults"]["thresholds"]["steps"][0] == {"color": "orange", "value": None}


@pytest.mark.parametrize(
    ("title", "kinds"),
    [("Targets", {"backup"}), ("Retention, restore tests and mirrors", {"retention", "restore-test", "mirror"})],
)
def test_every_column_has_every_job(watched: Watched, observed: Observed, title: str, kinds: set[str]) -> None:
    jobs = {job.instance: job for job in observed.expected.values() if job.kind in kinds}
    columns = [answer.column for answer in watched.answers if answer.panel == title]
    assert {"Allowed", "Last success", "Of allowed", "Last run", "Duration", "Of deadline"} <= set(columns)
    for column in columns:
        assert watched.column(title, column).keys() == jobs.keys(), column
    assert watched.column(title, "Allowed") == {name: job.within for name, job in jobs.items()}
    ages = watched.column(title, "Last success")
    for name, share in watched.column(title, "Of allowed").items():
        assert share == pytest.approx(ages[name] / jobs[name].within)
    assert set(watched.column(title, "Last run").values()) == {0}


def test_targets_know_of_their_restore_test_and_their_mirrors(watched: Watched) -> None:
    assert set(watched.column("Targets", "Restore test").values()) == {0}
    for column in ("Tested", "Mirrored"):
        assert all(0 <= age < 600 for age in watched.column("Targets", column).values()), column
    assert all(size > 0 for size in watched.column("Targets", "Size").values())


def test_the_day_shows_every_run_where_it_was(watched: Watched, observed: Observed) -> None:
    shown = panel(watched.dashboard, "The last 24 hours")
    lines = ranged(watched.server, shown, shown["targets"][0], watched.now)
    assert {labels["instance"] for labels, _ in lines} == observed.expected.keys()
    for labels, samples in lines:
        assert len(samples) > DAY / 60 - 2
        assert {code for _, code in samples} <= {-1, 0}
        slots = observed.slots(labels["instance"], watched.now - DAY, watched.rehearsed)
        seen = set()
        for begin, end in _bars(samples):
            slot = max(slot for slot in slots if slot <= begin)
            # One may have begun before the day, and from what is told until five minutes ago the rehearsal takes over.
            if samples[0][0] < begin < watched.rehearsed - 300:
                assert begin - slot < 60, labels
                assert 180 <= end - begin <= 300 or end == samples[-1][0], labels
                seen.add(slot)
        assert seen >= {slot for slot in slots if samples[0][0] < slot < watched.rehearsed - 360}, labels


def _bars(samples: list[tuple[int, float]]) -> Iterator[tuple[int, int]]:
    for code, block in groupby(samples, lambda sample: sample[1]):
        if code == 0:
            times = [at for at, _ in block]
            yield times[0], times[-1]


def test_one_job_can_be_chosen(watched: Watched, observed: Observed) -> None:
    (variable,) = (one for one in watched.dashboard["templating"]["list"] if one["name"] == "instance")
    selector = variable["query"]["query"].removeprefix("label_values(").removesuffix(", instance)")
    assert set(watched.server.label_values("instance", selector)) == observed.expected.keys()
    for one in watched.dashboard["panels"]:
        for answer in ask(watched.server, one, watched.now, "good"):
            assert {labels.get("instance", "good") for labels, _ in answer.series} <= {"good"}, one["title"]
