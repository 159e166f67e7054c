"""Facts for the tests: small ones, and a CronJob in which every field holds something."""

from backupgen.plan.facts import manifest, workloads
from backupgen.resolve.resolved import PodPlacement, Toleration, User
from tests.replacing import replace

DIGEST = "sha256:" + "0" * 64


def meta(name: str = "backup-grafana", namespace: str = "monitoring") -> manifest.Meta:
    return manifest.Meta(name, namespace, {"app.kubernetes.io/name": name, "app.kubernetes.io/component": "backup"})


def container(name: str = "backup", **env: str) -> workloads.Container:
    return workloads.Container(
        name=name,
        image=f"ghcr.io/example/restic:0.19.1@{DIGEST}",
        command=("/bin/sh", "/scripts/backup.sh"),
        args=(),
        env=env or {"RESTIC_HOSTNAME": "grafana", "BACKUP_DEADLINE": "540", "PUSHGATEWAY_ENABLED": "true"},
        secrets=("backup-env-configuration-grafana",),
        secret_keys={"NTFY_CREDS": "other-secret"},
        mounts=(
            workloads.Mount("scripts", "/scripts", read_only=True),
            workloads.Mount("data", "/backup/grafana", read_only=True),
            workloads.Mount("cache", "/cache"),
        ),
        requests={"cpu": "100m", "memory": "256Mi"},
        limits={"memory": "1Gi"},
    )


def pod() -> workloads.Pod:
    return workloads.Pod(
        labels={"app.kubernetes.io/name": "backup-grafana", "backupgen.io/role": "backup"},
        user=User(472, 472),
        placement=PodPlacement({}, (), {}, {}),
        grace=90,
        service_account="",
        with_pod={"app.kubernetes.io/name": "grafana"},
        pull_secrets=(),
        init_containers=(),
        containers=(container(),),
        volumes=(
            workloads.PodVolume("scripts", "config_map", "crontab-backup-script"),
            workloads.PodVolume("data", "claim", "longhorn-pvc-grafana", read_only=True),
            workloads.PodVolume("cache", "empty_dir", size="1Gi", in_memory=True),
        ),
    )


def cronjob(**changes: object) -> workloads.CronJob:
    plain = workloads.CronJob(
        meta=meta(),
        schedule="20 * * * *",
        timezone="Europe/Berlin",
        yielded="",
        suspend=False,
        start_within=120,
        deadline=510,
        retries=2,
        history=(1, 3),
        pod=pod(),
    )
    return replace(plain, **changes)


def full_pod() -> workloads.Pod:
    return replace(
        pod(),
        user=User(0, 0, 1000, "the files belong\nto root"),
        placement=PodPlacement(
            {"node-role/workload": "zfs"},
            (Toleration("dedicated", "Equal", "backup", "NoSchedule"), Toleration("", "Exists", "", "")),
            {},
            {},
        ),
        service_account="backup-grafana",
        pull_secrets=("registry",),
        init_containers=(container("dump", SCRIPT="set -e\necho $(HOME) $$\n"),),
        containers=(replace(container(), mounts=(workloads.Mount("data", "/backup/a", "a/b", read_only=True),)),),
        volumes=(
            workloads.PodVolume("scripts", "config_map", "crontab-backup-script"),
            workloads.PodVolume("data", "host_path", "/vol/a"),
            workloads.PodVolume("claim", "claim", "claim"),
            workloads.PodVolume("users", "secret", "htpasswd"),
            workloads.PodVolume("cache", "empty_dir"),
            workloads.PodVolume("sized", "empty_dir", size="5Gi"),
            workloads.PodVolume("scratch", "ephemeral", "longhorn", "20Gi"),
            workloads.PodVolume("scratch-2", "ephemeral", "", "20Gi"),
        ),
    )


def full_cronjob() -> workloads.CronJob:
    return cronjob(yielded="02, 03: restic-retentionpolicies", suspend=True, pod=full_pod())


def deployment() -> workloads.Deployment:
    server = replace(
        container("server"), ports=(workloads.Port("append-only", 8000), workloads.Port("maintenance", 8001))
    )
    labels = {"app.kubernetes.io/name": "rest-server"}
    facts = replace(pod(), labels=labels, containers=(server,), with_pod={})
    return workloads.Deployment(meta("rest-server", "backup"), labels, facts)


def plan(*facts: manifest.Facts) -> manifest.Plan:
    return manifest.Plan("home", tuple(manifest.Unit(f"{number}.yaml", fact) for number, fact in enumerate(facts)))
