"""What fleet and tree say differently: claims, pods, access modes, users, and what Prometheus takes."""

from typing import Any

import pytest
import yaml

from backupgen.diagnostics import Finding
from tests.auditing import HEAD, audited
from tests.unit.audit.test_coverage import CNPG, TEMPLATES, Data, claim, of_claim, target, workload

WEB = workload("web", {})
DATA = claim("data")
ON_DATA = target(volume={"pvc": "data"})
RELEASE = {
    "apiVersion": "helm.toolkit.fluxcd.io/v2", "kind": "HelmRelease", "metadata": {"name": "chart", "namespace": "app"}
}  # fmt: skip


def judged(targets: Data, *objects: Data, **keys: Any) -> list[Finding]:
    fleet = HEAD + yaml.safe_dump({"targets": targets, **keys})
    found = audited(fleet, {"tree.yaml": yaml.safe_dump_all(objects)})
    return [one for one in found if not one.info.slug.startswith("un")]


def slugs(targets: Data, *objects: Data, **keys: Any) -> list[str]:
    return [one.info.slug for one in judged(targets, *objects, **keys)]


@pytest.mark.parametrize(
    ("objects", "expected"),
    [
        ([DATA, WEB], []),
        ([WEB], ["missing-claim"]),
        ([WEB, claim("data", "elsewhere")], ["missing-claim"]),
        ([WEB, claim("data", None)], []),
        ([workload("web", {}, "StatefulSet", volumeClaimTemplates=[{"metadata": {"name": "x"}}])], ["missing-claim"]),
        ([RELEASE], []),
        ([{**RELEASE, "metadata": {"name": "chart", "namespace": "other"}}, WEB], ["missing-claim"]),
        ([{**RELEASE, "spec": {"targetNamespace": "other"}}, WEB], ["missing-claim"]),
        ([{**RELEASE, "apiVersion": "helm.cattle.io/v1", "kind": "HelmChart", "metadata": {"name": "chart"},
           "spec": {"targetNamespace": "app"}}], []),
        ([claim("${NAME}"), WEB], []),
        ([claim("${NAME}", "other"), WEB], ["missing-claim"]),
    ],
)  # fmt: skip
def test_a_claim_that_the_tree_does_not_have(objects: list[Data], expected: list[str]) -> None:
    assert slugs({"a": ON_DATA}, *objects) == expected


def test_a_claim_of_a_statefulset_is_in_the_tree() -> None:
    made = workload("web", {}, "StatefulSet", replicas=2, volumeClaimTemplates=TEMPLATES)
    assert slugs({"a": target(volume={"pvc": "data-web-1"})}, made) == []
    (found,) = judged({"a": target(volume={"pvc": "data-web-2"})}, made)
    assert (found.info.slug, found.target) == ("missing-claim", "a")
    assert found.help in {"did you mean `data-web-0`?", "did you mean `data-web-1`?"}


def test_the_claims_of_dumps_and_servers_are_looked_for_too() -> None:
    dump = target(dump={"in_pod": {"app": "web"}, "tool": "pg_dump", "staging": {"pvc": "waiting"}})
    del dump["with_pod"]
    server = {"url": "rest:http://rest.store.svc:8000/", "server": {"volume": {"pvc": "repository"}}}
    found = judged({"a": dump}, WEB, repositories={"two": {**server, "waive": {"missing-operation": "x"}}})
    assert [one.message for one in found] == [
        "the tree has no claim `waiting` in `app`",
        "the tree has no claim `repository` in `store`",
    ]
    assert [one.spot.path for one in found] == [
        ("targets", "a", "dump", "staging", "pvc"),
        ("repositories", "two", "server", "volume", "pvc"),
    ]
    assert slugs({"a": dump}, WEB, claim("waiting")) == []


@pytest.mark.parametrize(
    ("objects", "help_", "related"),
    [
        ([WEB], "correct the name, or add the claim to the tree", []),
        ([WEB, claim("dato")], "did you mean `dato`?", ["it is here"]),
        ([WEB, claim("data", "two")], "a claim of this name is in `two`: is `namespace` right?", ["in `two`"]),
    ],
)
def test_what_a_missing_claim_may_be_instead(objects: list[Data], help_: str, related: list[str]) -> None:
    (found,) = judged({"a": ON_DATA}, *objects)
    assert (found.help, [one.message for one in found.related]) == (help_, related)


@pytest.mark.parametrize(
    ("labels", "objects", "expected"),
    [
        ({"app": "web"}, [WEB], []),
        ({"app": "wob"}, [WEB], ["missing-pod"]),
        ({"app": "web", "tier": "front"}, [WEB], ["missing-pod"]),
        ({"app": "web"}, [workload("web", {}, namespace="elsewhere")], ["missing-pod"]),
        ({"app": "web"}, [], ["missing-pod"]),
        ({"app": "web"}, [RELEASE], []),
        ({"app": "x"}, [workload("${NAME}", {})], []),
        ({"cnpg.io/cluster": "db"}, [{**CNPG, "metadata": {"name": "db", "namespace": "app"}}], []),
        ({"cnpg.io/cluster": "db"}, [{**CNPG, "metadata": {"name": "other", "namespace": "app"}}], ["missing-pod"]),
        ({"n": "1", "b": "true"}, [{"kind": "Pod", "metadata": {"name": "a", "labels": {"n": 1, "b": True}}}], []),
    ],
)
def test_pods_that_no_workload_has(labels: Data, objects: list[Data], expected: list[str]) -> None:
    assert slugs({"a": {**ON_DATA, "with_pod": labels}}, DATA, *objects) == expected


def test_a_workload_whose_labels_are_unknown_may_be_the_one() -> None:
    unknown = workload("web", {})
    unknown["spec"]["template"]["metadata"]["labels"]["app"] = "${APP}"
    assert slugs({"a": {**ON_DATA, "with_pod": {"app": "x"}}}, DATA, unknown) == []


def test_the_nearest_workloads_are_shown_first() -> None:
    others = [workload(name, {}) for name in ("one", "two", "three", "four")]
    near = workload("near", {})
    near["spec"]["template"]["metadata"]["labels"] = {"app.kubernetes.io/name": "web"}
    nearer = workload("nearer", {})
    nearer["spec"]["template"]["metadata"]["labels"] = {"app": "wob", "tier": "front"}
    both = {**ON_DATA, "with_pod": {"app": "web", "tier": "front"}}
    (found,) = judged({"a": both}, DATA, near, nearer)
    assert [one.message.split("`")[1] for one in found.related] == ["nearer", "near"]
    (found,) = judged({"a": ON_DATA}, DATA, *others, near)
    assert found.related[0].message == "the pods of Deployment `near` have `app.kubernetes.io/name: web`"
    assert len(found.related) == 3


@pytest.mark.parametrize(
    ("volume", "modes", "expected"),
    [
        ({"pvc": "data"}, ["ReadWriteOnce"], []),
        ({"pvc": "data"}, ["ReadWriteMany"], ["access-differs"]),
        ({"pvc": "data"}, ["ReadWriteMany", "ReadWriteOnce"], []),
        ({"pvc": "data"}, [], []),
        ({"pvc": "data"}, ["${MODE}"], []),
        ({"pvc": "data", "access": "ReadWriteMany"}, ["ReadWriteMany"], []),
        ({"pvc": "data", "access": "ReadOnlyMany"}, ["ReadWriteMany"], ["access-differs"]),
    ],
)
def test_access_modes(volume: Data, modes: list[str], expected: list[str]) -> None:
    assert slugs({"a": target(volume=volume)}, claim("data", modes=tuple(modes)), WEB) == expected


def test_the_access_modes_of_a_template_and_of_a_servers_claim() -> None:
    template = [{"metadata": {"name": "data"}, "spec": {"accessModes": ["ReadWriteMany"]}}]
    made = workload("web", {}, "StatefulSet", volumeClaimTemplates=template)
    assert slugs({"a": target(volume={"pvc": "data-web-0"})}, made) == ["access-differs"]
    server = {"url": "rest:http://rest.app.svc:8000/", "server": {"volume": {"pvc": "data"}}}
    two = {"two": {**server, "waive": {"missing-operation": "x"}}}
    dump = {"namespace": "app", "at": ":20", "dump": {"command": ["x"], "file": "x"}}
    assert slugs({"a": dump}, claim("data", modes=("ReadWriteMany",)), repositories=two) == ["access-differs"]


def test_a_claim_for_one_pod_needs_another_mode() -> None:
    (found,) = judged({"a": ON_DATA}, claim("data", modes=("ReadWriteOncePod",)), WEB)
    assert "only one pod at a time may mount it" in found.help


def running(pod: Data, container: Data, name: str = "web") -> Data:
    made = workload(name, {"files": of_claim("data")})
    spec = made["spec"]["template"]["spec"]
    spec["securityContext"] = pod
    spec["containers"][0]["securityContext"] = container
    return made


@pytest.mark.parametrize(
    ("run_as", "pod", "container", "expected"),
    [
        (1000, {"runAsUser": 1000}, {}, []),
        (1000, {"runAsUser": 1001}, {}, ["user-differs"]),
        (1000, {"runAsUser": 1001}, {"runAsUser": 1000}, []),
        (1000, {"runAsUser": 1000}, {"runAsUser": 1001}, ["user-differs"]),
        (1000, {"runAsUser": 1001, "fsGroup": 1000}, {}, ["user-differs"]),
        (1000, {"runAsUser": 1000, "fsGroup": 7}, {}, []),
        (1000, {}, {}, []),
        (1000, {"runAsUser": "${UID}"}, {}, []),
        (1000, {"runAsUser": "1001"}, {}, ["user-differs"]),
        (1000, {"fsGroup": 1000}, {}, []),
        (1000, {"fsGroup": 7}, {}, ["user-differs"]),
        ({"uid": 1000, "gid": 7}, {"fsGroup": 7}, {}, []),
        ({"uid": 1000, "fs_group": 7}, {"fsGroup": 7}, {}, []),
        ({"uid": 0, "reason": "it reads all"}, {"runAsUser": 1001}, {}, []),
    ],
)
def test_users(run_as: object, pod: Data, container: Data, expected: list[str]) -> None:
    assert slugs({"a": {**ON_DATA, "run_as": run_as}}, DATA, running(pod, container)) == expected


def test_one_container_of_the_same_user_is_enough() -> None:
    other = running({"runAsUser": 5}, {}, "other")
    assert slugs({"a": ON_DATA}, DATA, other, running({"runAsUser": 1000}, {})) == []
    assert slugs({"a": ON_DATA}, DATA, other, WEB) == ["user-differs"]


def test_a_container_that_does_not_mount_the_claim_says_nothing() -> None:
    made = running({"runAsUser": 1000}, {})
    made["spec"]["template"]["spec"]["containers"].append({"name": "x", "securityContext": {"runAsUser": 5}})
    made["spec"]["template"]["spec"]["containers"].reverse()
    assert slugs({"a": ON_DATA}, DATA, made) == []


def test_the_user_of_a_statefulset() -> None:
    made = workload("web", {}, "StatefulSet", replicas=2, volumeClaimTemplates=TEMPLATES)
    pod = made["spec"]["template"]["spec"]
    pod["containers"][0]["volumeMounts"] = [{"name": "data", "mountPath": "/data"}]
    pod["securityContext"] = {"runAsUser": 5}
    (found,) = judged({"a": target(volume={"pvc": "data-web-1"})}, made)
    assert (found.help, found.target) == ("write `run_as: 5`", "a")


PUSH = {"url": "http://push.monitoring.svc:9091", "pod_labels": {"app": "push"}}
DUMP = {"a": {"namespace": "app", "at": ":20", "dump": {"command": ["x"], "file": "x"}}}


def monitor(kind: str = "ServiceMonitor", namespace: str | None = "monitoring", **spec: Any) -> Data:
    key = "endpoints" if kind == "ServiceMonitor" else "podMetricsEndpoints"
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": kind,
        "metadata": {"name": "m", **({"namespace": namespace} if namespace else {})},
        "spec": {"selector": {"matchLabels": {"app": "push"}}, key: [{"port": "http"}], **spec},
    }


def service(labels: Data) -> Data:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "push", "namespace": "monitoring", "labels": labels},
    }


@pytest.mark.parametrize(
    ("objects", "count"),
    [
        ([monitor()], 1),
        ([monitor(endpoints=[{"port": "http", "honorLabels": True}])], 0),
        ([monitor(endpoints=[{"honorLabels": True}, {"honorLabels": False}, {}])], 2),
        ([monitor(namespace="other")], 0),
        ([monitor(namespace=None)], 1),
        ([monitor(namespace="other", namespaceSelector={"any": True})], 1),
        ([monitor(namespace="other", namespaceSelector={"matchNames": ["x", "monitoring"]})], 1),
        ([monitor(namespaceSelector={"matchNames": ["x"]})], 0),
        ([monitor(), service({"app": "push", "more": "x"})], 1),
        ([monitor(), service({"app": "another"})], 0),
        ([monitor(), service({"app": "${APP}"})], 0),
        ([monitor("PodMonitor"), service({"app": "another"})], 1),
        ([monitor(selector={"matchLabels": {"app": "push", "x": "y"}})], 0),
        ([monitor(selector={"matchExpressions": [{"key": "app", "operator": "Exists"}]})], 0),
        ([monitor(selector={})], 0),
        ([{**monitor(), "apiVersion": "v1"}], 0),
    ],
)
def test_monitors_of_the_pushgateway(objects: list[Data], count: int) -> None:
    assert slugs(DUMP, *objects, pushgateway=PUSH) == ["labels-overwritten"] * count
    assert slugs(DUMP, *objects) == []


@pytest.mark.parametrize(
    ("address", "count"),
    [
        ("push.monitoring.svc:9091", 1),
        ("push.monitoring:9091", 1),
        ("push.monitoring.svc.cluster.local:9091", 1),
        ("push.monitoring.svc", 1),
        ("push.monitoring.example.com:9091", 0),
        ("push.other.svc:9091", 0),
        ("push:9091", 0),
    ],
)
def test_scrape_configs_of_the_pushgateway(address: str, count: int) -> None:
    config = {"apiVersion": "monitoring.coreos.com/v1alpha1", "kind": "ScrapeConfig", "metadata": {"name": "s"}}
    found = slugs(DUMP, {**config, "spec": {"staticConfigs": [{"targets": ["x:1", address]}]}}, pushgateway=PUSH)
    assert found == ["labels-overwritten"] * count
    honest = {"honorLabels": True, "staticConfigs": [{"targets": [address]}]}
    assert slugs(DUMP, {**config, "spec": honest}, pushgateway=PUSH) == []


def prometheus(*selector: Data | None) -> list[Data]:
    head = {"apiVersion": "monitoring.coreos.com/v1", "kind": "Prometheus", "metadata": {"name": "p"}}
    return [{**head, "spec": {} if one is None else {"ruleSelector": one}} for one in selector]


@pytest.mark.parametrize(
    ("servers", "labels", "selected"),
    [
        (prometheus({"matchLabels": {"release": "stack"}}), {"release": "stack"}, True),
        (prometheus({"matchLabels": {"release": "stack"}}), {}, False),
        (prometheus({"matchLabels": {"release": "stack", "x": "y"}}), {"release": "stack"}, False),
        (prometheus({"matchLabels": {"a": "b"}}, {"matchLabels": {"release": "stack"}}), {"release": "stack"}, True),
        (prometheus({"matchLabels": {"app.kubernetes.io/part-of": "home"}}), {}, True),
        (prometheus({"matchLabels": {"everywhere": "yes"}}), {}, True),
        (prometheus({}), {}, True),
        (prometheus(None), {}, True),
        (prometheus({"matchExpressions": [{"key": "x", "operator": "Exists"}]}), {}, True),
        ([], {}, True),
    ],
)
def test_the_labels_of_the_alerts(servers: list[Data], labels: Data, selected: bool) -> None:  # noqa: FBT001
    keys = {"pushgateway": PUSH, "labels": {"everywhere": "yes"}}
    alerts = {"namespace": "monitoring", "labels": labels}
    assert slugs(DUMP, *servers, alerts=alerts, **keys) == ([] if selected else ["rules-not-selected"])
    assert slugs(DUMP, *servers, **keys) == []
