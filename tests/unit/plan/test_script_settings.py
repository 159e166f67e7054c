"""What the rendered pods tell the scripts of themselves: hooks, dumps, the numbers of runs, scratch volumes."""

from typing import Any

import pytest

from tests.compiled import FLEETS, compile_text, objects, objects_of, pod_of
from tests.conftest import REPOSITORY

CRON_JOBS = [(name, path) for name in FLEETS for path, item in objects(name).items() if item.get("kind") == "CronJob"]


def environment(pod: dict[str, Any], place: str = "containers") -> dict[str, str]:
    (container,) = pod["spec"][place]
    return {it["name"]: it.get("value", "") for it in container["env"]}


@pytest.mark.parametrize(("name", "path"), CRON_JOBS)
def test_a_scratch_volume_goes_with_its_job(name: str, path: str) -> None:
    """It lives as long as its pod's object does, and finished pods are kept for their logs."""
    item = objects(name)[path]
    pod = pod_of(item)
    assert pod
    scratch = any("ephemeral" in volume for volume in pod["spec"]["volumes"])
    kept = item["spec"]["jobTemplate"]["spec"].get("ttlSecondsAfterFinished")
    assert (kept is not None and kept <= 3600) == scratch


def test_the_fleets_have_both() -> None:
    kept = ["ttlSecondsAfterFinished" in objects(name)[path]["spec"]["jobTemplate"]["spec"] for name, path in CRON_JOBS]
    assert True in kept
    assert False in kept


def gameserver(settings: str) -> dict[str, Any]:
    text = (REPOSITORY / "tests/cases/everything/fleet.yaml").read_text(encoding="utf-8")
    line = "    before: rcon-cli save-off"
    assert text.count(line) == 1
    found = objects_of(compile_text(text.replace(line, f"    {settings}\n{line}" if settings else line)))
    (item,) = [it for path, it in found.items() if path.endswith("cronjob.backup-gameserver.yaml")]
    spec = item["spec"]["jobTemplate"]["spec"]
    assert isinstance(spec, dict)
    return spec


@pytest.mark.parametrize(
    ("settings", "seconds", "grace"), [("", "30", 120), ("hook_timeout: 90s\n    grace: 3m", "90", 180)]
)
def test_a_hook_has_its_time_and_the_pod_waits_for_it(settings: str, seconds: str, grace: int) -> None:
    spec = gameserver(settings)
    assert environment(spec["template"])["BACKUP_HOOK_TIMEOUT"] == seconds
    assert spec["template"]["spec"]["terminationGracePeriodSeconds"] == grace


def test_a_dump_knows_what_it_begins_with() -> None:
    kinds = {}
    for name in FLEETS:
        for item in objects(name).values():
            pod = pod_of(item) if item.get("kind") == "CronJob" else None
            if pod and pod["spec"].get("initContainers"):
                tool = pod["spec"]["initContainers"][0]["args"][-3:]
                kinds[environment(pod, "initContainers").get("DUMP_KIND", "")] = tool
    assert {"xbstream", "pgdump"} <= set(kinds)


def test_a_rotation_is_numbered_by_the_schedule_and_the_zones_standard_time() -> None:
    lines = {
        line
        for name in FLEETS
        for item in objects(name).values()
        if item.get("kind") == "ConfigMap"
        for line in item.get("data", {}).get("plan.sh", "").splitlines()
        if line.startswith("check_rotating")
    }
    assert lines
    for line in lines:
        words = line.split("'")
        assert len(words[1].split()) == 5, line
        assert int(words[2] or words[0].split()[-1]) % 900 == 0, line
