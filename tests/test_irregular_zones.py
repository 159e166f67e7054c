"""In zones where Kubernetes departs from its own rule, nothing that is printed or rendered says that it is proved."""

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

Run = Callable[..., CompletedProcess[str]]

CAIRO = """\
fleet: home
home_namespace: backup
timezone: Africa/Cairo
images:
  restic: "ghcr.io/example/restic:0.19.1@sha256:62c66a7a5dd70c3146618063c344e531e6d4b59e379808443ce962b3abd63c5a"
repository:
  url: "s3:s3.example.com/home-backup"
  id: 44775e1cd5de347f281990250de183d57ba766e5ff6650227b9e1b6e82a42889
  # In robfig/cron the restore test runs again on Fri 2027-04-30 06:00 (03:00 UTC), for that day has no midnight.
  retention: {at: "Fri 03:15", timezone: UTC, deadline: 1h, keep: {daily: 7}}
  restore_test: {at: "Thu 06:00", deadline: 1h, scratch: 10Gi}
targets:
  notes:
    {namespace: notes, at: "22:00", deadline: 20m, run_as: 1000, volume: {pvc: notes}, verify: [{dir: notes}]}
"""


@pytest.fixture
def fleet(tmp_path: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        (tmp_path / "fleet.yaml").write_text(text, encoding="utf-8")
        return tmp_path

    return write


@pytest.mark.parametrize(
    ("text", "proved"),
    [
        (CAIRO, False),
        (CAIRO.replace("timezone: Africa/Cairo", "timezone: Europe/Berlin"), True),
        (CAIRO.replace("timezone: Africa/Cairo", "timezone: America/Asuncion"), True),
        # One job is enough.
        (CAIRO.replace("Africa/Cairo", "UTC").replace('"22:00"', '"22:00", timezone: Australia/Lord_Howe'), False),
        # A conflict's remedies are no proof either.
        (CAIRO.replace('"Thu 06:00"', '"Fri 06:15"').replace("timezone: UTC, ", ""), False),
    ],
    ids=["cairo", "berlin", "over", "one-job", "conflict"],
)
def test_nothing_says_proved(backupgen: Run, fleet: Callable[[str], Path], text: str, proved: bool) -> None:  # noqa: FBT001
    folder = fleet(text)
    said = ""
    for kind in ("table", "svg", "json"):
        done = backupgen("schedule", "--format", kind, cwd=folder)
        assert done.returncode in {0, 1}
        said += (done.stdout + done.stderr).replace('"proved": false', "")
        if kind == "json":
            assert json.loads(done.stdout)["proved"] is proved
    done = backupgen("render", cwd=folder)
    said += done.stdout + done.stderr
    said += "".join(path.read_text(encoding="utf-8") for path in (folder / "out").rglob("*README.md"))
    # The runbook says of restore tests that each target is proved to be restorable, which is another matter.
    told = [line for line in said.splitlines() if "proved" in line and "restored" not in line]
    assert bool(told) is proved, told


def test_next_says_so(backupgen: Run) -> None:
    done = backupgen("next", "Thu 06:00", "--tz", "Africa/Cairo", "--from", "2027-04-29", "--count", "1")
    assert done.returncode == 0
    assert "Kubernetes departs from its own rule" in done.stderr
    assert not backupgen("next", "06:00", "--tz", "Europe/Berlin", "--count", "1").stderr
