"""Every rendered object is one that the API server, or the tool that reads the file, takes."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from typing import Any

import jsonschema
import kubernetes_validate
import kubernetes_validate.utils
import pytest
import yaml

from backupgen.conventions import naming
from backupgen.language.scalars import OWN_PREFIXES, SET_VARIABLES
from backupgen.rules.bg419_kubernetes_too_old import SINCE
from tests.compiled import FLEETS, compile_text, file_of, objects, objects_of, pod_of
from tests.custom_resources import FILES as CUSTOM
from tests.custom_resources import validator_of
from tests.pod_security import containers_of

SUPPORTED = ("1.34", "1.35", "1.36", "1.37")
"""The minors of Kubernetes that the manifests are made for."""
BUILT_IN = {
    ("v1", "ConfigMap"), ("v1", "Secret"), ("v1", "Service"), ("v1", "ServiceAccount"), ("apps/v1", "Deployment"),
    ("batch/v1", "CronJob"), ("networking.k8s.io/v1", "NetworkPolicy"), ("rbac.authorization.k8s.io/v1", "Role"),
    ("rbac.authorization.k8s.io/v1", "RoleBinding"),
}  # fmt: skip
WIRING = {
    ("kustomize.config.k8s.io/v1beta1", "Kustomization"), ("viaduct.ai/v1", "ksops"),
    ("kustomize.toolkit.fluxcd.io/v1", "Kustomization"), ("argoproj.io/v1alpha1", "Application"),
}  # fmt: skip
Item = dict[str, Any]
every_fleet = pytest.mark.parametrize("name", FLEETS)


def kind_of(item: Item) -> tuple[str, str]:
    return item.get("apiVersion", ""), item.get("kind", "")


def manifests(name: str) -> dict[str, Item]:
    """The files with an object, which all but sops' own and the compiler's memory are."""
    return {path: item for path, item in objects(name).items() if path not in {".sops.yaml", naming.CHOSEN_SLOTS}}


@pytest.fixture(scope="module")
def _schemas_are_read_once() -> Iterator[None]:
    """kubernetes-validate reads two megabytes for each object."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kubernetes_validate.utils, "schema_contents", cache(kubernetes_validate.utils.schema_contents))
        yield


@every_fleet
def test_every_kind_is_known(name: str) -> None:
    assert {kind_of(item) for item in manifests(name).values()} <= BUILT_IN | set(CUSTOM) | WIRING


@pytest.mark.usefixtures("_schemas_are_read_once")
@pytest.mark.parametrize("minor", SUPPORTED)
@every_fleet
def test_kubernetes_knows_every_field(name: str, minor: str) -> None:
    found = [item for item in manifests(name).values() if kind_of(item) in BUILT_IN]
    assert found
    for item in found:
        kubernetes_validate.validate(item, minor, strict=True)


OLDEST = max(SINCE.values())
"""What BG419 says is needed."""


@pytest.mark.usefixtures("_schemas_are_read_once")
@pytest.mark.parametrize("minor", range(OLDEST, int(SUPPORTED[0].removeprefix("1."))))
def test_older_versions_know_every_field_too(minor: int) -> None:
    kinds: dict[tuple[str, str], Item] = {}
    for name in FLEETS:
        for item in manifests(name).values():
            if kind_of(item) in BUILT_IN:
                # Of each kind the one that says the most.
                kinds[kind_of(item)] = max(item, kinds.get(kind_of(item), {}), key=lambda one: len(str(one)))
    for item in kinds.values():
        if item["kind"] == "CronJob" and minor < 29:
            # Only their schema wants it in every rule (kubernetes/kubernetes, pull request 120204).
            item = deepcopy(item)  # noqa: PLW2901
            for rule in item["spec"]["jobTemplate"]["spec"]["podFailurePolicy"]["rules"]:
                rule.setdefault("onPodConditions", [])
        kubernetes_validate.validate(item, f"1.{minor}", strict=True)


@pytest.mark.parametrize("field", SINCE)
@every_fleet
def test_every_cronjob_has_what_a_version_is_needed_for(name: str, field: str) -> None:
    for item in manifests(name).values():
        if item.get("kind") == "CronJob":
            value: Any = item
            for key in field.split("."):
                value = value[key]
            assert value


@pytest.mark.parametrize(
    "name",
    [
        name
        for name in FLEETS
        if any(kind_of(item) == ("kustomize.toolkit.fluxcd.io/v1", "Kustomization") for item in objects(name).values())
    ],
)
def test_flux_substitutes_nothing(name: str) -> None:
    """Source: fluxcd.io/flux/components/kustomize/kustomizations, "Post build variable substitution"."""
    for path, item in manifests(name).items():
        if kind_of(item) in BUILT_IN | set(CUSTOM):
            assert item["metadata"]["annotations"]["kustomize.toolkit.fluxcd.io/substitute"] == "disabled", path
        assert "postBuild" not in item.get("spec", {})


def test_the_examples_hold_every_kind() -> None:
    held = {kind_of(item) for name in FLEETS for item in manifests(name).values()}
    assert held == BUILT_IN | set(CUSTOM) | WIRING


@pytest.mark.parametrize("kind", CUSTOM, ids=lambda kind: kind[1])
def test_custom_resources_meet_their_schema(kind: tuple[str, str]) -> None:
    validator = validator_of(kind)
    found = [item for name in FLEETS for item in manifests(name).values() if kind_of(item) == kind]
    assert found
    for item in found:
        validator.validate(item)
    with pytest.raises(jsonschema.ValidationError):
        validator.validate(found[0] | {"spec": {"unheard-of": []}})


@every_fleet
def test_every_object_lies_in_its_namespaces_folder(name: str) -> None:
    for path, item in manifests(name).items():
        folder, _, file = path.rpartition("/")
        if kind_of(item) not in BUILT_IN | set(CUSTOM):
            assert kind_of(item)[1] in {"Kustomization", "ksops", "Application"}
            continue
        metadata = item["metadata"]
        sealed = ".enc" if item["kind"] == "Secret" else ""
        assert metadata["namespace"] == folder
        assert file == f"{item['kind'].lower()}.{metadata['name']}{sealed}.yaml"
        assert metadata["labels"]["app.kubernetes.io/managed-by"] == "backupgen"


@every_fleet
def test_no_object_is_rendered_twice(name: str) -> None:
    ids = [
        (*kind_of(item), item["metadata"].get("namespace"), item["metadata"]["name"])
        for item in manifests(name).values()
        if item.get("kind") != "ksops" and "metadata" in item
    ]
    assert [found for found, count in Counter(ids).items() if count > 1] == []


# apimachinery/pkg/util/validation: DNS-1123 label and subdomain, qualified name, label value, C identifier for env.
LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
SUBDOMAIN = re.compile(r"(?=.{1,253}\Z)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
PREFIX = r"((?=[^/]{1,253}/)[a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?"
QUALIFIED = re.compile(PREFIX + r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
LABEL_VALUE = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")
DATA_KEY = re.compile(r"[-._a-zA-Z0-9]{1,253}")
PORT_NAME = re.compile(r"(?=.*[a-z])[a-z0-9]([a-z0-9-]{0,13}[a-z0-9])?")
OBJECT_LIMIT = 1_048_576
"""MaxSecretSize, and the limit of a ConfigMap (pkg/apis/core/validation)."""


@every_fleet
def test_names_keep_kubernetes_limits(name: str) -> None:
    for item in manifests(name).values():
        _check_object(item)


def test_the_longest_names_that_the_language_takes_keep_them_too() -> None:
    fleet = yaml.safe_load(file_of("two-repositories").read_text(encoding="utf-8"))
    fleet |= {"fleet": "f" * 63, "home_namespace": "h" * 63, "network_policies": "kubernetes", "kubernetes": "1.34"}
    fleet |= {"pushgateway": {"url": "https://push.example.com"}, "alerts": {"namespace": "m" * 63}}
    fleet |= {
        "dashboard": {"namespace": "d" * 63},
        "gitops": {"argocd": {"repo": "https://git.example.com", "path": "a"}},
    }
    fleet["images"]["kubectl"] = fleet["images"]["restic"]
    fleet["repositories"] = {"r" * 27: fleet["repositories"]["cold"] | {"mirrors": {}}}
    fleet["targets"] = {
        "t" * 45: {
            "namespace": "n" * 63,
            "at": "22:00",
            "deadline": "10m",
            "run_as": 1000,
            "tag": "T" * 63,
            "hostname": "H" * 63,
            "volumes": {"v" * 50: {"pvc": "p" * 253, "access": "ReadWriteMany"}},
            "dump": {"in_pod": {f"{'k' * 253}/{'l' * 63}": "p" * 63}, "container": "c" * 63, "tool": "pg_dump"},
            "labels": {f"{'k' * 253}/{'l' * 63}": "w" * 63},
            "verify": [{"dir": "v" * 50}],
        }
    }
    found = objects_of(compile_text(json.dumps(fleet)))
    assert len(found) > 20
    for item in found.values():
        _check_object(item)


def _check_object(item: Item) -> None:
    metadata = item.get("metadata")
    if metadata is None or item["kind"] == "ksops":
        return
    limit = {"CronJob": 52, "Service": 63}.get(item["kind"], 253)
    assert SUBDOMAIN.fullmatch(metadata["name"])
    assert len(metadata["name"]) <= limit
    assert LABEL.fullmatch(metadata["namespace"])
    _check_labels(metadata.get("labels", {}), metadata.get("annotations", {}))
    for key in (*item.get("data", {}), *item.get("stringData", {})):
        assert DATA_KEY.fullmatch(key)
    assert sum(len(value.encode()) for value in item.get("data", {}).values()) < OBJECT_LIMIT
    pod = pod_of(item) if kind_of(item) in BUILT_IN else None
    if pod is not None:
        _check_labels(pod["metadata"]["labels"], {})
        _check_pod(pod["spec"])


def _check_labels(labels: dict[str, str], annotations: dict[str, str]) -> None:
    for key, value in labels.items():
        assert QUALIFIED.fullmatch(key), key
        assert isinstance(value, str)
        assert LABEL_VALUE.fullmatch(value), value
    for key, value in annotations.items():
        assert QUALIFIED.fullmatch(key), key
        assert isinstance(value, str)


def _check_pod(spec: Item) -> None:
    for part in (*containers_of(spec), *spec.get("volumes", [])):
        assert LABEL.fullmatch(part["name"])
    for container in containers_of(spec):
        assert "@sha256:" in container["image"]
        assert all(PORT_NAME.fullmatch(port["name"]) for port in container.get("ports", []))
        assert all(isinstance(text, str) for text in (*container["command"], *container.get("args", [])))
        names = [variable["name"] for variable in container.get("env", [])]
        assert len(names) == len(set(names))


@every_fleet
def test_selectors_find_their_pods(name: str) -> None:
    """A Service's and a Deployment's selector, and that no other pod of the namespace answers to them."""
    pods = {(path.partition("/")[0], path): pod for path, item in objects(name).items() if (pod := pod_of(item))}
    for path, item in objects(name).items():
        if item.get("kind") not in {"Service", "Deployment"}:
            continue
        selector = item["spec"]["selector"].get("matchLabels", item["spec"]["selector"])
        folder = path.partition("/")[0]
        found = [pod for key, pod in pods.items() if key[0] == folder and selector.items() <= _labels(pod).items()]
        assert len(found) == 1
        if item["kind"] == "Service":
            open_ports = {port["name"] for it in found[0]["spec"]["containers"] for port in it["ports"]}
            assert {port["targetPort"] for port in item["spec"]["ports"]} == open_ports


def _labels(pod: Item) -> dict[str, str]:
    found = pod["metadata"]["labels"]
    assert isinstance(found, dict)
    return found


@every_fleet
def test_a_jobs_deadline_holds_what_the_script_needs(name: str) -> None:
    """SIGTERM to the end: the patience of lib.sh, and 75 s for hook, locks and reports (its header)."""
    for item in objects(name).values():
        if item.get("kind") == "CronJob":
            job = item["spec"]["jobTemplate"]["spec"]
            assert job["template"]["spec"]["terminationGracePeriodSeconds"] >= 40 + 75
            for container in job["template"]["spec"]["containers"]:
                env = {it["name"]: it.get("value") for it in container["env"]}
                assert env["BACKUP_DEADLINE"] == str(job["activeDeadlineSeconds"])


def test_a_message_says_that_the_compiler_sets_a_variable_only_where_it_does() -> None:
    found = {
        variable["name"]
        for name in FLEETS
        for item in objects(name).values()
        if (template := pod_of(item))
        for container in containers_of(template["spec"])
        for variable in container.get("env", ())
    }
    credentials = {"RESTIC_REST_USERNAME", "NTFY_CREDS"}
    own = {name for name in found if name.startswith(OWN_PREFIXES)} - credentials
    assert own <= SET_VARIABLES <= found


def test_long_namespaces_keep_wirings_of_their_own() -> None:
    names = [naming.wiring("f" * 40, "n" * 40 + end) for end in ("a", "b")]
    assert names[0] != names[1]
    assert all(LABEL.fullmatch(name) for name in names)
    assert naming.wiring("home", "media") == "home-media"
