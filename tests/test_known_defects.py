"""What was wrong with the hand-written fleet: seeded, each defect is found, or it cannot be written any more."""

import pytest

from tests.seeding import FLEET, check_seeded, elsewhere

HERE = "    run_as: 472\n"
"""A line of the target grafana, below which keys are added."""
WAIVED = FLEET[FLEET.index("waive: {copied") : FLEET.index("\ntargets:")]
ID = FLEET[FLEET.index("  id: 44775e1c") : FLEET.index("  server:\n")]
DRILL_OF_MIRROR = FLEET[FLEET.index("      restore_test:\n") : FLEET.index("scripts: reflector")]
TO = "s3:s3.eu-central-2.wasabisys.com/k3s-at-home-01/restic-backup"
PUSH_LABELS = "  pod_labels: {app.kubernetes.io/name: prometheus-pushgateway}\n"
ZONE = FLEET[FLEET.index("timezone:") : FLEET.index("\nimages:")]
DEADLINE = FLEET[FLEET.index("    deadline: 45m") : FLEET.index("    keep: {last: 1")]

# The defect; what stands in fleet.yaml, what is written instead, and the code that is to be found where `§` stands.
SEEDED = [
    (1, "scripts: reflector", f"    old: {{at: \"09:00\", deadline: 1h, to: §{TO}}}\n\nscripts: reflector", "BG207"),
    (2, *elsewhere(ID, "", "repository:\n"), "BG402"),
    (3, *elsewhere(DRILL_OF_MIRROR, "", "wasabi:"), "BG406"),
    (4, '      at: "05:00"', '      at: §"03:15"', "BG301"),
    (5, HERE, HERE + "    grace: §10s\n", "BG203"),
    (6, *elsewhere(WAIVED, "", "{sqlite: grafana/grafana.db}"), "BG413"),
    (7, *elsewhere("    verify: [{sqlite: grafana/grafana.db}]\n", "", "grafana:\n"), "BG405"),
    (8, "    read_data: 1/20 ", "    legacy: {§mariadb: 90d}\n    read_data: 1/20 ", "BG207"),
    (10, HERE, HERE + "    §after: mc-rcon save-on\n", "BG207"),
    (16, HERE, HERE + "    deadline: §1m\n", "BG415"),
    (23, ZONE, ZONE + 'kubernetes: §"1.25"\n', "BG419"),
    (24, *elsewhere("deadline-beyond-cadence", "late-start", "2h                    # the first upload"), "BG305"),
    (26, "    scratch: {size: 200Gi", "    scratch: §{size: 512Ki", "BG421"),
    (28, '    at: ":20"', '    at: §":12"', "BG302"),
    (29, '    at: ":10"\n', '    at: §":10"\n    yields: false\n', "BG301"),
    (30, HERE, HERE + "    start_within: §1h\n", "BG307"),
    (31, *elsewhere(DEADLINE, "", "retention:"), "BG205"),
    (32, ZONE, "", "BG202"),
    (33, *elsewhere('    at: ":20"', '    at: "04:55"', '"05:00"'), "BG309"),
    (34, "{sqlite: emby/data/library.db}", "§{sqlite: embyserver/data/library.db}", "BG408"),
    (35, HERE, HERE + "    labels: {§app.kubernetes.io/name: backup-grafana-db}\n", "BG207"),
    (36, *elsewhere(PUSH_LABELS, "", "http://prometheus"), "BG407"),
    (37, "gitops: {argocd", "§alerts: {namespace: backup}\ngitops: {argocd", "BG108"),
    (41, HERE, HERE + "    image: §ghcr.io/madic-creates/container-restic:0.18.0\n", "BG401"),
    (43, "url: rest:http://rest-server", "url: §rest:http://backup:secret@rest-server", "BG209"),
    (44, HERE, HERE + "    credentials: {§RESTIC_HOSTNAME: grafana-host}\n", "BG203"),
    (45, HERE, HERE + "    credentials: {AWS_SECRET_ACCESS_KEY: §wJalrXUtnFEMI/K7MDENG}\n", "BG203"),
    (46, "  kubectl: docker", "  kubectl: §bitnami/kubectl:latest\n  # docker", "BG412"),
    (47, HERE, HERE + "    before: §curl -sf https://hooks.example.com/begin\n", "BG414"),
    (49, HERE, "    run_as: §0\n", "BG203"),
    (50, "  server:\n", "  server:\n    §env: {PROMETHEUS_NO_AUTH: \"1\"}\n", "BG201"),
    (51, HERE, HERE + "    before: §touch '/data/it's here'\n", "BG420"),
    (52, "ntfy: {server: https://ntfy.example.org, topic", "§ntfy: {topic", "BG202"),
    (54, HERE, HERE + "    cache: §{medium: memory, size: 500Mi}\n", "BG416"),
    (55, "read_data: 1/20", "read_data: §5%", "BG203"),
    (58, *elsewhere("    with_pod: {app.kubernetes.io/name: grafana}\n", "", "{pvc: longhorn-pvc-grafana}"), "BG404"),
    (59, HERE, HERE + "    before: §apk add --no-cache curl\n", "BG422"),
    (64, HERE, HERE + "    before: §paths=(a b)\n", "BG420"),
]  # fmt: skip

MADE = "made by the compiler from the targets: there is nothing to write, and its tests prove it"
SCRIPTS = "in the scripts, which the tests run and break"
GONE = {
    9: MADE,
    11: "nothing in a fleet says that two targets belong together; `dump` beside `volumes` in one target is one pair",
    12: MADE,
    13: SCRIPTS,
    14: SCRIPTS,
    15: "of a cluster, not of a fleet: an alert tells of a target that did not succeed, whatever kept it from starting",
    17: MADE,
    18: MADE,
    19: MADE,
    20: "`suspend` is one key, from which job, alerts and restore test follow",
    21: SCRIPTS,
    22: SCRIPTS,
    25: MADE,
    27: "of quotas and disks, of which a fleet knows nothing",
    38: "one key, of which every object has the annotation",
    39: "of how the old tree was validated: what is rendered is plain YAML that `check` compares",
    40: "of scaling apps by hand: an alert tells of what did not succeed",
    42: "the server's ports, users and policies are made by the compiler",
    48: MADE,
    53: SCRIPTS,
    56: "a mirror only grows, as docs/differences.md says; there is no key that promises more",
    57: "fsGroup is rendered only where it is written, and then with OnRootMismatch",
    60: SCRIPTS,
    61: MADE,
    62: "of a page written by hand",
    63: "of pages written by hand",
}
"""Why the other defects cannot be written into a fleet any more, or what tells of them."""


def test_every_defect_is_answered_once() -> None:
    seeded = [number for number, *_ in SEEDED]
    assert sorted([*seeded, *GONE]) == list(range(1, 65))


@pytest.mark.parametrize(("number", "old", "new", "code"), SEEDED, ids=[f"D{number}" for number, *_ in SEEDED])
def test_a_known_defect_is_found(number: int, old: str, new: str, code: str) -> None:
    assert number
    check_seeded(old, new, code)
