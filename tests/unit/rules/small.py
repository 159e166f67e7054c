"""A fleet of one target that has nothing wrong with it, and what is said of one that differs."""

from collections.abc import Mapping
from typing import Any

from backupgen.diagnostics import Finding
from tests.fleets import DIGEST, dumped
from tests.judging import judged


def fleet(target: Mapping[str, Any] | None = None, **top: Any) -> dict[str, Any]:
    """The fleet as plain data; a value of None takes a key away."""
    written = {
        "namespace": "notes",
        "at": ":20",
        "deadline": "10m",
        "run_as": 1000,
        "with_pod": {"app": "notes"},
        "volume": {"pvc": "notes"},
        "verify": [{"dir": "notes"}],
        **(target or {}),
    }
    return {
        "fleet": "home",
        "home_namespace": "backup",
        "timezone": "Europe/Vienna",
        "images": {"restic": f"ghcr.io/example/restic@{DIGEST}", "kubectl": f"ghcr.io/example/kubectl@{DIGEST}"},
        "repository": {
            "url": "s3:s3.example.com/home",
            "id": "0" * 64,
            "retention": {"at": "03:00", "deadline": "1h", "keep": {"daily": 7}},
            "restore_test": {"at": "Sun 05:00", "deadline": "1h", "scratch": "10Gi"},
        },
        "targets": {"notes": {key: value for key, value in written.items() if value is not None}},
        **top,
    }


def said(target: Mapping[str, Any] | None = None, **top: Any) -> tuple[Finding, ...]:
    """The findings about such a fleet."""
    return judged(dumped(fleet(target, **top)))


def codes(target: Mapping[str, Any] | None = None, **top: Any) -> list[str]:
    """Their codes."""
    return sorted(finding.info.code for finding in said(target, **top))
