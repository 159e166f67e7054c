"""What the Job controller decides."""

import pytest

from backupgen.rehearsal.cluster import read_cluster
from backupgen.rehearsal.job import COMPLETE, Ending, FailureRule, Job, after_pod, job_of
from tests.compiled import compiled

FAIL = FailureRule("FailJob", "", negated=False, codes=frozenset({3, 12}))
IGNORE = FailureRule("Ignore", "", negated=False, codes=frozenset({137}))
OTHERS = FailureRule("FailJob", "backup", negated=True, codes=frozenset({1}))


def job(*rules: FailureRule, retries: int = 2) -> Job:
    return Job("j", "n", 60, retries, rules, {})


def failed(reason: str) -> Ending:
    return Ending(complete=False, reason=reason)


@pytest.mark.parametrize(
    ("rules", "pods", "ending"),
    [
        ((), [{"dump": 0, "backup": 0}], COMPLETE),
        ((), [{"backup": 1}], None),
        ((), [{"backup": 1}, {"backup": 0}], COMPLETE),
        ((), [{"backup": 1}] * 2, None),
        ((), [{"backup": 1}] * 3, failed("BackoffLimitExceeded")),
        ((FAIL,), [{"backup": 1}, {"backup": 12}], failed("PodFailurePolicy")),
        ((FAIL,), [{"dump": 3}], failed("PodFailurePolicy")),
        ((FAIL,), [{"dump": 0, "backup": 1}], None),
        ((IGNORE,), [{"backup": 137}] * 9, None),
        ((IGNORE,), [{"backup": 137}, *[{"backup": 1}] * 3], failed("BackoffLimitExceeded")),
        ((IGNORE, FAIL), [{"backup": 137}, {"backup": 3}], failed("PodFailurePolicy")),
        ((OTHERS,), [{"backup": 1}], None),
        ((OTHERS,), [{"backup": 2}], failed("PodFailurePolicy")),
        ((OTHERS,), [{"dump": 2}], None),
    ],
)
def test_after_a_pod(rules: tuple[FailureRule, ...], pods: list[dict[str, int]], ending: Ending | None) -> None:
    assert after_pod(job(*rules), pods) == ending


def test_a_job_without_another_attempt() -> None:
    assert after_pod(job(retries=0), [{"backup": 1}]) == failed("BackoffLimitExceeded")


def test_the_rendered_policy_is_read() -> None:
    cluster = read_cluster(compiled("reference").manifests.files)
    found = job_of(cluster.objects[("CronJob", "monitoring", "backup-grafana")])
    assert (found.deadline, found.retries) == (480, 2)
    assert [(rule.action, rule.negated) for rule in found.rules] == [("FailJob", False)]
    assert {3, 10, 12, 66, 124} <= found.rules[0].codes
    assert 1 not in found.rules[0].codes
