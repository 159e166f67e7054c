"""What the machine's shell says against a script, and where that is said."""

from collections.abc import Callable
from pathlib import Path

import pytest

from backupgen.adapters.shell import syntax_error
from backupgen.pipeline import CompileContext, compile_fleet
from tests.conftest import REPOSITORY

SHELLS = {"dash": ["dash"], "bash": ["bash", "--posix"], "ash": ["busybox", "ash"]}
BROKEN = "echo begun\necho 'it\n"


@pytest.fixture(params=SHELLS)
def shell(
    request: pytest.FixtureRequest, tool: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of the shells as the machine's `sh`."""
    program, *arguments = SHELLS[request.param]
    script = tmp_path / "sh"
    script.write_text(f'#!/bin/sh\nexec {tool(program)} {" ".join(arguments)} "$@"\n', encoding="utf-8")
    script.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    syntax_error.cache_clear()


@pytest.mark.usefixtures("shell")
def test_every_shell_reads_the_scripts_of_the_fleet() -> None:
    for script in sorted((REPOSITORY / "templates" / "scripts").glob("*.sh")):
        assert syntax_error(script.read_text(encoding="utf-8")) == ""


@pytest.mark.usefixtures("shell")
def test_every_shell_says_what_is_wrong_in_its_words() -> None:
    said = syntax_error(BROKEN).lower()
    assert "quote" in said or "matching" in said
    assert not said.startswith(("sh:", "bash:", "ash:", "dash:"))
    assert "syntax error" not in said.partition(":")[0]


@pytest.mark.usefixtures("shell")
def test_nothing_is_run(tmp_path: Path) -> None:
    assert syntax_error(f": > {tmp_path}/ran") == ""
    assert not (tmp_path / "ran").exists()


def test_where_there_is_no_shell_nothing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    syntax_error.cache_clear()
    assert syntax_error("if") == ""


def test_a_script_of_the_users_own_is_judged(tmp_path: Path) -> None:
    syntax_error.cache_clear()
    own = tmp_path / "scripts"
    own.mkdir()
    raw = (REPOSITORY / "tests/cases/minimal/fleet.yaml").read_bytes()
    text = (REPOSITORY / "templates/scripts/dump.sh").read_text(encoding="utf-8")
    (own / "dump.sh").write_text(text, encoding="utf-8")
    judging = CompileContext(shell=syntax_error)
    assert "BG420" not in {one.info.code for one in compile_fleet(raw, "fleet.yaml", tmp_path, judging).findings}
    (own / "dump.sh").write_text(text + "fi\n", encoding="utf-8")
    checked = compile_fleet(raw, "fleet.yaml", tmp_path, judging)
    assert checked.value is None
    (finding,) = [one for one in checked.findings if one.info.code == "BG420"]
    assert finding.spot.file == (own / "dump.sh").as_posix()
    assert finding.spot.span is not None
    assert finding.spot.span.line in {1, text.count("\n") + 1}  # busybox says no line
    assert finding.help.startswith("`sh -n` says: ")
