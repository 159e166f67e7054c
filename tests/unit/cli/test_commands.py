"""The commands, as processes of their own and in this one."""

import json
import os
import pty
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from inspect import signature
from pathlib import Path
from typing import get_args

import pytest
import yaml
from typer.testing import CliRunner, Result

from backupgen import __version__
from backupgen.adapters import tree
from backupgen.cli import app as commands
from backupgen.cli import compiling, exits
from backupgen.cli.command import COMMANDS
from backupgen.diff import objects
from backupgen.report.changes import CHANGE_FORMATS
from backupgen.report.findings import FORMATS
from backupgen.sealing import judge
from backupgen.source import load_all

Run = Callable[..., subprocess.CompletedProcess[str]]
REPOSITORY = Path(__file__).resolve().parents[3]
VERIFIED = ", verify: [{dir: notes}]"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a fleet.yaml, in which commands run."""
    shutil.copy(REPOSITORY / "tests" / "cases" / "minimal" / "fleet.yaml", tmp_path)
    edit(tmp_path / "fleet.yaml", "  retention:", f"  id: {'0' * 64}\n  retention:")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(commands.app, list(arguments), prog_name="backupgen")


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_findings_are_selected_but_not_those_that_stop_the_compile(home: Path) -> None:
    edit(home / "fleet.yaml", VERIFIED, "")
    assert "BG405" in invoke("check", "--format", "concise").stdout
    shown = invoke("check", "--format", "concise", "--ignore", "unverified-source", "--select", "BG4,BG55")
    assert shown.exit_code == exits.FOUND
    assert "BG405" not in shown.stdout
    assert "BG553" in shown.stdout
    fleet_alone = invoke("check", "--select", "BG1,BG2", "--select", "BG3")
    assert fleet_alone.exit_code == exits.CLEAN
    assert fleet_alone.stdout.startswith("no findings: ")
    edit(home / "fleet.yaml", 'at: ":20"', 'att: ":20"')
    stopped = invoke("check", "--format", "concise", "--ignore", "BG")
    assert (stopped.exit_code, "BG201" in stopped.stdout) == (exits.FOUND, True)
    unknown = invoke("check", "--ignore", "BG5,unverified-sauce")
    assert unknown.exit_code == exits.USAGE
    assert (unknown.stdout, unknown.stderr) == (
        "",
        "there is no code `unverified-sauce`; perhaps `unverified-source`\n",
    )


def test_with_strict_a_warning_fails_and_an_info_does_not(home: Path) -> None:
    invoke("render")
    assert json.loads(invoke("check", "--format", "json").stdout)["summary"] | {"targets": 0, "manifests": 0} == {
        "errors": 0, "warnings": 0, "infos": 1, "targets": 0, "manifests": 0
    }  # fmt: skip
    assert invoke("check", "--strict").exit_code == exits.CLEAN
    edit(home / "fleet.yaml", VERIFIED, "")
    render = invoke("render")
    assert render.exit_code == exits.CLEAN
    assert "warning[BG405 unverified-source]" in render.stderr
    assert invoke("check").exit_code == exits.CLEAN
    assert invoke("check", "--strict").exit_code == exits.FOUND
    assert invoke("check", "--strict", "--ignore", "BG405").exit_code == exits.CLEAN


def test_a_waiver_expires_by_the_clock(home: Path) -> None:
    edit(home / "fleet.yaml", VERIFIED, ", waive: {unverified-source: {reason: x, until: 2024-02-29}}")
    for command in ("check", "render"):
        done = invoke(command)
        assert "warning[BG498 expired-waiver]" in done.output
        assert "warning[BG405 unverified-source]" in done.output


def test_check_and_diff_parse_no_rendered_file_that_is_as_it_should_be(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    invoke("render")
    read: list[str] = []

    def counting(text: str) -> tuple[object, ...]:
        read.append(text)
        return load_all(text)

    for module in (judge, objects, tree):
        monkeypatch.setattr(module, "load_all", counting)
    assert (invoke("check").exit_code, invoke("diff").exit_code) == (exits.CLEAN, exits.CLEAN)
    assert read == []
    edit(home / "out" / "notes" / "cronjob.backup-notes.yaml", "restic", "rustic")
    assert invoke("diff").exit_code == exits.FOUND
    assert len(read) == 2


def test_render_then_check_then_diff(home: Path) -> None:
    first = invoke("render")
    assert (first.exit_code, first.stderr) == (exits.CLEAN, "")
    assert "+ out/notes/cronjob.backup-notes.yaml\n" in first.stdout
    assert f"out: {len(files(home / 'out')) - 1} written\n" in first.stdout
    assert "next: " in first.stdout
    again = invoke("render")
    assert again.stdout == f"out: 0 written, {len(files(home / 'out')) - 1} unchanged\n"
    check = invoke("check")
    assert (check.exit_code, check.stderr) == (exits.CLEAN, "")
    assert check.stdout.startswith("info[BG563 secrets-unsealed]: ")
    assert check.stdout.endswith("\n1 info in 1 target\n")
    diff = invoke("diff")
    assert (diff.exit_code, diff.stdout) == (exits.CLEAN, "against out: no object differs\n")


def test_a_change_is_found_told_and_rendered(home: Path) -> None:
    invoke("render")
    edit(home / "fleet.yaml", 'at: ":20"', 'at: "01:20"')
    check = invoke("check", "--format", "json")
    assert check.exit_code == exits.FOUND
    report = json.loads(check.stdout)
    assert {finding["slug"] for finding in report["findings"]} == {"out-stale", "secrets-unsealed"}
    assert report["summary"]["targets"] == 1
    assert "out/notes/cronjob.backup-notes.yaml" in {finding["file"] for finding in report["findings"]}
    diff = invoke("diff")
    assert diff.exit_code == exits.FOUND
    assert "  * up to 1d1h12m of the data of `notes` can be lost, it was 2h12m" in diff.stdout
    assert "  ~ CronJob notes/backup-notes\n" in diff.stdout
    changes = json.loads(invoke("diff", "--format", "json").stdout)
    assert set(changes) == {"changes", "impact"}
    dry = invoke("render", "--dry-run")
    assert dry.exit_code == exits.CLEAN
    assert "would be written" in dry.stdout
    assert invoke("diff").exit_code == exits.FOUND
    assert invoke("render").exit_code == exits.CLEAN
    assert invoke("diff").exit_code == exits.CLEAN


def test_a_finding_stops_every_command(home: Path) -> None:
    invoke("render")
    before = files(home / "out")
    edit(home / "fleet.yaml", "namespace: notes", "namspace: notes")
    for command in ("render", "diff"):
        done = invoke(command)
        assert (done.exit_code, done.stdout) == (exits.FOUND, "")
        assert "namspace" in done.stderr
        assert "--> fleet.yaml:11:" in done.stderr
    check = invoke("check")
    assert (check.exit_code, check.stderr) == (exits.FOUND, "")
    assert "--> fleet.yaml:11:" in check.stdout
    assert files(home / "out") == before


@pytest.mark.parametrize("command", ["render", "check", "diff"])
def test_input_that_cannot_be_read(home: Path, command: str) -> None:
    for arguments in (["--fleet", "no.yaml"], ["--fleet", "."], ["--templates", "no"]):
        done = invoke(command, *arguments)
        assert done.exit_code == exits.USAGE, arguments
        assert "error[" in done.stdout + done.stderr
    assert not (home / "out").exists()


def test_a_file_in_the_way(home: Path) -> None:
    invoke("render")
    (home / "out" / "notes" / "cronjob.backup-notes.yaml").write_text("mine\n")
    before = files(home / "out")
    edit(home / "fleet.yaml", 'at: ":20"', 'at: ":25"')
    done = invoke("render")
    assert (done.exit_code, done.stdout) == (exits.FOUND, "")
    assert "error[BG552 out-edited]" in done.stderr
    assert files(home / "out") == before


def test_what_the_pushgateway_keeps_is_named_before_and_after(home: Path) -> None:
    url = "http://pushgateway.monitoring.svc.cluster.local:9091"
    edit(home / "fleet.yaml", "\ntargets:", f"\npushgateway: {{url: {url}}}\ntargets:")
    invoke("render")
    edit(home / "fleet.yaml", "notes: {", "notes: {hostname: pad, ")
    commands = [
        "kubectl -n monitoring port-forward service/pushgateway 9091:9091",
        "curl -X DELETE http://localhost:9091/metrics/job/backup/instance/notes",
    ]
    shown = "".join(f"      {command}\n" for command in commands)
    assert shown in invoke("diff").stdout
    head = "once this is deployed, delete what the Pushgateway goes on showing of 1 job:\n"
    printed = head + "".join(f"  {command}\n" for command in commands)
    assert invoke("render", "--dry-run").stdout.endswith(printed)
    assert invoke("render").stdout.endswith(printed)
    assert "Pushgateway" not in invoke("render").stdout


def test_diff_against_a_revision(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    identity = ["-c", "user.name=n", "-c", "user.email=n@example.org"]
    invoke("render")
    (home / "out" / "notes" / "mine.yaml").write_text("kind: ConfigMap\nmetadata: {name: mine}\n")
    for arguments in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "one"]):
        subprocess.run(["git", *identity, *arguments], check=True)
    edit(home / "fleet.yaml", 'at: ":20"', 'at: ":25"')
    invoke("render")
    assert invoke("diff").exit_code == exits.CLEAN
    done = invoke("diff", "--against", "HEAD", "--format", "json")
    assert done.exit_code == exits.FOUND
    names = {change["name"] for change in json.loads(done.stdout)["changes"]}
    pages = {f"_runbooks/{name}" for name in ("README.md", "targets/notes.md", "timetable.svg")}
    assert names == {"backup-notes", *pages}
    wrong = invoke("diff", "--against", "main~7")
    assert (wrong.exit_code, wrong.stdout) == (exits.USAGE, "")
    nothing = invoke("diff", "--out", "elsewhere", "--against", "HEAD")
    assert (nothing.exit_code, nothing.stderr) == (exits.FOUND, "HEAD has no files in elsewhere: everything is new\n")
    assert "Git knows no revision `main~7`" in wrong.stderr


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("name", FORMATS)
def test_every_format_of_check(name: str) -> None:
    done = invoke("check", "--format", name)
    assert done.exit_code == exits.FOUND
    assert "BG553" in done.stdout
    assert done.stderr == ""


def test_the_choices_are_the_formats() -> None:
    choices = {
        command: get_args(signature(COMMANDS[command].run).parameters["form"].annotation.__origin__)
        for command in ("check", "diff")
    }
    assert choices == {"check": tuple(FORMATS), "diff": tuple(CHANGE_FORMATS)}


@pytest.mark.usefixtures("home")
def test_explain() -> None:
    by_code, by_name = invoke("check", "--explain", "bg552"), invoke("check", "--explain", "out-edited")
    assert by_code.stdout == by_name.stdout
    assert by_code.stdout.startswith("BG552 out-edited (error)\n")
    unknown = invoke("check", "--explain", "out-editd")
    assert (unknown.exit_code, unknown.stdout) == (exits.USAGE, "")
    assert unknown.stderr == "there is no code `out-editd`; perhaps `out-edited`\n"


def test_bootstrap_prints_jobs_for_kubectl(home: Path) -> None:
    (home / "fleet.yaml").write_bytes((REPOSITORY / "tests/cases/everything/fleet.yaml").read_bytes())
    done = invoke("bootstrap")
    assert (done.exit_code, done.stderr) == (0, "")
    (job,) = yaml.safe_load_all(done.stdout)
    assert (job["kind"], job["metadata"]["name"]) == ("Job", "restic-bootstrap")
    (home / "fleet.yaml").write_bytes((REPOSITORY / "fleet.yaml").read_bytes())
    done = invoke("bootstrap")
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith("nothing to bootstrap: every repository has its id")
    (home / "fleet.yaml").write_text("fleet: [", encoding="utf-8")
    done = invoke("bootstrap")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "BG101" in done.stderr


def test_the_next_runs_across_a_change_of_the_clock() -> None:
    arguments = ["next", "30 2 * * *", "--tz", "Europe/Berlin", "--from", "2026-03-28", "--count", "2"]
    assert invoke(*arguments).stdout == (
        "Sat 2026-03-28 02:30:00+01:00  2026-03-28T01:30:00Z\n"  # the 29th has no 02:30
        "Mon 2026-03-30 02:30:00+02:00  2026-03-30T00:30:00Z\n"
    )
    in_fold = ["next", ":30", "--tz", "Europe/Berlin", "--from", "2026-10-25T02:30", "--count", "3", "--format", "json"]
    assert json.loads(invoke(*in_fold).stdout) == [
        "2026-10-25T00:30:00Z",
        "2026-10-25T01:30:00Z",
        "2026-10-25T02:30:00Z",
    ]


@pytest.mark.parametrize(
    ("start", "first"),
    [
        ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"),
        ("2026-01-01T00:00:00.5Z", "2026-01-01T00:01:00Z"),
        ("2026-01-01T00:00:01+01:00", "2025-12-31T23:01:00Z"),
        ("2026-01-01", "2025-12-31T23:00:00Z"),
        ("2026-03-29 02:15", "2026-03-29T01:15:00Z"),
        ("1900-01-01T00:00Z", "1900-01-01T00:00:00Z"),
    ],
)
def test_where_next_starts(start: str, first: str) -> None:
    done = invoke("next", "* * * * *", "--tz", "Europe/Berlin", "--from", start, "--count", "1", "--format", "json")
    assert json.loads(done.stdout) == [first]


def test_a_schedule_that_never_fires() -> None:
    done = invoke("next", "0 0 31 2 *", "--format", "json")
    assert (done.exit_code, done.stdout, done.stderr) == (exits.FOUND, "[]\n", "`0 0 31 2 *` never fires\n")
    last = invoke("next", "59 23 31 12 *", "--from", "9999-12-30", "--count", "3")
    assert (last.exit_code, last.stdout) == (exits.USAGE, "")
    assert "expected one from 1900 to 8999" in last.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["next", "61 * * * *"],
        ["next", "auto"],
        ["next", ":20", "--tz", "Europe/Berln"],
        ["next", ":20", "--from", "yesterday"],
        ["next", ":20", "--from", "2026-02-30"],
        ["next", ":20", "--from", "0001-01-01"],
        ["next", ":20", "--count", "0"],
        ["next"],
        ["render", "--bogus"],
        ["check", "--format", "xml"],
        ["bogus"],
    ],
)
def test_wrong_usage(arguments: list[str]) -> None:
    done = invoke(*arguments)
    assert (done.exit_code, done.stdout) == (exits.USAGE, "")
    assert done.stderr.strip()


@pytest.mark.usefixtures("home")
def test_a_fault_is_an_apology_without_a_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr("backupgen.cli.compiling.compile_file", broken)
    done = invoke("render")
    assert (done.exit_code, done.stdout) == (exits.FAULT, "")
    assert done.stderr.startswith("backupgen failed, and it is not your fault: ZeroDivisionError: by zero\n")
    assert __version__ in done.stderr
    assert "Traceback" not in done.stderr
    assert "Traceback (most recent call last)" in invoke("--traceback", "render").stderr
    assert "Traceback" not in invoke("render").stderr
    monkeypatch.setenv("BACKUPGEN_DEBUG", "1")
    assert "Traceback (most recent call last)" in invoke("render").stderr


@pytest.mark.usefixtures("home")
def test_ctrl_c(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("backupgen.cli.compiling.compile_file", interrupted)
    done = invoke("render")
    assert (done.exit_code, done.stdout) == (exits.INTERRUPTED, "")
    assert done.stderr.startswith("\ninterrupted; ")


def test_version_and_help(backupgen: Run) -> None:
    assert backupgen("--version").stdout == f"backupgen {__version__}\n"
    done = backupgen("--help")
    assert (done.returncode, done.stderr) == (exits.CLEAN, "")
    for command in ("render", "check", "diff", "next", "schema"):
        assert f"\n  {command} " in done.stdout
        help_ = backupgen(command, "-h")
        assert (help_.returncode, help_.stderr) == (exits.CLEAN, "")
    assert "..." not in done.stdout.partition("Commands:")[2]


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\nfrom backupgen.cli.app import app\n"
        "try: app(['--help'])\nexcept SystemExit: print(sorted(sys.modules))"
    )
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    loaded = done.stdout.splitlines()[-1]
    assert "'typer'" in loaded
    for heavy in ("pydantic", "rich", "jinja2", "yaml", "tzdata", "backupgen.pipeline"):
        assert f"'{heavy}'" not in loaded


def test_exit_codes_of_a_process(backupgen: Run, home: Path) -> None:
    assert backupgen("render", cwd=home).returncode == exits.CLEAN
    assert backupgen("check", cwd=home).returncode == exits.CLEAN
    edit(home / "fleet.yaml", 'at: ":20"', 'at: ":25"')
    assert backupgen("check", cwd=home).returncode == exits.FOUND
    assert backupgen("check", "--fleet", "no.yaml", cwd=home).returncode == exits.USAGE
    done = backupgen("check", cwd=home, env={"PYTHONIOENCODING": "ascii"})
    assert done.returncode == exits.FOUND
    assert "Traceback" not in done.stderr


@pytest.mark.usefixtures("home")
def test_a_reader_that_leaves_is_no_fault() -> None:
    command = [sys.executable, "-m", "backupgen", "next", "* * * * *", "--count", "100000"]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(10)
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == exits.PIPE_CLOSED


@pytest.mark.usefixtures("home")
def test_an_interrupted_process_says_so_in_one_line() -> None:
    code = (
        "import os, signal\nfrom backupgen.cli import compiling\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "compiling.compile_file = lambda *_: os.kill(os.getpid(), signal.SIGINT)\n"
        "from backupgen.cli import main\nmain()"
    )
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    command = [sys.executable, "-c", code, "render"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == exits.INTERRUPTED
    assert done.stderr.count("\n") == 2
    assert "Traceback" not in done.stderr


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    ("variables", "colored"),
    [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False), ({"NO_COLOR": ""}, True)],
)
def test_colour_on_a_terminal(variables: dict[str, str], *, colored: bool) -> None:
    primary, secondary = pty.openpty()
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "TERM": "xterm"} | variables
    command = [sys.executable, "-m", "backupgen", "check"]
    process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=secondary, stderr=secondary)
    os.close(secondary)
    shown = b""
    while True:
        try:
            more = os.read(primary, 1 << 16)
        except OSError:
            break
        if not more:
            break
        shown += more
    os.close(primary)
    assert process.wait() == exits.FOUND
    assert (b"\x1b[" in shown) is colored


def test_colour_can_be_forced(backupgen: Run, home: Path) -> None:
    assert "\x1b[" not in backupgen("check", cwd=home).stdout
    assert "\x1b[" in backupgen("check", cwd=home, env={"FORCE_COLOR": "1"}).stdout


def test_excerpts_show_the_line(home: Path) -> None:
    """Also of a file with a byte order mark."""
    path = home / "fleet.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"namespace: notes", b"namspace: notes"))
    assert "namspace: notes" in invoke("check").stdout
    assert "\ufeff" not in compiling.compile_file(path, None, home / "out").sources[str(path)]


def test_schema_is_what_the_models_say() -> None:
    done = invoke("schema")
    assert (done.exit_code, done.stderr) == (exits.CLEAN, "")
    assert json.loads(done.stdout)["properties"]["targets"]["description"] == "What is backed up, by name."


def test_many_files_are_counted_by_folder(home: Path) -> None:
    lines = (home / "fleet.yaml").read_text().splitlines(keepends=True)
    more = [lines[-1].replace("notes", f"app{number}").replace(":20", f":{20 + number % 5}") for number in range(25)]
    (home / "fleet.yaml").write_text("".join([*lines, *more]))
    done = invoke("render", "--dry-run")
    shown = done.stdout.splitlines()
    if done.exit_code == exits.CLEAN:
        assert any(line.startswith("+") and line.endswith(" out/app0") for line in shown)
        assert any(line.startswith("and ") and line.endswith(" more folders") for line in shown)
    else:  # pragma: no cover - the message says why the fleet does not compile
        pytest.fail(done.stderr)


def test_a_sealed_secret_outlives_its_target_and_is_named(home: Path) -> None:
    invoke("render")
    (secret,) = (home / "out" / "notes").glob("secret.*.enc.yaml")
    value = "ENC[AES256_GCM,data:Zm9v,iv:aXY=,tag:dGFn,type:str]"
    sealed = re.sub('"<backupgen .*"', value, secret.read_text()) + "sops:\n  version: 3.10.2\n"
    secret.write_text(sealed)
    assert invoke("check").exit_code == exits.CLEAN
    edit(home / "fleet.yaml", "notes", "wiki")
    done = invoke("render")
    assert done.exit_code == exits.CLEAN
    assert f"= out/notes/{secret.name} (kept: sealed, " in done.stdout
    assert secret.read_text() == sealed
    check = invoke("check", "--format", "concise")
    assert check.exit_code == exits.FOUND
    assert f"\nout/notes/{secret.name}: error[BG554 out-orphan] " in check.stdout
