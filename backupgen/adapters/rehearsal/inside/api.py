"""Stands where the API server would, for the one client that a fleet has: kubectl, which runs a dump in an app's pod.

Usage: api.py ADDRESS PORT FILE. FILE is JSON: {"may": {TOKEN: [[NAMESPACE, VERB, RESOURCE]...]}, "pods": [{"namespace",
"name", "labels", "container", "command", "environment"}...]}; `command` is what a program is put behind to run in the
pod. It is read at every request.

    GET  /pods?namespace=N&selector=S              a line NAME PHASE READY for each pod
    POST /exec?namespace=N&pod=P&container=C       body: the command, its words ended by NUL; answers with its output
    GET  /exit?id=I                                its exit code on a line, then what it said on standard error
"""

import http.server
import itertools
import json
import subprocess
import sys
import urllib.parse
from pathlib import Path
from typing import Any


class Api(http.server.BaseHTTPRequestHandler):
    """One request."""

    file: Path
    ends: dict[str, tuple[int, bytes]] = {}  # noqa: RUF012 (shared by all requests)
    numbers = itertools.count()

    def do_GET(self) -> None:
        """List pods, or tell how a command ended."""
        path, query = self._asked()
        if path == "/exit":
            code, said = self.ends.pop(query.get("id", ""), (1, b"no such command"))
            self._answer(200, f"{code}\n".encode() + said)
        elif self._may(query["namespace"], "list", "pods"):
            wanted = dict(part.split("=", 1) for part in query["selector"].split(","))
            pods = [pod for pod in self._state()["pods"] if pod["namespace"] == query["namespace"]]
            found = [pod["name"] for pod in pods if wanted.items() <= pod["labels"].items()]
            self._answer(200, "".join(f"{name} Running True \n" for name in found).encode())

    def do_POST(self) -> None:
        """Run a command in a pod."""
        _, query = self._asked()
        words = self.rfile.read(int(self.headers["Content-Length"])).decode().split("\0")[:-1]
        if not self._may(query["namespace"], "create", "pods/exec"):
            return
        names = (query["namespace"], query["pod"])
        pods = [pod for pod in self._state()["pods"] if (pod["namespace"], pod["name"]) == names]
        pods = [pod for pod in pods if query.get("container", "") in {"", pod["container"]}]
        if not pods:
            self._answer(404, b"no such pod or container\n")
            return
        self._run(pods[0], words)

    def _run(self, pod: dict[str, Any], words: list[str]) -> None:
        number = str(next(self.numbers))
        process = subprocess.Popen(  # noqa: S603
            [*pod["command"], *words],
            env=pod["environment"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert process.stdout is not None  # noqa: S101 (for the type checker)
        assert process.stderr is not None  # noqa: S101
        self.send_response(200)
        self.send_header("Exec", number)
        self.end_headers()
        try:
            while part := process.stdout.read(1 << 16):
                self.wfile.write(part)
        except OSError:
            process.kill()  # who asked for it has left
        said = process.stderr.read()
        self.ends[number] = (process.wait(), said)

    def _asked(self) -> tuple[str, dict[str, str]]:
        parts = urllib.parse.urlsplit(self.path)
        return parts.path, dict(urllib.parse.parse_qsl(parts.query, keep_blank_values=True))

    def _state(self) -> dict[str, Any]:
        state: dict[str, Any] = json.loads(self.file.read_text(encoding="utf-8"))
        return state

    def _may(self, *what: str) -> bool:
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        rights = self._state()["may"].get(token)
        if rights is None:
            self._answer(401, b"Unauthorized\n")
        elif list(what) not in rights:
            self._answer(403, f"Forbidden: cannot {what[1]} {what[2]} in the namespace {what[0]}\n".encode())
        return rights is not None and list(what) in rights

    def _answer(self, code: int, body: bytes) -> None:
        self.send_response(code)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Print nothing."""


def main() -> None:
    """Serve until the process ends."""
    address, port, file = sys.argv[1:]
    Api.file = Path(file)
    http.server.ThreadingHTTPServer((address, int(port)), Api).serve_forever()


if __name__ == "__main__":
    main()
