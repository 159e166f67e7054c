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
    "git": ["--version"],
    "gpg": ["--version"],
    "ip": ["-V"],
    "kubectl": ["kustomize", "--help"],
    "mariadb-backup": ["--version"],
    "mariadbd": ["--version"],
    "mbstream": ["--help"],
    "nsenter": ["--version"],
    "openssl": ["version"],
    "pg_dump": ["--version"],
    "prometheus": ["--version"],
    "prometheus-pushgateway": ["--version"],
    "promtool": ["--version"],
    "rclone": ["version"],
    "restic": ["version"],
    "restic-rest-server": ["--version"],
    "shellcheck": ["--version"],
    "sops": ["--version", "--disable-version-check"],
    "strace": ["--version"],
}


@pytest.mark.parametrize("name", TOOLS)
def test_the_tool_is_there_and_runs(name: str, tool: Tool) -> None:
    done = subprocess.run([tool(name), *TOOLS[name]], capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == 0, done.stderr


def test_restic_waits_for_locks_and_keeps_its_exit_codes_apart(tool: Tool) -> None:
    """Older ones know no code for a missing repository, a lock or a wrong password (0.17.1)."""
    text = subprocess.run([tool("restic"), "version"], capture_output=True, text=True, check=True).stdout
    found = re.match(r"restic (\d+)\.(\d+)\.(\d+)", text)
    assert found is not None, text
    assert tuple(map(int, found.groups())) >= (0, 17, 1)
