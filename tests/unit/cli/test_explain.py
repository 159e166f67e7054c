"""`explain`, as a process's arguments and exit codes have it."""

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from backupgen.cli import app as commands
from backupgen.cli import exits

REPOSITORY = Path(__file__).resolve().parents[3]


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(commands.app, list(arguments), prog_name="backupgen")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copy(REPOSITORY / "fleet.yaml", tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_target() -> None:
    done = invoke("explain", "grafana")
    assert (done.exit_code, done.stderr) == (exits.CLEAN, "")
    line = Path("fleet.yaml").read_text(encoding="utf-8").splitlines().index("  grafana:") + 1
    assert done.stdout.startswith(f"grafana  fleet.yaml:{line}:3\n")
    assert json.loads(invoke("explain", "grafana", "--format", "json").stdout)["target"] == "grafana"


def test_an_unknown_target() -> None:
    done = invoke("explain", "grafan")
    assert (done.exit_code, done.stdout) == (exits.USAGE, "")
    assert done.stderr == "the fleet has no target `grafan`: did you mean `grafana`?\n"
    assert "it has `downloader`, `emby`," in invoke("explain", "x").stderr


def test_a_fleet_that_cannot_be_read(home: Path) -> None:
    assert invoke("explain", "grafana", "--fleet", "other.yaml").exit_code == exits.USAGE
    (home / "fleet.yaml").write_text("fleet: [", encoding="utf-8")
    done = invoke("explain", "grafana")
    assert (done.exit_code, done.stdout) == (exits.FOUND, "")
    assert "BG101" in done.stderr


def test_findings_about_the_target_are_shown_and_about_others_not(home: Path) -> None:
    text = (home / "fleet.yaml").read_text(encoding="utf-8")
    wrong = text.replace("    with_pod: {app.kubernetes.io/name: grafana}\n", "")
    (home / "fleet.yaml").write_text(wrong, encoding="utf-8")
    done = invoke("explain", "grafana")
    assert "BG404" in done.stderr
    assert done.stdout.startswith("grafana")
    assert invoke("explain", "emby").stderr == ""


def test_the_slot_that_was_rendered_is_the_one_that_is_explained(home: Path) -> None:
    shutil.copy(REPOSITORY / "tests/cases/everything/fleet.yaml", home)
    chosen = json.loads(invoke("explain", "gameserver", "--format", "json").stdout)["runs"]
    (home / "out").mkdir()
    (home / "out/.backupgen-slots.yaml").write_text('backup-gameserver: "11 5,11,17,23 * * *"\n', encoding="utf-8")
    kept = json.loads(invoke("explain", "gameserver", "--format", "json").stdout)["runs"]
    assert (chosen["chosen"], kept["chosen"]) == (True, True)
    assert kept["cron"] == "11 5,11,17,23 * * *" != chosen["cron"]
