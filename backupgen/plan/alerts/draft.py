"""The pieces of which alerts are made."""

from typing import NamedTuple

from backupgen.conventions import metrics
from backupgen.plan.promql import select

JOB = "{{ $labels.cronjob }} (namespace {{ $labels.namespace }})"
LOGS = (
    "Look at the jobs of CronJob {{ $labels.cronjob }} in namespace {{ $labels.namespace }}: "
    "kubectl -n {{ $labels.namespace }} get cronjob,job,pod -l app.kubernetes.io/name={{ $labels.cronjob }}, "
    "then the log of the last pod."
)


BACKUPS = 'kind="backup"'
WRITERS = 'kind=~"backup|retention"'
"""The jobs that write the repository. Restore tests and mirrors have alerts of their own."""
RETENTIONS = 'kind="retention"'
RESTORE_TESTS = 'kind="restore-test"'
MIRRORS = 'kind="mirror"'
OF_MIRRORS = 'mirror!=""'
"""The mirrors and their restore tests."""
NOT_OF_MIRRORS = 'mirror=""'


class Draft(NamedTuple):
    """An alert, before the fleet has its say."""

    alert: str
    expr: str
    for_: int
    """In seconds."""
    severity: str
    summary: str
    description: str


class ExpressionBuilder:
    """PromQL about the jobs of the fleet of a name. Matchers choose among them by the labels of `metrics.OF_JOB`."""

    def __init__(self, fleet: str) -> None:
        self.fleet = fleet

    def expected(self, *matchers: str) -> str:
        """The list of expected jobs with their thresholds."""
        return select(metrics.EXPECTED_WITHIN, *matchers, fleet=self.fleet)

    @staticmethod
    def job_labels() -> str:
        """Take over a job's labels from the side of the list."""
        return f"group_left ({', '.join(label for label in metrics.OF_JOB if label != 'instance')})"

    def age(self, record: str) -> str:
        """How long ago a recorded instant was, by instance."""
        return f"time() - {select(record, fleet=self.fleet)}"

    def late(self, *matchers: str) -> str:
        """The jobs that have not started for longer than is in order; the value is the time since the last start."""
        return f"{self.age(metrics.LAST_START)}\n> on (instance) {self.job_labels()} {self.expected(*matchers)}"

    def not_succeeding(self, *matchers: str) -> str:
        """The jobs that start, and have not succeeded for longer than is in order; the value is for how long.

        One that has not succeeded yet counts from the time since which it has been expected.
        """
        last = select(metrics.LAST_SUCCESS_SEEN, fleet=self.fleet)
        since = select(metrics.EXPECTED_SINCE, fleet=self.fleet)
        starts = f"{self.age(metrics.LAST_START)} <= on (instance) {self.expected(*matchers)}"
        return (
            f"(time() - ({last} or on (instance) {since})\n"
            f"> on (instance) {self.job_labels()} {self.expected(*matchers)})\n"
            f"and on (instance) ({starts})"
        )

    def with_job_labels(self, values: str, *matchers: str) -> str:
        """Values by instance, of expected jobs only, with the jobs' labels."""
        jobs = f"group by ({', '.join(metrics.OF_JOB)}) ({self.expected(*matchers)})"
        return f"({values})\n* on (instance) {self.job_labels()} {jobs}"

    @staticmethod
    def last(metric: str) -> str:
        """What each instance has pushed last."""
        return f"max by (instance) ({select(metric, job=metrics.JOB)})"


def positive(metric: str, *labels: str) -> str:
    """What each instance has pushed last, where it is more than 0."""
    return f"max by ({', '.join(('instance', *labels))}) ({select(metric, job=metrics.JOB)}) > 0"
