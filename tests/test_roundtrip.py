"""What the plan says arrives: every file parses to exactly the planned object, and every string where it is used."""

import copy
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, assume, given
from ruamel.yaml import YAML

from backupgen.pipeline import Compiled, compile_fleet
from backupgen.plan.facts import access, monitoring, pages, workloads
from tests.compiled import FLEETS, compiled, pod_of
from tests.conftest import REPOSITORY
from tests.expected import expected
from tests.fleets import Data, dumped, fleets
from tests.pod_security import containers_of
from tests.thoroughness import examples
from tests.unit.manifests.kubernetes import expand

Tool = Callable[[str], Path]
Item = dict[str, Any]


def compile_drawn(data: Data) -> Compiled:
    """The drawn fleet; one whose slots cannot be proved is left aside."""
    checked = compile_fleet(dumped(data), "fleet.yaml")
    assume(checked.value is not None)
    assert checked.value is not None
    return checked.value


@cache
def readings(text: str) -> tuple[Item, Item]:
    """A file as a reader of YAML 1.1 and one of YAML 1.2 read it."""
    return yaml.safe_load(text), YAML(typ="safe", pure=True).load(text)


def arrived(item: Item) -> Item:
    """The object after Kubernetes has expanded `$(VAR)` in a pod's env, commands and arguments."""
    item = copy.deepcopy(item)
    pod = pod_of(item)
    for container in containers_of(pod["spec"]) if pod else []:
        known: dict[str, str] = {}
        for variable in container.get("env", []):
            if "value" in variable:
                variable["value"] = known[variable["name"]] = expand(variable["value"], known)
        for field in ("command", "args"):
            if field in container:
                container[field] = [expand(text, known) for text in container[field]]
    return item


def check_roundtrip(found: Compiled) -> None:
    assert list(found.manifests.files) == [unit.path for unit in found.plan.units]
    for unit in found.plan.units:
        if isinstance(unit.facts, pages.Page | pages.Picture):
            assert not unit.path.endswith(".yaml"), "no tool takes it for an object"
            continue
        old, new = readings(found.manifests.files[unit.path])
        assert old == new, unit.path
        wanted = expected(unit.facts)
        if wanted is None:
            assert isinstance(unit.facts, access.NetworkPolicy | monitoring.DashboardConfigMap)
            continue
        read = arrived(old)
        if isinstance(unit.facts, workloads.PlanConfigMap):
            assert calls(read["data"]["plan.sh"], {line.function for line in unit.facts.lines}) == [
                [line.function, *line.arguments] for line in unit.facts.lines
            ]
            read["data"] = {"plan.sh": ""}
        assert read == wanted, unit.path


def calls(plan: str, functions: set[str]) -> list[list[str]]:
    """What a shell calls when it runs a job's plan."""
    stub = "".join(f"{name}() {{ printf '%s\\0' {name} \"$@\"; printf '\\1\\0'; }}\n" for name in sorted(functions))
    printed = subprocess.run(["sh", "-eu", "-c", stub + plan], capture_output=True, check=True).stdout.decode()
    found: list[list[str]] = [[]]
    for word in printed.split("\0")[:-1]:
        if word == "\1":
            found.append([])
        else:
            found[-1].append(word)
    return found[:-1]


@pytest.mark.parametrize("name", FLEETS)
def test_an_examples_files_are_the_planned_objects(name: str) -> None:
    check_roundtrip(compiled(name))


@examples(40, quick=4)
@given(data=fleets())
def test_any_fleets_files_are_the_planned_objects(data: Data) -> None:
    check_roundtrip(compile_drawn(data))


MARK = "/dev/null/backup.sh"
"""An exclude that fits nothing: the retention knows a snapshot of backup.sh by it."""
RECORDER = """#!/bin/sh
case $1 in
  version) echo 'restic 0.19.1' ;;
  cat) printf '{"id": "%s"}\\n' "$RESTIC_REPOSITORY_ID" ;;
  backup) printf '%s\\0' "$@" >>"$RECORD" ;;
esac
"""


@pytest.fixture(scope="session")
def recorder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a `restic` that writes down how `restic backup` is called."""
    folder = tmp_path_factory.mktemp("bin")
    script = folder / "restic"
    script.write_text(RECORDER)
    script.chmod(0o755)
    return folder


def backups(found: Compiled) -> Iterator[workloads.CronJob]:
    """The CronJobs of the targets."""
    for unit in found.plan.units:
        if isinstance(unit.facts, workloads.CronJob) and unit.facts.pod.containers[0].name == "backup":
            yield unit.facts


def restic_backup(found: Compiled, job: workloads.CronJob, recorder: Path, place: Path) -> list[str]:
    """How restic is called when the rendered container runs with its sources below `place`."""
    read, _ = readings(found.manifests.files[f"{job.meta.namespace}/cronjob.{job.meta.name}.yaml"])
    (container,) = arrived(read)["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    assert container["command"] == ["/bin/sh", "/scripts/backup.sh"]
    args = [moved(text, place) for text in container["args"]]
    if "--stdin-from-command" not in args:
        for source in args[args.index("--") + 1 :]:
            Path(source).mkdir(parents=True, exist_ok=True)
            (Path(source) / ".worth-keeping").touch()
    record = place / "record"
    env = {"PATH": f"{recorder}:{os.environ['PATH']}", "HOME": str(place), "TMPDIR": str(place)}
    # Not the hooks: a drawn one would run.
    names = ("RESTIC_HOSTNAME", "RESTIC_REPOSITORY", "RESTIC_LOCK_WAIT")
    env |= {name: job.pod.containers[0].env[name] for name in names}
    env |= {"RECORD": str(record), "RESTIC_REPOSITORY_ID": "0" * 64, "RESTIC_PASSWORD": "x"}
    script = REPOSITORY / "templates" / "scripts" / "backup.sh"
    done = subprocess.run(["sh", script, *args], env=env, capture_output=True, check=False, timeout=60)
    assert record.exists(), done.stdout.decode() + done.stderr.decode()
    return record.read_text().split("\0")[:-1]


def moved(text: str, place: Path) -> str:
    return f"{place}{text}" if text.startswith("/backup/") else text


def check_backup(found: Compiled, recorder: Path, place: Path, jobs: Sequence[workloads.CronJob]) -> None:
    for number, job in enumerate(jobs):
        folder = place / str(number)
        folder.mkdir(parents=True)
        container = job.pod.containers[0]
        called = restic_backup(found, job, recorder, folder)
        host = f"--host={container.env['RESTIC_HOSTNAME']}"
        wait = f"--retry-lock={container.env['RESTIC_LOCK_WAIT']}"
        assert called == ["backup", wait, f"--exclude={MARK}", host, *(moved(text, folder) for text in container.args)]


@pytest.mark.parametrize("name", ["everything", "reference"])
def test_restic_gets_the_planned_arguments(name: str, recorder: Path, tmp_path: Path) -> None:
    found = compiled(name)
    jobs = list(backups(found))
    assert jobs
    check_backup(found, recorder, tmp_path, jobs)


@examples(8, quick=3, suppress=[HealthCheck.function_scoped_fixture])
@given(data=fleets(targets=2))
def test_restic_gets_the_planned_arguments_of_any_fleet(data: Data, recorder: Path, tmp_path: Path) -> None:
    found = compile_drawn(data)
    place = tmp_path / "drawn"
    shutil.rmtree(place, ignore_errors=True)
    check_backup(found, recorder, place, list(backups(found)))
