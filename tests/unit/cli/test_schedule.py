"""`backupgen schedule`, the memory of chosen slots, and `--pin`."""

import json
import re
import shutil
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml
from typer.testing import CliRunner, Result

from backupgen.cli import app as commands
from backupgen.cli import exits
from backupgen.conventions.naming import CHOSEN_SLOTS
from tests.unit.schedule.oracle import epoch

REPOSITORY = Path(__file__).resolve().parents[3]
HEAD = """\
# Our fleet.
fleet: home
home_namespace: backup
timezone: Europe/Vienna
images: {restic: ghcr.io/example/restic:0.19.1@sha256:62c66a7a5dd70c3146618063c344e531e6d4b59e379808443ce962b3abd63c5a}
repository:
  url: s3:s3.example.com/home-backup
  id: 56681010b753e1abe52c449d0aab291b28f1808a3a91b6baeaa726883baad4b0
  retention: {at: "03:00", deadline: 1h, keep: {daily: 7, weekly: 4}}
  restore_test: {at: "Sun 05:00", deadline: 1h, scratch: 10Gi}
defaults: {deadline: 6m, run_as: 1000}
targets:
"""
TARGET = """\
  {name}:   # {name} is ours
    namespace: {name}
    at: auto{every}
    with_pod: {{app: {name}}}
    volume: {{pvc: {name}}}
    verify: [{{dir: {name}}}]
"""


def fleet(*names: str, every: str = "") -> str:
    more = f"   # the compiler knows\n    every: {every}" if every else ""
    return HEAD + "".join(TARGET.format(name=name, every=more) for name in names)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(home: Path, text: str) -> None:
    (home / "fleet.yaml").write_text(text, encoding="utf-8")


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(commands.app, list(arguments), prog_name="backupgen")


def rendered(home: Path) -> dict[str, str]:
    """Render, and return each target's schedule."""
    done = invoke("render")
    assert done.exit_code == exits.CLEAN, done.output
    found = {}
    for path in (home / "out").glob("*/cronjob.backup-*.yaml"):
        job = yaml.safe_load(path.read_text(encoding="utf-8"))
        found[job["metadata"]["name"].removeprefix("backup-")] = job["spec"]["schedule"]
    return found


def memory(home: Path) -> Path:
    return home / "out" / CHOSEN_SLOTS


# --- the slots that were chosen are kept


def test_who_comes_and_goes_moves_nobody(home: Path) -> None:
    names = ["beta", "delta", "gamma", "kappa"]
    write(home, fleet(*names))
    first = rendered(home)
    assert yaml.safe_load(memory(home).read_text(encoding="utf-8")).keys() == {f"backup-{name}" for name in names}
    write(home, fleet("alpha", *names))
    second = rendered(home)
    assert {name: second[name] for name in names} == {name: first[name] for name in names}
    write(home, fleet("alpha", "gamma", "omega"))
    third = rendered(home)
    assert (third["alpha"], third["gamma"]) == (second["alpha"], first["gamma"])
    assert invoke("check").exit_code == exits.CLEAN
    assert invoke("diff").exit_code == exits.CLEAN


def test_check_and_diff_speak_of_the_slot_that_render_would_keep(home: Path) -> None:
    write(home, fleet("beta"))
    slot = rendered(home)["beta"]
    chosen = yaml.safe_load(memory(home).read_text(encoding="utf-8"))["backup-beta"]
    kept = memory(home)
    kept.write_text(kept.read_text(encoding="utf-8").replace(f'"{chosen}"', '"59 * * * *"'), encoding="utf-8")
    assert invoke("check").exit_code == exits.FOUND
    assert f"`59 0,4-23 * * *` (Europe/Vienna) instead of `{slot}`" in invoke("diff").stdout


@pytest.mark.parametrize("content", [b"\xff", b"[", b"- a\n", b"backup-beta: 3\n", b"a: 1\n---\nb: 2\n", b""])
def test_a_damaged_memory_is_no_disaster(home: Path, content: bytes) -> None:
    write(home, fleet("beta"))
    rendered(home)
    memory(home).write_bytes(content)
    done = invoke("check")
    assert done.exit_code == exits.FOUND
    assert CHOSEN_SLOTS in done.stdout
    memory(home).unlink()
    assert invoke("render").exit_code == exits.CLEAN


def test_without_auto_there_is_no_memory(home: Path) -> None:
    write(home, fleet("beta"))
    rendered(home)
    write(home, fleet("beta").replace("at: auto", 'at: ":20"'))
    rendered(home)
    assert not memory(home).exists()


# --- --pin


def test_pin_writes_the_slots_and_touches_nothing_else(home: Path) -> None:
    text = fleet("beta", "gamma") + fleet("delta", every="1d").removeprefix(HEAD)
    write(home, text)
    before = rendered(home)
    done = invoke("schedule", "--pin")
    assert done.exit_code == exits.CLEAN, done.output
    pinned = (home / "fleet.yaml").read_text(encoding="utf-8")
    assert re.sub(r'(?m)^    at: "[^"]+"', "    at: auto", pinned) == text.replace("    every: 1d\n", "")
    assert re.fullmatch(r'beta: at: ":\d\d"\ndelta: at: "\d\d:\d\d"\ngamma: at: ":\d\d"\n', done.stdout)
    assert rendered(home) == before
    again = invoke("schedule", "--pin")
    assert (again.exit_code, again.stdout) == (exits.CLEAN, "")
    assert "no `at: auto`" in again.stderr


@pytest.mark.parametrize("every", ["15m", "20m", "30m", "1h", "2h", "6h", "12h", "1d", "1w", "30d"])
def test_what_is_pinned_renders_the_same_bytes(home: Path, every: str) -> None:
    write(home, fleet("beta", every=every))
    rendered(home)
    shutil.copytree(home / "out", home / "before")
    assert invoke("schedule", "--pin").exit_code == exits.CLEAN
    assert invoke("render").exit_code == exits.CLEAN
    files = {path.relative_to(home / "before") for path in (home / "before").rglob("*.yaml")}
    for path in files - {Path(CHOSEN_SLOTS)}:
        assert (home / "out" / path).read_bytes() == (home / "before" / path).read_bytes()


def test_pin_writes_nothing_when_anything_is_wrong(home: Path) -> None:
    text = fleet("beta").replace("deadline: 1h, scratch", "deadline: 90h, scratch")
    write(home, text)
    done = invoke("schedule", "--pin")
    assert done.exit_code == exits.FOUND
    assert "BG301" in done.stderr
    assert (home / "fleet.yaml").read_text(encoding="utf-8") == text


def test_pin_follows_a_link_and_keeps_mode_and_byte_order_mark(home: Path) -> None:
    (home / "real").mkdir()
    real = home / "real" / "home.yaml"
    real.write_bytes(b"\xef\xbb\xbf" + fleet("beta").replace("\n", "\r\n").encode())
    real.chmod(0o640)
    (home / "fleet.yaml").symlink_to(real)
    assert invoke("schedule", "--pin").exit_code == exits.CLEAN
    content = real.read_bytes()
    assert content.startswith(b"\xef\xbb\xbf# Our fleet.\r\n")
    assert b"auto" not in content
    assert content.count(b"\n") == content.count(b"\r\n")
    assert real.stat().st_mode & 0o777 == 0o640
    assert [path.name for path in (home / "real").iterdir()] == ["home.yaml"]


def test_a_fleet_that_cannot_be_written_stays(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(home, fleet("beta"))

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "replace", refuse)
    done = invoke("schedule", "--pin")
    assert done.exit_code == exits.USAGE
    assert "cannot be written: permission denied" in done.stderr
    assert (home / "fleet.yaml").read_text(encoding="utf-8") == fleet("beta")
    assert [path.name for path in home.iterdir()] == ["fleet.yaml"]


# --- what it shows


def test_the_table_says_what_is_proved(home: Path) -> None:
    write(home, fleet("beta"))
    done = invoke("schedule", "--from", "2026-03-29")
    assert (done.exit_code, done.stderr) == (exits.CLEAN, "")
    first, second, *_ = done.stdout.splitlines()
    assert first.startswith("proved: no two operations that exclude each other ever meet (tzdata ")
    assert second == "home, Sun 2026-03-29 00:00 to Mon 2026-03-30 00:00, Europe/Vienna"


@pytest.mark.parametrize("cause", ["zone", "hook", "script"])
def test_nothing_says_proved_while_there_is_a_reservation(home: Path, cause: str) -> None:
    text = fleet("beta")
    if cause == "zone":
        text = text.replace("Europe/Vienna", "Africa/Cairo")
    elif cause == "hook":
        text += "    before: restic unlock --remove-all\n"
    else:
        (home / "own" / "scripts").mkdir(parents=True)
        (home / "own" / "scripts" / "retention.sh").write_text("restic forget --prune\n", encoding="utf-8")
    write(home, text)
    flags = ["--templates", "own"] if cause == "script" else []
    table, svg, document = (
        invoke("schedule", "--from", "2026-03-29", "--format", form, *flags).stdout for form in ("table", "svg", "json")
    )
    assert table.startswith("no proof: no conflict was found, but with 1 reservation")
    assert "why there is no proof" in table
    assert json.loads(document)["proved"] is False
    assert len(json.loads(document)["reservations"]) == 1
    assert invoke("render", *flags).exit_code == exits.CLEAN
    for drawn in (svg, (home / "out" / "_runbooks" / "timetable.svg").read_text(encoding="utf-8")):
        assert "no proof: " in drawn
        assert ">proved: " not in drawn


def test_conflicts_are_in_the_report_and_other_findings_beside_it(home: Path) -> None:
    text = fleet("beta").replace('"Sun 05:00"', '"Sun 03:30"').replace("  id: ", "  #id: ")
    write(home, text)
    done = invoke("schedule", "--from", "2026-11-26")
    assert done.exit_code == exits.FOUND
    assert done.stdout.startswith("1 conflict")
    assert "next Sun 2026-11-29 03:30" in done.stdout
    assert "BG301" not in done.stderr
    assert "BG402" in done.stderr


@pytest.mark.parametrize(
    ("day", "days", "hours"),
    [("2026-03-29", 1, 23), ("2026-10-25", 1, 25), ("2026-10-24", 3, 73), ("2026-06-01", 366, 8784)],
)
def test_days_are_as_long_as_the_clocks_have_it(home: Path, day: str, days: int, hours: int) -> None:
    write(home, fleet("beta"))
    done = invoke("schedule", "--from", day, "--days", str(days), "--format", "json")
    found = json.loads(done.stdout)
    assert epoch(found["to"]) - epoch(found["from"]) == hours * 3600


def test_today_is_the_default_and_the_future_what_conflicts_are_looked_for_in(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BACKUPGEN_NOW", "2026-11-29T10:00:00.5Z")
    write(home, fleet("beta").replace('"Sun 05:00"', '"Sun 03:30"'))
    found = json.loads(invoke("schedule", "--format", "json").stdout)
    assert (found["from"], found["to"]) == ("2026-11-28T23:00:00Z", "2026-11-29T23:00:00Z")
    assert [conflict["first"] for conflict in found["conflicts"]] == ["2026-12-06T02:30:00Z"]


def test_conflicts_are_looked_for_from_then_on(home: Path) -> None:
    write(home, fleet("beta").replace('"Sun 05:00"', '"Sun 03:30"'))
    found = json.loads(invoke("schedule", "--from", "2031-06-02", "--format", "json").stdout)
    assert [conflict["first"] for conflict in found["conflicts"]] == ["2031-06-08T01:30:00Z"]


def test_pictures_and_calendars(home: Path) -> None:
    write(home, fleet("beta"))
    svg = invoke("schedule", "--from", "2026-03-29", "--format", "svg")
    assert svg.exit_code == exits.CLEAN
    assert ElementTree.fromstring(svg.stdout).tag == "{http://www.w3.org/2000/svg}svg"  # noqa: S314 (our own)
    ics = invoke("schedule", "--from", "2026-03-29", "--format", "ics")
    assert ics.stdout_bytes.startswith(b"BEGIN:VCALENDAR\r\n")
    assert ics.stdout_bytes.endswith(b"END:VCALENDAR\r\n")


@pytest.mark.parametrize("start", ["yesterday", "2026-13-01", "1969-12-31", "9600-01-01", ""])
def test_no_time(home: Path, start: str) -> None:
    write(home, fleet("beta"))
    done = invoke("schedule", "--from", start)
    assert (done.exit_code, done.stdout) == (exits.USAGE, "")
    assert f"`{start}` is " in done.stderr


def test_what_cannot_be_read_or_resolved(home: Path) -> None:
    done = invoke("schedule")
    assert (done.exit_code, done.stdout) == (exits.USAGE, "")
    write(home, "targets: 3\n")
    done = invoke("schedule")
    assert (done.exit_code, done.stdout) == (exits.FOUND, "")
    assert "BG2" in done.stderr


def test_a_crowd_is_told_with_its_next_moment(home: Path) -> None:
    text = fleet("beta", "gamma").replace("at: auto", 'at: "07:00"')
    write(home, text)
    found = json.loads(invoke("schedule", "--from", "2026-05-05T12:00", "--format", "json").stdout)
    (crowd,) = found["crowds"]
    assert (crowd["first"], crowd["worst"]) == ("2026-05-06T05:00:00Z", 2)
