"""Fleets of any size, as a user would write them."""

NAME = "app-{:05d}"
NAMESPACE = "team-{:04d}"

# Each target's backup is capped at nine minutes, ten targets share a namespace, all share one repository.
HEADER = """\
fleet: bench
home_namespace: backup
timezone: Europe/Berlin
images:
  restic: ghcr.io/example/restic:0.19.1@sha256:{digest}
  rest_server: ghcr.io/example/rest-server:0.14.0@sha256:{digest}

repository:
  url: rest:http://rest-server.storage.svc.cluster.local:8000/
  id: {digest}
  parallel: {parallel}
  server: {{volume: {{pvc: repository}}, run_as: {{uid: 1000, fs_group: 1000}}}}
  retention: {{at: "03:05", deadline: 45m, keep: {{hourly: 24, daily: 7, weekly: 4}}}}
  restore_test: {{at: "Sun 04:00", deadline: 2h, scratch: 20Gi}}

scripts: reflector
network_policies: kubernetes
pushgateway:
  url: http://prometheus-pushgateway.monitoring.svc.cluster.local:9091
  pod_labels: {{app.kubernetes.io/name: prometheus-pushgateway}}
alerts: {{namespace: monitoring}}
dashboard: {{namespace: monitoring}}

defaults: {{deadline: 9m}}
waive: {{copied-database: the apps write seldom}}

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
    verify: [{{sqlite: {name}/app.db}}]
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
