"""What an object refers to is rendered, in the same namespace, and holds what is asked of it."""

import re
from typing import Any

import pytest

from tests.compiled import FLEETS, compiled, objects, pod_of
from tests.pod_security import containers_of

Item = dict[str, Any]
Key = tuple[str, str, str]
every_fleet = pytest.mark.parametrize("name", FLEETS)
SCRIPTS = "crontab-backup-script"


def by_key(name: str) -> dict[Key, Item]:
    """(namespace, kind, name) -> object; each copy of the scripts that Reflector makes is one as well."""
    found = {
        (item["metadata"]["namespace"], item["kind"], item["metadata"]["name"]): item
        for item in objects(name).values()
        if "namespace" in item.get("metadata", {})
    }
    for (_, kind, title), item in list(found.items()):
        for namespace in reflected_into(item):
            found[namespace, kind, title] = item
    return found


def reflected_into(item: Item) -> list[str]:
    annotations = item["metadata"].get("annotations", {})
    prefix = "reflector.v1.k8s.emberstack.com/reflection"
    if annotations.get(f"{prefix}-allowed") != "true" or annotations.get(f"{prefix}-auto-enabled") != "true":
        return []
    allowed, automatic = annotations[f"{prefix}-allowed-namespaces"], annotations[f"{prefix}-auto-namespaces"]
    assert allowed == automatic
    # Reflector takes each entry for a regular expression that has to match the whole name.
    names = allowed.split(",") if allowed else []
    assert all(re.fullmatch("[a-z0-9-]+", entry) for entry in names)
    return [str(entry) for entry in names]


def pods(name: str) -> list[tuple[str, Item]]:
    """(namespace, pod's spec)."""
    return [(item["metadata"]["namespace"], pod["spec"]) for item in objects(name).values() if (pod := pod_of(item))]


@every_fleet
def test_the_pods_find_what_they_refer_to(name: str) -> None:
    rendered = by_key(name)
    for namespace, spec in pods(name):
        if "serviceAccountName" in spec:
            assert (namespace, "ServiceAccount", spec["serviceAccountName"]) in rendered
        for volume in spec["volumes"]:
            if "configMap" in volume:
                assert rendered[namespace, "ConfigMap", volume["configMap"]["name"]]["data"]
            if "secret" in volume:
                assert rendered[namespace, "Secret", volume["secret"]["secretName"]]["stringData"]


@every_fleet
def test_the_containers_find_their_keys(name: str) -> None:
    rendered = by_key(name)
    for namespace, spec in pods(name):
        for container in containers_of(spec):
            variables = container.get("env", [])
            for reference in (it["valueFrom"]["secretKeyRef"] for it in variables if "valueFrom" in it):
                assert reference["key"] in rendered[namespace, "Secret", reference["name"]]["stringData"]
            for source in container.get("envFrom", []):
                keys = rendered[namespace, "Secret", source["secretRef"]["name"]]["stringData"]
                # `env` wins over `envFrom`: a key in both would never be read.
                assert not {variable["name"] for variable in variables} & set(keys)
                assert all(re.fullmatch("[A-Za-z_][A-Za-z0-9_]*", key) for key in keys)


@every_fleet
def test_the_commands_find_their_files(name: str) -> None:
    rendered = by_key(name)
    for namespace, spec in pods(name):
        content = {}
        for volume in spec["volumes"]:
            if "configMap" in volume:
                content[volume["name"]] = rendered[namespace, "ConfigMap", volume["configMap"]["name"]]["data"]
            if "secret" in volume:
                content[volume["name"]] = rendered[namespace, "Secret", volume["secret"]["secretName"]]["stringData"]
        for container in containers_of(spec):
            folders = {mount["mountPath"]: mount["name"] for mount in container["volumeMounts"]}
            files = {mount["mountPath"]: (mount["name"], mount.get("subPath")) for mount in container["volumeMounts"]}
            words = [*container["command"], *container.get("args", [])]
            read = [files[word] for word in words if word in files and files[word][0] in content]
            for folder, _, file in (word.rpartition("/") for word in words):
                if folders.get(folder) in content:
                    read.append((folders[folder], file))
            assert read
            assert all(file in content[place] for place, file in read)


@every_fleet
def test_every_mount_has_its_volume_and_a_place_of_its_own(name: str) -> None:
    for _, spec in pods(name):
        volumes = {volume["name"]: volume for volume in spec["volumes"]}
        assert len(volumes) == len(spec["volumes"])
        mounted = set()
        for container in containers_of(spec):
            mounts = container.get("volumeMounts", [])
            paths = [mount["mountPath"] for mount in mounts]
            assert len(paths) == len(set(paths))
            # ValidateVolumeMounts: absolute by habit, no colon, no way out of the volume.
            assert all(path.startswith("/") and ":" not in path for path in paths)
            assert all(".." not in mount.get("subPath", "").split("/") for mount in mounts)
            mounted |= {mount["name"] for mount in mounts}
            assert any(
                volumes[mount["name"]].keys() & {"emptyDir", "persistentVolumeClaim", "hostPath"} for mount in mounts
            )
        assert mounted == set(volumes)


@every_fleet
def test_sources_are_read_only_and_scratch_is_not(name: str) -> None:
    for _, spec in pods(name):
        volumes = {volume["name"]: volume for volume in spec["volumes"]}
        for container in spec["containers"]:
            for mount in container["volumeMounts"]:
                volume = volumes[mount["name"]]
                given = volume.keys() & {"configMap", "secret", "projected"}
                if given or mount["mountPath"].startswith(("/backup/", "/repository")):
                    assert mount["readOnly"] is True
                if "ephemeral" in volume:
                    assert "readOnly" not in mount
                    # A new volume's root folder is root's: without the group nobody else may write.
                    assert "fsGroup" in spec["securityContext"]


@every_fleet
def test_a_role_binding_joins_what_is_rendered(name: str) -> None:
    rendered = by_key(name)
    for (namespace, kind, _), item in rendered.items():
        if kind == "RoleBinding":
            assert (namespace, "Role", item["roleRef"]["name"]) in rendered
            (subject,) = item["subjects"]
            assert subject["namespace"] == namespace
            assert (namespace, "ServiceAccount", subject["name"]) in rendered
            assert any(
                where == namespace and spec.get("serviceAccountName") == subject["name"] for where, spec in pods(name)
            )


@every_fleet
def test_the_scripts_reach_every_namespace_and_no_other(name: str) -> None:
    fleet = compiled(name).fleet
    used = {
        namespace
        for namespace, spec in pods(name)
        if any(volume.get("configMap", {}).get("name") == SCRIPTS for volume in spec["volumes"])
    }
    holders = {path.partition("/")[0]: item for path, item in objects(name).items() if f"configmap.{SCRIPTS}." in path}
    if fleet.reflect_scripts:
        assert set(holders) == {fleet.home_namespace}
        assert {*reflected_into(holders[fleet.home_namespace]), fleet.home_namespace} == used | {fleet.home_namespace}
    else:
        assert set(holders) == used
        assert all(reflected_into(item) == [] for item in holders.values())


@every_fleet
def test_a_mirror_of_files_runs_beside_the_server(name: str) -> None:
    rendered = by_key(name)
    for repository in compiled(name).fleet.repositories:
        server = repository.server
        for mirror in repository.mirrors:
            if server is None or mirror.method != "rclone" or server.volume.shared:
                continue
            job = rendered[server.namespace, "CronJob", mirror.job.name]["spec"]["jobTemplate"]["spec"]
            pod = rendered[server.namespace, "Deployment", server.name]["spec"]["template"]
            (term,) = job["template"]["spec"]["affinity"]["podAffinity"][
                "requiredDuringSchedulingIgnoredDuringExecution"
            ]
            assert term["topologyKey"] == "kubernetes.io/hostname"
            assert term["labelSelector"]["matchLabels"].items() <= pod["metadata"]["labels"].items()


@every_fleet
def test_sops_seals_every_secret(name: str) -> None:
    config = objects(name).get(".sops.yaml")
    if config is None:
        assert compiled(name).fleet.sops is None
        return
    (rule,) = config["creation_rules"]
    for path, item in objects(name).items():
        assert bool(re.search(rule["path_regex"], path)) is (item.get("kind") == "Secret")
        if item.get("kind") == "Secret":
            assert [key for key in item if re.search(rule["encrypted_regex"], key)] == ["stringData"]
            assert [key for key in item["metadata"] if re.search(rule["encrypted_regex"], key)] == []
    assert rule.keys() - {"path_regex", "encrypted_regex"}
