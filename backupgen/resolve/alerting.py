"""What a resolved fleet says of its alerts."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

StringMap = Mapping[str, str]


THRESHOLDS: Mapping[str, int] = MappingProxyType({"BackupNearDeadline": 80, "BackupRepositoryNearQuota": 80})
"""The alerts that take a threshold, and the usual one, in percent."""


class AlertChange(NamedTuple):
    """What is different about an alert of the compiler's; None: nothing."""

    enabled: bool = True
    severity: str | None = None
    for_: int | None = None
    threshold: int | None = None
    """In percent."""
    labels: StringMap = MappingProxyType({})


class OwnAlert(NamedTuple):
    """An alert of the user's."""

    name: str
    expr: str
    for_: int
    severity: str
    summary: str
    description: str
    labels: StringMap


class Alerts(NamedTuple):
    """What the PrometheusRule says beside what follows from the fleet."""

    namespace: str
    labels: StringMap
    """Of the object, as of the ServiceMonitors."""
    annotations: StringMap
    runbooks: str
    """The URL of the runbooks, without a slash at its end; empty: not known."""
    alert_labels: StringMap
    """Of every alert."""
    kube_state_metrics: bool
    prometheus_namespace: str
    prometheus_pods: StringMap
    changes: Mapping[str, AlertChange]
    """By the alert's name."""
    own: tuple[OwnAlert, ...]

    def change(self, alert: str) -> AlertChange:
        """What is different about an alert."""
        return self.changes.get(alert, _SAME)

    def threshold(self, alert: str) -> int:
        """From how many percent on an alert of `THRESHOLDS` fires."""
        return self.change(alert).threshold or THRESHOLDS[alert]


_SAME = AlertChange()

ALERT_LABELS = (
    "severity", "fleet", "instance", "namespace", "cronjob", "kind", "target", "repository", "mirror", "tag", "holder",
    "server", "alertname", "job", "job_name",
)  # fmt: skip
"""What the compiler's alerts say of themselves."""
