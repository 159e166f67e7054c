"""What a rule test tells: series step by step, and since when which alerts are in the right.

A story's time begins at the epoch, so an instant before it is a negative number. When an alert fires follows from when
its condition begins to hold and from its `for`; a story looks one step before and at that time, and once the condition
is over. It looks at all alerts of the compiler's at once: one that fires and is not told is a mistake too.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from backupgen.conventions import metrics
from backupgen.conventions.units import parse_duration
from backupgen.plan.expectations import MonitoredJob
from backupgen.plan.facts.monitoring import AlertRule, RuleCheck, RuleStory
from backupgen.plan.promql import quote, select
from backupgen.resolve.alerting import Alerts

_HALF_A_DAY = 43200
TO_THE_END = 0
"""A run of samples that lasts until the story ends."""

Run = tuple[str | float, int]
"""A value, and for how many steps it stays. `_`: there is no sample; `stale`: it ends; `now`: the time itself,
`now-60`: that of a minute ago."""


class Rules(NamedTuple):
    """The alerts of a fleet, as stories look at them."""

    fleet: str
    alerts: Mapping[str, AlertRule]
    """The compiler's, by name."""
    own: tuple[str, ...]
    """The names of the user's, which no story is about."""
    base: Mapping[str, str]
    """Series that every story has, whose values stay the same."""
    wanted: Alerts

    def pending(self, alert: str, step: int = 1) -> int:
        """How many steps of so many minutes an alert has to wait; 0 for one that the fleet does not have."""
        rule = self.alerts.get(alert)
        return 0 if rule is None else -(-(parse_duration(rule.for_) or 0) // (step * 60))


class _Hold(NamedTuple):
    alert: str
    labels: Mapping[str, str]
    since: int
    until: int


class Story:
    """One story, of so many steps of so many minutes."""

    def __init__(self, rules: Rules, name: str, steps: int, step: int = 1) -> None:
        self.name = name
        self.steps = steps
        self.step = step
        self._rules = rules
        self._series = {series: f"{value}x{steps}" for series, value in rules.base.items()}
        self._holds: list[_Hold] = []
        self._looks: set[int] = set()
        # In a story of days, jobs that say nothing have never run.
        self._besides = set(rules.own) | ({"BackupNeverRun"} if steps * step * 60 >= _HALF_A_DAY else set())

    def series(self, name: str, *runs: Run, **labels: str) -> None:
        """A series of any metric."""
        self._series[select(name, **labels)] = " ".join(self._values(runs))

    def pushed(self, metric: str, instance: str, *runs: Run, **labels: str) -> None:
        """A series of a job, as it is scraped from the Pushgateway."""
        self.series(metric, *runs, job=metrics.JOB, instance=instance, **labels)

    def holds(self, alert: str, labels: Mapping[str, str], since: int, until: int | None = None) -> None:
        """The condition of an alert holds from the step `since` on, and no longer at `until`.

        An alert that the fleet does not have never fires.
        """
        if alert in self._rules.alerts:
            self._holds.append(_Hold(alert, labels, since, self.steps + 1 if until is None else until))

    def of(self, item: MonitoredJob) -> dict[str, str]:
        """What the rules say of a job: the labels of `metrics.OF_JOB` that it has."""
        about = (
            self._rules.fleet,
            item.job.instance,
            item.job.namespace,
            item.job.name,
            item.role.value,
            item.target,
            item.repository,
            item.mirror,
        )
        return {label: text for label, text in zip(metrics.OF_JOB, about, strict=True) if text}

    def leaves_out(self, alert: str) -> None:
        """Do not look at an alert: the story does not say what it needs to be silent."""
        self._besides.add(alert)

    def looks(self, *steps: int) -> None:
        """Look at these steps too."""
        self._looks.update(steps)

    def to_promtool(self) -> RuleStory:
        """The story as promtool takes it."""
        steps = {self.steps, *self._looks}
        for hold in self._holds:
            begin = hold.since + self._rules.pending(hold.alert, self.step)
            steps |= {begin - 1, begin, hold.until - 1, hold.until}
        checks = tuple(self._check(at) for at in sorted(steps) if 0 <= at <= self.steps)
        return RuleStory(self.name, f"{self.step}m", tuple(self._series.items()), checks)

    def _check(self, at: int) -> RuleCheck:
        firing = {
            self._sample(hold)
            for hold in self._holds
            if hold.since + self._rules.pending(hold.alert, self.step) <= at < hold.until
        }
        others = {"alertstate": "firing", "fleet": self._rules.fleet}
        besides = [f"alertname!={quote(name)}" for name in sorted(self._besides)]
        return RuleCheck(
            f"{at * self.step}m", select("ALERTS", *besides, **others), tuple((one, 1) for one in sorted(firing))
        )

    def _sample(self, hold: _Hold) -> str:
        rule = self._rules.alerts[hold.alert]
        return select("ALERTS", **{"alertname": hold.alert, "alertstate": "firing", **hold.labels, **rule.labels})

    def _values(self, runs: Sequence[Run]) -> list[str]:
        words, at = [], 0
        for value, length in runs:
            count = length or self.steps + 1 - at
            words.append(_run(value, count, at * self.step * 60, self.step * 60))
            at += count
        return words


def one_of_each_kind(monitored: Iterable[MonitoredJob]) -> tuple[MonitoredJob, ...]:
    """One expected job of each kind, the most frequent: those of mirrors are kinds of their own."""
    kinds: dict[tuple[str, bool], MonitoredJob] = {}
    for item in sorted(
        (item for item in monitored if item.max_success_age), key=lambda item: (item.max_success_age, item.job.name)
    ):
        kinds.setdefault((item.role, bool(item.mirror)), item)
    return tuple(kinds.values())


def _run(value: str | float, count: int, now: int, step: int) -> str:
    """So many samples in promtool's notation, in which `axn` are n + 1 samples, and `_xn` are n that are missing."""
    if value == "_":
        return f"_x{count}"
    if value == "stale":
        return f"stale _x{count - 1}" if count > 1 else "stale"
    if isinstance(value, str) and value.startswith("now"):
        return f"{now + int(value[3:] or 0)}+{step}x{count - 1}"
    return f"{value}x{count - 1}"
