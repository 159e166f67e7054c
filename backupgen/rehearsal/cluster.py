"""The rendered files, read back as the API server would hold them."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from backupgen.conventions import naming
from backupgen.source import load_all

Object = dict[str, Any]

_ALLOWED: Final = f"{naming.REFLECTOR}/reflection-auto-enabled"
_NAMESPACES: Final = f"{naming.REFLECTOR}/reflection-auto-namespaces"


@dataclass(frozen=True, slots=True)
class Cluster:
    """Kubernetes objects by kind, namespace and name."""

    objects: Mapping[tuple[str, str, str], Object]

    def of_kind(self, kind: str) -> Iterator[Object]:
        """Yield the objects of a kind, in the order of the rendered files."""
        return (found for (of_kind, _, _), found in self.objects.items() if of_kind == kind)

    def find(self, kind: str, namespace: str, name: str) -> Object | None:
        """Return one object, or None. A ConfigMap may come from another namespace, if Reflector would copy it."""
        found = self.objects.get((kind, namespace, name))
        if found is None and kind == "ConfigMap":
            return next(
                (one for one in self.of_kind(kind) if name_of(one) == name and _reflected(one, namespace)), None
            )
        return found

    def may(self, namespace: str, account: str, verb: str, resource: str) -> bool:
        """Whether a ServiceAccount may do something to a resource of its own namespace, by Roles and RoleBindings."""
        roles = {
            one["roleRef"]["name"]
            for one in self.of_kind("RoleBinding")
            if namespace_of(one) == namespace and any(_is_account(subject, account) for subject in one["subjects"])
        }
        rules = [rule for name in roles for rule in self.objects[("Role", namespace, name)]["rules"]]
        return any(resource in rule["resources"] and verb in rule["verbs"] for rule in rules)


def read_cluster(files: Mapping[str, str]) -> Cluster:
    """Return the objects of rendered files: path below out/ -> text. What has no name is no object of a cluster.

    Raises PlainError if a file is no plain YAML.
    """
    objects: dict[tuple[str, str, str], Object] = {}
    for path, text in files.items():
        for document in load_all(text) if path.endswith(".yaml") else ():
            if isinstance(document, dict) and isinstance(document.get("metadata"), dict):
                objects[(str(document["kind"]), namespace_of(document), name_of(document))] = document
    return Cluster(objects)


def name_of(item: Object) -> str:
    """Return an object's name."""
    return str(item["metadata"].get("name", ""))


def namespace_of(item: Object) -> str:
    """Return an object's namespace; empty, if it has none."""
    return str(item["metadata"].get("namespace", ""))


def _reflected(item: Object, namespace: str) -> bool:
    """Whether Reflector copies an object into a namespace; its list holds regular expressions (Reflector's README)."""
    marks = item["metadata"].get("annotations") or {}
    patterns = marks.get(_NAMESPACES, "").split(",")
    return marks.get(_ALLOWED) == "true" and any(re.fullmatch(pattern.strip(), namespace) for pattern in patterns)


def _is_account(subject: Mapping[str, str], account: str) -> bool:
    return subject["kind"] == "ServiceAccount" and subject["name"] == account
