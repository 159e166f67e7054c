"""The real restic, REST server, Pushgateway and rclone, started once."""

import base64
import contextlib
import hashlib
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.scripts.faults import FAULTS
from tests.scripts.jobs import (
    OPENS_WITH,
    REPOSITORY_ID,
    ROOT,
    TOOLS,
    Fleet,
    Inbox,
    RestServer,
    free_port,
    new_repository,
    served,
)


@pytest.fixture(scope="session")
def tools() -> dict[str, str]:
    path = os.pathsep.join([str(ROOT / ".tools" / "bin"), os.environ["PATH"]])
    found = {name: shutil.which(name, path=path) for name in TOOLS}
    missing = [name for name, place in found.items() if place is None]
    if missing:
        pytest.fail(f"not on PATH nor in .tools/bin: {', '.join(missing)}", pytrace=False)
    return {name: place for name, place in found.items() if place}


@pytest.fixture(scope="session")
def paths(tools: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A PATH a shell: dash and bash get the machine's programs; busybox its own, restic and rclone."""
    normal = tmp_path_factory.mktemp("bin")
    for name, place in tools.items():
        (normal / name).symlink_to(place)
    lean = tmp_path_factory.mktemp("busybox")
    for applet in subprocess.run(
        [tools["busybox"], "--list"], capture_output=True, text=True, check=True
    ).stdout.split():
        (lean / applet).symlink_to(tools["busybox"])
    for name in ("restic", "rclone"):
        (lean / name).symlink_to(tools[name])
    machine = f"{normal}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
    return {"dash": machine, "bash": machine, "busybox": str(lean)}


@pytest.fixture(scope="session")
def rest_server(tools: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[RestServer]:
    root = tmp_path_factory.mktemp("rest")
    htpasswd = tmp_path_factory.mktemp("auth") / "htpasswd"
    digest = base64.b64encode(hashlib.sha1(b"rest", usedforsecurity=False).digest()).decode()
    htpasswd.write_text(f"fleet:{{SHA}}{digest}\n")
    with contextlib.ExitStack() as stack:
        urls = []
        for flags in ([], ["--append-only"]):
            address = f"127.0.0.1:{free_port()}"
            command = [tools["restic-rest-server"], "--listen", address, "--path", str(root)]
            command += ["--htpasswd-file", str(htpasswd), *flags]
            urls.append(stack.enter_context(served(command, f"http://{address}/")))
        yield RestServer(root, *urls)


@pytest.fixture(scope="session")
def pushgateway(tools: dict[str, str]) -> Iterator[str]:
    address = f"127.0.0.1:{free_port()}"
    command = [tools["prometheus-pushgateway"], f"--web.listen-address={address}", "--persistence.file="]
    with served(command, f"http://{address}/-/ready") as url:
        yield url.removesuffix("/-/ready")


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    server = Inbox()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(autouse=True)
def _the_fault_is_what_the_docs_say(request: pytest.FixtureRequest) -> Iterator[None]:
    """A test of a fault has to have seen the exit codes that docs/faults.md gives."""
    names = [name for mark in request.node.iter_markers("fault") for name in mark.args]
    codes = request.getfixturevalue("fleet").codes if names else []
    yield
    for name in names:
        assert set(FAULTS[name].codes) <= set(codes), f"{name}: {codes}"


@pytest.fixture
def fleet(
    tmp_path: Path, rest_server: RestServer, pushgateway: str, paths: dict[str, str], request: pytest.FixtureRequest
) -> Fleet:
    name = hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:12]
    home = tmp_path / "home"
    home.mkdir()
    made = Fleet(tmp_path, new_repository(rest_server.root / name), paths, pushgateway, rest_server, name)
    made.environment = {
        "HOME": str(home),
        "TMPDIR": str(home),
        "RESTIC_REPOSITORY": f"rest:{rest_server.append_only_url}{name}/",
        "RESTIC_REST_USERNAME": "fleet",
        "RESTIC_REST_PASSWORD": "rest",
        "RESTIC_PASSWORD": OPENS_WITH,
        "RESTIC_REPOSITORY_ID": REPOSITORY_ID,
        "RESTIC_HOSTNAME": name,
        "RESTIC_PROBE_TIMEOUT": "3",
        "BACKUP_LOCK_PATIENCE": "2",
        "PUSHGATEWAY_ENABLED": "true",
        "PUSHGATEWAY_URL": pushgateway,
    }
    return made


@pytest.fixture
def writable(fleet: Fleet) -> Fleet:
    """The fleet, with the right to remove: what retention has."""
    fleet.environment["RESTIC_REPOSITORY"] = f"rest:{fleet.server.url}{fleet.repository.name}/"
    return fleet


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    folder.mkdir()
    (folder / "file").write_text("worth keeping\n" * 100)
    return folder
