"""The fragments of the catalogue as whole fleets.

A key of a fragment stands where it belongs: at the top of fleet.yaml, in the repository, in a target called `grafana`;
a name that is no key is a target's. What a fragment gives replaces what the healthy fleet has there. `…` stands for
what that has: in a mapping for the other keys, as a value for the value, at the end of a text for hexadecimal digits.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from backupgen.audit import CODES as AUDIT_CODES
from backupgen.diagnostics import CodeInfo
from backupgen.language.schema import Fleet, Repository, Target
from backupgen.source import load_all

REST: Final = "…"
HEX: Final = "5f" * 32
TARGET: Final = "grafana"

HEAD: Final[Mapping[str, Any]] = {
    "fleet": "home",
    "home_namespace": "backup",
    "timezone": "Europe/Vienna",
    "images": {"restic": f"ghcr.io/example/restic:0.19.1@sha256:{HEX}"},
    "repository": {
        "url": "s3:s3.example.com/home-backup",
        "id": HEX,
        "retention": {"at": "03:00", "deadline": "45m", "keep": {"daily": 7, "weekly": 4}},
        "restore_test": {"at": "Sun 08:00", "deadline": "1h", "scratch": "10Gi"},
    },
}
MIRROR: Final = {"deadline": "1h", "to": "b2:copy:", "id": HEX[::-1]}
OPTIONAL: Final[Mapping[str, Any]] = {
    "images": {**HEAD["images"], "kubectl": f"docker.io/example/kubectl:1.35.0@sha256:{HEX}"},
    "pushgateway": {"url": "http://pushgateway.monitoring.svc:9091"},
    "alerts": {"namespace": "monitoring"},
    "gitops": {"flux": {"path": "./out", "source": {"name": "flux-system"}}},
}
"""What a healthy fleet may have, for `…`."""
CORE: Final = {"namespace": "monitoring", "at": ":20", "deadline": "10m", "run_as": 1000}
SOURCES: Final = {"volume", "volumes", "dump"}


def embedded(fragment: str) -> bytes:
    """The whole fleet.yaml of a fragment."""
    (given,) = load_all("\n".join(line for line in fragment.splitlines() if line != REST))
    assert isinstance(given, dict), fragment
    root: dict[str, Any] = dict(HEAD)
    own: dict[str, Any] = {}
    named: dict[str, Any] = {}
    for key, value in given.items():
        if key in Fleet.model_fields and (key not in Target.model_fields or not isinstance(value, str)):
            root[key] = whole(value, {**HEAD, **OPTIONAL}.get(key), key)
        elif key in Target.model_fields:
            own[key] = value
        elif key in Repository.model_fields:
            root["repository"] = {**root["repository"], key: whole(value, root["repository"].get(key), key)}
        else:
            named[key] = whole(value, healthy(key), key)
    if "targets" not in given:
        base = CORE if SOURCES & own.keys() else healthy(TARGET)
        root["targets"] = named or {TARGET: {**base, **whole(own, base, TARGET)}}
    return json.dumps(root, ensure_ascii=False).encode()


def healthy(name: str) -> dict[str, Any]:
    return {**CORE, "with_pod": {"app": name}, "volume": {"pvc": name}, "verify": [{"dir": name}]}


def whole(value: Any, base: Any, key: str) -> Any:
    """The value with `…` filled in from the healthy fleet's value in its place."""
    if isinstance(value, str) and REST in value:
        return (
            base if value == REST else value.replace(REST, HEX[: 64 - len(value.partition(REST)[0].rpartition(":")[2])])
        )
    if isinstance(value, list):
        return [whole(item, None, key) for item in value]
    if not isinstance(value, dict):
        return value
    if key == "targets":
        return {name: whole(inner, healthy(name), name) for name, inner in value.items()}
    if key == "mirrors":
        return {name: whole(inner, MIRROR, name) for name, inner in value.items()}
    known = base if isinstance(base, dict) else {}
    inside = {name: whole(inner, known.get(name), name) for name, inner in value.items() if name != REST}
    return {**known, **inside} if REST in value else inside


def is_fragment(info: CodeInfo) -> bool:
    """Whether the examples of a code are fragments of fleet.yaml: those of the language, the schedule and the rules.

    What is said of a GitOps tree needs a tree: tests/test_audit.py has one for each code.
    """
    return info.code[2] in "234" and info not in AUDIT_CODES
