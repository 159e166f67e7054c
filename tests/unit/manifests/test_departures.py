"""What a template of one's own may change, and what it may not: mutants of real rendered objects."""

from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from typing import Any

import pytest
import yaml

from backupgen.manifests.departures import departures
from tests.compiled import compiled
from tests.thoroughness import is_quick

POD = "/spec/jobTemplate/spec/template/spec"
MAIN = f"{POD}/containers/backup"


@cache
def rendered() -> dict[str, str]:
    return dict(compiled("everything").manifests.files)


def first(kind: str, *, having: str = "") -> str:
    found = (text for path, text in rendered().items() if path.split("/")[-1].startswith(f"{kind}.") and having in text)
    return next(found)


def changed(text: str, change: Any) -> str:
    item = deepcopy(yaml.safe_load(text))
    change(item)
    return yaml.safe_dump(item)


def pointers(text: str, change: Any) -> list[str]:
    return [departure.pointer for departure in departures(changed(text, change), text)]


def pod(item: Any) -> Any:
    return item["spec"]["jobTemplate"]["spec"]["template"]["spec"]


def container(item: Any) -> Any:
    return pod(item)["containers"][0]


def setting(path: str, value: Any) -> Any:
    *above, last = path.split("/")

    def change(item: Any) -> None:
        for part in above:
            item = item[int(part) if part.isdigit() else part]
        if value is None:
            del item[int(last) if last.isdigit() else last]
        else:
            item[last] = value

    return change


JOB = "spec/jobTemplate/spec"
FORBIDDEN = [
    ("spec/schedule", "5 * * * *"),
    ("spec/timeZone", None),
    ("spec/timeZone", "UTC"),
    ("spec/suspend", True),
    ("spec/concurrencyPolicy", "Allow"),
    ("spec/concurrencyPolicy", None),
    ("spec/startingDeadlineSeconds", 3600),
    ("spec/startingDeadlineSeconds", None),
    (f"{JOB}/activeDeadlineSeconds", None),
    (f"{JOB}/activeDeadlineSeconds", 99999),
    (f"{JOB}/backoffLimit", 6),
    (f"{JOB}/podFailurePolicy", None),
    (f"{JOB}/parallelism", 2),
    (f"{JOB}/completions", 2),
    (f"{JOB}/template/spec/terminationGracePeriodSeconds", 30),
    (f"{JOB}/template/spec/restartPolicy", "OnFailure"),
    (f"{JOB}/template/spec/hostNetwork", True),
    (f"{JOB}/template/spec/hostPID", True),
    (f"{JOB}/template/spec/automountServiceAccountToken", True),
    (f"{JOB}/template/spec/serviceAccountName", "admin"),
    (f"{JOB}/template/spec/securityContext/runAsUser", 0),
    (f"{JOB}/template/spec/securityContext", None),
    (f"{JOB}/template/spec/containers/0/image", "alpine:latest"),
    (f"{JOB}/template/spec/containers/0/command", ["sh", "-c", "restic init"]),
    (f"{JOB}/template/spec/containers/0/args", ["--no-lock"]),
    (f"{JOB}/template/spec/containers/0/securityContext/allowPrivilegeEscalation", True),
    (f"{JOB}/template/spec/containers/0/securityContext/capabilities", {"add": ["SYS_ADMIN"]}),
    (f"{JOB}/template/spec/containers/0/envFrom", [{"secretRef": {"name": "other"}}]),
    (f"{JOB}/template/spec/containers/0/volumeMounts/0", None),
    (f"{JOB}/template/spec/volumes/0", None),
]


@pytest.mark.parametrize(("path", "value"), FORBIDDEN, ids=lambda value: str(value)[-60:])
def test_what_the_plan_rests_on_may_not_change(path: str, value: Any) -> None:
    text = first("cronjob")
    assert pointers(text, setting(path, value)) != []


@pytest.mark.parametrize("name", ["RESTIC_LOCK_WAIT", "BACKUP_DEADLINE"])
@pytest.mark.parametrize("value", ["1", None])
def test_a_planned_variable_may_not_change(name: str, value: str | None) -> None:
    text = first("cronjob", having=name)

    def change(item: Any) -> None:
        env = container(item)["env"]
        number = next(number for number, entry in enumerate(env) if entry["name"] == name)
        if value is None:
            del env[number]
        else:
            env[number]["value"] = value

    assert len(pointers(text, change)) == 1


@pytest.mark.parametrize("name", ["RESTIC_CACERT", "BACKUP_HOOK_TIMEOUT", "RCLONE_CONFIG_X", "LD_PRELOAD", "PATH"])
def test_no_variable_that_a_script_reads_may_be_added(name: str) -> None:
    added = {"name": name, "value": "x"}
    assert pointers(first("cronjob"), lambda item: container(item)["env"].append(added))[0].endswith(f"/env/{name}")


def test_a_mount_may_not_hide_a_planned_one() -> None:
    text = first("cronjob")
    planned = [mount["mountPath"] for mount in container(yaml.safe_load(text))["volumeMounts"]]
    for path in (f"{planned[0]}/below", planned[-1].rpartition("/")[0] or "/"):
        added = {"name": "x", "mountPath": path}
        assert pointers(text, lambda item, added=added: container(item)["volumeMounts"].append(added)) != []


def test_no_folder_of_the_node_may_be_added() -> None:
    added = {"name": "x", "hostPath": {"path": "/"}}
    assert pointers(first("cronjob"), lambda item: pod(item)["volumes"].append(added)) != []


def test_containers_may_not_be_added() -> None:
    for kind in ("containers", "initContainers"):
        added = {"name": "x", "image": "y"}
        assert pointers(first("cronjob"), lambda item, k=kind, a=added: pod(item).setdefault(k, []).append(a)) != []


def free_changes() -> Iterator[tuple[str, Any]]:
    yield "resources", lambda item: container(item).__setitem__("resources", {"limits": {"memory": "8Gi"}})
    yield "history", setting("spec/successfulJobsHistoryLimit", 9)
    yield "ttl", setting(f"{JOB}/ttlSecondsAfterFinished", 60)
    yield "priority", setting(f"{JOB}/template/spec/priorityClassName", "low")
    yield "tolerations", setting(f"{JOB}/template/spec/tolerations", [{"operator": "Exists"}])
    yield "a node", setting(f"{JOB}/template/spec/nodeSelector", {"zone": "a"})
    yield "a label", setting("metadata/labels/team", "a")
    yield "an annotation", setting(f"{JOB}/template/metadata/annotations", {"sidecar.istio.io/inject": "false"})
    yield "a proxy", lambda item: container(item)["env"].append({"name": "HTTPS_PROXY", "value": "http://p:1"})
    yield "a volume", lambda item: pod(item)["volumes"].append({"name": "ca", "configMap": {"name": "ca"}})
    yield "a mount", lambda item: container(item)["volumeMounts"].append({"name": "ca", "mountPath": "/etc/ssl/own"})


@pytest.mark.parametrize(
    ("name", "change"), list(free_changes()), ids=lambda value: value if isinstance(value, str) else ""
)
def test_what_a_template_may_change(name: str, change: Any) -> None:
    assert pointers(first("cronjob"), change) == [], name


KINDS = ("networkpolicy", "role", "rolebinding", "service", "deployment", "secret", "prometheusrule")


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_of_the_other_kinds_is_compared(kind: str) -> None:
    """Scalars all over the object, each changed alone, are reported."""
    text = first(kind)
    seen: set[tuple[Any, ...]] = set()
    every = list(scalars(yaml.safe_load(text), ()))
    for path, value in every[:: 1 + len(every) // 60]:
        # In a list, what is true of one entry's key is true of the others'.
        shape = tuple(part for part in path if not isinstance(part, int))
        if is_quick() and shape in seen:
            continue
        seen.add(shape)
        if {"resources", "imagePullPolicy", "imagePullSecrets"} & set(path):
            continue

        def change(item: Any, path: tuple[Any, ...] = path, value: Any = value) -> None:
            for part in path[:-1]:
                item = item[part]
            item[path[-1]] = f"{value}x" if isinstance(value, str) else 12345

        assert pointers(text, change) != [], path


def scalars(item: Any, path: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], Any]]:
    if isinstance(item, dict):
        for key, value in item.items():
            yield from scalars(value, (*path, key))
    elif isinstance(item, list):
        for number, value in enumerate(item):
            yield from scalars(value, (*path, number))
    else:
        yield path, item


def test_nothing_departs_from_itself() -> None:
    for text in rendered().values():
        if text.startswith("# Generated") and "\nkind:" in text:
            assert list(departures(text, text)) == []
