"""The fleet that the benchmark renders is one that backupgen takes."""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from subprocess import CompletedProcess

import pytest


@pytest.mark.parametrize("targets", [1, 25])
def test_the_benchmarks_fleet_compiles(
    targets: int,
    tmp_path: Path,
    repository: Path,
    monkeypatch: pytest.MonkeyPatch,
    backupgen: Callable[..., CompletedProcess[str]],
) -> None:
    monkeypatch.syspath_prepend(repository / "bench")
    (tmp_path / "fleet.yaml").write_text(import_module("fleets").fleet(targets), encoding="utf-8")
    done = backupgen("render", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    objects = import_module("chart").read_objects(tmp_path / "out")
    names = {document.target for document in objects}
    assert names >= {f"app-{number:05d}" for number in range(targets)}
    # Nothing but the shared objects stays outside the range over the targets.
    assert sum(document.target is None for document in objects) < 40 + targets // 10 * 5
