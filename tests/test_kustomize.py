"""kubectl builds the kustomizations, and prints the objects of the files."""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from backupgen.resolve.delivery import ArgoCd, Flux
from tests.compiled import FLEETS, compiled, objects

Tool = Callable[[str], Path]
Item = dict[str, Any]
KUSTOMIZE = "kustomize.config.k8s.io/v1beta1"
GENERATORS = re.compile(r"^generators:\n(  - .*\n)+", re.MULTILINE)
every_fleet = pytest.mark.parametrize("name", FLEETS)


def written(name: str, place: Path) -> Path:
    """The rendered files in a folder, without the generators: KSOPS is a plugin with a key."""
    for path, text in compiled(name).manifests.files.items():
        file = place / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(
            re.sub(r"(?m)^generators:\n(  - .*\n)+", "", text) if file.name == "kustomization.yaml" else text
        )
    return place


def built(kubectl: Path, folder: Path) -> list[Item]:
    done = subprocess.run([kubectl, "kustomize", folder], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return list(yaml.safe_load_all(done.stdout))


def of_folder(name: str, folder: str, *, sealed: bool) -> list[Item]:
    """The objects of a folder that kubectl sees; Secrets only where Flux decrypts them."""
    return [
        item
        for path, item in objects(name).items()
        if path.startswith(f"{folder}/") and item["apiVersion"] not in {KUSTOMIZE, "viaduct.ai/v1"}
        if sealed or item["kind"] != "Secret"
    ]


def unordered(items: list[Item]) -> list[str]:
    return sorted(yaml.safe_dump(item) for item in items)


@pytest.mark.slow
def test_every_kustomization_builds(tmp_path: Path, tool: Tool) -> None:
    for name in FLEETS:
        place = written(name, tmp_path / name)
        gitops = compiled(name).fleet.gitops
        sealed = isinstance(gitops, Flux)
        folders = [path.partition("/")[0] for path in objects(name) if path.endswith("/kustomization.yaml")]
        expected = {folder: of_folder(name, folder, sealed=sealed) for folder in folders}
        # Elsewhere two are enough: a process takes 60 ms, and the root's build reads all of them.
        for folder in folders if name == "plain" else (folders[0], folders[-1]):
            assert unordered(built(tool("kubectl"), place / folder)) == unordered(expected[folder])
        top = ["_gitops"] if "_gitops" in folders else folders
        assert unordered(built(tool("kubectl"), place)) == unordered([it for folder in top for it in expected[folder]])


@every_fleet
def test_a_kustomization_lists_every_file_of_its_folder_once(name: str) -> None:
    for path, item in objects(name).items():
        if not path.endswith("kustomization.yaml"):
            continue
        folder = path.removesuffix("kustomization.yaml")
        assert item["apiVersion"] == KUSTOMIZE
        assert item.keys() <= {"apiVersion", "kind", "resources", "generators"}
        listed = [*item["resources"], *item.get("generators", [])]
        assert len(listed) == len(set(listed))
        if not folder:
            assert all(f"{entry}/kustomization.yaml" in objects(name) for entry in listed)
            continue
        for generator in item.get("generators", []):
            listed += objects(name)[folder + generator]["files"]
        beside = {other.removeprefix(folder) for other in objects(name) if other.startswith(folder) and other != path}
        missing = beside - set(listed)
        assert set(listed) <= beside
        assert missing == ({entry for entry in beside if ".enc." in entry} if _by_hand(name) else set())
        # Whoever applies them by hand is told how.
        text = compiled(name).manifests.files[path]
        assert all(f"# sops decrypt {entry} | kubectl apply -f -\n" in text for entry in missing)


def _by_hand(name: str) -> bool:
    return compiled(name).fleet.gitops is None


@every_fleet
def test_flux_and_argo_lead_to_every_folder(name: str) -> None:
    found = [item for path, item in objects(name).items() if path.startswith("_gitops/") and "spec" in item]
    namespaces = {path.partition("/")[0] for path in objects(name) if "/" in path} - {"_gitops"}
    gitops = compiled(name).fleet.gitops
    if gitops is None or (isinstance(gitops, ArgoCd) and not gitops.repo):
        assert found == []
        return
    assert len(found) == len(namespaces)
    for item in found:
        spec = item["spec"]
        if item["kind"] == "Application":
            source = spec["source"]
            assert (source["path"].rpartition("/")[2], spec["destination"]["namespace"]) in {
                (it, it) for it in namespaces
            }
            assert set(spec) == {"project", "source", "destination", "syncPolicy"}
            assert set(source) == {"repoURL", "path", "targetRevision"}
        else:
            assert spec["path"].rpartition("/")[2] in namespaces
            assert re.fullmatch(r"([0-9]+(ms|s|m|h))+", spec["interval"])
            assert spec["prune"] is True
            assert spec["decryption"]["provider"] == "sops"
            assert set(spec["sourceRef"]) == {"kind", "name", "namespace"}
            assert set(spec) == {"interval", "path", "prune", "sourceRef", "decryption"}


@every_fleet
def test_ksops_opens_the_secrets_of_its_folder(name: str) -> None:
    for path, item in objects(name).items():
        if item.get("kind") == "ksops":
            folder = path.removesuffix("ksops.yaml")
            function = yaml.safe_load(item["metadata"]["annotations"]["config.kubernetes.io/function"])
            assert function == {"exec": {"path": "ksops"}}
            assert item.keys() == {"apiVersion", "kind", "metadata", "files"}
            assert [objects(name)[folder + file]["kind"] for file in item["files"]] == ["Secret"] * len(item["files"])
