"""What the Job controller decides: another pod, or the end (Kubernetes' documentation, "Jobs")."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from backupgen.rehearsal.cluster import Object, name_of, namespace_of


class FailureRule(NamedTuple):
    """A rule of a podFailurePolicy about exit codes."""

    action: str
    container: str
    negated: bool
    codes: frozenset[int]

    def holds(self, ends: Mapping[str, int]) -> bool:
        """Whether one of the failed containers (name -> exit code) meets it. A code of 0 never does."""
        failed = [code for name, code in ends.items() if code != 0 and self.container in {"", name}]
        return any((code in self.codes) is not self.negated for code in failed)


class Job(NamedTuple):
    """A Job, made from a CronJob."""

    name: str
    namespace: str
    deadline: int | None
    """activeDeadlineSeconds, over all its pods."""
    retries: int
    """backoffLimit."""
    rules: tuple[FailureRule, ...]
    template: Object


class Ending(NamedTuple):
    """How a Job ended."""

    complete: bool
    reason: str
    """That of the Job's condition: `DeadlineExceeded`, `BackoffLimitExceeded`, `PodFailurePolicy`; empty: complete."""


COMPLETE = Ending(complete=True, reason="")
DEADLINE = Ending(complete=False, reason="DeadlineExceeded")


def job_of(item: Object) -> Job:
    """Return the Job that a CronJob creates, or a Job itself."""
    spec: Mapping[str, Any] = item["spec"]["jobTemplate"]["spec"] if item["kind"] == "CronJob" else item["spec"]
    return Job(
        name=name_of(item),
        namespace=namespace_of(item),
        deadline=spec.get("activeDeadlineSeconds"),
        retries=int(spec.get("backoffLimit", 6)),
        rules=tuple(_rules(spec.get("podFailurePolicy", {}).get("rules", ()))),
        template=spec["template"],
    )


def _rules(rules: Iterable[Mapping[str, Any]]) -> Iterable[FailureRule]:
    for rule in rules:
        if "onExitCodes" in rule:
            codes = rule["onExitCodes"]
            yield FailureRule(
                rule["action"],
                codes.get("containerName", ""),
                codes["operator"] == "NotIn",
                frozenset(int(code) for code in codes["values"]),
            )


def after_pod(job: Job, pods: Sequence[Mapping[str, int]]) -> Ending | None:
    """Say how a Job ended after its pods, each the exit codes of its containers by name; None: it tries again."""
    if all(code == 0 for code in pods[-1].values()):
        return COMPLETE
    if _action(job, pods[-1]) == "FailJob":
        return Ending(complete=False, reason="PodFailurePolicy")
    counted = [pod for pod in pods if _action(job, pod) != "Ignore"]
    return Ending(complete=False, reason="BackoffLimitExceeded") if len(counted) > job.retries else None


def _action(job: Job, ends: Mapping[str, int]) -> str:
    """The action of the first rule that holds; a failure that meets none is counted."""
    return next((rule.action for rule in job.rules if rule.holds(ends)), "Count")
