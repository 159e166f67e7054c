"""The Pod Security Standard `restricted`, control by control.

Source: kubernetes.io/docs/concepts/security/pod-security-standards.
"""

from collections.abc import Iterator
from typing import Any

Spec = dict[str, Any]

VOLUME_TYPES = {
    "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"
}  # fmt: skip
SAFE_SYSCTLS = {
    "kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.tcp_syncookies", "net.ipv4.ping_group_range", "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
}  # fmt: skip
SELINUX_TYPES = {"", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"}
CONFINED = {"RuntimeDefault", "Localhost"}


def containers_of(pod: Spec) -> list[Spec]:
    return [it for field in ("initContainers", "containers", "ephemeralContainers") for it in pod.get(field, [])]


def violations(pod: Spec) -> set[str]:
    """The names of the controls that a pod's spec violates."""
    found = set(_of_pod(pod))
    for container in containers_of(pod):
        found.update(_of_container(container, pod.get("securityContext", {})))
    return found


def _of_pod(pod: Spec) -> Iterator[str]:
    if any(pod.get(field) for field in ("hostNetwork", "hostPID", "hostIPC")):
        yield "host namespaces"
    for volume in pod.get("volumes", []):
        kinds = set(volume) - {"name"}
        if kinds - VOLUME_TYPES:
            yield "volume types"
        if "hostPath" in kinds:
            yield "host path volumes"
    if {sysctl["name"] for sysctl in pod.get("securityContext", {}).get("sysctls", [])} - SAFE_SYSCTLS:
        yield "sysctls"
    yield from _of_context(pod.get("securityContext", {}))


def _of_context(context: Spec) -> Iterator[str]:
    """What holds for the pod's context and for each container's."""
    if context.get("windowsOptions", {}).get("hostProcess"):
        yield "host process"
    selinux = context.get("seLinuxOptions", {})
    if selinux.get("type", "") not in SELINUX_TYPES or selinux.get("user") or selinux.get("role"):
        yield "selinux"
    if context.get("appArmorProfile", {}).get("type", "RuntimeDefault") not in CONFINED:
        yield "apparmor"
    if context.get("seccompProfile", {}).get("type", "RuntimeDefault") not in CONFINED:
        yield "seccomp"
    if context.get("runAsUser") == 0:
        yield "running as non-root user"
    if context.get("runAsNonRoot") is False:
        yield "running as non-root"


def _of_container(container: Spec, of_pod: Spec) -> Iterator[str]:
    context = container.get("securityContext", {})
    yield from _of_context(context)
    yield from _of_privileges(context)
    if not (context.get("runAsNonRoot") or of_pod.get("runAsNonRoot")):
        yield "running as non-root"
    if "seccompProfile" not in context and "seccompProfile" not in of_pod:
        yield "seccomp"
    if any(port.get("hostPort") for port in container.get("ports", [])):
        yield "host ports"
    if any(handler.get("host") for handler in _handlers(container)):
        yield "host probes"


def _of_privileges(context: Spec) -> Iterator[str]:
    if context.get("privileged"):
        yield "privileged containers"
    if context.get("allowPrivilegeEscalation") is not False:
        yield "privilege escalation"
    capabilities = context.get("capabilities", {})
    if "ALL" not in capabilities.get("drop", []) or set(capabilities.get("add", [])) - {"NET_BIND_SERVICE"}:
        yield "capabilities"
    if context.get("procMount", "Default") != "Default":
        yield "proc mount type"


def _handlers(container: Spec) -> Iterator[Spec]:
    hooks = container.get("lifecycle", {})
    probes = [container.get(name, {}) for name in ("livenessProbe", "readinessProbe", "startupProbe")]
    for handler in (*probes, *(hooks.get(name, {}) for name in ("postStart", "preStop"))):
        yield from (handler.get(kind, {}) for kind in ("httpGet", "tcpSocket"))
