"""The schemas of the custom resources that backupgen renders."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema

SCHEMAS = Path(__file__).parent / "schemas"
FILES = {
    ("cilium.io/v2", "CiliumNetworkPolicy"): "ciliumnetworkpolicy_v2.json",
    ("monitoring.coreos.com/v1", "PrometheusRule"): "prometheusrule_v1.json",
    ("monitoring.coreos.com/v1", "ServiceMonitor"): "servicemonitor_v1.json",
}
"""The file with the schema of each API version and kind."""


def schema_of(kind: tuple[str, str]) -> Any:
    """The published schema of an API version and kind."""
    return json.loads((SCHEMAS / FILES[kind]).read_text(encoding="utf-8"))


@cache
def validator_of(kind: tuple[str, str]) -> jsonschema.Draft202012Validator:
    """Judges objects of an API version and kind."""
    return jsonschema.Draft202012Validator(schema_of(kind))
