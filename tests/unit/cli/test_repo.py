"""`check --repo`, as a user has it."""

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from backupgen.cli import app as commands
from backupgen.cli import exits
from backupgen.report.findings import FORMATS
from tests.conftest import REPOSITORY
from tests.unit.audit.trees import write

CLAIM = "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: %s, namespace: notes}\n"
NOTES = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: notes, namespace: notes}
spec: {template: {metadata: {labels: {app: notes}}, spec: {containers: [{name: notes}]}}}
"""


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(commands.app, list(arguments), prog_name="backupgen")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a fleet, what is rendered of it, and its app's manifests."""
    shutil.copy(REPOSITORY / "tests" / "cases" / "minimal" / "fleet.yaml", tmp_path)
    write(tmp_path, {"apps/claim.yaml": CLAIM % "notes", "apps/notes.yaml": NOTES})
    monkeypatch.chdir(tmp_path)
    assert invoke("render").exit_code == exits.CLEAN
    return tmp_path


def slugs(*arguments: str) -> list[str]:
    report = json.loads(invoke("check", "--format", "json", *arguments).stdout)
    return [finding["slug"] for finding in report["findings"]]


def test_a_tree_that_agrees_adds_nothing(home: Path) -> None:
    assert slugs("--repo", ".") == slugs() == ["unpinned-repository", "secrets-unsealed"]
    assert invoke("check", "--repo", str(home)).exit_code == exits.CLEAN


def test_without_a_tree_nothing_is_compared(home: Path) -> None:
    (home / "apps" / "more.yaml").write_text(CLAIM % "more")
    assert "unprotected-claim" not in slugs()
    assert invoke("check").exit_code == exits.CLEAN


def test_a_forgotten_volume_fails_the_check(home: Path) -> None:
    (home / "apps" / "more.yaml").write_text(CLAIM % "more")
    done = invoke("check", "--repo", ".")
    assert done.exit_code == exits.FOUND
    assert (
        "error[BG455 unprotected-claim]: the claim `more` in `notes` is in no target\n"
        " --> apps/more.yaml:3:18\n"
        "  |\n"
        "3 | metadata: {name: more, namespace: notes}\n"
        "  |                  ^^^^\n"
    ) in done.stdout
    with (home / "fleet.yaml").open("a") as fleet:
        fleet.write("unprotected: {notes/more: made anew}\n")
    assert invoke("check", "--repo", ".").exit_code == exits.CLEAN


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_shows_the_place_in_the_tree(form: str, home: Path) -> None:
    (home / "apps" / "more.yaml").write_text(CLAIM % "more")
    done = invoke("check", "--repo", "apps", "--format", form)
    assert done.exit_code == exits.FOUND
    assert "apps/more.yaml" in done.stdout
    assert "BG455" in done.stdout
    assert done.stderr == ""


def test_a_place_in_fleet_yaml_has_the_one_in_the_tree_beside_it(home: Path) -> None:
    (home / "apps" / "claim.yaml").write_text(f"{CLAIM % 'notes'}spec: {{accessModes: [ReadWriteMany]}}\n")
    report = json.loads(invoke("check", "--repo", ".", "--format", "json").stdout)
    (found,) = [one for one in report["findings"] if one["slug"] == "access-differs"]
    assert (found["file"], found["line"], found["target"]) == ("fleet.yaml", 10, "notes")
    assert [(one["file"], one["line"], one["column"]) for one in found["related"]] == [("apps/claim.yaml", 4, 8)]


def test_a_finding_about_a_target_is_waived_there(home: Path) -> None:
    (home / "apps" / "claim.yaml").write_text(f"{CLAIM % 'notes'}spec: {{accessModes: [ReadWriteMany]}}\n")
    fleet = (home / "fleet.yaml").read_text()
    waived = fleet.replace("volume: {pvc: notes}", "volume: {pvc: notes}, waive: {access-differs: it is meant}")
    (home / "fleet.yaml").write_text(waived)
    assert slugs("--repo", ".") == slugs() == ["unpinned-repository", "secrets-unsealed"]
    (home / "apps" / "claim.yaml").write_text(CLAIM % "notes")
    assert "idle-waiver" in slugs("--repo", ".")
    assert "idle-waiver" not in slugs()


def test_an_error_is_accepted_under_unprotected_only(home: Path) -> None:
    with (home / "fleet.yaml").open("a") as fleet:
        fleet.write("waive: {unprotected-claim: no}\n")
    done = invoke("check")
    assert "`unprotected-claim` is an error, which cannot be waived" in done.stdout
    assert "say under `unprotected` why it needs none" in done.stdout


@pytest.mark.parametrize("repo", ["missing", "fleet.yaml"])
def test_a_tree_that_is_none_is_wrong_usage(repo: str, home: Path) -> None:  # noqa: ARG001 (it runs there)
    done = invoke("check", "--repo", repo)
    assert done.exit_code == exits.USAGE
    assert "error[BG454 unreadable-tree]: this folder cannot be read: " in done.stdout
    assert f" --> {repo}\n" in done.stdout


def test_a_fleet_with_a_mistake_comes_first(home: Path) -> None:
    (home / "apps" / "more.yaml").write_text(CLAIM % "more")
    with (home / "fleet.yaml").open("a") as fleet:
        fleet.write("colour: red\n")
    assert slugs("--repo", ".") == ["unknown-key"]


def test_the_rendered_files_are_no_part_of_the_tree(home: Path) -> None:
    write(home, {"out/other/strange.yaml": CLAIM % "strange"})
    assert "unprotected-claim" not in slugs("--repo", ".")
    assert "unprotected-claim" in slugs("--repo", ".", "--out", "elsewhere")
