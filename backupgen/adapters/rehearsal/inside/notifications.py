"""Stands where a server of notifications would: takes every notification, and writes it down as a line of JSON.

Usage: notifications.py ADDRESS PORT FILE USER:PASSWORD [CERTIFICATE KEY]. An empty user: everybody may publish.
"""

import base64
import http.server
import json
import ssl
import sys
from pathlib import Path


class Sink(http.server.BaseHTTPRequestHandler):
    """One request."""

    file: Path
    authorization: str

    def do_POST(self) -> None:
        """Take a notification, as ntfy takes one by POST or PUT to a topic."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        allowed = self.authorization in {"", self.headers.get("Authorization", "")}
        if allowed:
            about = {"topic": self.path.strip("/"), "title": self.headers.get("Title", "")}
            about |= {"priority": self.headers.get("Priority", ""), "tags": self.headers.get("Tags", "")}
            with self.file.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps(about | {"message": body.decode(errors="replace")}) + "\n")
        self.send_response(200 if allowed else 403)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_PUT = do_POST  # noqa: N815 (the interface's name)

    def log_message(self, format: str, *args: object) -> None:
        """Print nothing."""


def main() -> None:
    """Serve until the process ends."""
    address, port, file, user, *tls = sys.argv[1:]
    Sink.file = Path(file)
    Sink.authorization = f"Basic {base64.b64encode(user.encode()).decode()}" if user else ""
    server = http.server.ThreadingHTTPServer((address, int(port)), Sink)
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*tls)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
