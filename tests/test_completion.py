"""Completion in the real shells: commands, flags, and the names that only the fleet knows."""

import os
import pty
import select
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
Tool = Callable[[str], Path]

CASES = [
    (("backupgen", "expl"), {"explain"}),
    (("backupgen", "explain", ""), {"downloader", "emby", "grafana", "mariadb", "nextpvr", "paperless"}),
    (("backupgen", "explain", "--fleet", "other.yaml", ""), {"photos", "wiki"}),
    (("backupgen", "rehearse", "--target", "g"), {"grafana"}),
    (("backupgen", "check", "--explain", "BG30"), {f"BG30{number}" for number in range(1, 10)}),
    (("backupgen", "check", "--explain", "schedule-c"), {"schedule-conflict"}),
    (("backupgen", "check", "--format", "s"), {"sarif"}),
    (("backupgen", "next", "x", "--tz", "Europe/Ber"), {"Europe/Berlin"}),
    (("backupgen", "completion", ""), {"bash", "zsh", "fish"}),
]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two fleets, and backupgen on PATH."""
    shutil.copy(REPOSITORY / "fleet.yaml", tmp_path)
    (tmp_path / "other.yaml").write_text(
        'targets:\n  photos: {}\n  "$(touch injected)": {}\n  "a\\"b": {}\n  wiki: {}\n', encoding="utf-8"
    )
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def run(command: list[str | Path], home: Path) -> str:
    done = subprocess.run(command, cwd=home, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.mark.parametrize(("words", "expected"), CASES)
def test_bash(words: tuple[str, ...], expected: set[str], home: Path, tool: Tool) -> None:
    script = (
        'eval "$(backupgen completion bash)"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); '
        "complete -p backupgen >/dev/null || exit 1; "
        '_backupgen_completion "$1"; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    assert set(run([tool("bash"), "--norc", "-c", script, "bash", *words], home).split()) == expected
    assert not (home / "injected").exists()


@pytest.mark.parametrize(("words", "expected"), CASES)
def test_fish(words: tuple[str, ...], expected: set[str], home: Path, tool: Tool) -> None:
    script = f"backupgen completion fish | source; complete --do-complete '{' '.join(words)}'"
    found = run([tool("fish"), "--no-config", "--command", script], home).splitlines()
    assert {line.partition("\t")[0] for line in found} == expected
    assert not (home / "injected").exists()


def test_zsh(home: Path, tool: Tool) -> None:
    """On a terminal, since zsh completes nowhere else: what is typed, and TAB."""
    master, slave = pty.openpty()
    with subprocess.Popen(
        [tool("zsh"), "-f", "-i"], cwd=home, stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
        env={**os.environ, "TERM": "dumb", "PS1": "ready> "},
    ) as shell:  # fmt: skip
        os.close(slave)
        try:
            seen = send(
                master,
                'autoload -U compinit; compinit -D -u; eval "$(backupgen completion zsh)"; echo do""ne\n',
                "done",
            )
            assert "error" not in seen.lower()
            assert "explain" in send(master, "backupgen expl\t", "explain")
            assert "grafana" in send(master, "gra\t", "grafana")
            assert "grafana" in send(master, "\x15echo\nbackupgen rehearse --target gra\t", "grafana")
            send(master, "\x15echo\nbackupgen check --explain schedule-c\t", "schedule-conflict")
            send(master, "\x15echo\nbackupgen explain --fleet other.yaml p\t", "photos")
            assert not (home / "injected").exists()
        finally:
            shell.kill()
            os.close(master)


def send(master: int, text: str, wanted: str) -> str:
    """Type the text, and read until what is wanted has been shown."""
    os.write(master, text.encode())
    seen = ""
    while wanted not in seen:
        ready, _, _ = select.select([master], [], [], 60)
        assert ready, seen
        seen += os.read(master, 4096).decode(errors="replace")
    return seen
