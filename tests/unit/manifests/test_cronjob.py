from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backupgen.plan.facts import workloads
from backupgen.resolve.resolved import User
from backupgen.source import load_all
from tests.replacing import replace
from tests.unit.manifests import samples
from tests.unit.manifests.kubernetes import expand
from tests.unit.manifests.rendering import object_of, pod_of, text_of
from tests.unit.manifests.texts import TEXT, readings


@given(st.lists(TEXT, min_size=6, max_size=6))
def test_no_text_escapes_from_its_place(texts: list[str]) -> None:
    first, second, third, fourth, fifth, sixth = texts
    container = replace(
        samples.container(), env={"A": first, "B": second}, command=("sh", third), args=(fourth, "last"), secrets=()
    )
    pod = replace(samples.full_pod(), containers=(container,), user=User(0, 0, None, sixth or None))
    facts = samples.cronjob(pod=pod, yielded=sixth, meta=replace(samples.meta(), annotations={"a/b": fifth}))
    read = readings(text_of(facts))
    assert read.count(read[0]) == 4
    assert read[0]["metadata"]["annotations"] == {"a/b": fifth}
    spec = read[0]["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    found = spec["containers"][0]
    *plain, from_secret = found["env"]
    reference = {"name": "other-secret", "key": "NTFY_CREDS"}
    assert from_secret == {"name": "NTFY_CREDS", "valueFrom": {"secretKeyRef": reference}}
    arrived = {pair["name"]: expand(pair["value"], {"HOME": "wrong", "A": "wrong"}) for pair in plain}
    assert arrived == {"A": first, "B": second}
    assert [expand(word, {"HOME": "wrong"}) for word in found["command"] + found["args"]] == [
        "sh",
        third,
        fourth,
        "last",
    ]
    keys = set(spec)
    assert keys == set(pod_of(samples.full_cronjob()))


def test_the_job_is_what_was_planned() -> None:
    spec = object_of(samples.full_cronjob())["spec"]
    job = spec.pop("jobTemplate")["spec"]
    assert spec == {
        "schedule": "20 * * * *",
        "timeZone": "Europe/Berlin",
        "suspend": True,
        "concurrencyPolicy": "Forbid",
        "startingDeadlineSeconds": 120,
        "successfulJobsHistoryLimit": 1,
        "failedJobsHistoryLimit": 3,
    }
    assert (job["activeDeadlineSeconds"], job["backoffLimit"]) == (510, 2)
    # A scratch volume lives as long as the pod's object; without one, the history decides how long that is.
    assert job["ttlSecondsAfterFinished"] == 3600
    assert "ttlSecondsAfterFinished" not in object_of(samples.cronjob())["spec"]["jobTemplate"]["spec"]
    (codes,) = (
        rule["onExitCodes"]["values"] for rule in job["podFailurePolicy"]["rules"] if rule["action"] == "FailJob"
    )
    assert codes == sorted(set(codes))
    assert set(codes).isdisjoint({0, 1, 11, 65, 67, 68, 130, 143}), "another attempt may help"


def test_the_yielded_hours_stand_above_the_schedule() -> None:
    lines = text_of(samples.full_cronjob()).splitlines()
    assert lines[lines.index('  schedule: "20 * * * *"') - 1] == "  # 02, 03: restic-retentionpolicies"


def test_every_kind_of_volume() -> None:
    volumes = {volume.pop("name"): volume for volume in pod_of(samples.full_cronjob())["volumes"]}
    claim: dict[str, Any] = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "20Gi"}}}
    assert volumes.pop("kube-api-access")["projected"]["sources"][0] == {
        "serviceAccountToken": {"path": "token", "expirationSeconds": 3600}
    }
    assert volumes == {
        "scripts": {"configMap": {"name": "crontab-backup-script", "defaultMode": 0o555}},
        "data": {"hostPath": {"path": "/vol/a", "type": "Directory"}},
        "claim": {"persistentVolumeClaim": {"claimName": "claim"}},
        "users": {"secret": {"secretName": "htpasswd"}},
        "cache": {"emptyDir": {}},
        "sized": {"emptyDir": {"sizeLimit": "5Gi"}},
        "scratch": {"ephemeral": {"volumeClaimTemplate": {"spec": {**claim, "storageClassName": "longhorn"}}}},
        "scratch-2": {"ephemeral": {"volumeClaimTemplate": {"spec": claim}}},
    }
    plain = {volume.pop("name"): volume for volume in pod_of(samples.cronjob())["volumes"]}
    assert plain["data"] == {"persistentVolumeClaim": {"claimName": "longhorn-pvc-grafana", "readOnly": True}}
    assert plain["cache"] == {"emptyDir": {"medium": "Memory", "sizeLimit": "1Gi"}}


def test_only_the_init_container_gets_the_token() -> None:
    pod = pod_of(samples.full_cronjob())
    assert pod["automountServiceAccountToken"] is False
    assert pod["serviceAccountName"] == "backup-grafana"
    path = "/var/run/secrets/kubernetes.io/serviceaccount"
    assert [mount["mountPath"] for mount in pod["initContainers"][0]["volumeMounts"]].count(path) == 1
    assert [mount["mountPath"] for mount in pod["containers"][0]["volumeMounts"]] == ["/backup/a"]
    plain = pod_of(samples.cronjob())
    assert "serviceAccountName" not in plain
    assert "kube-api-access" not in text_of(samples.cronjob())


def test_placement() -> None:
    pod = pod_of(samples.full_cronjob())
    assert pod["nodeSelector"] == {"node-role/workload": "zfs"}
    assert pod["tolerations"] == [
        {"operator": "Equal", "key": "dedicated", "value": "backup", "effect": "NoSchedule"},
        {"operator": "Exists"},
    ]
    (term,) = pod["affinity"]["podAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    assert term == {
        "topologyKey": "kubernetes.io/hostname",
        "labelSelector": {"matchLabels": {"app.kubernetes.io/name": "grafana"}},
    }
    assert pod["imagePullSecrets"] == [{"name": "registry"}]
    assert pod["containers"][0]["volumeMounts"][0]["subPath"] == "a/b"


def restricted_faults(pod: dict[str, Any]) -> set[str]:
    """What the `restricted` Pod Security Standard has against a pod (kubernetes.io, Pod Security Standards, v1.37)."""
    faults = set()
    volumes = {kind for volume in pod["volumes"] for kind in volume if kind != "name"}
    allowed = {"configMap", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"}
    faults |= volumes - allowed
    faults |= {key for key in ("hostNetwork", "hostPID", "hostIPC") if pod.get(key)}
    security = pod["securityContext"]
    if security.get("seccompProfile") != {"type": "RuntimeDefault"}:
        faults.add("seccompProfile")
    if security.get("runAsNonRoot") is not True or security.get("runAsUser") == 0:
        faults.add("root")
    for container in (*pod.get("initContainers", []), *pod["containers"]):
        own = container["securityContext"]
        if own.get("allowPrivilegeEscalation") is not False:
            faults.add("allowPrivilegeEscalation")
        if own["capabilities"].get("drop") != ["ALL"]:
            faults.add("drop")
        faults |= set(own["capabilities"].get("add", [])) - {"NET_BIND_SERVICE"}
        faults |= {
            key for key in ("privileged", "procMount", "runAsUser", "runAsNonRoot", "seccompProfile") if key in own
        }
        faults |= {"hostPort" for port in container.get("ports", []) if "hostPort" in port}
        assert own["readOnlyRootFilesystem"] is True
        assert container["imagePullPolicy"] == "IfNotPresent"
    return faults


@pytest.mark.parametrize("facts", [samples.cronjob(), samples.deployment()])
def test_a_pod_is_restricted(facts: workloads.CronJob | workloads.Deployment) -> None:
    assert restricted_faults(pod_of(facts)) == set()


def test_root_and_host_path_are_all_that_departs_from_restricted() -> None:
    assert restricted_faults(pod_of(samples.full_cronjob())) == {"root", "DAC_READ_SEARCH", "hostPath"}
    assert "# Runs as root: the files belong to root\n" in text_of(samples.full_cronjob())


def test_empty_fields_are_left_out() -> None:
    bare = replace(
        samples.container(), command=(), args=(), env={}, secrets=(), secret_keys={}, mounts=(), requests={}, limits={}
    )
    pod = replace(samples.pod(), with_pod={}, containers=(bare,), volumes=())
    found = pod_of(samples.cronjob(pod=pod))
    assert set(found["containers"][0]) == {"name", "image", "imagePullPolicy", "securityContext"}
    assert {"volumes", "affinity", "nodeSelector", "tolerations", "initContainers", "imagePullSecrets"}.isdisjoint(
        found
    )
    assert "null" not in text_of(samples.cronjob(pod=pod))


def test_a_deployment_has_the_same_pod_further_to_the_left() -> None:
    pod = samples.pod()
    job = pod_of(samples.cronjob(pod=pod))
    server = pod_of(replace(samples.deployment(), pod=pod))
    assert job.pop("restartPolicy") == "Never"
    assert job.pop("activeDeadlineSeconds") == 510
    assert server == job
    (document,) = load_all(text_of(samples.deployment()))
    assert isinstance(document, dict)
    assert document["spec"]["strategy"] == {"type": "Recreate"}
    container = document["spec"]["template"]["spec"]["containers"][0]
    assert (
        container["readinessProbe"]["tcpSocket"] == container["livenessProbe"]["tcpSocket"] == {"port": "append-only"}
    )
