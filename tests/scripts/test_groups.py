"""The commands that delete a job's group, run as they are printed, on the real Pushgateway."""

import json
import subprocess
import urllib.request
from urllib.parse import urlsplit

import pytest

from backupgen.diff.groups import Group
from tests.scripts.jobs import SCRIPTS

INSTANCES = ["grafana", "Data_1.example-2", "a b", "100 % / ü", "~>?", "x'y\"z$(id)"]


def pushed(gateway: str, instance: str) -> None:
    """Report as the scripts do, to the path that they make."""
    place = '"$1/metrics/job/backup/$(group_path)"'
    push = f'. {SCRIPTS / "report.sh"}; echo "x 1" | curl -sS --fail --data-binary @- {place}'
    environment = {"PATH": "/usr/bin:/bin", "RESTIC_HOSTNAME": instance}
    subprocess.run(["/bin/sh", "-c", push, "sh", gateway], env=environment, check=True)


def instances(gateway: str) -> set[str]:
    with urllib.request.urlopen(f"{gateway}/api/v1/metrics") as answer:  # noqa: S310 - our own server
        return {group["labels"]["instance"] for group in json.load(answer)["data"]}


@pytest.mark.parametrize("instance", INSTANCES)
@pytest.mark.parametrize("in_cluster", [False, True])
def test_the_group_is_gone_and_no_other(pushgateway: str, instance: str, *, in_cluster: bool) -> None:
    pushed(pushgateway, instance)
    pushed(pushgateway, f"{instance}-other")
    port = urlsplit(pushgateway).port
    # What listens here stands for the end of the tunnel.
    url = f"http://pushgateway.monitoring.svc.cluster.local:{port}/" if in_cluster else pushgateway
    *tunnel, command = Group(url, instance).deletion()
    assert tunnel == ([f"kubectl -n monitoring port-forward service/pushgateway {port}:{port}"] if in_cluster else [])
    before = instances(pushgateway)
    assert instance in before
    subprocess.run(["/bin/sh", "-c", f"{command} --silent --show-error --fail"], check=True)
    assert instances(pushgateway) == before - {instance}
