"""BG419: the cluster is older than what is rendered for it."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from backupgen.diagnostics import CodeInfo, Finding, Severity
from backupgen.rules.base import Rule, RuleContext, finding

INFO = CodeInfo(
    code="BG419",
    slug="kubernetes-too-old",
    severity=Severity.ERROR,
    summary="The fleet's version of Kubernetes does not know a field that every job needs.",
    why="Its API server drops the field without a word: slots are meant in another zone, or retries never stop.",
    fix="Upgrade the cluster; what backupgen renders needs Kubernetes 1.26.",
    bad='kubernetes: "1.24"',
    good='kubernetes: "1.34"',
)

SINCE: Final[Mapping[str, int]] = MappingProxyType(
    {
        "spec.jobTemplate.spec.podFailurePolicy": 26,  # KEP-3329: beta, and on, in 1.26
        "spec.timeZone": 25,  # KEP-3140: beta, and on, in 1.25
        "spec.jobTemplate.spec.template.spec.securityContext.seccompProfile": 19,  # KEP-135: stable in 1.19
    }
)
"""A field of every rendered CronJob -> the first minor of Kubernetes 1 that has it without a feature gate."""


def check(context: RuleContext) -> Iterator[Finding]:
    """Report the version, if the fleet names one."""
    minor = context.fleet.kubernetes
    missing = [(field, since) for field, since in SINCE.items() if minor is not None and since > minor]
    if missing:
        fields = ", ".join(f"`{field.rpartition('.')[2]}` (since 1.{since})" for field, since in missing)
        message = f"Kubernetes 1.{minor} does not know {fields}, which every CronJob has"
        yield finding(INFO, message, ("kubernetes",), f"what is rendered needs 1.{max(SINCE.values())} or later")


RULE = Rule(INFO, check)
