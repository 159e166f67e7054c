"""A fleet whose Secrets can be sealed, with real sops and age: what the tests of `secrets` share."""

import json
import os
import re
import stat
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml
from typer.testing import CliRunner, Result

from backupgen.cli import app as commands

DIGEST = "sha256:62c66a7a5dd70c3146618063c344e531e6d4b59e379808443ce962b3abd63c5a"
FLEET = f"""\
fleet: home
home_namespace: backup
timezone: Europe/Vienna
images: {{restic: "example.org/restic:0.19.1@{DIGEST}", rest_server: "example.org/rest-server:0.14.0@{DIGEST}"}}
ntfy: {{server: https://ntfy.example.org, topic: backup, auth: true}}
repository:
  url: rest:http://rest-server.backup.svc.cluster.local:8000/
  id: {"0" * 64}
  server: {{volume: {{pvc: restic}}}}
  retention: {{at: "03:00", deadline: 1h, keep: {{daily: 7, weekly: 4}}}}
  restore_test: {{at: "Sun 05:00", deadline: 1h, scratch: 10Gi}}
sops: {{age: [RECIPIENT]}}
defaults: {{deadline: 10m, run_as: 1000}}
targets:
  notes: {{namespace: notes, at: ":20", with_pod: {{app: notes}}, volume: {{pvc: notes}}, verify: [{{dir: notes}}]}}
  wiki:
    namespace: wiki
    at: ":40"
    with_pod: {{app: wiki}}
    volume: {{pvc: wiki}}
    verify: [{{dir: wiki}}]
    credentials: {{DB_PASSWORD: wiki-db}}
"""
VALUES = {
    "restic-password": "correct horse",
    "restic-rest-password": "tröt: 'x' \"y\" # z",
    "restic-rest-maintenance-password": "maintenance-0123",
    "ntfy-credentials": "user:geheim\nzweite Zeile",
    "wiki-db": "0123",
}
VALUES_FILE = "fleet.values.enc.yaml"
NOTES = "notes/secret.backup-env-configuration-notes.enc.yaml"
WIKI = "wiki/secret.backup-env-configuration-wiki.enc.yaml"
SERVER = "backup/secret.rest-server-htpasswd.enc.yaml"
RETENTION = "backup/secret.backup-env-configuration-restic-retentionpolicies.enc.yaml"
RESTORE_TEST = "backup/secret.backup-env-configuration-backup-restore-test.enc.yaml"
SECRETS = sorted([NOTES, WIKI, SERVER, RETENTION, RESTORE_TEST])

EDITOR = """\
#!{python}
import json, os, sys
import yaml
path, change = sys.argv[1], json.load(open(os.environ["TEST_EDIT"]))
text = open(path).read()
for name, value in change.items():
    lines = text.splitlines(keepends=True)
    kept = [line for line in lines if not line.startswith(name + ":")]
    new = [] if value is None else [f"{{name}}: {{value if isinstance(value, int) else json.dumps(value)}}\\n"]
    text = "".join(kept + new)
open(path, "w").write(text)
"""


class Place:
    """A folder with a fleet, in which commands run, and the keys that seal it."""

    def __init__(self, folder: Path, keys: int = 1) -> None:
        self.folder = folder
        self.out = folder / "out"
        self.keys = [self.new_key(f"key{number}") for number in range(keys)]
        self.editor = folder / "editor"
        self.editor.write_text(EDITOR.format(python=sys.executable))
        self.editor.chmod(self.editor.stat().st_mode | stat.S_IXUSR)
        (folder / "fleet.yaml").write_text(FLEET.replace("RECIPIENT", self.recipient(0)), encoding="utf-8")

    def new_key(self, name: str) -> Path:
        path = self.folder / name
        subprocess.run(["age-keygen", "-o", path], capture_output=True, check=True)
        return path

    def recipient(self, number: int) -> str:
        found = re.search("public key: (age1[0-9a-z]+)", self.keys[number].read_text())
        assert found
        return found[1]

    def run(self, *arguments: str, key: int | None = 0, env: Mapping[str, str] | None = None) -> Result:
        """Run backupgen in this process; `key` is the number of the key at hand."""
        given = {"SOPS_AGE_KEY_FILE": str(self.keys[key])} if key is not None else {}
        before = Path.cwd()
        os.chdir(self.folder)
        try:
            runner = CliRunner(env={**given, **(env or {})})
            return runner.invoke(commands.app, list(arguments), prog_name="backupgen")
        finally:
            os.chdir(before)

    def edit_values(self, change: Mapping[str, str | int | None]) -> Result:
        """`backupgen secrets edit` with an editor that sets values, or removes those that are None."""
        path = self.folder / "change.json"
        path.write_text(json.dumps(change))
        environment = {"EDITOR": str(self.editor), "TEST_EDIT": str(path), "XDG_RUNTIME_DIR": str(self.folder)}
        # sops writes to the streams of the process itself, which the runner does not catch.
        return self.run("secrets", "edit", env=environment)

    def edit_fleet(self, old: str, new: str) -> None:
        path = self.folder / "fleet.yaml"
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")

    def sealed(self) -> "Place":
        """Everything filled in, rendered and sealed."""
        assert self.edit_values(VALUES).exit_code == 0
        done = self.run("render")
        assert (done.exit_code, done.stderr) == (0, "")
        return self

    def files(self) -> dict[str, bytes]:
        return {
            path.relative_to(self.out).as_posix(): path.read_bytes() for path in self.out.rglob("*") if path.is_file()
        }

    def text(self, path: str) -> str:
        return (self.out / path).read_text(encoding="utf-8")

    def write(self, path: str, text: str) -> None:
        (self.out / path).write_text(text, encoding="utf-8")

    def document(self, path: str) -> dict[str, Any]:
        loaded = yaml.safe_load(self.text(path))
        assert isinstance(loaded, dict)
        return loaded

    def opened(self, path: str, key: int = 0) -> dict[str, Any]:
        """A sealed file of out/, as Flux or KSOPS would decrypt it."""
        environment = {**os.environ, "SOPS_AGE_KEY_FILE": str(self.keys[key])}
        done = subprocess.run(
            ["sops", "decrypt", self.out / path], env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        loaded = yaml.safe_load(done.stdout)
        assert isinstance(loaded, dict)
        return loaded

    def sops(self, *arguments: str | Path, key: int = 0, given: str = "") -> str:
        environment = {**os.environ, "SOPS_AGE_KEY_FILE": str(self.keys[key])}
        done = subprocess.run(
            ["sops", *arguments],
            cwd=self.folder,
            env=environment,
            input=given,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def found(
        self, *arguments: str, key: int | None = None, env: Mapping[str, str] | None = None
    ) -> list[tuple[str, str]]:
        """What `check` finds, without a key: slug and file, sorted."""
        done = self.run("check", "--format", "json", *arguments, key=key, env=env)
        return sorted(
            (one["slug"], (one["file"] or "").removeprefix("out/")) for one in json.loads(done.stdout)["findings"]
        )

    def messages(self) -> list[str]:
        return [
            one["message"] for one in json.loads(self.run("check", "--format", "json", key=None).stdout)["findings"]
        ]


def changed(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> set[str]:
    """The files that differ, the inventory aside."""
    paths = {path for path in {**before, **after} if before.get(path) != after.get(path)}
    return paths - {".backupgen-inventory.json"}


def without(path: str, folders: Iterable[str]) -> str:
    """A PATH without the folders."""
    return os.pathsep.join(one for one in path.split(os.pathsep) if one not in folders)
