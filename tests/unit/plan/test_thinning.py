"""What the retention is told of each target, and the command by which a person releases a refused plan."""

import http.server
import json
import os
import re
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from backupgen.conventions import naming
from backupgen.plan.thinning import kept_in_time
from tests.compiled import compiled, objects

HOUR, DAY = 3600, 86_400


@pytest.mark.parametrize(
    ("keep", "every", "expected"),
    [
        (["--keep-daily=7", "--keep-weekly=4"], DAY, ["--keep-within-daily=7d", "--keep-within-weekly=22d"]),
        (["--keep-hourly=24", "--keep-daily=7"], HOUR, ["--keep-within-hourly=1d", "--keep-within-daily=6d1h"]),
        (["--keep-hourly=24"], DAY, ["--keep-within-hourly=24d"]),
        (["--keep-last=5"], DAY, ["--keep-within=5d"]),
        (["--keep-last=5", "--keep-within=2d"], DAY, []),
        (["--keep-within=30d"], DAY, []),
        (["--keep-monthly=12", "--keep-yearly=1"], 600, ["--keep-within-monthly=11m1h", "--keep-within-yearly=1h"]),
        (["--keep-monthly=3"], 90 * DAY, ["--keep-within-monthly=270d"]),
        (["--keep-last=999999999"], DAY, ["--keep-within=36500d"]),
        (["--keep-yearly=999999999"], DAY, ["--keep-within-yearly=100y1d"]),
    ],
)
def test_what_counts_promise_in_time(keep: list[str], every: int, expected: list[str]) -> None:
    assert list(kept_in_time(keep, every)) == expected


class Api(http.server.BaseHTTPRequestHandler):
    """As much of the API server as `kubectl create job --from` asks for."""

    cronjob: dict[str, object]
    created: list[dict[str, object]]

    def do_GET(self) -> None:
        kinds = [
            {"name": "cronjobs", "namespaced": True, "kind": "CronJob", "verbs": ["get"]},
            {"name": "jobs", "namespaced": True, "kind": "Job", "verbs": ["create"]},
        ]
        path = self.path.partition("?")[0]
        version = {"groupVersion": "batch/v1", "version": "v1"}
        answers: dict[str, object] = {
            "/api": {"kind": "APIVersions", "versions": ["v1"]},
            "/api/v1": {"kind": "APIResourceList", "groupVersion": "v1", "resources": []},
            "/apis": {
                "kind": "APIGroupList",
                "apiVersion": "v1",
                "groups": [{"name": "batch", "versions": [version], "preferredVersion": version}],
            },
            "/apis/batch/v1": {"kind": "APIResourceList", "groupVersion": "batch/v1", "resources": kinds},
        }
        self._answer(self.cronjob if "/cronjobs/" in path else answers.get(path))

    def do_POST(self) -> None:
        made = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.created.append(made)
        self._answer(made)

    def _answer(self, value: object) -> None:
        body = json.dumps(value).encode()
        self.send_response(404 if value is None else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def api() -> Iterator[tuple[str, list[dict[str, object]]]]:
    found = objects("reference")
    cronjob = next(item for path, item in found.items() if path.endswith("cronjob.restic-retentionpolicies.yaml"))
    created: list[dict[str, object]] = []
    handler = type("Handler", (Api,), {"cronjob": cronjob, "created": created})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", created
    server.shutdown()
    thread.join()
    server.server_close()


def commands() -> list[str]:
    page = compiled("reference").manifests.files[naming.runbook_of_alert("BackupRetentionRefused")]
    return [
        block for block in re.findall(r"^```sh\n(.*?)^```", page, re.MULTILINE | re.DOTALL) if "create job" in block
    ]


@pytest.mark.parametrize("number", [0, 1])
def test_the_runbooks_commands_make_a_job_with_the_word(
    number: int, api: tuple[str, list[dict[str, object]]], tmp_path: Path
) -> None:
    """With kubectl itself: the retention's own Job, with one variable more."""
    url, created = api
    place = tmp_path / "config"
    cluster = {"name": "c", "cluster": {"server": url}}
    context = {"name": "c", "context": {"cluster": "c", "user": "u"}}
    place.write_text(
        json.dumps(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [cluster],
                "contexts": [context],
                "users": [{"name": "u", "user": {}}],
                "current-context": "c",
            }
        )
    )
    script = "namespace=longhorn cronjob=restic-retentionpolicies\n" + commands()[number].replace(
        "kubectl create -f -", "kubectl create --validate=false -f -"
    )
    environment = {"PATH": os.environ["PATH"], "KUBECONFIG": str(place), "HOME": str(tmp_path)}
    ran = subprocess.run(
        ["sh", "-euc", script], env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert ran.returncode == 0, ran.stderr
    (job,) = created
    text = json.dumps(job)
    word = (
        {"name": "BACKUP_FORGET", "value": "ID ID"} if number == 0 else {"name": "BACKUP_RELEASE", "value": "TIME-HASH"}
    )
    assert json.dumps(word) in text
    assert '"/scripts/retention.sh"' in text
    assert job["kind"] == "Job"
    assert "RESTIC_REPOSITORY_ID" in text
