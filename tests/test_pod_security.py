"""Every pod meets the Pod Security Standard `restricted`, but for what fleet.yaml gives a reason for."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from backupgen.resolve.resolved import ResolvedFleet
from tests.compiled import FLEETS, compiled, objects, pod_of
from tests.pod_security import violations

ROOT = {"running as non-root", "running as non-root user", "capabilities"}
HOST_PATH = {"volume types", "host path volumes"}


def excused(fleet: ResolvedFleet) -> dict[str, set[str]]:
    """The names of the pods that fleet.yaml gives a reason for -> what they may violate."""
    found: dict[str, set[str]] = {}
    for target in fleet.targets:
        if target.job.user.uid == 0:
            assert target.job.user.reason
            found.setdefault(target.job.name, set()).update(ROOT)
        if any(volume.host_path for volume in target.volumes):
            found.setdefault(target.job.name, set()).update(HOST_PATH)
    for repository in fleet.repositories:
        if repository.server is not None and repository.server.volume.host_path:
            copies = [mirror.job.name for mirror in repository.mirrors if mirror.method == "rclone"]
            found |= dict.fromkeys((repository.server.name, *copies), HOST_PATH)
    return found


@pytest.mark.parametrize("name", FLEETS)
def test_every_pod_is_restricted_but_for_a_reason(name: str) -> None:
    pods = {item["metadata"]["name"]: pod_of(item) for item in objects(name).values() if pod_of(item)}
    assert pods
    reasons = excused(compiled(name).fleet)
    assert {pod: found for pod, item in pods.items() if item and (found := violations(item["spec"]))} == reasons


def test_the_examples_hold_every_reason() -> None:
    assert any(excused(compiled(name).fleet) for name in FLEETS)
    assert any(found == ROOT | HOST_PATH for name in FLEETS for found in excused(compiled(name).fleet).values())


def _pod() -> dict[str, Any]:
    item = pod_of(objects("minimal")["notes/cronjob.backup-notes.yaml"])
    assert item is not None
    return copy.deepcopy(item["spec"])


Change = Callable[[dict[str, Any]], object]


def _context(**fields: object) -> Change:
    return lambda pod: pod["containers"][0]["securityContext"].update(fields)


@pytest.mark.parametrize(
    ("control", "change"),
    [
        ("host namespaces", lambda pod: pod.update(hostPID=True)),
        ("volume types", lambda pod: pod["volumes"].append({"name": "a", "nfs": {}})),
        ("sysctls", lambda pod: pod["securityContext"].update(sysctls=[{"name": "kernel.msgmax", "value": "1"}])),
        ("seccomp", lambda pod: pod["securityContext"].pop("seccompProfile")),
        ("seccomp", _context(seccompProfile={"type": "Unconfined"})),
        ("running as non-root", lambda pod: pod["securityContext"].pop("runAsNonRoot")),
        ("running as non-root", _context(runAsNonRoot=False)),
        ("running as non-root user", _context(runAsUser=0)),
        ("privileged containers", _context(privileged=True)),
        ("privilege escalation", lambda pod: pod["containers"][0]["securityContext"].pop("allowPrivilegeEscalation")),
        ("capabilities", _context(capabilities={"drop": ["NET_RAW"]})),
        ("capabilities", _context(capabilities={"drop": ["ALL"], "add": ["CHOWN"]})),
        ("proc mount type", _context(procMount="Unmasked")),
        ("selinux", _context(seLinuxOptions={"type": "spc_t"})),
        ("apparmor", _context(appArmorProfile={"type": "Unconfined"})),
        ("host process", _context(windowsOptions={"hostProcess": True})),
        ("host ports", lambda pod: pod["containers"][0].update(ports=[{"hostPort": 80}])),
        ("host probes", lambda pod: pod["containers"][0].update(livenessProbe={"tcpSocket": {"host": "::1"}})),
    ],
)
def test_each_control_notices(control: str, change: Change) -> None:
    pod = _pod()
    assert violations(pod) == set()
    change(pod)
    assert violations(pod) == {control}
    pod = _pod()
    pod["initContainers"] = [copy.deepcopy(pod["containers"][0])]
    pod["initContainers"][0].pop("securityContext")
    assert violations(pod) >= {"privilege escalation", "capabilities"}
