"""What the models and `resolve` ask of several keys of one mapping, in the words of JSON Schema.

A property test compares it with what they accept: the schema takes every fleet that they take. What needs two places of
the file is left to them.
"""

from collections.abc import Mapping
from typing import Any, Final

from backupgen.language import patterns

Fragment = Mapping[str, Any]


def _one_of(*keys: str) -> Fragment:
    return {"oneOf": [{"required": [key]} for key in keys]}


def _needs(**keys: str) -> Fragment:
    return {"dependentRequired": {key: [other] for key, other in keys.items()}}


def _has(key: str, value: Fragment) -> Fragment:
    return {"properties": {key: value}, "required": [key]}


def _whole(pattern: str) -> Fragment:
    return {"pattern": f"^(?:{pattern})$"}


_NO_AUTO: Final = {"at": {"not": {"const": "auto"}}}
"""Slots are chosen for targets only."""
_PATHS: Final = {"uniqueItems": True, "not": {"minItems": 2, "contains": {"const": "."}}}
"""`.` is all of a volume."""
_OPERATION: Final[Fragment] = {"required": ["deadline"], "properties": _NO_AUTO}

CONSTRAINTS: Final[Mapping[str, tuple[Fragment, ...]]] = {
    "Fleet": (_needs(alerts="pushgateway", dashboard="pushgateway"),),
    "Toleration": (
        {"if": _has("operator", {"const": "Exists"}), "then": {"not": {"required": ["value"]}}},
        {"anyOf": [{"required": ["key"]}, _has("operator", {"const": "Exists"})]},
    ),
    "RunAsMapping": ({"if": _has("uid", {"const": 0}), "then": {"required": ["reason"]}},),
    "Volume": (
        _one_of("pvc", "host_path"),
        _needs(host_path="reason", reason="host_path", access="pvc"),
        {"properties": {"sentinel": {"not": {"const": "."}}, "paths": _PATHS}},
    ),
    "Staging": (_one_of("pvc", "size"),),
    "Dump": (
        _one_of("tool", "command"),
        _needs(tool="in_pod", command="file", container="in_pod", staging="in_pod", user="tool", database="tool"),
        {"if": {"required": ["database"]}, "then": {"properties": {"tool": {"const": "pg_dump"}}}},
    ),
    "Verify": (
        _one_of("file", "dir", "sqlite", "xbstream", "pgdump"),
        _needs(min_files="dir"),
        {"not": {"required": ["sqlite", "min_size"]}},
    ),
    "Peer": (_one_of("pod", "host", "cidr"), _needs(namespace="pod")),
    "Keep": ({"minProperties": 1},),
    "Retention": (_OPERATION,),
    "RestoreTest": (_OPERATION,),
    "Mirror": (_OPERATION, {"properties": {"to": _whole(patterns.REPOSITORY_URL)}}),
    "Repository": ({"properties": {"url": _whole(patterns.REPOSITORY_URL)}}, _needs(quota="retention")),
    "Alerts": ({"properties": {"runbooks": _whole(patterns.HTTP_URL)}},),
    "Pushgateway": ({"properties": {"url": _whole(patterns.HTTP_URL)}},),
    "Ntfy": ({"properties": {"server": _whole(patterns.HTTP_URL)}},),
    "Target": (
        {"anyOf": [{"required": [key]} for key in ("volume", "volumes", "dump")]},
        {"not": {"required": ["volume", "volumes"]}},
        {
            "if": _has("dump", {"not": {"required": ["in_pod"]}}),
            "then": {"not": {"anyOf": [{"required": ["volume"]}, {"required": ["volumes"]}]}},
        },
        {"if": {"required": ["every"]}, "then": {"properties": {"at": {"const": "auto"}}}},
        _needs(after="before"),
        {"properties": {"backup_args": {"items": {"type": "string", **_whole(patterns.FLAG)}}}},
    ),
    "Gitops": (_one_of("flux", "argocd"),),
}
