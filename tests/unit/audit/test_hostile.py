"""Trees that nobody means well with: never a traceback, and never without an end."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from backupgen import audit
from backupgen.audit.cluster import CNPG, MONITORING
from backupgen.audit.gitops import ARGO, FLUX
from backupgen.audit.objects import WORKLOADS
from tests.auditing import HEAD, Files, audited
from tests.thoroughness import examples

FLEET = f"""{HEAD}\
pushgateway: {{url: "http://push.monitoring.svc:9091", pod_labels: {{app: push}}}}
alerts: {{namespace: monitoring}}
repositories:
  two:
    url: rest:http://rest.backup.svc:8000/
    waive: {{missing-operation: a test}}
    server: {{volume: {{pvc: data}}}}
unprotected: {{app/x: why not, /srv: why not}}
targets:
  a: {{namespace: app, at: ":20", with_pod: {{app: a}}, volume: {{pvc: data}}, verify: []}}
  b: {{namespace: app, at: ":30", dump: {{in_pod: {{app: a}}, tool: pg_dump, staging: {{pvc: other}}}}}}
  c: {{namespace: app, at: ":40", node_selector: {{a: b}}, volume: {{host_path: /srv/a, reason: x}}, verify: []}}
  d: {{namespace: app, at: ":50", dump: {{command: [x], file: x}}, connects_to: [{{pod: {{app: a}}, port: 1}}]}}
"""


def codes(files: Files) -> list[str]:
    return [one.info.code for one in audited(FLEET, files)]


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"kind: Pod\nmetadata: {name: " + b"[" * 10_000, "not valid YAML: nested too deep"),
        (b"kind: Pod\nname: caf\xe9\n", "byte `0xE9` is not UTF-8"),
        ("kind: Pod\n".encode("utf-16"), "this file is encoded in UTF-16, expected UTF-8"),
        (b"kind: Pod\nname: \x00\n", "not valid YAML: character U+0000 is not allowed in YAML"),
        (b"kind: Pod\nspec: " + b"x" * 3_000_000, "not valid YAML: larger than any manifest: 3000016 characters"),
        (b"kind: Pod\nkind: Pod\n", "not valid YAML: duplicate key `kind`"),
    ],
    ids=["deep", "latin-1", "utf-16", "nul", "large", "twice"],
)
def test_what_is_no_manifest_is_said(raw: bytes, message: str) -> None:
    found = [one for one in audited(FLEET, {"bad.yaml": raw}) if one.info.code == "BG453"]
    assert [(one.message, one.spot.file) for one in found] == [(message, "bad.yaml")]


def test_anchors_cannot_ask_for_any_amount_of_memory() -> None:
    bomb = (
        "kind: List\n"
        + "a0: &a0 [{kind: Pod}]\n"
        + "".join(f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 30)}]\n" for level in range(1, 30))
    )
    assert "BG453" not in codes({"bomb.yaml": f"{bomb}items: *a29\n"})


def test_lists_cannot_hold_themselves() -> None:
    text = "kind: List\nitems: &all\n  - {kind: List, items: *all}\n  - {kind: Pod, metadata: {name: a}}\n"
    assert "BG453" not in codes({"a.yaml": text})


def test_a_billion_replicas_are_a_thousand() -> None:
    text = "kind: StatefulSet\nmetadata: {name: a, namespace: app}\nspec:\n  replicas: 2147483647\n"
    text += "  volumeClaimTemplates: [{metadata: {name: d}}]\n"
    (found,) = [one for one in audited(FLEET, {"a.yaml": text}) if one.info.code == "BG456"]
    assert found.message.startswith("the claims `d-a-0`, `d-a-1`, `d-a-2` and 997 more of StatefulSet")


def test_variables_cannot_grow_without_an_end() -> None:
    flux = "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: f}\n"
    flux += f"spec: {{path: k, postBuild: {{substitute: {{A: {'${A}${A}' * 50}, B: {'x' * 100_000}}}}}}}\n"
    claim = "kind: PersistentVolumeClaim\nmetadata: {name: '%s'}\n"
    files = {"f.yaml": flux, "k/a.yaml": claim % ("${A}" * 100), "k/b.yaml": claim % ("${B}" * 1000)}
    assert "BG451" in codes(files)


@pytest.mark.parametrize("path", ["../../etc", "/etc", "..", "https://example.com/a", "k/../..", "\n", "a" * 5000, ""])
def test_paths_that_lead_elsewhere_lead_nowhere(path: str) -> None:
    kustomization = json.dumps({"resources": [path], "components": [path], "patches": [{"path": path}]})
    flux = {"apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization", "spec": {"path": path}}
    codes({"k/kustomization.yaml": kustomization, "f.yaml": json.dumps(flux)})


# The kinds that the audit asks about, under groups that fit and others.
KINDS = st.sampled_from(
    [*WORKLOADS, "PersistentVolumeClaim", "PersistentVolume", "Service", "List", "ServiceMonitor", "PodMonitor"]
) | st.sampled_from(
    [
        "ScrapeConfig",
        "Prometheus",
        "HelmRelease",
        "Kustomization",
        "Component",
        "Application",
        "ApplicationSet",
        "Cluster",
    ]
)
GROUPS = st.sampled_from(["v1", "apps/v1", "a/b/c"]) | st.sampled_from(
    [f"{group}/v1" for group in (MONITORING, FLUX, ARGO, CNPG, "helm.toolkit.fluxcd.io", "kustomize.config.k8s.io")]
)
# Every word that stands in quotes in the audit's code: all keys that it may look for are among them.
KEYS = st.sampled_from(
    sorted(
        {
            word
            for path in Path(audit.__file__).parent.glob("*.py")
            for word in re.findall(r'"([$\w]+)"', path.read_text())
        }
    )
)
WORDS = ["a", "data", "app", "", "${A}", "${A:=b}", "{{ x }}", "/srv/a", "../b", "./k", "delete", "x" * 300, "\u0661"]
LEAVES = st.sampled_from(WORDS) | st.sampled_from([None, True, False, 0, -1, 1.5, 2**70, 1000])
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=30,
)
OBJECTS = st.fixed_dictionaries(
    {"apiVersion": GROUPS, "kind": KINDS},
    optional={"metadata": VALUES, "spec": VALUES, "items": VALUES, "namespace": VALUES},
)
PATHS = st.sampled_from(
    ["a.yaml", "k/kustomization.yaml", "b/kustomization.yaml", "k/a.yaml", "k/d/b.yaml", "c/Chart.yaml"]
)


def shaped(path: tuple[str, ...], value: Any) -> Any:
    """A value at the end of a path, where the audit looks for one; lists are where Kubernetes has them."""
    for part in reversed(path):
        value = [value] if part == "[]" else {part: value}
    return value


POD = ("spec", "template", "spec")
SHAPES = st.sampled_from(
    [
        (*POD, "volumes", "[]", "persistentVolumeClaim", "claimName"),
        (*POD, "volumes", "[]", "hostPath", "path"),
        (*POD, "volumes", "[]", "name"),
        (*POD, "containers", "[]", "volumeMounts", "[]", "name"),
        (*POD, "containers", "[]", "name"),
        (*POD, "securityContext", "runAsUser"),
        ("spec", "template", "metadata", "labels", "app"),
        ("spec", "volumeClaimTemplates", "[]", "metadata", "name"),
        ("spec", "accessModes", "[]"),
        ("spec", "replicas"),
        ("spec", "path"),
        ("spec", "sources", "[]", "path"),
        ("spec", "endpoints", "[]"),
        ("spec", "selector", "matchLabels"),
        ("spec", "staticConfigs", "[]", "targets"),
        ("spec", "postBuild", "substitute", "A"),
        ("resources", "[]"),
        ("components", "[]"),
        ("patches", "[]", "path"),
        ("patches", "[]", "patch"),
        ("labels", "[]", "pairs"),
        ("helmCharts", "[]", "name"),
        ("metadata", "name"),
        ("metadata", "labels"),
        ("items", "[]"),
    ]
)
NEAR = st.builds(
    lambda head, shape, value: {"metadata": {"name": "a", "namespace": "app"}, **head, **shaped(shape, value)},
    st.fixed_dictionaries({"apiVersion": GROUPS, "kind": KINDS}),
    SHAPES,
    VALUES,
)


@examples(200)
@given(st.dictionaries(PATHS, st.lists(OBJECTS | NEAR, max_size=3), max_size=5))
def test_objects_of_any_shape_are_judged(tree: dict[str, list[Any]]) -> None:
    audited(FLEET, {path: yaml.safe_dump_all(objects, default_flow_style=True) for path, objects in tree.items()})


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode), st.booleans())
def test_any_bytes_are_judged(raw: bytes, with_kind: bool) -> None:  # noqa: FBT001
    files = {"a.yaml": (b"kind: Pod\n" if with_kind else b"") + raw, "k/kustomization.yaml": raw, "b.json": raw}
    audited(FLEET, files)
