"""The REST server with the flags that its Deployment gives it."""

import base64
import hashlib
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.compiled import objects
from tests.scripts.jobs import free_port, served


def asked(url: str, user: str = "") -> int:
    headers = {"Authorization": f"Basic {base64.b64encode(user.encode()).decode()}"} if user else {}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as answer:  # noqa: S310
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


@pytest.mark.parametrize(("container", "metrics"), [("append-only", 200), ("maintenance", 401)])
def test_only_the_port_that_is_scraped_has_metrics_and_nothing_else_without_a_password(
    container: str, metrics: int, tools: dict[str, str], tmp_path: Path
) -> None:
    pod = objects("reference")["backup/deployment.rest-server.yaml"]["spec"]["template"]["spec"]
    (args,) = (one["args"] for one in pod["containers"] if one["name"] == container)
    digest = base64.b64encode(hashlib.sha1(b"rest", usedforsecurity=False).digest()).decode()
    (tmp_path / "htpasswd").write_text(f"backup:{{SHA}}{digest}\n")
    address = f"127.0.0.1:{free_port()}"
    places = {"--path": str(tmp_path), "--listen": address, "--htpasswd-file": str(tmp_path / "htpasswd")}
    given = [places.get(before, word) for before, word in zip(["", *args], args, strict=False)]
    with served([tools["restic-rest-server"], *given], f"http://{address}/"):
        assert asked(f"http://{address}/metrics") == metrics
        assert asked(f"http://{address}/config") == 401
        assert asked(f"http://{address}/config", "backup:rest") == 404
