"""What the jobs report to, and what watches them: Pushgateway, alerts, dashboard, as written -> resolved."""

from typing import NamedTuple

from backupgen.conventions.alert_names import ALERT_NAMES
from backupgen.diagnostics import NodePath
from backupgen.integrations.location import LocationError, parse_http
from backupgen.language import schema
from backupgen.language.defaults import filled
from backupgen.resolve import alerting, codes, resolved
from backupgen.resolve.jobs import FindingCollector, http_location


class Reports(NamedTuple):
    """What is resolved here."""

    pushgateway: resolved.Pushgateway | None
    alerts: alerting.Alerts | None


def resolve_reports(fleet: schema.Fleet, notes: FindingCollector) -> Reports:
    """Fill in what the fleet leaves out. Notes what cannot work."""
    for key in ("alerts", "dashboard"):
        if getattr(fleet, key) is not None and fleet.pushgateway is None:
            message = f"`{key}` read the metrics of a Pushgateway, expected `pushgateway`"
            notes.add(codes.CONFLICTING_KEYS, message, (key,), on_key=True)
    return Reports(_pushgateway(fleet, notes), _alerts(fleet.alerts, notes) if fleet.alerts else None)


def _pushgateway(fleet: schema.Fleet, notes: FindingCollector) -> resolved.Pushgateway | None:
    if fleet.pushgateway is None:
        return None
    location = http_location(fleet.pushgateway.url, ("pushgateway", "url"), notes)
    return resolved.Pushgateway(location, fleet.pushgateway.pod_labels or {}) if location else None


def _alerts(written: schema.Alerts, notes: FindingCollector) -> alerting.Alerts:
    _check(written, notes)
    scraper = written.prometheus or schema.Prometheus()
    return alerting.Alerts(
        namespace=written.namespace,
        labels=written.labels or {},
        annotations=written.annotations or {},
        runbooks=(written.runbooks or "").rstrip("/"),
        alert_labels=written.alert_labels or {},
        kube_state_metrics=bool(written.kube_state_metrics),
        prometheus_namespace=scraper.namespace or written.namespace,
        prometheus_pods=filled(scraper)["pod_labels"],
        changes={name: alerting.AlertChange(**filled(change)) for name, change in (written.rules or {}).items()},
        own=tuple(alerting.OwnAlert(name, **filled(alert)) for name, alert in sorted((written.own or {}).items())),
    )


def _check(written: schema.Alerts, notes: FindingCollector) -> None:
    if written.runbooks is not None:
        try:
            parse_http(written.runbooks)
        except LocationError as error:
            notes.add(codes.UNSUPPORTED_URL, str(error), ("alerts", "runbooks"))
    for name, change in (written.rules or {}).items():
        path: NodePath = ("alerts", "rules", name)
        if change.threshold is not None and name not in alerting.THRESHOLDS:
            message = f"`{name}` takes no `threshold`: what it compares with follows from the fleet"
            help_ = "`missed_slots`, `deadline`, `max_shrink` and `max_age` of the jobs decide it"
            notes.add(codes.CONFLICTING_KEYS, message, (*path, "threshold"), help_, on_key=True)
        _check_labels(change.labels, path, notes)
    for own, alert in (written.own or {}).items():
        if own in ALERT_NAMES:
            message = f"`{own}` is one of the compiler's alerts, expected another name"
            notes.add(codes.BAD_NAME, message, ("alerts", "own", own), "change it under `rules`", on_key=True)
        _check_labels(alert.labels, ("alerts", "own", own), notes)
    _check_labels(written.alert_labels, ("alerts",), notes, "alert_labels")


def _check_labels(
    labels: schema.AlertLabels | None, path: NodePath, notes: FindingCollector, key: str = "labels"
) -> None:
    """Refuse labels that say something else already."""
    for name in labels or {}:
        if name in alerting.ALERT_LABELS:
            message = f"the label `{name}` is set by the compiler"
            help_ = "write `severity`" if name == "severity" else "leave it out"
            notes.add(codes.CONFLICTING_KEYS, message, (*path, key, name), help_, on_key=True)
