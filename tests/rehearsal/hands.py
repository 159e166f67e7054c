"""A person at a terminal: takes the commands of a runbook's page and runs them, with a kubectl that reaches a stage.

The stand-in for kubectl hands its arguments and its three streams over to the test, which does to the stage what the
cluster would do. What it does not know fails.
"""

import base64
import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from backupgen.adapters.rehearsal.container import Launch, command_of
from backupgen.adapters.rehearsal.databases import App
from backupgen.adapters.rehearsal.image import PATH
from backupgen.adapters.rehearsal.stage import Stage
from backupgen.adapters.rehearsal.volumes import Volumes
from backupgen.rehearsal.cluster import Cluster
from backupgen.rehearsal.environment import ConfigError
from backupgen.rehearsal.pod import Pod, pod_of
from backupgen.rehearsal.values import secret_data

Item = dict[str, Any]

_SHIM = """#!{python} -IS
import os, json, socket, sys
server = socket.socket(socket.AF_UNIX)
server.connect(os.environ["HANDS"])
socket.send_fds(server, [json.dumps(sys.argv[1:]).encode()], [0, 1, 2])
sys.exit(int(server.recv(16)))
"""
_VALUED = ("-n", "-l", "-o", "-c", "-f", "-p")
_FENCE = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_ORIGIN = re.compile(r"^From (?:the repository|the mirror `(.*)`):$", re.MULTILINE)


def blocks(page: str, mirror: str = "") -> list[str]:
    """The commands of a page's restore, in order; of what is said of several places, that of one."""
    steps = page[page.index("\n## Restore\n") :]
    found = []
    before = 0
    for match in _FENCE.finditer(steps):
        origin = _ORIGIN.search(steps, before, match.start())
        if origin is None or (origin[1] or "") == mirror:
            found.append(match[1])
        before = match.end()
    return found


class KubectlError(Exception):
    """What kubectl says when it fails."""


@dataclass
class Workload:
    """A Deployment or StatefulSet whose pods the runbooks find by their labels."""

    kind: str
    name: str
    namespace: str
    labels: Mapping[str, str]
    replicas: int = 1
    app: App | None = None

    def pods(self) -> list[Item]:
        owner = ("ReplicaSet", f"{self.name}-5d8f") if self.kind == "Deployment" else (self.kind, self.name)
        reference = {"kind": owner[0], "name": owner[1]}
        metadata = {"name": f"{self.name}-0", "labels": dict(self.labels), "ownerReferences": [reference]}
        containers = [{"name": (self.app.pod.container if self.app else "") or "app"}]
        return [{"metadata": metadata, "spec": {"containers": containers}}] * min(self.replicas, 1)


@dataclass
class Call:
    """One call of kubectl."""

    verb: str
    words: list[str]
    options: dict[str, str]
    command: list[str]
    streams: list[int]

    @property
    def namespace(self) -> str:
        return self.options["-n"]

    def say(self, text: str) -> None:
        os.write(self.streams[1], text.encode())

    def given(self) -> str:
        with os.fdopen(os.dup(self.streams[0]), "rb") as stream:
            return stream.read().decode()


def call_of(arguments: Sequence[str], streams: list[int]) -> Call:
    words, command = list(arguments), []
    if "--" in words:
        at = words.index("--")
        words, command = words[:at], words[at + 1 :]
    options: dict[str, str] = {}
    plain: list[str] = []
    rest = iter(words)
    for word in rest:
        if word in _VALUED:
            options[word] = next(rest)
        elif word.startswith("-"):
            name, _, value = word.partition("=")
            options[name] = value
        else:
            plain.append(word)
    return Call(plain[0], plain[1:], options, command, streams)


@dataclass
class Hands:
    """The stage's cluster, as far as the runbooks change it."""

    stage: Stage
    folder: Path
    kubectl: Path
    """The real one, which evaluates Go's templates."""
    workloads: list[Workload] = field(default_factory=list)
    patched: dict[str, Item] = field(default_factory=dict)
    """Objects by `namespace/kind/name`, with what was patched."""
    log: list[str] = field(default_factory=list)
    pods: dict[tuple[str, str], Pod] = field(default_factory=dict)
    copies: dict[tuple[str, str], App] = field(default_factory=dict)
    added: dict[tuple[str, str, str], Item] = field(default_factory=dict)
    volumes: dict[tuple[str, str], Volumes] = field(default_factory=dict)
    instead: Mapping[str, str] = field(default_factory=dict)
    """URLs for which no server stands in under its own name -> what is used in their place."""
    failures: list[str] = field(default_factory=list)

    # --- running a page ---

    def run(self, commands: Sequence[str]) -> subprocess.CompletedProcess[str]:
        """Run the blocks in one shell, as they are; the first command that fails ends it."""
        shim = self.folder / "bin" / "kubectl"
        shim.parent.mkdir(exist_ok=True)
        shim.write_text(_SHIM.format(python=sys.executable))
        shim.chmod(0o755)
        script = "set -eu -o pipefail\n" + "\n".join(commands)
        environment = {"PATH": f"{shim.parent}:/usr/bin:/bin", "HANDS": str(self.folder / "socket")}
        with self._listening():
            return subprocess.run(
                ["bash", "-c", script],
                env=environment,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
                timeout=120,
            )

    @contextlib.contextmanager
    def _listening(self) -> Iterator[None]:
        place = self.folder / "socket"
        place.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(place))
            listener.listen()
            threading.Thread(target=self._serve, args=(listener,), daemon=True).start()
            try:
                yield
            finally:
                listener.shutdown(socket.SHUT_RDWR)

    def _serve(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection:
            told, streams, _, _ = socket.recv_fds(connection, 1 << 20, 3)
            code = 1
            try:
                code = self._do(call_of(json.loads(told), list(streams)))
            except (KubectlError, ConfigError, KeyError) as error:
                os.write(streams[2], f"kubectl: {error}\n".encode())
            except Exception as error:  # noqa: BLE001 - the shell has to get an answer, and the test the reason
                self.failures.append(repr(error))
                os.write(streams[2], f"kubectl: {error!r}\n".encode())
            finally:
                for stream in streams:
                    os.close(stream)
            connection.sendall(str(code).encode())

    # --- what kubectl does ---

    def _do(self, call: Call) -> int:
        self.log.append(" ".join([call.verb, *call.words]))
        verbs = {
            "apply": self._apply, "create": self._create, "debug": self._debug, "delete": self._delete,
            "exec": self._exec, "get": self._get, "logs": self._logs, "patch": self._patch, "scale": self._scale,
            "wait": self._wait,
        }  # fmt: skip
        if call.verb not in verbs:
            raise KubectlError(f"unknown command {call.verb}")
        return verbs[call.verb](call) or 0

    def _apply(self, call: Call) -> None:
        item = yaml.safe_load(call.given())
        if not item:
            raise KubectlError("no objects passed to apply")
        metadata = item["metadata"]
        key = (metadata["namespace"], metadata["name"])
        if item["kind"] == "Secret":
            self.added["Secret", *key] = item
            return
        assert item["kind"] == "Pod"
        if key in self.pods:
            raise KubectlError("pod updates may not change fields")
        cluster = Cluster({**self.stage.cluster.objects, **self.added})
        pod = pod_of(item, key[0], cluster, self.stage.value_of)
        self.pods[key] = pod
        self.volumes[key] = Volumes(self.stage.enclosure, pod, key[1])

    def _exec(self, call: Call) -> int:
        key = (call.namespace, call.words[0])
        if key in self.copies:
            return self._run_in(self.copies[key], call)
        pod = self.pods.get(key)
        if pod is None:
            workload = self._workload_of(key)
            if workload.app is None:
                raise KubectlError("nothing runs in this pod")
            return self._run_in(workload.app, call)
        container = pod.containers[0]
        node = self.stage.node
        launch = Launch(
            hostname=key[1],
            uid=pod.uid,
            gid=pod.gid,
            groups=() if pod.fs_group is None else (pod.fs_group,),
            capabilities=container.capabilities,
            binds=self.volumes[key].binds(container),
            read_only_root=container.read_only_root,
            arguments=tuple(call.command),
        )
        environment = {"PATH": PATH, "HOSTNAME": key[1], **container.environment}
        environment = {name: self.instead.get(text, text) for name, text in environment.items()}
        return self._start(command_of(node.enclosure, node.image, node.programs, launch), environment, call)

    def _run_in(self, app: App, call: Call) -> int:
        wanted = call.options.get("-c", "")
        if wanted and wanted != (app.pod.container or "app"):
            raise KubectlError(f"container {wanted} not found")
        return self._start((*app.command, *call.command), app.environment, call)

    def _start(self, command: Sequence[str], environment: Mapping[str, str], call: Call) -> int:
        given, out, err = call.streams
        stdin = given if "-i" in call.options else subprocess.DEVNULL
        process = self.stage.enclosure.start(command, env=dict(environment), stdin=stdin, stdout=out, stderr=err)
        return process.wait()

    def _workload_of(self, key: tuple[str, str]) -> Workload:
        found = [it for it in self.workloads if (it.namespace, f"{it.name}-0") == key and it.replicas]
        if not found:
            raise KubectlError(f'pods "{key[1]}" not found')
        return found[0]

    def _debug(self, call: Call) -> None:
        workload = self._workload_of((call.namespace, call.words[0]))
        assert workload.app is not None
        assert "--same-node" in call.options
        if call.options["--container"] != (workload.app.pod.container or "app"):
            raise KubectlError("container not found")
        assert call.command[0] == "sleep"
        self.copies[call.namespace, call.options["--copy-to"]] = workload.app

    def _delete(self, call: Call) -> None:
        if call.words == ["jobs"]:
            assert call.options["--field-selector"] == "status.successful=0"
            return
        for word in call.words:
            kind, _, name = word.partition("/")
            key = (call.namespace, name)
            if kind == "secret":
                found: object = self.added.pop(("Secret", *key), None)
            else:
                found = self.pods.pop(key, None) or self.copies.pop(key, None)
                if key in self.volumes:
                    self.volumes.pop(key).remove()
            if found is None and "--ignore-not-found" not in call.options:
                raise KubectlError(f"{word} not found")

    def _get(self, call: Call) -> None:
        form, _, path = call.options["-o"].partition("=")
        if form == "go-template":
            call.say(self._templated(call.namespace, call.words[1], path))
            return
        if form == "custom-columns":
            call.say("POD KIND OWNER CLAIMS FOLDERS\n")
            return
        call.say(_jsonpath(self._found(call), path))

    def _found(self, call: Call) -> Item:
        if call.words == ["pods"]:
            wanted = dict(part.split("=", 1) for part in call.options["-l"].split(","))
            here = [it for it in self.workloads if it.namespace == call.namespace]
            return {"items": [pod for it in here if wanted.items() <= it.labels.items() for pod in it.pods()]}
        kind, _, name = "/".join(call.words).partition("/")
        if kind == "pod":
            return self._workload_of((call.namespace, name)).pods()[0]
        if kind == "ReplicaSet":
            owner = {"kind": "Deployment", "name": name.removesuffix("-5d8f")}
            return {"metadata": {"ownerReferences": [owner]}}
        return {"spec": {"replicas": self._workload(call.namespace, kind, name).replicas}}

    def _workload(self, namespace: str, kind: str, name: str) -> Workload:
        found = [it for it in self.workloads if (it.namespace, it.kind, it.name) == (namespace, kind, name)]
        if not found:
            raise KubectlError(f'{kind} "{name}" not found')
        return found[0]

    def _templated(self, namespace: str, name: str, template: str) -> str:
        secret = self.stage.cluster.find("Secret", namespace, name)
        if secret is None:
            raise KubectlError(f'secrets "{name}" not found')
        data = secret_data(secret, self.stage.value_of)
        coded = {key: base64.b64encode(text.encode()).decode() for key, text in data.items()}
        item = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "data": coded}
        command: list[str | Path] = [
            self.kubectl,
            "label",
            "--local",
            "-f",
            "-",
            f"-o=go-template={template}",
            "by=hand",
        ]
        done = subprocess.run(command, input=json.dumps(item), capture_output=True, text=True, check=False)
        if done.returncode:
            raise KubectlError(done.stderr)
        return done.stdout

    def _patch(self, call: Call) -> None:
        assert call.options["--type"] == "merge"
        (word,) = call.words
        kind, _, name = word.partition("/")
        if kind == "cronjob":
            self.stage.object("CronJob", call.namespace, name)
        else:
            wiring = {
                "kustomizations.kustomize.toolkit.fluxcd.io": "Kustomization",
                "applications.argoproj.io": "Application",
            }
            self.stage.object(wiring[kind], call.namespace, name)
        self.patched[f"{call.namespace}/{word}"] = json.loads(call.options["-p"])

    def _scale(self, call: Call) -> None:
        kind, _, name = call.words[0].partition("/")
        workload = self._workload(call.namespace, kind, name)
        workload.replicas = int(call.options["--replicas"])
        if workload.app is not None and not workload.replicas:
            running = self.stage.apps.running[workload.app.pod.name]
            running.signal("KILL")
            assert running.wait(30) is not None

    def _wait(self, call: Call) -> None:
        aim = call.options["--for"]
        if aim == "delete":
            assert self._found(Call("get", ["pods"], call.options, [], []))["items"] == []
            return
        kind, _, name = call.words[0].partition("/")
        if kind == "pod":
            assert aim == "condition=Ready"
            if (call.namespace, name) not in {**self.pods, **self.copies}:
                raise KubectlError(f'pods "{name}" not found')

    def _create(self, call: Call) -> int:
        """A Job of a CronJob: it is run."""
        assert call.words[0] == "job"
        name = call.options["--from"].removeprefix("cronjob/")
        self.stage.object("CronJob", call.namespace, name)
        self.log.append(f"started {name}")
        return 0

    def _logs(self, call: Call) -> None:
        call.say("succeeded\n")


def _jsonpath(item: Item, text: str) -> str:
    """kubectl's JSONPath, as far as the runbooks use it: fields, and the first of a list."""

    def value(match: re.Match[str]) -> str:
        found: Any = item
        for step in re.findall(r"[A-Za-z]+|\[\d+\]", match[1]):
            try:
                found = found[int(step[1:-1])] if step.startswith("[") else found[step]
            except (IndexError, KeyError):
                raise KubectlError(f"error executing jsonpath: {step} not found") from None
        return str(found)

    return re.sub(r"\{([^{}]*)\}", value, text)
