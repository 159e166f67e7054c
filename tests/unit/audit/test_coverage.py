"""Which volumes of a tree count as backed up, and which are reported."""

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from backupgen.diagnostics import Finding
from tests.auditing import HEAD, audited

Data = dict[str, Any]


def claim(name: str, namespace: str | None = "app", modes: tuple[str, ...] = ("ReadWriteOnce",), **spec: Any) -> Data:
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": metadata,
        "spec": {"accessModes": list(modes), **spec},
    }


def workload(
    name: str, volumes: dict[str, Data], kind: str = "Deployment", namespace: str = "app", **spec: Any
) -> Data:
    """A workload with one container that mounts all volumes: by name what the volume is."""
    pod = {
        "containers": [{"name": "main", "volumeMounts": [{"name": one, "mountPath": f"/{one}"} for one in volumes]}],
        "volumes": [{"name": one, **source} for one, source in volumes.items()],
    }
    template = {"metadata": {"labels": {"app": name}}, "spec": pod}
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"template": template, **spec},
    }


def of_claim(name: str) -> Data:
    return {"persistentVolumeClaim": {"claimName": name}}


def of_folder(path: str, kind: str = "Directory") -> Data:
    return {"hostPath": {"path": path, "type": kind}}


def judged(targets: Data, *objects: Data, **keys: Any) -> tuple[Finding, ...]:
    fleet = HEAD + yaml.safe_dump({"targets": targets, **keys})
    return audited(fleet, {"tree.yaml": yaml.safe_dump_all(objects)})


def unprotected(targets: Data, *objects: Data, **keys: Any) -> list[str]:
    """What is reported as backed up by nobody, as its message calls it."""
    found = judged(targets, *objects, **keys)
    return [one.message.split("`")[1] for one in found if one.info.slug.startswith("unprotected-")]


def target(**keys: Any) -> Data:
    return {"namespace": "app", "at": ":20", "with_pod": {"app": "web"}, "verify": [], **keys}


TEMPLATES = [{"metadata": {"name": "data"}}]
CNPG = {"apiVersion": "postgresql.cnpg.io/v1", "kind": "Cluster"}
DUMP = {"dump": {"command": ["dump"], "file": "a.sql"}}
NOTHING = {"other": {"namespace": "other", "at": ":50", **DUMP}}


@pytest.mark.parametrize(
    ("targets", "objects", "expected"),
    [
        ({"a": target(volume={"pvc": "data"})}, [claim("data")], []),
        ({"a": target(volume={"pvc": "data"})}, [claim("data", "elsewhere")], ["data"]),
        ({"a": target(volume={"pvc": "data"})}, [claim("data", None)], []),
        ({"a": target(volume={"pvc": "data"})}, [claim("more", None)], ["more"]),
        ({"a": target(volumes={"x": {"pvc": "one"}, "y": {"pvc": "two"}})}, [claim("one"), claim("two")], []),
        ({"a": target(suspend=True, volume={"pvc": "data"})}, [claim("data")], []),
        # The claim in which a dump waits is the fleet's own.
        (
            {"a": target(dump={"in_pod": {"app": "web"}, "tool": "pg_dump", "staging": {"pvc": "waiting"}})},
            [claim("waiting"), workload("web", {})],
            [],
        ),
        # A dump holds what is mounted where it runs.
        (
            {"a": target(dump={"in_pod": {"app": "web"}, "tool": "pg_dump"})},
            [claim("data"), workload("web", {"data": of_claim("data")}), claim("other")],
            ["other"],
        ),
        (
            {"a": target(dump={"in_pod": {"app": "web"}, "container": "sidecar", "tool": "pg_dump"})},
            [claim("data"), workload("web", {"data": of_claim("data")})],
            ["data"],
        ),
        (
            {"a": target(dump={"in_pod": {"app": "web"}, "tool": "pg_dump"})},
            [workload("web", {"data": of_folder("/srv/db")})],
            [],
        ),
        (
            {"a": target(dump={"in_pod": {"app": "web"}, "tool": "pg_dump"})},
            [claim("data", "elsewhere"), workload("web", {"data": of_claim("data")}, namespace="elsewhere")],
            ["data"],
        ),
        # A dump by a command of one's own holds the pods that it talks to.
        (
            {"a": target(**DUMP, connects_to=[{"pod": {"app": "db"}, "namespace": "data", "port": 3306}])},
            [claim("data", "data"), workload("db", {"data": of_claim("data")}, namespace="data")],
            [],
        ),
        # A claim may be held as the folder that it lies in.
        (
            {"a": target(volume={"host_path": "/srv/data", "reason": "x"})},
            [
                claim("data", volumeName="pv"),
                {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": "pv"},
                 "spec": {"hostPath": {"path": "/srv/data/inner"}}},
                claim("more"),
                {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": "two"},
                 "spec": {"local": {"path": "/srv/data"}, "claimRef": {"namespace": "app", "name": "more"}}},
                claim("last", volumeName="three"),
                {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": "three"},
                 "spec": {"local": {"path": "/srv/database"}}},
            ],
            ["last"],
        ),
        # StatefulSets make claims by number, from where they begin to count.
        (
            {"a": target(volumes={"x": {"pvc": "data-web-0"}, "y": {"pvc": "data-web-1"}})},
            [workload("web", {}, "StatefulSet", replicas=2, volumeClaimTemplates=TEMPLATES)],
            [],
        ),
        (
            {"a": target(volume={"pvc": "data-web-0"})},
            [workload("web", {}, "StatefulSet", volumeClaimTemplates=TEMPLATES)],
            [],
        ),
        (
            {"a": target(volume={"pvc": "data-web-0"})},
            [workload("web", {}, "StatefulSet", ordinals={"start": 1}, volumeClaimTemplates=TEMPLATES)],
            ["data-web-1"],
        ),
        (
            NOTHING,
            [workload("web", {}, "StatefulSet", replicas=0, volumeClaimTemplates=TEMPLATES)],
            ["data-web-0"],
        ),
        (
            NOTHING,
            [workload("web", {}, "Deployment", volumeClaimTemplates=TEMPLATES)],
            [],
        ),
        # Database clusters of CloudNativePG.
        (
            {"a": target(dump={"in_pod": {"cnpg.io/cluster": "db"}, "tool": "pg_dump"})},
            [{**CNPG, "metadata": {"name": "db", "namespace": "app"}}],
            [],
        ),
        (
            NOTHING,
            [
                {**CNPG, "metadata": {"name": "db"}},
                {"apiVersion": "cluster.x-k8s.io/v1", "kind": "Cluster", "metadata": {"name": "other"}},
                {**CNPG, "metadata": {"name": "safe"},
                 "spec": {"backup": {"barmanObjectStore": {}}}},
                {**CNPG, "metadata": {"name": "too"},
                 "spec": {"plugins": [{"name": "barman-cloud.cloudnative-pg.io"}]}},
            ],
            ["db-1"],
        ),
        # Folders: those of a target and below it, but not those beside the parts that it takes.
        (
            {"a": target(volume={"host_path": "/srv/app", "reason": "x"})},
            [workload("web", {"a": of_folder("/srv/app"), "b": of_folder("/srv/app/b/")}),
             workload("two", {"c": of_folder("/srv/apple")})],
            ["/srv/apple"],
        ),
        (
            {"a": target(volume={"host_path": "/srv/app", "reason": "x", "paths": ["a", "b/c"]})},
            [
                workload("web", {"a": of_folder("/srv/app"), "b": of_folder("/srv/app/b")}),
                workload("one", {"d": of_folder("/srv/app/d")}),
                workload("two", {"a": of_folder("/srv/app/a/x"), "s": of_folder("/srv")}),
            ],
            ["/srv/app/d", "/srv"],
        ),
        (
            NOTHING,
            [
                workload(
                    "agent",
                    {
                        "root": of_folder("/"),
                        "zone": of_folder("/etc/localtime", "File"),
                        "run": of_folder("/var/run/docker.sock", "Socket"),
                        "gpu": of_folder("/dev/dri"),
                        "socket": of_folder("/opt/app/app.sock", ""),
                        "device": of_folder("/opt/disk", "BlockDevice"),
                        "line": of_folder("/opt/tty", "CharDevice"),
                        "feed": of_folder("/opt/feed", "Socket"),
                        "pods": of_folder("/var/lib/kubelet/pods"),
                        "store": of_folder("/var/lib/rancher/k3s/storage"),
                    },
                    "DaemonSet",
                )
            ],
            ["/var/lib/rancher/k3s/storage"],
        ),
        # Each folder once, whoever mounts it.
        (
            NOTHING,
            [workload("one", {"a": of_folder("/srv/a")}), workload("two", {"a": of_folder("/srv/a/")})],
            ["/srv/a"],
        ),
        # What another fleet rendered is no workload of an app's.
        (
            NOTHING,
            [
                {**workload("backup-x", {"a": of_folder("/srv/a")}),
                 "metadata": {"name": "backup-x", "labels": {"app.kubernetes.io/managed-by": "backupgen"}}}
            ],
            [],
        ),
    ],
)  # fmt: skip
def test_what_is_reported(targets: Data, objects: list[Data], expected: list[str]) -> None:
    assert unprotected(targets, *objects) == expected


@pytest.mark.parametrize(
    "kind", ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job"]
)
def test_the_folders_of_every_kind_are_seen(kind: str) -> None:
    assert unprotected(NOTHING, workload("web", {"a": of_folder("/srv/a")}, kind)) == ["/srv/a"]


SYSTEM = """/ /bin /boot /dev/dri /etc/ssl /lib/modules /lib64 /proc /run/udev /sbin /sys/class /tmp/x /usr/bin /var/run
/var/tmp /var/log/pods /var/lib/kubelet /var/lib/docker/x /var/lib/containerd /var/lib/containers /var/lib/cni
/var/lib/calico /var/lib/dbus /var/lib/rancher/k3s/agent/x /opt/cni/bin /opt/containerd"""
APPS = "/home /root /opt/app /srv /mnt/disk /media /data /var/lib/app /var/lib/rancher/k3s/storage /etcetera /libs"


def test_the_systems_own_folders_are_left_out() -> None:
    paths = [*SYSTEM.split(), *APPS.split()]
    volumes = {f"v{number}": of_folder(path) for number, path in enumerate(paths)}
    assert unprotected(NOTHING, workload("agent", volumes, "DaemonSet")) == APPS.split()


def test_the_folders_of_cronjobs_and_pods_are_seen() -> None:
    template = workload("web", {"a": of_folder("/srv/a")})["spec"]["template"]
    job = {"kind": "CronJob", "metadata": {"name": "a"}, "spec": {"jobTemplate": {"spec": {"template": template}}}}
    pod = {
        "kind": "Pod",
        "metadata": {"name": "b"},
        "spec": workload("web", {"a": of_folder("/srv/b")})["spec"]["template"]["spec"],
    }
    assert unprotected(NOTHING, job, pod) == ["/srv/a", "/srv/b"]


@pytest.mark.parametrize(
    ("pattern", "accepted"),
    [
        ("app/data", True),
        ("app/*", True),
        ("*/data", True),
        ("*/*", True),
        ("app/d*a", True),
        ("app/dat", False),
        ("app/.*", False),
        ("other/data", False),
        ("/app/data", False),
    ],
)
def test_a_claim_is_accepted_by_a_pattern(pattern: str, accepted: bool) -> None:  # noqa: FBT001
    found = [one.info.slug for one in judged(NOTHING, claim("data"), unprotected={pattern: "why not"})]
    assert found == ([] if accepted else ["unprotected-claim", "idle-unprotected"])


@pytest.mark.parametrize(
    ("pattern", "accepted"),
    [
        ("/srv", True),
        ("/srv/a", True),
        ("/srv/*", True),
        ("/*", True),
        ("/srv/a/b", False),
        ("/sr", False),
        ("a/srv", False),
    ],
)
def test_a_folder_is_accepted_with_all_below_it(pattern: str, accepted: bool) -> None:  # noqa: FBT001
    objects = [workload("web", {"a": of_folder("/srv/a")})]
    found = [one.info.slug for one in judged(NOTHING, *objects, unprotected={pattern: "why not"})]
    assert found == ([] if accepted else ["unprotected-folder", "idle-unprotected"])


def test_a_claim_whose_namespace_is_unknown_is_accepted_by_its_name() -> None:
    assert judged(NOTHING, claim("data", None), unprotected={"app/da*": "why not"}) == ()


def test_an_entry_for_what_is_backed_up_is_idle() -> None:
    found = judged(
        {"a": target(volume={"pvc": "data"})}, claim("data"), workload("web", {}), unprotected={"app/data": "x"}
    )
    assert [(one.info.slug, one.help) for one in found] == [("idle-unprotected", "remove it")]


@pytest.mark.parametrize(("annotated", "expected"), [("", ["other"]), ("second", ["data"])])
def test_a_dump_runs_in_the_default_container(annotated: str, expected: list[str]) -> None:
    web = workload("web", {"data": of_claim("data")})
    template = web["spec"]["template"]
    template["metadata"]["annotations"] = {"kubectl.kubernetes.io/default-container": annotated} if annotated else {}
    mounts = [{"name": "other", "mountPath": "/other"}]
    template["spec"]["containers"].append({"name": "second", "volumeMounts": mounts})
    template["spec"]["volumes"].append({"name": "other", **of_claim("other")})
    dump = {"a": target(dump={"in_pod": {"app": "web"}, "tool": "pg_dump"})}
    assert unprotected(dump, web, claim("data"), claim("other")) == expected


def test_a_dump_in_a_workload_without_a_namespace_is_one_in_its_own() -> None:
    web = workload("web", {"data": of_claim("data")})
    del web["metadata"]["namespace"]
    dump = {"a": target(dump={"in_pod": {"app": "web"}, "tool": "pg_dump"})}
    assert unprotected(dump, web, claim("data"), claim("data", None)) == []
    assert unprotected(dump, web, claim("data", "elsewhere")) == ["data"]


def test_a_draft_of_the_target_is_given() -> None:
    web = workload("web", {"data": of_claim("data")})
    web["spec"]["template"]["spec"]["securityContext"] = {"runAsUser": 33}
    (found,) = judged(NOTHING, claim("data"), web)
    assert found.help.splitlines() == [
        "back it up: `web: {namespace: app, at: auto, run_as: 33, with_pod: {app: web}, volume: {pvc: data}}`",
        "or say why not: `unprotected: {app/data: <reason>}`",
    ]
    (found,) = judged(NOTHING, claim("data", modes=("ReadWriteMany",)))
    assert "`data: {namespace: app, at: auto, run_as: <uid>, volume: {pvc: data, access: ReadWriteMany}}`" in found.help


def test_the_draft_is_a_target_that_covers_the_claim() -> None:
    web = workload("web", {"data": of_claim("data")})
    web["spec"]["template"]["spec"]["securityContext"] = {"runAsUser": 33}
    (found,) = judged(NOTHING, claim("data"), web)
    draft = yaml.safe_load(found.help.split("`")[1])
    assert judged(draft, claim("data"), web) == ()
    accepted = yaml.safe_load(found.help.split("`")[3])
    assert judged(NOTHING, claim("data"), web, **accepted) == ()


def test_a_claim_of_two_clusters_is_one_finding() -> None:
    (found,) = judged(NOTHING, claim("data"), claim("data"))
    assert [one.message for one in found.related] == ["and another of its name here"]


NAMES = st.lists(st.from_regex(r"[a-z]{1,5}", fullmatch=True), min_size=1, max_size=5, unique=True)


@st.composite
def covered(draw: st.DrawFn) -> tuple[list[Data], Data]:
    """Objects of any layout, and targets that cover each of them."""
    objects: list[Data] = []
    targets: Data = {}
    for name in draw(NAMES):
        space = draw(st.sampled_from(["app", "two"]))
        kind = draw(st.sampled_from(["claim", "set", "folder", "dump"]))
        mode = draw(st.sampled_from(["ReadWriteOnce", "ReadWriteMany"]))
        uid = draw(st.sampled_from([33, 1000]))
        base: Data = {"namespace": space, "at": ":20", "run_as": uid, "with_pod": {"app": name}, "verify": []}
        folder = of_folder(f"/srv/{name}/{draw(st.sampled_from(['', 'x', 'x/y']))}")
        source = folder if kind == "folder" else of_claim(name)
        made = workload(
            name, {} if kind == "set" else {"data": source}, "StatefulSet" if kind == "set" else "Deployment", space
        )
        if draw(st.booleans()):
            made["spec"]["template"]["spec"]["securityContext"] = {"runAsUser": uid, "fsGroup": draw(st.integers(1, 9))}
        count = draw(st.integers(1, 3))
        if kind == "set":
            spec = {"accessModes": [mode]}
            made["spec"] |= {"replicas": count, "volumeClaimTemplates": [{"metadata": {"name": "d"}, "spec": spec}]}
            base["volumes"] = {
                f"{name}{number}": {"pvc": f"d-{name}-{number}", "access": mode} for number in range(count)
            }
        elif kind == "folder":
            base["volume"] = {"host_path": f"/srv/{name}", "reason": "it is"}
        else:
            objects.append(claim(name, space, (mode,)))
            if kind == "claim":
                base["volume"] = {"pvc": name, "access": mode}
            else:
                base["dump"] = {"in_pod": {"app": name}, "tool": "pg_dump"}
        objects.append(made)
        targets[name] = base
    return draw(st.permutations(objects)), targets


@given(covered())
def test_a_tree_that_is_covered_has_no_finding(drawn: tuple[list[Data], Data]) -> None:
    objects, targets = drawn
    assert judged(targets, *objects) == ()


@given(covered(), st.data())
def test_what_loses_its_target_is_the_one_finding(drawn: tuple[list[Data], Data], data: st.DataObject) -> None:
    objects, targets = drawn
    gone = data.draw(st.sampled_from(sorted(targets)))
    left = {name: one for name, one in targets.items() if name != gone} or NOTHING
    (found,) = judged(left, *objects)
    assert found.info.slug.startswith("unprotected-")
    assert gone in found.message
