"""A container's environment and arguments, as kubelet makes them."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from backupgen.rehearsal.cluster import Cluster, Object
from backupgen.rehearsal.values import ValueOf, secret_data

_REFERENCE: Final = re.compile(r"\$(?:(\$)|\(([^)]*)\))")


class ConfigError(ValueError):
    """What Kubernetes reports as CreateContainerConfigError: something that the pod refers to is not there."""


def environment_of(
    container: Object, namespace: str, cluster: Cluster, value_of: ValueOf, changes: Mapping[str, str]
) -> dict[str, str]:
    """Return the variables of a container: those of whole Secrets first, then its own, then `changes` of either.

    Raises ConfigError.
    """
    shared: dict[str, str] = {}
    for source in container.get("envFrom", ()):
        kind = "Secret" if "secretRef" in source else "ConfigMap"
        reference = source["secretRef" if kind == "Secret" else "configMapRef"]
        shared |= data_of(cluster, kind, namespace, reference["name"], value_of)
    own: dict[str, str] = {}
    for entry in container.get("env", ()):
        if "value" in entry:
            own[entry["name"]] = expand(str(entry["value"]), own)
        else:
            own[entry["name"]] = _referred(entry, namespace, cluster, value_of)
    return {**shared, **own, **changes}


def _referred(entry: Mapping[str, Any], namespace: str, cluster: Cluster, value_of: ValueOf) -> str:
    source = entry["valueFrom"]
    kind = "Secret" if "secretKeyRef" in source else "ConfigMap"
    reference = source["secretKeyRef" if kind == "Secret" else "configMapKeyRef"]
    data = data_of(cluster, kind, namespace, reference["name"], value_of)
    if reference["key"] not in data:
        raise ConfigError(f"{kind} `{reference['name']}` in `{namespace}` has no key `{reference['key']}`")
    return data[reference["key"]]


def data_of(cluster: Cluster, kind: str, namespace: str, name: str, value_of: ValueOf) -> dict[str, str]:
    """Return the data of a Secret or ConfigMap. Raises ConfigError if there is none."""
    found = cluster.find(kind, namespace, name)
    if found is None:
        raise ConfigError(f"there is no {kind} `{name}` in the namespace `{namespace}`")
    if kind == "Secret":
        return secret_data(found, value_of)
    return {key: str(text) for key, text in (found.get("data") or {}).items()}


def expand(text: str, variables: Mapping[str, str]) -> str:
    """Expand `$(VAR)` as Kubernetes does (third_party/forked/golang/expansion): unknown ones stay, `$$` is a `$`."""
    return _REFERENCE.sub(lambda match: "$" if match[1] else variables.get(match[2], match[0]), text)


def arguments_of(container: Object, environment: Mapping[str, str]) -> tuple[str, ...]:
    """Return what a container runs: `command` and `args`, with variables expanded."""
    words: Iterable[Any] = (*container.get("command", ()), *container.get("args", ()))
    return tuple(expand(str(word), environment) for word in words)
