"""Facts of the plan -> the object that the cluster has to get, made without templates and without YAML.

Network policies and the dashboard have oracles of their own beside the tests of their plans.
"""

from collections.abc import Callable, Mapping
from typing import Any

from backupgen.plan.facts import access, manifest, monitoring, pages, wiring, workloads
from tests.conftest import REPOSITORY

Item = dict[str, Any]


def expected(facts: manifest.Facts) -> Item | None:
    """The object of the facts; `None` for the kinds that are judged elsewhere. `plan.sh` is left empty."""
    make = _MAKERS.get(type(facts))
    return None if make is None else make(facts)


def _object(api_version: str, kind: str, meta: manifest.Meta, **fields: object) -> Item:
    metadata: Item = {"name": meta.name, "namespace": meta.namespace}
    metadata |= _given(labels=dict(meta.labels), annotations=dict(meta.annotations))
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **fields}


def _given(**fields: object) -> Item:
    """The fields that hold something."""
    return {name: value for name, value in fields.items() if value}


def _cronjob(facts: workloads.CronJob) -> Item:
    job: Item = {
        "activeDeadlineSeconds": facts.deadline,
        "backoffLimit": facts.retries,
        "podFailurePolicy": {
            "rules": [
                {
                    "action": "FailJob",
                    "onExitCodes": {"operator": "In", "values": [3, 10, 12, 64, 66, 69, 72, 73, 74, 75, 77, 79, 124]},
                },
                {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]},
            ]
        },
        "template": _template(facts.pod, {"activeDeadlineSeconds": facts.deadline, "restartPolicy": "Never"}),
    }
    if any(volume.source == "ephemeral" for volume in facts.pod.volumes):
        job["ttlSecondsAfterFinished"] = 3600
    success, failure = facts.history
    spec = {
        "schedule": facts.schedule,
        "timeZone": facts.timezone,
        "suspend": facts.suspend,
        "concurrencyPolicy": "Forbid",
        "startingDeadlineSeconds": facts.start_within,
        "successfulJobsHistoryLimit": success,
        "failedJobsHistoryLimit": failure,
        "jobTemplate": {"metadata": {"labels": dict(facts.pod.labels)}, "spec": job},
    }
    return _object("batch/v1", "CronJob", facts.meta, spec=spec)


def _job(facts: workloads.Job) -> Item:
    spec = {"activeDeadlineSeconds": facts.deadline, "backoffLimit": 0, "ttlSecondsAfterFinished": 86400}
    template = _template(facts.pod, {"restartPolicy": "Never"})
    return _object("batch/v1", "Job", facts.meta, spec=spec | {"template": template})


def _deployment(facts: workloads.Deployment) -> Item:
    template = _template(facts.pod, {})
    for container in template["spec"]["containers"]:
        probe = {"tcpSocket": {"port": container["ports"][0]["name"]}}
        container["readinessProbe"] = probe | {"periodSeconds": 10}
        container["livenessProbe"] = probe | {"initialDelaySeconds": 10, "periodSeconds": 30, "timeoutSeconds": 5}
    spec = {
        "replicas": 1,
        "strategy": {"type": "Recreate"},
        "revisionHistoryLimit": 2,
        "selector": {"matchLabels": dict(facts.selector)},
        "template": template,
    }
    return _object("apps/v1", "Deployment", facts.meta, spec=spec)


def _template(pod: workloads.Pod, fields: Item) -> Item:
    spec = fields | {
        "terminationGracePeriodSeconds": pod.grace,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": _user(pod),
        "containers": [_container(it, pod, token=False) for it in pod.containers],
    }
    placement = pod.placement
    spec |= _given(
        serviceAccountName=pod.service_account,
        imagePullSecrets=[{"name": name} for name in pod.pull_secrets],
        nodeSelector=dict(placement.node_selector),
        tolerations=[
            {"operator": it.operator or "Equal", **_given(key=it.key, value=it.value, effect=it.effect)}
            for it in placement.tolerations
        ],
        initContainers=[_container(it, pod, token=bool(pod.service_account)) for it in pod.init_containers],
        volumes=[_volume(it) for it in pod.volumes] + ([_TOKEN] if pod.service_account else []),
    )
    if pod.with_pod:
        term = {"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": dict(pod.with_pod)}}
        spec["affinity"] = {"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}
    return {"metadata": {"labels": dict(pod.labels)}, "spec": spec}


def _user(pod: workloads.Pod) -> Item:
    user = pod.user
    context: Item = {"runAsUser": user.uid, "runAsGroup": user.gid, "seccompProfile": {"type": "RuntimeDefault"}}
    if user.uid:
        context["runAsNonRoot"] = True
    if user.fs_group is not None:
        context |= {"fsGroup": user.fs_group, "fsGroupChangePolicy": "OnRootMismatch"}
    return context


_TOKEN: Item = {
    "name": "kube-api-access",
    "projected": {
        "defaultMode": 0o444,
        "sources": [
            {"serviceAccountToken": {"path": "token", "expirationSeconds": 3600}},
            {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
            {"downwardAPI": {"items": [{"path": "namespace", "fieldRef": {"fieldPath": "metadata.namespace"}}]}},
        ],
    },
}
"""What the API server itself would mount (ServiceAccount admission), for one hour."""


def _container(it: workloads.Container, pod: workloads.Pod, *, token: bool) -> Item:
    mounts: list[Item] = [
        {"name": mount.volume, "mountPath": mount.path}
        | _given(subPath=mount.sub_path, readOnly=mount.read_only)
        for mount in it.mounts
    ]  # fmt: skip
    if token:
        place = "/var/run/secrets/kubernetes.io/serviceaccount"
        mounts.append({"name": "kube-api-access", "mountPath": place, "readOnly": True})
    env: list[Item] = [{"name": name, "value": value} for name, value in it.env.items()]
    env += [
        {"name": name, "valueFrom": {"secretKeyRef": {"name": secret, "key": name}}}
        for name, secret in it.secret_keys.items()
    ]
    capabilities = {"drop": ["ALL"]} | ({} if pod.user.uid else {"add": ["DAC_READ_SEARCH"]})
    return {
        "name": it.name,
        "image": it.image,
        "imagePullPolicy": "IfNotPresent",
        "securityContext": {
            "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": capabilities
        },
        **_given(
            command=list(it.command),
            args=list(it.args),
            env=env,
            envFrom=[{"secretRef": {"name": name}} for name in it.secrets],
            ports=[{"name": port.name, "containerPort": port.number, "protocol": "TCP"} for port in it.ports],
            resources=_given(requests=dict(it.requests), limits=dict(it.limits)),
            volumeMounts=mounts,
        ),
    }  # fmt: skip


def _volume(it: workloads.PodVolume) -> Item:
    if it.source == "ephemeral":
        claim: Item = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": it.size}}}
        claim |= _given(storageClassName=it.reference)
        return {"name": it.name, "ephemeral": {"volumeClaimTemplate": {"spec": claim}}}
    sources: Mapping[str, Item] = {
        "claim": {"persistentVolumeClaim": {"claimName": it.reference, **_given(readOnly=it.read_only)}},
        "host_path": {"hostPath": {"path": it.reference, "type": "Directory"}},
        "config_map": {"configMap": {"name": it.reference, "defaultMode": 0o555}},
        "secret": {"secret": {"secretName": it.reference}},
        "empty_dir": {"emptyDir": _given(medium="Memory" if it.in_memory else "", sizeLimit=it.size)},
    }
    return {"name": it.name, **sources[it.source]}


def _service(facts: workloads.Service) -> Item:
    ports = [{"name": it.name, "port": it.number, "targetPort": it.name, "protocol": "TCP"} for it in facts.ports]
    return _object(
        "v1", "Service", facts.meta, spec={"type": "ClusterIP", "selector": dict(facts.selector), "ports": ports}
    )


def _service_monitor(facts: monitoring.ServiceMonitor) -> Item:
    endpoint = {"port": facts.port, "path": "/metrics", "interval": "60s"}
    spec = {"selector": {"matchLabels": dict(facts.selector)}, "endpoints": [endpoint]}
    return _object("monitoring.coreos.com/v1", "ServiceMonitor", facts.meta, spec=spec)


def _secret(facts: access.Secret) -> Item:
    data = {}
    for key in facts.keys:
        if isinstance(key.source, str):
            data[key.key] = f"<backupgen value: {key.source}>"
        else:
            data[key.key] = f"<backupgen htpasswd: {', '.join('='.join(user) for user in key.source)}>"
    return _object("v1", "Secret", facts.meta, type="Opaque", stringData=data)


def _scripts(facts: workloads.ScriptsConfigMap) -> Item:
    folder = REPOSITORY / "templates" / "scripts"
    return _object("v1", "ConfigMap", facts.meta, data={name: (folder / name).read_text() for name in facts.scripts})


def _plan(facts: workloads.PlanConfigMap) -> Item:
    return _object("v1", "ConfigMap", facts.meta, data={"plan.sh": ""})


def _account(facts: access.ServiceAccount) -> Item:
    return _object("v1", "ServiceAccount", facts.meta, automountServiceAccountToken=False)


def _role(facts: access.Role) -> Item:
    rules = [
        {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]},
        {"apiGroups": [""], "resources": ["pods/exec"], "verbs": ["create"]},
    ]
    return _object("rbac.authorization.k8s.io/v1", "Role", facts.meta, rules=rules)


def _binding(facts: access.RoleBinding) -> Item:
    group = "rbac.authorization.k8s.io"
    subject = {"kind": "ServiceAccount", "name": facts.service_account, "namespace": facts.meta.namespace}
    reference = {"apiGroup": group, "kind": "Role", "name": facts.role}
    return _object(f"{group}/v1", "RoleBinding", facts.meta, roleRef=reference, subjects=[subject])


def _groups(name: str, facts: monitoring.PrometheusRule | monitoring.RuleFile) -> Item:
    rules: list[Item] = [{"record": it.record, "expr": it.expr, "labels": dict(it.labels)} for it in facts.expectations]
    rules += [
        {
            "alert": it.alert,
            "expr": it.expr,
            "for": it.for_,
            "labels": dict(it.labels),
            "annotations": dict(it.annotations),
        }
        for it in facts.alerts
    ]
    return {"groups": [{"name": name, "rules": rules}]}


def _rules(facts: monitoring.PrometheusRule) -> Item:
    return _object("monitoring.coreos.com/v1", "PrometheusRule", facts.meta, spec=_groups(facts.meta.name, facts))


def _rule_file(facts: monitoring.RuleFile) -> Item:
    return _groups(facts.name, facts)


def _rule_tests(facts: monitoring.RuleTests) -> Item:
    stories = [
        {
            "name": story.name,
            "interval": story.interval,
            "input_series": [{"series": series, "values": values} for series, values in story.series] or None,
            "promql_expr_test": [
                {
                    "expr": check.expr,
                    "eval_time": check.time,
                    "exp_samples": [{"labels": labels, "value": value} for labels, value in check.samples],
                }
                for check in story.checks
            ],
        }
        for story in facts.stories
    ]
    return {"rule_files": [facts.rule_file], "evaluation_interval": facts.interval, "tests": stories}


def _kustomization(facts: wiring.Kustomization) -> Item:
    item: Item = {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization"}
    return item | _given(resources=list(facts.resources), generators=list(facts.generators))


def _ksops(facts: wiring.KsopsGenerator) -> Item:
    annotations = {"config.kubernetes.io/function": "exec:\n  path: ksops\n"}
    metadata = {"name": facts.name, "annotations": annotations}
    return {"apiVersion": "viaduct.ai/v1", "kind": "ksops", "metadata": metadata, "files": list(facts.files)}


def _flux(facts: wiring.FluxKustomization) -> Item:
    spec: Item = {
        "interval": facts.interval,
        "path": facts.path,
        "prune": True,
        "sourceRef": {"kind": facts.source_kind, "name": facts.source_name, "namespace": facts.source_namespace},
    }
    if facts.decryption_secret:
        spec["decryption"] = {"provider": "sops", "secretRef": {"name": facts.decryption_secret}}
    return _object("kustomize.toolkit.fluxcd.io/v1", "Kustomization", facts.meta, spec=spec)


def _argo(facts: wiring.ArgoApplication) -> Item:
    spec = {
        "project": facts.project,
        "source": {"repoURL": facts.repo, "path": facts.path, "targetRevision": facts.revision},
        "destination": {"server": "https://kubernetes.default.svc", "namespace": facts.destination},
        "syncPolicy": {"automated": {"prune": True, "selfHeal": True}, "syncOptions": ["ServerSideApply=true"]},
    }
    return _object("argoproj.io/v1alpha1", "Application", facts.meta, spec=spec)


def _chosen_slots(facts: pages.ChosenSlots) -> Item:
    return dict(facts.slots)


def _sops(facts: wiring.SopsConfig) -> Item:
    rule = {"path_regex": r"\.enc\.yaml$", "encrypted_regex": "^(data|stringData)$"}
    return {"creation_rules": [rule | {kind: ",".join(keys) for kind, keys in facts.recipients.items()}]}


_MAKERS: Mapping[type, Callable[[Any], Item]] = {
    workloads.CronJob: _cronjob,
    workloads.Job: _job,
    workloads.Deployment: _deployment,
    workloads.Service: _service,
    monitoring.ServiceMonitor: _service_monitor,
    access.Secret: _secret,
    workloads.ScriptsConfigMap: _scripts,
    workloads.PlanConfigMap: _plan,
    access.ServiceAccount: _account,
    access.Role: _role,
    access.RoleBinding: _binding,
    monitoring.PrometheusRule: _rules,
    monitoring.RuleFile: _rule_file,
    monitoring.RuleTests: _rule_tests,
    wiring.Kustomization: _kustomization,
    wiring.KsopsGenerator: _ksops,
    wiring.FluxKustomization: _flux,
    wiring.ArgoApplication: _argo,
    pages.ChosenSlots: _chosen_slots,
    wiring.SopsConfig: _sops,
}
