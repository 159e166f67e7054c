"""One rehearsal's machine: the enclosure with image, servers and volumes, on which Jobs are run one at a time.

This is what `backupgen rehearse` and the tests of faults are made with:

    with Stage(cluster, programs, chance) as stage:
        stage.prepare(stand_ins(...))
        end = stage.run("monitoring", "backup-grafana", Changes(environment={"RESTIC_PASSWORD": "wrong"}))

`end` has the exit codes, the log, what was pushed and notified, and why the Job ended.
"""

import hashlib
import json
import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from backupgen.adapters.rehearsal.databases import App, Apps, api_state
from backupgen.adapters.rehearsal.enclosure import Enclosure, File, Users
from backupgen.adapters.rehearsal.image import Image
from backupgen.adapters.rehearsal.pods import Node, OnLine
from backupgen.adapters.rehearsal.servers import INSIDE, PodServer, Server, Servers
from backupgen.adapters.rehearsal.volumes import place_of
from backupgen.rehearsal.cluster import Cluster, Object, name_of, namespace_of
from backupgen.rehearsal.job import Job, job_of
from backupgen.rehearsal.metrics import Pushed, pushed
from backupgen.rehearsal.outcome import JobEnd
from backupgen.rehearsal.pod import Changes, Pod, pod_of
from backupgen.rehearsal.stand_ins import StandIn, addresses
from backupgen.rehearsal.values import throw_away

_API: Final = ("127.0.0.1", "6443")
_SUFFIX: Final = "bcdfghjklmnpqrstvwxz2456789"
"""The letters of the names that Kubernetes makes up (apimachinery's util/rand)."""


class Stage:
    """The machine. A context manager: at its end nothing of it is left."""

    def __init__(
        self,
        cluster: Cluster,
        programs: Mapping[str, str],
        chance: Callable[[], str],
        known: Mapping[str, str] | None = None,
    ) -> None:
        """Make it.

        `programs`: name -> path. `chance` makes up a value; `known` are those that are given, by name.
        Raises EnclosureError if the machine does not allow it.
        """
        self.cluster = cluster
        self.programs = programs
        self._values = dict(known or {})
        self._chance = chance
        self.enclosure = Enclosure(programs)
        try:
            self.image = Image(self.enclosure, programs)
            api = {"KUBERNETES_SERVICE_HOST": _API[0], "KUBERNETES_SERVICE_PORT": _API[1]}
            self.node = Node(self.enclosure, self.image, programs, api)
            self.apps = Apps(self.node, self.value_of("app-password"))
            self.image.add_program("kubectl", (INSIDE / "kubectl.sh").read_text(encoding="utf-8"))
            self.prepare(())
        except BaseException:
            self.enclosure.close()
            raise
        self._running: list[App] = []
        self.servers: dict[str, Server] = {}

    def __enter__(self) -> "Stage":
        return self

    def __exit__(self, *_: object) -> None:
        self.enclosure.close()

    def value_of(self, name: str) -> str:
        """Return the value of a credential, made up when it is first asked for."""
        if name not in self._values:
            self._values[name] = throw_away(name, self._chance, self._values)
        return self._values[name]

    def prepare(self, servers: Iterable[StandIn]) -> None:
        """Get ready for servers: names, addresses, a certificate where one speaks TLS. Starts none.

        Raises EnclosureError.
        """
        self._stand_ins = tuple(servers)
        self._addresses = addresses(self._stand_ins, self.cluster)
        self._servers = Servers(self.node, self._addresses)
        secure = dict.fromkeys(server.host for server in self._stand_ins if server.tls)
        self.image.name_hosts(self._addresses, self._servers.make_certificate(secure) if secure else "")

    def start(self, server: StandIn) -> None:
        """Start a stand-in. Raises EnclosureError."""
        self.servers[server.host] = self._servers.start(server)

    def start_deployment(self, namespace: str, name: str) -> PodServer:
        """Start a Deployment of the fleet, with its folders given to its user. Raises EnclosureError, ConfigError."""
        pod = self.pod(self.object("Deployment", namespace, name))
        self.own_places(pod)
        address = self._addresses[f"{name}.{namespace}"]
        server = self._servers.run_pod(pod, f"{name}-{self._letters(10)}-{self._letters(5)}", address)
        self.servers[name] = server
        return server

    def add_app(self, app: App) -> None:
        """Make an app known to kubectl, and who may run something in its pod."""
        self._running.append(app)
        accounts = [(namespace_of(one), name_of(one)) for one in self.cluster.of_kind("ServiceAccount")]
        rights: dict[str, list[tuple[str, str, str]]] = {}
        for namespace, account in accounts:
            asked = (("list", "pods"), ("create", "pods/exec"))
            may = [(namespace, *what) for what in asked if self.cluster.may(namespace, account, *what)]
            rights[self.value_of(f"token-{namespace}-{account}")] = may
        state = f"{self.enclosure.root}/api.json"
        self.enclosure.put([File(state, api_state(rights, self._running), mode=0o600)])
        if "api.py" not in self.servers:
            self.servers["api.py"] = self._servers.run_script("api.py", *_API, state, at=":".join(_API))

    def object(self, kind: str, namespace: str, name: str) -> Object:
        """Return an object of the fleet. Raises KeyError."""
        return self.cluster.objects[(kind, namespace, name)]

    def pod(self, item: Object, changes: Changes | None = None) -> Pod:
        """Return the pod of a CronJob, Job or Deployment. Raises ConfigError."""
        template = item["spec"]["template"] if "template" in item["spec"] else job_of(item).template
        return pod_of(template, namespace_of(item), self.cluster, self.value_of, changes)

    def own_places(self, pod: Pod) -> None:
        """Make the claims and folders of a pod, and give them to its user, as an app would have done."""
        self.enclosure.script(
            command
            for volume in pod.volumes
            if volume.place
            for place in [place_of(self.enclosure, volume.place)]
            for command in (["mkdir", "-p", "--", place], *self._give(place, pod))
        )

    def _give(self, place: str, pod: Pod) -> Iterator[list[str]]:
        if self.enclosure.users is not Users.ONE:
            yield ["chown", f"{pod.uid}:{pod.gid}", "--", place]

    def fill(self, place: str, files: Mapping[str, bytes], pod: Pod) -> None:
        """Put files into a claim or folder of the node, as the user of a pod."""
        root = place_of(self.enclosure, place)
        folders = {above for path in files for above in _folders(path)}
        made = [File(f"{root}/{folder}", None, pod.uid, pod.gid, 0o750) for folder in sorted(folders)]
        made += [File(f"{root}/{path}", content, pod.uid, pod.gid, 0o640) for path, content in files.items()]
        self.enclosure.put([File(root, None, pod.uid, pod.gid, 0o755), *made])

    def limit(self, place: str, size: int) -> None:
        """Let a claim or folder of the node, which is empty yet, hold no more than `size` bytes."""
        root = place_of(self.enclosure, place)
        mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "backupgen", root]
        self.enclosure.script([["mkdir", "-p", "--", root], mount])

    def run(self, namespace: str, name: str, changes: Changes | None = None, on_line: OnLine | None = None) -> JobEnd:
        """Run the Job of a CronJob once, to its end. Raises ConfigError for a pod that kubelet would refuse.

        `on_line` is called with each line that a container prints, and the container, which it may signal.
        """
        changes = changes or Changes()
        item = self.object("CronJob", namespace, name)
        job = job_of(item)
        job = job if changes.deadline is None else job._replace(deadline=changes.deadline)
        return self.run_pod(job, self.pod(item, changes), on_line)

    def run_pod(self, job: Job, pod: Pod, on_line: OnLine | None = None) -> JobEnd:
        """Run a Job with this pod, and add what it pushed and notified."""
        notified = len(self._notifications())
        before = self._pushed(pod)
        # A CronJob names its Jobs after the minute, a Job its pods by chance (batch/v1 controllers).
        minute = int(time.time()) // 60
        names = iter(lambda: f"{job.name}-{minute}-{self._letters(5)}", "")
        end = self.node.run_job(job, pod, names, on_line)
        after = self._pushed(pod)
        series = after.series if after.time != before.time else {}
        titles = tuple(str(one["title"]) for one in self._notifications()[notified:])
        return JobEnd(end.name, end.ending, end.pods, end.seconds, series, titles)

    def _letters(self, count: int) -> str:
        return "".join(random.choices(_SUFFIX, k=count))  # noqa: S311 (a name, no secret)

    def _notifications(self) -> list[dict[str, str]]:
        written = self.enclosure.read(self._servers.notifications).decode()
        return [json.loads(line) for line in written.splitlines()]

    def _pushed(self, pod: Pod) -> Pushed:
        """What the Pushgateway holds of a pod's group."""
        environment = pod.containers[0].environment
        server = next((one for one in self._stand_ins if one.kind == "pushgateway" and one.host in self.servers), None)
        if server is None or environment.get("PUSHGATEWAY_ENABLED") != "true":
            return Pushed({}, 0.0)
        scheme = "https" if server.tls else "http"
        url = f"{scheme}://{self._addresses[server.host]}:{server.port}{server.prefix}/metrics"
        text = self.enclosure.run([self.programs["curl"], "--silent", "--show-error", "--fail", "--insecure", url])
        return pushed(text.decode(), environment.get("RESTIC_HOSTNAME", ""))

    def digests(self, place: str, paths: Iterable[str]) -> dict[str, str]:
        """Return the SHA-256 of files below a folder of the enclosure, by path; those that are missing are left out."""
        wanted = list(paths)
        script = 'cd "$1" && xargs -0 sh -c \'for f; do [ ! -f "$f" ] || sha256sum --zero -- "$f"; done\' sh'
        given = b"".join(f"./{path}".encode() + b"\0" for path in wanted)
        printed = self.enclosure.run(["sh", "-c", script, "sh", place], given)
        lines = [line.decode() for line in printed.split(b"\0") if line]
        return {line[66:].removeprefix("./"): line[:64] for line in lines}


def digest(content: bytes) -> str:
    """Return a SHA-256 as sha256sum prints it."""
    return hashlib.sha256(content).hexdigest()


def _folders(path: str) -> Iterator[str]:
    parts = path.split("/")[:-1]
    return ("/".join(parts[:count]) for count in range(1, len(parts) + 1))
