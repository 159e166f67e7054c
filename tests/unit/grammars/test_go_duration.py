"""Durations that Go's programs read: restic's own parser and Flux's pattern judge them."""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from backupgen.grammars.go_duration import go_duration

FLUX = re.compile(r"^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$")
"""The pattern of `interval` in Flux's CRDs (kustomize-controller, api/v1)."""
UNITS = {"h": 3600, "m": 60, "s": 1}


@example(86_400)
@example(366 * 86_400)
@example(90_061)
@given(st.integers(0, 400 * 86400))
def test_flux_takes_every_duration_and_it_is_the_same_time(seconds: int) -> None:
    text = go_duration(seconds)
    assert FLUX.fullmatch(text)
    assert sum(int(number) * UNITS[unit] for number, unit in re.findall("([0-9]+)([hms])", text)) == seconds


@pytest.mark.parametrize("seconds", [0, 1, 59, 5400, 86_399, 86_400, 90_061, 366 * 86400])
def test_restic_takes_it(seconds: int, tool: Callable[[str], Path]) -> None:
    command: list[str | Path] = [tool("restic"), "--retry-lock", go_duration(seconds), "cache", "--no-cache"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "invalid argument" not in done.stderr
