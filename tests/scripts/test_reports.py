"""report.sh: what is delivered, and what is said when it is not; with a full /tmp, and without any."""

import http.server
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.scripts.jobs import SHELLS, Fleet, Inbox


class Redirecting(http.server.ThreadingHTTPServer):
    """An ingress that sends everybody to https, or a login page."""

    def __init__(self, status: int, place: str) -> None:
        self.status, self.place = status, place
        super().__init__(("127.0.0.1", 0), RedirectingHandler)


class RedirectingHandler(http.server.BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        assert isinstance(self.server, Redirecting)
        self.send_response(self.server.status)
        self.send_header("Location", self.server.place)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_PUT = do_POST  # noqa: N815 (http.server's name)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def redirecting(inbox: Inbox) -> Iterator[Redirecting]:
    server = Redirecting(302, inbox.url)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.slow
@pytest.mark.fault("sink-redirects")
@pytest.mark.parametrize("shell", ["dash", "busybox"])
def test_a_sink_that_redirects_has_delivered_nothing(
    fleet: Fleet, source: Path, redirecting: Redirecting, shell: str
) -> None:
    url = f"http://127.0.0.1:{redirecting.server_port}"
    for status in (301, 302, 307, 308):
        redirecting.status = status
        changes = {"PUSHGATEWAY_URL": url, "NTFY_ENABLED": "true", "NTFY_SERVER": url, "RESTIC_REPOSITORY_ID": "0" * 64}
        run = fleet.run("backup.sh", "--", str(source), shell=shell, **changes)
        assert run.returncode == 66
        assert run.stdout.count(f"the answer was {status}, not 2xx") == 2, run.stdout
        assert "metrics not pushed" in run.stdout
        assert "no notification sent" in run.stdout


def with_full_tmp(fleet: Fleet, *arguments: str, left: int, shell: str, **changes: str) -> tuple[int, str]:
    """Run a job whose /tmp has so many KiB left; restic's cache lies elsewhere."""
    command = fleet.command("backup.sh", *arguments, shell=shell)
    wrapper = (
        'mount -t tmpfs -o size=1m tmpfs "$TMPDIR"; exec 2>/dev/null; '
        'dd if=/dev/zero of="$TMPDIR/full" bs=1k count="$USED"; exec "$@"'
    )
    run = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", wrapper, "sh", *command],
        env=fleet.env(shell, USED=str(1024 - left), RESTIC_CACHE_DIR=str(fleet.folder / "cache"), **changes)
        | {"PATH": f"{fleet.paths[shell]}:/usr/bin:/bin" if shell == "busybox" else fleet.paths[shell]},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
    fleet.codes.append(run.returncode)
    return run.returncode, run.stdout


@pytest.mark.fault("tmp-full")
@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("left", [0, 4, 12, 40])
def test_a_full_tmp_is_told(fleet: Fleet, source: Path, inbox: Inbox, shell: str, left: int) -> None:
    told = {"NTFY_ENABLED": "true", "NTFY_SERVER": inbox.url, "RESTIC_CHECK_AFTER_BACKUP": "false"}
    code, output = with_full_tmp(fleet, "--tag=a", "--", str(source), left=left, shell=shell, **told)
    pushed = fleet.metrics()
    assert code in (0, 1, 70, 75), output
    if code == 0:
        assert pushed['backup_status{status="success"}'] == 0
    else:
        assert pushed['backup_status{status="failure"}'] == code
        ((_, _, body),) = inbox.messages
        assert f"failed with exit code {code}" in body.decode(), output
    if left == 0:
        assert code == 70, output
    fleet.codes.append(70)


@pytest.mark.parametrize("shell", ["dash", "busybox"])
def test_without_any_folder_for_its_files_a_job_says_so(fleet: Fleet, source: Path, inbox: Inbox, shell: str) -> None:
    told = {"NTFY_ENABLED": "true", "NTFY_SERVER": inbox.url, "TMPDIR": "/nowhere"}
    run = fleet.run("backup.sh", "--", str(source), shell=shell, **told)
    assert run.returncode == 70, run.stdout
    assert fleet.metrics()['backup_status{status="failure"}'] == 70
    assert "no folder can be made in /nowhere" in inbox.messages[0][2].decode()


@pytest.mark.parametrize("shell", SHELLS)
def test_a_log_with_odd_characters_arrives(fleet: Fleet, source: Path, inbox: Inbox, shell: str) -> None:
    text = '@first "quoted" back\\slash\ttab\n%s $(id) `id` é\n\nend \\'
    (fleet.folder / "text").write_text(text)
    told = {"NTFY_ENABLED": "true", "NTFY_SERVER": inbox.url, "PRE_HOOK": f"cat '{fleet.folder}/text'; exit 1"}
    assert fleet.run("backup.sh", "--", str(source), shell=shell, **told).returncode == 68
    assert text in inbox.messages[0][2].decode()


@pytest.mark.slow
def test_many_metrics_are_pushed_from_a_file(writable: Fleet, source: Path) -> None:
    for shell in ("dash", "busybox"):
        plan = "".join(f"own {'t' * 40}{number}\n" for number in range(700))
        run = writable.run("retention.sh", PLAN=writable.plan(plan), shell=shell, RESTIC_HOSTNAME=f"many-{shell}")
        assert run.returncode == 0, run.stdout
        assert "not pushed" not in run.stdout
        assert len(writable.metrics(f"many-{shell}")) > 700
    assert source.exists()
