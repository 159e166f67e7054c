"""What of a tree reaches the cluster, under which name and in which namespace."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from backupgen.audit.cluster import Cluster
from backupgen.audit.gitops import deployed
from backupgen.audit.kustomize import Kustomizer
from backupgen.audit.objects import Workload
from backupgen.audit.tree import read_tree
from tests.auditing import contents
from tests.thoroughness import examples
from tests.unit.audit.trees import NAMES, TREES, deployed_of, names_of, tree_of, write

CLAIM = "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: vol}\n"
OWN = "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: vol, namespace: own}\n"


def flux(path: str, spec: str = "") -> str:
    head = (
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: f, namespace: flux-system}\n"
    )
    return f"{head}spec: {{path: {path}{', ' if spec else ''}{spec}}}\n"


def argo(spec: str) -> str:
    return (
        f"apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: a, namespace: argocd}}\nspec: {spec}\n"
    )


CASES: dict[str, tuple[dict[str, str], list[str]]] = {
    "as it stands": ({"a.yaml": CLAIM, "b.yaml": OWN}, ["?/vol", "own/vol"]),
    "a kustomization's namespace wins": (
        {"k/kustomization.yaml": "namespace: a\nresources: [c.yaml]", "k/c.yaml": OWN},
        ["a/vol"],
    ),
    "other names of the file": (
        {"k/kustomization.yml": "namespace: a\nresources: [c.yaml]", "k/c.yaml": CLAIM},
        ["a/vol"],
    ),
    "the one without an ending": (
        {"k/Kustomization": "namespace: a\nresources: [c.yaml]", "k/c.yaml": CLAIM},
        ["a/vol"],
    ),
    "the outer namespace wins": (
        {
            "kustomization.yaml": "namespace: outer\nresources: [k]",
            "k/kustomization.yaml": "namespace: a\nresources: [c.yaml]",
            "k/c.yaml": CLAIM,
        },
        ["outer/vol"],
    ),
    "two overlays": (
        {
            "one/kustomization.yaml": "namespace: one\nresources: [../base]",
            "two/kustomization.yaml": "namespace: two\nnamePrefix: p-\nnameSuffix: -s\nbases: [../base/]",
            "base/kustomization.yaml": "resources: [./c.yaml]",
            "base/c.yaml": CLAIM,
        },
        ["one/vol", "two/p-vol-s"],
    ),
    "a component changes what stands beside it": (
        {
            "k/kustomization.yaml": "resources: [c.yaml]\ncomponents: [../part]",
            "k/c.yaml": CLAIM,
            "part/kustomization.yaml": "kind: Component\nnamespace: part\nresources: [own.yaml]",
            "part/own.yaml": OWN.replace("vol", "more"),
        },
        ["part/more", "part/vol"],
    ),
    "a component that nobody uses": (
        {"part/kustomization.yaml": "kind: Component\nresources: [own.yaml]", "part/own.yaml": OWN},
        [],
    ),
    "what a kustomization does not list": ({"k/kustomization.yaml": "resources: []", "k/c.yaml": CLAIM}, []),
    "patches are no objects": (
        {
            "k/kustomization.yaml": "resources: [c.yaml]\npatches: [{path: p.yaml}]\npatchesStrategicMerge: [q.yaml]",
            "k/c.yaml": CLAIM,
            "k/p.yaml": OWN,
            "k/q.yaml": OWN,
        },
        ["?/vol"],
    ),
    "patches that delete": (
        {
            "k/kustomization.yaml": (
                "resources: [a.yaml, b.yaml, c.yaml, d.yaml]\n"
                "patchesStrategicMerge: [delete.yaml]\n"
                "generators: [generator.yaml]\n"
                "transformers: [transformer.yaml]\n"
                "replacements: [{path: replacement.yaml}]\n"
                "patchesJson6902: [{path: json.yaml}]\n"
                "patches:\n"
                "  - target: {kind: PersistentVolumeClaim, name: b}\n"
                "    patch: '{$patch: delete, kind: X, metadata: {name: x}}'\n"
                "  - path: more.yaml\n"
                "  - patch: '[{op: remove, path: /spec}]'\n"
                "  - patch: '{$patch: ['\n"
            ),
            "k/a.yaml": CLAIM.replace("vol", "a"),
            "k/b.yaml": CLAIM.replace("vol", "b"),
            "k/c.yaml": CLAIM.replace("vol", "c"),
            "k/d.yaml": CLAIM.replace("vol", "d"),
            "k/more.yaml": CLAIM.replace("vol", "d") + "$patch: delete\n",
            **{f"k/{name}.yaml": CLAIM for name in ("generator", "transformer", "replacement", "json")},
            "k/delete.yaml": CLAIM.replace("vol", "a") + "$patch: delete\n",
        },
        ["?/c"],
    ),
    "a cycle": (
        {
            "a/kustomization.yaml": "namespace: a\nresources: [../b, c.yaml]",
            "a/c.yaml": CLAIM,
            "b/kustomization.yaml": "namespace: b\nresources: [../a]\ncomponents: [../b]",
        },
        [],
    ),
    "the root of the tree as a resource": (
        {
            "k/kustomization.yaml": "namespace: k\nresources: [..]",
            "kustomization.yaml": "resources: [c.yaml]",
            "c.yaml": CLAIM,
        },
        ["k/vol"],
    ),
    "what lies in a chart is a template, what lies beside it is not": (
        {
            "c/Chart.yaml": "name: c",
            **{f"c/{folder}/a.yaml": CLAIM for folder in ("templates", "charts/d", "crds")},
            "c/files/b.yaml": OWN,
            "templates/c.yaml": CLAIM.replace("vol", "c"),
        },
        ["?/c", "own/vol"],
    ),
    "Flux and its target namespace": (
        {"f.yaml": flux("./k", "targetNamespace: t"), "k/kustomization.yaml": "resources: [c.yaml]", "k/c.yaml": OWN},
        ["t/vol"],
    ),
    "Flux and a folder without a kustomization": (
        {
            "f.yaml": flux("k", "targetNamespace: t, namePrefix: p-"),
            "k/a.yaml": CLAIM,
            "k/deep/er/b.yaml": CLAIM.replace("vol", "deep"),
            "k/sub/kustomization.yaml": "resources: [c.yaml]",
            "k/sub/c.yaml": CLAIM.replace("vol", "sub"),
            "k/sub/more/d.yaml": CLAIM.replace("vol", "not"),
            "k/sub/more/kustomization.yaml": "resources: [d.yaml]",
        },
        ["?/not", "t/p-deep", "t/p-sub", "t/p-vol"],
    ),
    "Flux fills in variables": (
        {
            "f.yaml": flux("./k", "targetNamespace: '${NS:=other}', postBuild: {substitute: {APP: wiki}}"),
            "k/c.yaml": CLAIM.replace("vol", '"${CLAIM:=${APP}-data}"'),
            "k/d.yaml": CLAIM.replace("vol", '"${UNKNOWN}"'),
            "k/e.yaml": CLAIM.replace("vol", '"${OTHER:-e}"'),
        },
        ["other/?", "other/e", "other/wiki-data"],
    ),
    "one folder for two Flux Kustomizations": (
        {
            "f.yaml": flux("k", "targetNamespace: one") + "---\n" + flux("./k/", "targetNamespace: two"),
            "k/kustomization.yaml": "resources: [c.yaml]",
            "k/c.yaml": CLAIM,
        },
        ["one/vol", "two/vol"],
    ),
    "Flux with components": (
        {
            "f.yaml": flux("./k", "components: [../part], postBuild: {substitute: {APP: wiki}}"),
            "k/kustomization.yaml": "namespace: k",
            "part/kustomization.yaml": "kind: Component\nresources: [c.yaml]",
            "part/c.yaml": CLAIM.replace("vol", '"${APP}"'),
        },
        ["?/wiki"],
    ),
    "Argo CD's destination is for what has no namespace": (
        {"a.yaml": argo("{source: {path: k}, destination: {namespace: d}}"), "k/a.yaml": CLAIM, "k/b.yaml": OWN},
        ["d/vol", "own/vol"],
    ),
    "Argo CD looks deeper only when asked": (
        {
            "a.yaml": argo(
                "{sources: [{path: k}, {path: l, directory: {recurse: true}}], destination: {namespace: d}}"
            ),
            "k/deep/a.yaml": CLAIM,
            "l/deep/b.yaml": CLAIM.replace("vol", "deep"),
        },
        ["?/vol", "d/deep"],
    ),
    "Argo CD's own kustomize options": (
        {
            "a.yaml": argo(
                "{source: {path: k, kustomize: {namePrefix: p-, namespace: n}}, destination: {namespace: d}}"
            ),
            "k/kustomization.yaml": "resources: [c.yaml]",
            "k/c.yaml": CLAIM,
        },
        ["n/p-vol"],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_names_and_namespaces(case: str) -> None:
    files, expected = CASES[case]
    found = names_of(deployed_of(files))
    assert [name.partition(" ")[2] for name in found if name.startswith("PersistentVolumeClaim")] == expected


@pytest.mark.parametrize("below", ["", "infra", "infra/cluster"])
def test_paths_are_those_of_the_git_repository(below: str) -> None:
    path = f"{below}/k" if below else "k"
    files = {"f.yaml": flux(path, "targetNamespace: t"), "k/c.yaml": CLAIM}
    assert "PersistentVolumeClaim t/vol" in names_of(deployed_of(files, below))


def test_the_root_of_the_repository_is_a_path_too() -> None:
    files = {"f.yaml": flux("./", "targetNamespace: t"), "c.yaml": CLAIM}
    assert "PersistentVolumeClaim t/vol" in names_of(deployed_of(files))
    files["f.yaml"] = flux("infra", "targetNamespace: t")
    assert "PersistentVolumeClaim t/vol" in names_of(deployed_of(files, "infra"))


@pytest.mark.parametrize(
    "source", ["{chart: redis}", "{path: elsewhere}", "{path: chart}", "{repoURL: x}", "{path: [a]}", "a", "[]"]
)
def test_what_an_application_makes_elsewhere_is_said(source: str) -> None:
    spec = f"{{source: {source}, destination: {{namespace: d}}}}"
    found = deployed_of({"a.yaml": argo(spec), "chart/Chart.yaml": "name: x"})
    assert [(one.name, one.namespace) for one in found.sources] == [("a", "d")]
    assert found.charts == (() if source == "{path: chart}" else ("chart",))


def test_patches_and_generators_are_no_forgotten_files() -> None:
    files, _ = CASES["patches that delete"]
    assert deployed_of(files).unlisted == ()


@pytest.mark.parametrize(
    "entry",
    ["https://example.com/a.yaml", "git@example.com:a/b", "github.com/a/b", "../../a?ref=v1", "/abs", "gone.yaml"],
)
def test_resources_from_elsewhere_are_said(entry: str) -> None:
    found = deployed_of(
        {"k/kustomization.yaml": f"namespace: k\nresources: ['{entry}', plain.yaml]", "k/plain.yaml": "a: 1"}
    )
    assert [(one.name, one.namespace) for one in found.instances] == [(entry, "k")]
    assert [(one.what, one.namespace) for one in Cluster(found).unseen] == [(f"`{entry}` of a kustomization", "k")]


def test_charts_of_a_kustomization_are_said() -> None:
    charts = "helmCharts: [{name: redis, releaseName: cache}, {name: db, namespace: own}]"
    found = deployed_of({"k/kustomization.yaml": f"{charts}\n"})
    assert [(one.name, one.namespace) for one in found.instances] == [("cache", None), ("db", "own")]
    assert [one.what for one in Cluster(found).unseen] == ["`cache` of a kustomization", "`db` of a kustomization"]


def test_a_chart_in_another_is_a_part_of_it() -> None:
    found = deployed_of({"c/Chart.yaml": "", "c/charts/d/Chart.yaml": "", "c/charts/d/templates/a.yaml": CLAIM})
    assert found.charts == ("c",)
    assert found.instances == ()


def test_a_deep_chain_of_kustomizations_ends() -> None:
    files = {f"k{number:04}/kustomization.yaml": f"resources: [../k{number + 1:04}]" for number in range(3000)}
    found = deployed_of({**files, "k3000/kustomization.yaml": "resources: [c.yaml]", "k3000/c.yaml": CLAIM})
    assert found.given_up


@pytest.mark.parametrize("key", ["resources", "components"])
def test_a_cycle_is_said(key: str) -> None:
    files = {"a/kustomization.yaml": f"{key}: [../b]", "b/kustomization.yaml": f"{key}: [../a]"}
    assert [one.path for one in deployed_of(files).given_up][:1] == ["a/kustomization.yaml"]


def test_nothing_else_is_given_up() -> None:
    assert [deployed(tree_of(name)).given_up for name in NAMES] == [()] * len(NAMES)


def test_what_only_lends_its_files_is_no_source() -> None:
    spec = "{sources: [{path: k}, {repoURL: x, ref: values}], destination: {namespace: d}}"
    found = deployed_of({"a.yaml": argo(spec), "k/c.yaml": CLAIM})
    assert (names_of(found)[1:], found.sources) == (["PersistentVolumeClaim d/vol"], ())


@pytest.mark.parametrize(
    "text",
    [
        "kind: PersistentVolumeClaim",
        "'kind': 'PersistentVolumeClaim'",
        '"kind"  :  "PersistentVolumeClaim"',
        "kind: &k PersistentVolumeClaim",
        "kind: !!str PersistentVolumeClaim",
        "kind: PersistentVolumeClaim # a comment",
    ],
)
def test_a_claim_is_seen_however_its_kind_is_written(text: str) -> None:
    assert names_of(deployed_of({"a.yaml": f"{text}\nmetadata: {{name: a}}\n"})) == ["PersistentVolumeClaim ?/a"]
    listed = f"kind: List\nitems:\n      - apiVersion: v1\n        {text}\n        metadata: {{name: a}}\n"
    assert names_of(deployed_of({"a.yaml": listed})) == ["PersistentVolumeClaim ?/a"]


def test_a_claim_is_seen_in_json_of_one_line() -> None:
    text = '{"apiVersion":"v1","kind":"PersistentVolumeClaim","metadata":{"name":"a"}}'
    assert names_of(deployed_of({"a.json": text})) == ["PersistentVolumeClaim ?/a"]


def test_kustomizations_cannot_ask_for_any_number_of_objects() -> None:
    files = {
        f"k{level}{side}/kustomization.yaml": f"namePrefix: {side}\nresources: [../k{level + 1}a, ../k{level + 1}b]"
        for level in range(30)
        for side in "ab"
    }
    files |= {f"k30{letter}/kustomization.yaml": "resources: [c.yaml]" for letter in "ab"}
    files |= {f"k30{letter}/c.yaml": CLAIM for letter in "ab"}
    found = deployed_of(files)
    assert found.given_up
    assert found.instances == ()


Tool = Callable[[str], Path]
Data = dict[str, Any]
KINDS = ("PersistentVolumeClaim", "Deployment", "StatefulSet", "DaemonSet")


def built(kubectl: Path, folder: Path) -> list[dict[str, Any]]:
    done = subprocess.run([kubectl, "kustomize", folder], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return [item for item in yaml.safe_load_all(done.stdout) if item and item["kind"] in KINDS]


def as_built(items: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """What kubectl says of each object: kind, namespace, name, the labels and the claims of its pods."""
    rows: list[tuple[Any, ...]] = []
    for item in items:
        template = item.get("spec", {}).get("template", {})
        volumes = template.get("spec", {}).get("volumes", [])
        claims = sorted(one["persistentVolumeClaim"]["claimName"] for one in volumes if "persistentVolumeClaim" in one)
        labels = sorted(template.get("metadata", {}).get("labels", {}).items())
        rows.append((item["kind"], item["metadata"].get("namespace"), item["metadata"]["name"], labels, claims))
    return sorted(rows, key=repr)


def as_read(kustomizer: Kustomizer, folder: str) -> list[tuple[Any, ...]]:
    """The same, as it is worked out here."""
    rows: list[tuple[Any, ...]] = []
    for one in kustomizer.build(folder):
        if one.resource.kind not in KINDS:
            continue
        labels: list[tuple[str, str]] = []
        claims: list[str] = []
        if one.resource.kind != "PersistentVolumeClaim":
            workload = Workload(one, one.name)
            made = {template.name for template in workload.templates}
            claims = sorted(name for key, names in workload.claims.items() if key not in made for name in names)
            labels = sorted((workload.labels or {}).items())
        rows.append((one.resource.kind, one.namespace, one.name, labels, claims))
    return sorted(rows, key=repr)


@pytest.mark.parametrize("name", NAMES)
def test_kubectl_makes_the_same_of_a_kustomization(name: str, tool: Tool) -> None:
    tree = tree_of(name)
    kustomizer = Kustomizer(tree)
    compared = 0
    for folder, kustomization in tree.kustomizations.items():
        text = (TREES / name / kustomization.path).read_text(encoding="utf-8")
        # Not what comes from the network, and what only Flux can read.
        if kustomization.kind == "Component" or "https:" in text or "${" in str(kustomizer.build(folder)):
            continue
        assert as_read(kustomizer, folder) == as_built(built(tool("kubectl"), TREES / name / folder)), folder
        compared += 1
    assert compared


NAME = st.sampled_from(["", "a-", "b-"])
SETTINGS = st.fixed_dictionaries(
    {},
    optional={
        "namespace": st.sampled_from(["one", "two"]),
        "namePrefix": NAME,
        "nameSuffix": NAME.map(lambda text: text[::-1]),
        "commonLabels": st.just({"common": "yes"}),
        "labels": st.sampled_from(
            [
                [{"pairs": {"stage": "prod"}, "includeTemplates": True}],
                [{"pairs": {"stage": "test"}, "includeSelectors": True}],
                [{"pairs": {"outer": "only"}}],
            ]
        ),
    },
)
WORKLOAD = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: own}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: web}]
      volumes:
        - {name: data, persistentVolumeClaim: {claimName: data}}
        - {name: other, persistentVolumeClaim: {claimName: foreign}}
"""


@examples(20)
@given(base=SETTINGS, middle=SETTINGS, part=st.none() | SETTINGS.filter(lambda part: any(part.values())))
def test_kubectl_makes_the_same_of_any_overlay(
    base: Data, middle: Data, part: Data | None, tool: Tool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    component = {"apiVersion": "kustomize.config.k8s.io/v1alpha1", "kind": "Component", **(part or {})}
    files = {
        "base/claim.yaml": OWN,
        "base/web.yaml": WORKLOAD,
        "base/kustomization.yaml": yaml.safe_dump({**base, "resources": ["claim.yaml", "web.yaml"]}),
        "part/kustomization.yaml": yaml.safe_dump(component),
        "top/kustomization.yaml": yaml.safe_dump(
            {**middle, "resources": ["../base"], **({"components": ["../part"]} if part is not None else {})}
        ),
    }
    folder = write(tmp_path_factory.mktemp("overlay"), files)
    kustomizer = Kustomizer(read_tree(contents(files), "."))
    assert as_read(kustomizer, "top") == as_built(built(tool("kubectl"), folder / "top"))
