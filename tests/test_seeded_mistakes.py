"""Mistakes seeded into the repository's own fleet, one at a time: each is found, by its code, on its line."""

import pytest

from backupgen.rules import CODES as RULE_CODES
from tests.judging import judged, lines_of
from tests.seeding import FLEET, check_seeded, elsewhere
from tests.test_known_defects import SEEDED

WAIVED = FLEET[FLEET.index("waive: {copied") : FLEET.index("\ntargets:")]
PUSHGATEWAY = FLEET[FLEET.index("pushgateway:\n") : FLEET.index("ntfy:")]

FLUX = """gitops: {flux: {path: ./out, source: {name: home}}}
annotations: {kustomize.toolkit.fluxcd.io/substitute: §enabled}"""

# What stands in fleet.yaml (once), what is written instead, and the codes that are to be found where `§` stands.
MISTAKES = [
    # typos
    ("fleet: k3s-at-home", "§flet: k3s-at-home", "BG201"),
    ("timezone: Europe/Berlin", "§time_zone: Europe/Berlin", "BG201"),
    ("timezone: Europe/Berlin", "timezone: §Europe/Berln", "BG203"),
    ("timezone: Europe/Berlin", "§timezone: ", "BG203"),
    ("  restic: ghcr", "  §restik: ghcr", "BG201"),
    ("  kubectl: docker", "  §kubctl: docker", "BG201"),
    ("  restore_test:\n", "  §restoretest:\n", "BG201"),
    ("keep: {last: 1, hourly", "keep: {last: 1, §hourlie", "BG201"),
    ('    at: ":10"', '    at§:":10"', "BG101"),
    ("    with_pod: {app.kubernetes.io/name: grafana}", "    §withpod: {app.kubernetes.io/name: grafana}", "BG201"),
    ("scripts: reflector", "scripts: §reflecter", "BG203"),
    ("network_policies: cilium", "network_policies: §calico", "BG203"),
    ("tool: mariabackup", "tool: §mysqldump", "BG203"),
    ("{sqlite: grafana/grafana.db}", "{§sqllite: grafana/grafana.db}", "BG201"),
    ("access: ReadWriteMany}\n      paperless-media", "access: §ReadWriteAll}\n      paperless-media", "BG203"),
    # wrong types and forms
    ("deadline: 45m ", "deadline: §45 ", "BG203"),
    ("deadline: 4h", "deadline: §4 hours", "BG203"),
    ('    at: ":20"', "    at: §20", "BG203"),
    ('    at: ":20"', '    at: §"20:60"', "BG203"),
    ('      at: "05:00"', '      at: §"5:00"', "BG203"),
    ("size: 200Gi", "size: §200GB", "BG203"),
    ("size: 200Gi", "size: §200", "BG203"),
    ("{last: 1, hourly: 24", "{last: §0, hourly: 24", "BG203"),
    ("hourly: 24", "hourly: §twenty", "BG203"),
    ("read_data: 1/20", "read_data: §5%", "BG203"),
    ("    run_as: 472", "    run_as: §grafana", "BG203"),
    ("    run_as: 472", "    run_as: §0", "BG203"),
    ("    run_as: 472", "    run_as: §-1", "BG203"),
    ("retries: 2", "retries: §two", "BG203"),
    ("start_within: 2m", "start_within: §5s", "BG203"),
    ("auth: true", "auth: §'true'", "BG203"),
    ('grafana_dashboard: "1"', "grafana_dashboard: §1", "BG203"),
    ("sync_wave: 15", 'sync_wave: §"15"', "BG203"),
    ("topic: backup", "topic: §my.backup", "BG203"),
    ("paths: [sonarr,", "paths: [§/sonarr,", "BG203"),
    ("paths: [sonarr, radarr,", "paths: [sonarr, §../radarr,", "BG203"),
    ("host_path: /vol_raidz1/downloader", "host_path: §vol_raidz1/downloader", "BG203"),
    ("  id: 44775e1c", "  id: §z44775e1c", "BG203"),
    ("  grafana:\n", "  §Grafana:\n", "BG203"),
    ("volume: {pvc: longhorn-pvc-grafana}", "volume: §longhorn-pvc-grafana", "BG203"),
    ("exclude: [lost+found, /emby", "exclude: [§5, /emby", "BG203"),
    # what is missing
    ("    namespace: monitoring\n    at", "    at", "BG202"),
    ("      reason: the *arr apps keep their configuration on the pool of node04\n", "", "BG203"),
    ("    wasabi:\n      at: \"05:00\"\n      deadline: 4h\n", "    §wasabi:\n      at: \"05:00\"\n", "BG205"),
    ("    run_as: 472\n", "", "BG206"),
    ("  kubectl: docker.io", "  # kubectl: docker.io", "BG208"),
    ("  rest_server: docker.io", "  # rest_server: docker.io", "BG208"),
    # what does not fit together
    ("    run_as: 472\n", "    run_as: 472\n    repository: §cloud\n", "BG204"),
    ("    run_as: 472\n", "    run_as: 472\n    §every: 1h\n", "BG207"),
    ("    run_as: 472\n", "    run_as: 472\n    §after: sync\n", "BG207"),
    ("    run_as: 472\n", "    run_as: 472\n    backup_args: [§--tag=x]\n", "BG207"),
    ("    run_as: 472\n", "    run_as: 472\n    backup_args: [§-xn]\n", "BG207"),
    ("    run_as: 472\n", "    run_as: 472\n    backup_args: [§one-file-system]\n", "BG203"),
    ("    run_as: 472\n", "    run_as: 472\n    §resources: {limits: {memory: 128Mi}}\n", "BG207"),
    ("    run_as: 472\n", "    run_as: 472\n    labels: {§app.kubernetes.io/name: x}\n", "BG207"),
    ("    run_as: 472\n", '    run_as: 472\n    skip: §["00:00-24:00"]\n', "BG207"),
    ("url: rest:http://rest-server", "url: §rest:http://user:secret@rest-server", "BG209"),
    ("url: rest:http://rest-server", "url: §https://rest-server", "BG209"),
    ("to: s3:s3.eu-central-2", "to: §s3:/", "BG209"),
    ("server: https://ntfy.example.org", "server: §ntfy.example.org", "BG209"),
    (PUSHGATEWAY, "", "BG207"),
    ("  nextpvr:\n", "  §mirror-wasabi:\n", "BG210"),
    ("  nextpvr:\n", f"  §{'n' * 46}:\n", "BG210"),
    # what the whole fleet shows
    ("timezone: Europe/Berlin", "timezone: §Africa/Cairo", "BG303"),
    ('    at: ":40"', '    at: §"30 12 29 2 *"', "BG306"),
    ("repository:\n", "repository:\n  lock_wait: §3h\n", "BG308"),
    (*elsewhere('    at: ":20"', "    at: auto\n    deadline: 15m", "repository:\n"), "BG310"),
    (*elsewhere('    at: ":20"', '    at: "20 2-4 * * *"', '"03:05"'), "BG311"),
    ("gitops: {argocd: {sync_wave: 15}}", FLUX, "BG417"),
    ('    at: "Sun 04:00"', '    at: §"Sun 03:30"', "BG301"),
    ('    at: ":40"', '    at: §"40 3 31 2 *"', "BG304"),
    ("    run_as: 472\n", "    run_as: 472\n    tag: §emby\n", "BG403"),
    ("    run_as: 472\n", "    run_as: 472\n    hostname: §emby\n", "BG403"),
    ("    run_as: 472\n", "    run_as: 472\n    image: §ghcr.io/example/restic:1\n", "BG401"),
    ("    with_pod: {app.kubernetes.io/name: grafana}\n", "", "BG404"),
    ("    verify: [{sqlite: grafana/grafana.db}]\n", "", "BG405"),
    ("      slot-capacity: a two", "      §slot-capactiy: a two", "BG499"),
    ("exclude: [lost+found, /emby", 'exclude: [§"*.db", /emby', "BG409"),
    ("exclude: [lost+found, /emby", 'exclude: [§"[lost", /emby', "BG410"),
    ("/emby/transcoding-temp]", "§/transcoding-temp]", "BG411"),
    ("kubectl: docker.io/alpine/kubectl:", "kubectl: §docker.io/bitnami/kubectl:", "BG412"),
    (*elsewhere(WAIVED, "", "{sqlite: grafana/grafana.db}"), "BG413"),
    ("    run_as: 472\n", "    run_as: 472\n    before: §curl -s http://grafana:3000/pause\n", "BG414"),
    ("    run_as: 472\n", "    run_as: 472\n    deadline: §2m\n", "BG415"),
    ("    run_as: 472\n", "    run_as: 472\n    cache: §{medium: memory, size: 500Mi}\n", "BG416"),
    ("    namespace: media\n    at: \":30\"\n", "    namespace: downloader\n    at: \":30\"\n", "BG418"),
    ("timezone: Europe/Berlin", "kubernetes: §\"1.22\"\ntimezone: Europe/Berlin", "BG419"),
    ("    run_as: 472\n", "    run_as: 472\n    before: §sleep $(\n", "BG420"),
    ("scratch: {size: 200Gi, storage_class: longhorn}", "scratch: §{size: 1Ki, storage_class: longhorn}", "BG421"),
    ("    run_as: 472\n", "    run_as: 472\n    before: §apk add sqlite\n", "BG422"),
    ("    run_as: 472\n", "    run_as: 472\n    before: §restic unlock --remove-all\n", "BG321"),
    ("    run_as: 472\n", "    run_as: 472\n    before: §curl -u admin:hunter2 http://grafana/pause\n", "BG438"),
    ("    run_as: 472\n", "    run_as: 472\n    before: a\n    connects_to: [{cidr: §0.0.0.0/0, port: 1}]\n", "BG439"),
    ("    run_as: 472\n", "    run_as: 472\n    §connects_to: [{cidr: 192.0.2.1/32, port: 1}]\n", "BG440"),
    ("    run_as: 472\n", "    run_as: 472\n    before: §set -eo pipefail; pause\n", "BG441"),
    ("https://ntfy.example.org, topic: backup, auth: true", "https://ntfy.sh, topic: backup", "BG442"),
    ("    run_as: 472\n", "    run_as: 472\n    max_age: §300d\n", "BG443"),
    ("verify: [{sqlite: grafana/grafana.db}]", "verify: [§{dir: grafana/lost+found}]", "BG444"),
    ("with_pod: {app.kubernetes.io/name: grafana}", "node_selector: {disk: ssd}", "BG445"),
    (
        "targets:\n",
        "repositories:\n  b: {url: 'rest:http://nas.example.com:1/'}\n  c: {url: §'rest:http://nas.example.com:2/'}\n"
        "targets:\n",
        "BG320",
    ),
    ("kube_state_metrics: true", "own: {Mine: {expr: §up ==, summary: x}}", "BG423"),
    ("kube_state_metrics: true", "own: {Mine: {expr: §backup_size > 1, summary: x}}", "BG424"),
    ("kube_state_metrics: true", "alert_labels: {team: §\"{{ $labels.team\"}", "BG425"),
    ("{app.kubernetes.io/name: grafana}", "{app: grafana}\n    §labels: {app: grafana}", "BG426"),
    ("http://prometheus-pushgateway.monitoring.svc.cluster.local:", "§http://push.monitoring:", "BG427"),
    ("kube_state_metrics: true", "rules: {§BackupFaild: {severity: page}}", "BG203"),
    ("kube_state_metrics: true", "rules: {BackupFailed: {§threshold: 50%}}", "BG207"),
    ("kube_state_metrics: true", "rules: {BackupFailed: {labels: {§severity: page}}}", "BG207"),
    ("kube_state_metrics: true", "own: {§BackupFailed: {expr: up, summary: x}}", "BG210"),
    ("kube_state_metrics: true", "runbooks: §git.example.org", "BG209"),
    ("kube_state_metrics: true", "alert_labels: {§my-team: home}", "BG203"),
    ("  quota: 200Gi", "  quota: §200GB", "BG203"),
    ("slot-capacity: a two-hour", "slot-capacity: {reason: x, until: §2020-01-01}\n      late-start: x", "BG498"),
]  # fmt: skip


def test_the_fleet_itself_has_no_mistake() -> None:
    assert lines_of(judged(FLEET.encode())) == []


def test_there_are_many_mistakes() -> None:
    assert len({(old, new) for old, new, _ in MISTAKES}) == len(MISTAKES) >= 60


def test_every_rule_has_its_mistake() -> None:
    assert {info.code for info in RULE_CODES} - {code for *_, code in (*MISTAKES, *SEEDED)} == set()


@pytest.mark.parametrize(("old", "new", "code"), MISTAKES)
def test_a_mistake_is_found(old: str, new: str, code: str) -> None:
    check_seeded(old, new, code)
