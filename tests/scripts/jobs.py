"""The servers that the jobs talk to, and a runner for the scripts."""

import contextlib
import http.server
import os
import re
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ROOT / "templates" / "scripts"
DATA = Path(__file__).parent / "data"
REPOSITORY_ID = "253eb12ae820d8a8fa5434e1b9d7633d64f65f97e66b442f1bcec91ba907687d"
OPENS_WITH = "correct horse"
SHELLS = {"dash": ["dash"], "busybox": ["busybox", "ash"], "bash": ["bash", "--posix"]}
TOOLS = [
    "restic", "restic-bookworm", "restic-forky", "restic-rest-server", "prometheus-pushgateway", "rclone",
    "busybox", "dash", "bash", "shellcheck", "curl", "openssl", "sqlite3", "setpriv", "unshare",
    "mariadb", "mariadbd", "mariadb-backup", "mariadb-install-db", "mbstream",
]  # fmt: skip


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


class Inbox(http.server.ThreadingHTTPServer):
    """Stands where an ntfy server would, and keeps what it is sent."""

    def __init__(self) -> None:
        self.messages: list[tuple[str, dict[str, str], bytes]] = []
        self.status = 200
        super().__init__(("127.0.0.1", 0), InboxHandler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class InboxHandler(http.server.BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        assert isinstance(self.server, Inbox)
        self.server.messages.append((self.path, dict(self.headers.items()), body))
        self.send_response(self.server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_PUT = do_POST  # noqa: N815 (http.server's name)

    def log_message(self, format: str, *args: object) -> None:
        pass


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
    codes: list[int] = field(default_factory=list)
    """The exit codes of the jobs, for what docs/faults.md says of them."""

    def use_restic(self, name: str) -> None:
        """Let the jobs find another restic of .tools/bin."""
        place = shutil.which(name, path=self.paths["dash"])
        assert place
        folder = self.folder / name
        folder.mkdir()
        (folder / "restic").symlink_to(place)
        self.paths = {shell: f"{folder}:{path}" for shell, path in self.paths.items()}

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
        done = subprocess.run(
            command,
            env=self.env(shell, **changes),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            timeout=120,
            check=False,
        )
        self.codes.append(done.returncode)
        return done

    def start(self, script: str, *arguments: str, shell: str = "dash", **changes: str | None) -> subprocess.Popen[str]:
        """Start a job in a process group of its own; `ended` waits for it."""
        return subprocess.Popen(
            self.command(script, *arguments, shell=shell),
            env=self.env(shell, **changes),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def ended(self, process: subprocess.Popen[str]) -> str:
        """What a job printed, once it has ended by itself."""
        try:
            output, _ = process.communicate(timeout=60)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        self.codes.append(process.returncode)
        return output

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
    found = re.findall(r'(\w+="(?:[^"\\]|\\.)*")', labels)
    kept = [label for label in found if not label.startswith(("instance=", "job="))]
    return f"{name}{{{','.join(kept)}}}" if kept else name


def until(condition: Callable[[], object], what: str) -> None:
    """Wait for something that a job or a server does; ten seconds at most."""
    for _ in range(200):
        if condition():
            return
        time.sleep(0.05)
    pytest.fail(f"{what}: this did not happen")


def new_repository(place: Path, template: str = "repository") -> Path:
    shutil.copytree(DATA / template, place)
    for folder in ("data", "index", "locks", "snapshots"):
        (place / folder).mkdir()
    for number in range(256):
        (place / "data" / f"{number:02x}").mkdir()
    return place
