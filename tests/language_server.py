"""A client for a language server that speaks over its standard streams: as much of the protocol as an editor needs.

The Language Server Protocol 3.17: a header with the length, then JSON-RPC. Requests are answered in order, so nothing
runs beside anything.
"""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SETTINGS = {
    "yaml": {
        "validate": True,
        "hover": True,
        "completion": True,
        "disableDefaultProperties": True,
        "schemaStore": {"enable": False},
    },
    "http": {},
    "[yaml]": {},
    "editor": {},
    "files": {},
}


@dataclass(frozen=True)
class File:
    """A file that is open."""

    editor: "Editor"
    uri: str
    diagnostics: list[dict[str, Any]]

    def complete(self, line: int, character: int) -> list[dict[str, Any]]:
        """Return the proposals at a place, 0-based."""
        found = self._at("completion", line, character)
        items: list[dict[str, Any]] = found["items"] if isinstance(found, dict) else found
        return items

    def hover(self, line: int, character: int) -> str:
        """Return what is shown at a place, 0-based, as Markdown."""
        found = self._at("hover", line, character)
        return "" if found is None else str(found["contents"]["value"])

    def _at(self, what: str, line: int, character: int) -> Any:
        place = {"textDocument": {"uri": self.uri}, "position": {"line": line, "character": character}}
        return self.editor.ask(f"textDocument/{what}", place)


class Editor:
    """An editor with one folder open."""

    def __init__(self, server: "subprocess.Popen[bytes]", folder: Path) -> None:
        self._server = server
        self._folder = folder
        self._number = 0
        self._files = 0
        self._diagnostics: dict[str, list[dict[str, Any]]] = {}
        root = folder.as_uri()
        self.ask("initialize", {
            "processId": None,
            "rootUri": root,
            "workspaceFolders": [{"uri": root, "name": "fleet"}],
            "capabilities": {
                "workspace": {"configuration": True, "workspaceFolders": True},
                "textDocument": {
                    "completion": {"completionItem": {"snippetSupport": True, "documentationFormat": ["markdown"]}},
                    "hover": {"contentFormat": ["markdown"]},
                    "publishDiagnostics": {"versionSupport": True},
                },
            },
        })  # fmt: skip
        self._tell("initialized", {})

    def open(self, text: str) -> "File":
        """Open a file of the folder with a text, and wait for what the server says about it."""
        # A name of its own: servers remember what they made of a file, and what they sent may still be on its way.
        self._files += 1
        uri = (self._folder / f"fleet-{self._files}.yaml").as_uri()
        self._tell(
            "textDocument/didOpen", {"textDocument": {"uri": uri, "languageId": "yaml", "version": 1, "text": text}}
        )
        while uri not in self._diagnostics:
            self._handle(self._read())
        return File(self, uri, self._diagnostics[uri])

    def leave(self) -> None:
        """Close the editor."""
        self.ask("shutdown", None)
        self._tell("exit", None)

    def ask(self, method: str, params: object) -> Any:
        """Send a request, and return the answer."""
        self._number += 1
        number = self._number
        self._send({"id": number, "method": method, "params": params})
        while True:
            message = self._read()
            if message.get("id") == number and "method" not in message:
                assert "error" not in message, message
                return message.get("result")
            self._handle(message)

    def _tell(self, method: str, params: object) -> None:
        self._send({"method": method, "params": params})

    def _send(self, message: dict[str, Any]) -> None:
        assert self._server.stdin is not None
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._server.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self._server.stdin.flush()

    def _read(self) -> dict[str, Any]:
        assert self._server.stdout is not None
        length = 0
        while (line := self._server.stdout.readline().strip()) or not length:
            assert self._server.poll() is None, "the server has left"
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        message: dict[str, Any] = json.loads(self._server.stdout.read(length))
        return message

    def _handle(self, message: dict[str, Any]) -> None:
        """Note diagnostics; answer what the server asks."""
        if message.get("method") == "textDocument/publishDiagnostics":
            self._diagnostics[message["params"]["uri"]] = message["params"]["diagnostics"]
        elif "id" in message and "method" in message:
            wanted = message["params"].get("items", []) if message["method"] == "workspace/configuration" else None
            answer = None if wanted is None else [SETTINGS.get(item.get("section")) for item in wanted]
            self._send({"id": message["id"], "result": answer})


@contextmanager
def editor(command: list[str | Path], folder: Path) -> Iterator[Editor]:
    """An editor with the folder open, and the server that the command starts."""
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=folder
    ) as server:
        try:
            opened = Editor(server, folder)
            yield opened
            opened.leave()
        finally:
            server.kill()
