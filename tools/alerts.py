"""docs/alerts.md: what stands in it that the code does not know, and its table, which is made of the rendered rules."""

from pathlib import Path

from backupgen.pipeline import compile_fleet
from backupgen.plan.alerts.draft import LOGS
from backupgen.plan.facts.monitoring import AlertRule, PrometheusRule

HEAD = """\
<!-- Made by `make docs` from tools/alerts.py and the rules of fleet.yaml; do not edit. -->
# Alerts

`alerts:` in fleet.yaml renders one PrometheusRule. Nothing in it is typed: the list of jobs, how late each may be and
how long it may run come from the fleet, as recorded series that the alerts join with. So a job that never reported, one
that the Pushgateway has forgotten, and one that is no longer in the fleet are told apart.

| alert | severity | after | what it says |
|---|---|---|---|
"""

TAIL = """
## When a job is late

`backup_expected_within_seconds` says how long ago each job may have started: the longest time from a slot of its own
schedule to the second one after it, over all 400 years of the calendar and with clock changes, plus `start_within`,
`deadline` and `grace`. One missed run stays below it, two never do. `missed_slots` says otherwise, for a job or under
`defaults`:

```yaml
defaults: {deadline: 8m, missed_slots: 2}
```

Prometheus remembers when each job started and succeeded last, so these alerts also come after the Pushgateway, which
keeps nothing, was restarted.

## What the fleet may say

```yaml
alerts:
  namespace: monitoring
  labels: {release: kube-prometheus-stack}        # by which Prometheus finds the rules
  runbooks: https://git.example.org/home/src/branch/main/out/_runbooks
  alert_labels: {team: home}                      # of every alert
  kube_state_metrics: true                        # it is scraped: three alerts more
  rules:
    BackupFailed: {severity: page, for: 15m, labels: {team: night}}
    BackupNearDeadline: {threshold: 90%}
    BackupPartial: {enabled: false}
  own:
    BackupVolumeAlmostFull:
      expr: node_filesystem_avail_bytes{mountpoint="/vol_raidz1"} < 50e9
      for: 30m
      summary: the pool has less than 50 GB left
```

Each alert has the labels `severity` and `fleet`, those of its job (`instance`, `namespace`, `cronjob`, `kind`,
`repository`, and `target` or `mirror`), a `summary`, a `description`, and `runbook_url`, the page of `out/_runbooks`
that says what to do; without `runbooks`, `runbook` names its path.

## The tests of the rules

Beside the rules, `out/_alerts` holds tests of promtool: stories of jobs that fail with each exit code, are late,
slow, or never seen, of a Pushgateway that restarts, of targets that were removed. Run them in your CI, too:

```console
$ promtool test rules out/_alerts/tests*.yaml
```

They are made with your thresholds, and look at all alerts at once, one minute before and at the moment when one has
to fire. In backupgen's own tests every comparison, number, label and `for` of the rules is changed once, and each
time a story has to fail. Two things no story can tell: for how long Prometheus itself may be down without forgetting
(six hours), and the texts of the annotations.

## What has to be scraped

- The **Pushgateway**, with `honor_labels: true` (in a ServiceMonitor `honorLabels: true`). Without it no alert would
  know whose metrics it sees: `BackupLabelsLost` says so.
- The fleet's own **REST servers**: a ServiceMonitor is rendered for each, with `alerts.labels`, and its policy lets
  in the pods of Prometheus (`alerts.prometheus`; those of a Prometheus Operator beside the alerts by default).
  `/metrics` needs no password there, everything else does.
- **kube-state-metrics**, where `kube_state_metrics: true` says that it is there, with its own labels (`honorLabels`,
  as kube-prometheus-stack has it). It is the only one who knows of a pod that never started or was killed.
- `quota` makes each retention measure what the repository's snapshots need, and `BackupRepositoryNearQuota` compare.
  What else lies on the volume it does not see.
"""


def alerts_page(fleet: Path) -> str:
    """Return the page as Markdown; `fleet` is a fleet.yaml that has every alert."""
    rows = [
        f"| `{rule.alert}` | {rule.labels['severity']} | {rule.for_} | {_meaning(rule)} |" for rule in _rules(fleet)
    ]
    return HEAD + "\n".join(rows) + "\n" + TAIL


def _rules(fleet: Path) -> tuple[AlertRule, ...]:
    compiled = compile_fleet(fleet.read_bytes(), fleet.name).value
    if compiled is None:
        raise ValueError(f"{fleet} has errors")
    return next(unit.facts.alerts for unit in compiled.plan.units if isinstance(unit.facts, PrometheusRule))


def _meaning(rule: AlertRule) -> str:
    text = rule.annotations["description"].replace(LOGS, "").strip()
    return (
        text.replace("{{ $value | humanizeDuration }}", "so long")
        .replace("{{ $labels.job }}", "…")
        .replace("{{ $labels.instance }}", "…")
    )
