"""Small rendered files, and what changes between them mean."""

import json
from typing import Any

from backupgen.diff.compare import compare
from backupgen.diff.impact import Impact, Situation, impact

Files = dict[str, str]

NOTHING = Situation()
REST = "rest:http://rest-server.backup.svc.cluster.local:8000/"
GATEWAY = "http://pushgateway.monitoring.svc.cluster.local:9091"


def rendered(document: dict[str, Any]) -> Files:
    meta = document["metadata"]
    return {f"{meta.get('namespace', '')}/{document['kind'].lower()}.{meta['name']}.yaml": json.dumps(document)}


def cronjob(
    name: str = "backup-grafana",
    role: str = "backup",
    *,
    namespace: str = "monitoring",
    deadline: int | None = 510,
    env: dict[str, str] | None = None,
    args: tuple[str, ...] = (),
    mounts: dict[str, str] | None = None,
    node: dict[str, str] | None = None,
    image: str = "restic:1",
    **spec: Any,
) -> Files:
    """A CronJob of the fleet. `mounts`: path in the snapshot -> claim, or a folder if it begins with a slash."""
    mounts = mounts or {}
    volumes = [
        {"name": f"v{number}"}
        | ({"hostPath": {"path": held}} if held.startswith("/") else {"persistentVolumeClaim": {"claimName": held}})
        for number, held in enumerate(mounts.values())
    ]
    container = {
        "name": "backup",
        "image": image,
        "args": list(args),
        "env": [{"name": key, "value": value} for key, value in (env or {}).items()],
        "volumeMounts": [{"name": f"v{number}", "mountPath": path} for number, path in enumerate(mounts)],
    }
    pod = {"containers": [container], "volumes": volumes} | ({"nodeSelector": node} if node else {})
    pods = {"metadata": {"labels": {"backupgen.io/role": role}}, "spec": pod}
    job = {"template": pods} | ({} if deadline is None else {"activeDeadlineSeconds": deadline})
    spec = {
        "schedule": "20 * * * *",
        "timeZone": "Europe/Berlin",
        "suspend": False,
        "startingDeadlineSeconds": 120,
    } | spec
    meta = {"name": name, "namespace": namespace}
    return rendered({"kind": "CronJob", "metadata": meta, "spec": spec | {"jobTemplate": {"spec": job}}})


def backup(target: str, tag: str = "", host: str = "", *, repository: str = REST, **more: Any) -> Files:
    """A target's CronJob as backupgen renders it."""
    env = {
        "RESTIC_REPOSITORY": repository,
        "RESTIC_HOSTNAME": host or target,
        "PUSHGATEWAY_ENABLED": "true",
        "PUSHGATEWAY_URL": GATEWAY,
    } | more.pop("env", {})
    args = (f"--tag={tag or target}", *more.pop("args", ()), "--", "--tag=no")
    return cronjob(f"backup-{target}", env=env, args=args, **more)


def plan(name: str, text: str, namespace: str = "longhorn") -> Files:
    meta = {"name": f"{name}-plan", "namespace": namespace}
    return rendered({"kind": "ConfigMap", "metadata": meta, "data": {"plan.sh": text}})


def found(old: Files, new: Files, situation: Situation = NOTHING) -> list[Impact]:
    return list(impact(compare(old, new), situation))


def said(old: Files, new: Files, situation: Situation = NOTHING) -> list[tuple[str, str, str]]:
    return [(one.kind.slug, one.target, one.message) for one in found(old, new, situation)]


def kinds(old: Files, new: Files, situation: Situation = NOTHING) -> list[str]:
    return [kind for kind, _, _ in said(old, new, situation)]
