"""What a command takes for now."""

from pathlib import Path

import pytest

from backupgen.cli import clock, exits
from tests.unit.cli.test_commands import invoke

NEXT = ("next", "0 3 * * *", "--count", "1")


def test_it_is_the_machines_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(clock.VARIABLE)
    monkeypatch.setattr("time.time", lambda: 1_795_695_300.9)
    assert clock.now() == 1_795_695_300
    monkeypatch.setenv(clock.VARIABLE, "")
    assert clock.now() == 1_795_695_300


@pytest.mark.parametrize("text", ["2026-11-26T12:15Z", "2026-11-26T12:15", "2026-11-26T13:15+01:00"])
def test_it_is_what_the_variable_says(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(clock.VARIABLE, text)
    assert clock.now() == 1_795_695_300
    assert invoke(*NEXT).stdout.split("  ")[1] == "2026-11-27T03:00:00Z\n"


@pytest.mark.parametrize("arguments", [NEXT, ("check",), ("diff",), ("render",), ("schedule",), ("explain", "grafana")])
def test_what_is_no_time_is_wrong_usage(
    arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, repository: Path, tmp_path: Path
) -> None:
    monkeypatch.setenv(clock.VARIABLE, "noon")
    (tmp_path / "fleet.yaml").write_bytes((repository / "fleet.yaml").read_bytes())
    monkeypatch.chdir(tmp_path)
    done = invoke(*arguments)
    assert done.exit_code == exits.USAGE
    assert done.stderr.startswith("BACKUPGEN_NOW: `noon` is no")
    assert done.stdout == ""
    assert not (tmp_path / "out").exists()
