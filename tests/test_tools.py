"""The tests judge by real tools. Where one is missing this fails, so that no test can pass by not running."""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Tool = Callable[[str], Path]

TOOLS = {
    "age": ["--version"],
    "age-keygen": ["--version"],
    "bash": ["--version"],
    "busybox": ["--help"],
    "bwrap": ["--version"],
    "dash": ["-c", "exit 0"],
    "fish": ["--version"],
    "git": ["--version"],
    "gpg": ["--version"],
    "hadolint": ["--version"],
    "ip": ["-V"],
    "kubectl": ["kustomize", "--help"],
    "mariadb": ["--version"],
    "mariadb-backup": ["--version"],
    "mariadbd": ["--version"],
    "mbstream": ["--help"],
    "node": ["--version"],
    "nsenter": ["--version"],
    "openssl": ["version"],
    "pg_dump": ["--version"],
    "pre-commit": ["--version"],
    "prometheus": ["--version"],
    "prometheus-pushgateway": ["--version"],
    "promtool": ["--version"],
    "rclone": ["version"],
    "restic": ["version"],
    "restic-bookworm": ["version"],
    "restic-forky": ["version"],
    "restic-rest-server": ["--version"],
    "shellcheck": ["--version"],
    "sops": ["--version", "--disable-version-check"],
    "strace": ["--version"],
    "zizmor": ["--version"],
    "zsh": ["--version"],
}


@pytest.mark.parametrize("name", TOOLS)
def test_the_tool_is_there_and_runs(name: str, tool: Tool) -> None:
    done = subprocess.run([tool(name), *TOOLS[name]], capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == 0, done.stderr


def version_of(restic: Path) -> tuple[int, ...]:
    text = subprocess.run([restic, "version"], capture_output=True, text=True, check=True).stdout
    found = re.match(r"restic (\d+)\.(\d+)\.(\d+)", text)
    assert found is not None, text
    return tuple(map(int, found.groups()))


def test_the_restics_are_the_tested_one_a_newer_one_and_one_that_is_too_old(tool: Tool) -> None:
    """Before 0.17.1 there is no code for a missing repository, a lock or a wrong password."""
    assert (0, 18) <= version_of(tool("restic")) < (0, 19)
    assert version_of(tool("restic-forky")) >= (0, 19), "tools/fetch: a suite with a newer restic is wanted"
    assert version_of(tool("restic-bookworm")) < (0, 17, 1)
