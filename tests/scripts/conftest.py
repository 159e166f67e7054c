"""The real restic, REST server, Pushgateway and rclone, started once, and a runner for the scripts."""

import base64
import contextlib
import hashlib
import http.server
import os
import shutil
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ROOT / "templates" / "scripts"
DATA = Path(__file__).parent / "data"
REPOSITORY_ID = "253eb12ae820d8a8fa5434e1b9d7633d64f65f97e66b442f1bcec91ba907687d"
OPENS_WITH = "correct horse"
SHELLS = {"dash": ["dash"], "busybox": ["busybox", "ash"], "bash": ["bash", "--posix"]}
TOOLS = ["restic", "restic-rest-server", "prometheus-pushgateway", "rclone", "busybox", "dash", "bash", "shellcheck"]
TOOLS += ["curl", "sqlite3", "setpriv"]


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


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def served(command: list[str], url: str) -> Iterator[str]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(200):
            try:
                urllib.request.urlopen(url, timeout=1).close()  # noqa: S310
                break
            except urllib.error.HTTPError:
                break
            except OSError:
                time.sleep(0.05)
        else:
            pytest.fail(f"{command[0]} did not start")
        yield url
    finally:
        process.terminate()
        process.wait()


@dataclass(frozen=True)
class RestServer:
    root: Path
    url: str
    append_only_url: str


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


class Inbox(http.server.ThreadingHTTPServer):
    """Stands where an ntfy server would, and keeps what it is sent."""

    def __init__(self) -> None:
        self.messages: list[tuple[str, dict[str, str], bytes]] = []
        super().__init__(("127.0.0.1", 0), InboxHandler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class InboxHandler(http.server.BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        assert isinstance(self.server, Inbox)
        self.server.messages.append((self.path, dict(self.headers.items()), body))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    server = Inbox()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@dataclass
class Fleet:
    """One repository behind the REST server, and the environment that the rendered pods get."""

    folder: Path
    repository: Path
    paths: dict[str, str]
    pushgateway: str
    server: RestServer
    instance: str
    environment: dict[str, str] = field(default_factory=dict)

    def command(self, script: str, *arguments: str, shell: str = "dash") -> list[str]:
        executable = shutil.which(SHELLS[shell][0], path=self.paths["dash"])
        assert executable
        return [executable, *SHELLS[shell][1:], str(SCRIPTS / script), *arguments]

    def env(self, shell: str = "dash", **changes: str | None) -> dict[str, str]:
        changed = {"PATH": self.paths[shell]} | self.environment | changes
        return {name: value for name, value in changed.items() if value is not None}

    def run(
        self, script: str, *arguments: str, shell: str = "dash", prefix: str = "", **changes: str | None
    ) -> subprocess.CompletedProcess[str]:
        command = self.command(script, *arguments, shell=shell)
        if prefix:
            first, *rest = prefix.split()
            command = [str(shutil.which(first, path=self.paths["dash"])), *rest, *command]
        return subprocess.run(
            command,
            env=self.env(shell, **changes),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            timeout=60,
            check=False,
        )

    def plan(self, text: str) -> str:
        plan = self.folder / f"plan-{len(list(self.folder.glob('plan-*')))}.sh"
        plan.write_text(text)
        return str(plan)

    def restic(self, *arguments: str, repository: Path | None = None) -> str:
        """Runs restic on the repository's folder, not through the server."""
        command = ["restic", "--repo", str(repository or self.repository), *arguments]
        run = subprocess.run(command, env=self.env(), capture_output=True, text=True, check=False)
        assert run.returncode == 0, run.stderr
        return run.stdout

    def locks(self) -> list[Path]:
        return list((self.repository / "locks").glob("*"))

    def metrics(self, instance: str | None = None) -> dict[str, float]:
        """The instance's series: `name` or `name{label="value"}` -> value, without the grouping labels."""
        with urllib.request.urlopen(f"{self.pushgateway}/metrics") as answer:  # noqa: S310
            text = answer.read().decode()
        series = {}
        for line in text.splitlines():
            if line.startswith("backup_") and f'instance="{instance or self.instance}"' in line:
                name, _, value = line.rpartition(" ")
                series[bare(name)] = float(value)
        return series


def bare(series: str) -> str:
    name, _, labels = series.rstrip("}").partition("{")
    kept = [label for label in labels.split('",') if not label.startswith(("instance=", "job="))]
    joined = ",".join(label if label.endswith('"') else f'{label}"' for label in kept)
    return f"{name}{{{joined}}}" if kept else name


def new_repository(place: Path, template: str = "repository") -> Path:
    shutil.copytree(DATA / template, place)
    for folder in ("data", "index", "locks", "snapshots"):
        (place / folder).mkdir()
    for number in range(256):
        (place / "data" / f"{number:02x}").mkdir()
    return place


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
