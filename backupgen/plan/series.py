"""What the dashboard's panels read: the fleet's series, by instance, as PromQL."""

from collections.abc import Iterator

from backupgen.conventions import metrics
from backupgen.plan.promql import one_of, quote, select
from backupgen.resolve.resolved import Repository, ResolvedFleet

CHOSEN = 'instance=~"$instance"'
"""The dashboard's variable."""

TAIL = 300
"""How long a report is taken for a new one, in seconds: longer than any usual interval between two scrapes."""


class Series:
    """The series of a fleet. `kinds` are those of the expected jobs; without any, of every job."""

    def __init__(self, fleet: ResolvedFleet) -> None:
        self.fleet = fleet.name
        self.recorded = fleet.alerts is not None
        """Whether the rules record what is expected. Nothing but what is pushed can be read else."""

    def expected(self, *kinds: str) -> str:
        """The list of expected jobs; the value is the age that their last success may have."""
        return select(metrics.EXPECTED_WITHIN, CHOSEN, *_of_kind(kinds), fleet=self.fleet)

    def within(self, *kinds: str) -> str:
        """The age that the last success may have."""
        return f"max by (instance) ({self.expected(*kinds)})"

    def allowed(self, *kinds: str) -> str:
        """The same, with the labels of the job."""
        return f"max by (instance, target, namespace, kind) ({self.expected(*kinds)})"

    def deadline(self, *kinds: str) -> str:
        """The deadlines of the expected jobs."""
        deadlines = select(metrics.JOB_DEADLINE, CHOSEN, fleet=self.fleet)
        return f"max by (instance) ({deadlines} and on (instance) {self.expected(*kinds)})"

    def last(self, metric: str, *kinds: str) -> str:
        """What each job pushed last."""
        pushed = self.last_by(metric, "instance")
        return f"{pushed} and on (instance) {self.expected(*kinds)}" if kinds else pushed

    def last_by(self, metric: str, *labels: str) -> str:
        """What was pushed last, by labels."""
        return f"max by ({', '.join(labels)}) ({select(metric, CHOSEN, job=metrics.JOB)})"

    def on_time(self, record: str) -> str:
        """The recorded instants that are not longer ago than is allowed, as their ages."""
        return f"time() - {select(record, CHOSEN, fleet=self.fleet)} <= on (instance) {self.expected()}"

    def success_age(self, *kinds: str) -> str:
        """How long ago the last success was, which outlives a restart of the Pushgateway."""
        seen = select(metrics.LAST_SUCCESS_SEEN, CHOSEN, fleet=self.fleet)
        return f"time() - max by (instance) ({seen}) and on (instance) {self.expected(*kinds)}"

    def alerts(self) -> str:
        """The firing alerts of the fleet. Those that tell of no single job have no instance."""
        return self._of_alerts("ALERTS", alertstate="firing")

    def alerts_since(self) -> str:
        """The same, and when their condition began, in milliseconds."""
        since = self._of_alerts("ALERTS_FOR_STATE")
        return f"1000 * ({since}\n* ignoring (alertstate) {self.alerts()})"

    def _of_alerts(self, name: str, **labels: str) -> str:
        return select(name, 'instance=~"$instance|"', fleet=self.fleet, **labels)

    def restored(self, fleet: ResolvedFleet) -> str:
        """The result of the last restore test of each target."""
        parts = [
            self._of_targets(fleet, repository, self._drill(metrics.RESTORE_STATUS, repository, "tag"))
            for repository in _tested(fleet)
        ]
        return self._backups("\nor ".join(parts))

    def tested_ago(self, fleet: ResolvedFleet) -> str:
        """How long ago the last restore test ended that looked at the target."""
        parts = []
        for repository in _tested(fleet):
            tags = f"0 * {self._drill(metrics.RESTORE_STATUS, repository, 'instance', 'tag')}"
            age = f"time() - {self._drill(metrics.RESTORE_TIME, repository, 'instance')}"
            each = f"max by (tag) ({age} + on (instance) group_right () {tags})"
            parts.append(self._of_targets(fleet, repository, each))
        return self._backups("\nor ".join(parts))

    def mirrored_ago(self) -> str:
        """How long ago the last good run of a target's mirror was; of the worst one, if there are several."""
        mirrors = select(metrics.EXPECTED_WITHIN, kind="mirror", fleet=self.fleet)
        age = f"time() - max by (instance) ({select(metrics.LAST_SUCCESS_SEEN, fleet=self.fleet)})"
        oldest = f"max by (repository) ({age} + on (instance) group_right () 0 * {mirrors})"
        return f"max by (instance) (0 * {self.expected('backup')}\n+ on (repository) group_left () {oldest})"

    def of_quota(self) -> str:
        """Which share of its quota each repository takes."""
        owners = f"group by (instance, repository) ({self.expected('retention')})"
        sizes = f"{self.last(metrics.REPOSITORY_SIZE)} * on (instance) group_left (repository) {owners}"
        quota = select(metrics.QUOTA, fleet=self.fleet)
        return f"max by (repository) ({sizes}) / on (repository) max by (repository) ({quota})"

    def runs(self, longest: int) -> str:
        """The exit code of the run that each job was in, IDLE if in none; `longest` is how long a run may take.

        A run is known when it has ended, so the oldest report of the time ahead is looked for; if its run had begun by
        then, this is the one. The exit code rides behind the decimal point of the start.
        """
        start, code, duration = (
            f"max by (instance) ({select(metric, CHOSEN, job=metrics.JOB)})"
            for metric in (metrics.START, metrics.STATUS, metrics.DURATION)
        )
        ahead = max(longest + TAIL, 2 * TAIL)
        new = f"({start} + {code} / 1000)\nand (time() - {start} - {duration} < {TAIL})"
        next_report = f"min_over_time(({new})[{ahead}s:1m] offset -{ahead}s)"
        jobs = self.expected() if self.recorded else select(metrics.START, CHOSEN, job=metrics.JOB)
        return f"round(({next_report} <= time()) % 1 * 1000)\nor on (instance) - group by (instance) ({jobs})"

    def _backups(self, expr: str) -> str:
        return f"({expr})\nand on (instance) {self.expected('backup')}"

    def _drill(self, metric: str, repository: Repository, *labels: str) -> str:
        test = repository.restore_test
        assert test is not None  # noqa: S101 (what `_tested` yields has one)
        return f"max by ({', '.join(labels)}) ({select(metric, job=metrics.JOB, instance=test.job.instance)})"

    def _of_targets(self, fleet: ResolvedFleet, repository: Repository, by_tag: str) -> str:
        """Name the targets' instances where a series names their tags."""
        expr = f'label_join({by_tag}, "instance", "", "tag")'
        for target in fleet.targets_of(repository.name):
            if target.tag != target.job.instance:
                tag = target.tag.replace(".", "\\.")
                expr = f'label_replace({expr}, "instance", {quote(target.job.instance)}, "tag", {quote(tag)})'
        return f"max by (instance) ({expr})"


def _of_kind(kinds: tuple[str, ...]) -> tuple[str, ...]:
    return (one_of("kind", kinds),) if kinds else ()


def _tested(fleet: ResolvedFleet) -> Iterator[Repository]:
    return (repository for repository in fleet.repositories if repository.restore_test)
