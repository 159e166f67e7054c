"""Fleets of any size, as a user would write them."""

NAME = "app-{:05d}"
NAMESPACE = "team-{:04d}"

# Each target's backup is capped at nine minutes, ten targets share a namespace, all share one repository.
HEADER = """\
fleet: bench
timezone: Europe/Berlin
image: ghcr.io/example/restic@sha256:{digest}

repository:
  url: rest:http://rest-server.backup.svc.cluster.local:8000/
  lock_wait: 10m
  parallel: {parallel}

retention:
  namespace: backup
  at: "03:05"
  deadline: 45m
  keep: {{hourly: 24, daily: 7, weekly: 4}}

restore_test: {{namespace: backup, at: "Sun 04:00", deadline: 2h, scratch: 20Gi}}

scripts: {{namespace: backup, reflect: true}}
pushgateway: http://prometheus-pushgateway.monitoring.svc.cluster.local:9091
alerts: {{namespace: monitoring}}
dashboard: {{namespace: monitoring}}
network_policies: kubernetes

defaults: {{deadline: 9m, start_within: 2m, retries: 2}}

targets:
"""

TARGET = """\
  {name}:
    namespace: {namespace}
    at: ":{minute:02d}"
    run_as: {uid}
    with_pod: {{app.kubernetes.io/name: {name}}}
    volume: {{pvc: data-{name}}}
    exclude: [lost+found]
    verify: [{{sqlite: {name}.db}}]
"""


def fleet(targets: int) -> str:
    """The fleet.yaml of so many targets, spread over the hour and over namespaces of ten."""
    header = HEADER.format(digest="0" * 64, parallel=max(targets, 1))
    return header + "".join(
        TARGET.format(
            name=NAME.format(number),
            namespace=NAMESPACE.format(number // 10),
            minute=number * 7 % 60,
            uid=1000 + number % 500,
        )
        for number in range(targets)
    )
