"""The Pushgateway never forgets: which groups nobody reports to any more, and how they are deleted."""

import re
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Mapping
from shlex import quote
from typing import Final, NamedTuple

from backupgen.conventions import metrics
from backupgen.diff.jobs import RenderedJob, job_of
from backupgen.diff.objects import read_objects
from backupgen.integrations.location import LocationError, parse_http
from backupgen.plan.facts.manifest import Plan
from backupgen.plan.facts.workloads import CronJob

_PLAIN: Final = re.compile(r"[A-Za-z0-9._-]+")
_REPORTS: Final = re.compile(r"- name: (?:RESTIC_HOSTNAME|PUSHGATEWAY_\w+)\n *value: .*")
_UNPRIVILEGED: Final = 1024


class Group(NamedTuple):
    """What one job reported, at one Pushgateway."""

    url: str
    instance: str

    @property
    def path(self) -> str:
        """Its path below the URL, as `group_path` in templates/scripts/lib.sh makes it.

        An instance of other than plain characters is encoded: in base64url without padding, the Pushgateway's own form.
        """
        if _PLAIN.fullmatch(self.instance):
            return f"metrics/job/{metrics.JOB}/instance/{self.instance}"
        encoded = urlsafe_b64encode(self.instance.encode()).decode().rstrip("=")
        return f"metrics/job/{metrics.JOB}/instance@base64/{encoded}"

    def deletion(self) -> tuple[str, ...]:
        """The commands that delete it.

        A Pushgateway in the cluster is reached through a tunnel: the first command holds it open, in its own terminal.
        """
        try:
            location = parse_http(self.url)
        except LocationError:
            location = None
        if location is None or location.service is None:
            return (_curl(self.url, self.path),)
        service, namespace = location.service
        port = location.port if location.port >= _UNPRIVILEGED else location.port + 8000
        tunnel = f"kubectl -n {namespace} port-forward service/{service} {port}:{location.port}"
        if location.tls:  # its certificate names the Service
            return tunnel, _curl(self.url, self.path, f"--connect-to ::localhost:{port} ")
        return tunnel, _curl(f"http://localhost:{port}{location.path}", self.path)


def _curl(url: str, path: str, options: str = "") -> str:
    address = f"{url.rstrip('/')}/{path}"
    return f"curl {options}-X DELETE {quote(address)}"


def reporting(plan: Plan) -> frozenset[str]:
    """The instances that a fleet reports as."""
    jobs = (unit.facts.pod.containers[0].env for unit in plan.units if isinstance(unit.facts, CronJob))
    return frozenset(env["RESTIC_HOSTNAME"] for env in jobs if env.get("PUSHGATEWAY_ENABLED") == "true")


def group_of(job: RenderedJob) -> Group | None:
    """The group that a job reports to, if any."""
    return Group(job.pushgateway, job.instance) if job.pushgateway else None


def abandoned(jobs: Iterable[RenderedJob], instances: frozenset[str]) -> tuple[Group, ...]:
    """Return the groups of jobs as they were before, but for those of instances that still report; sorted."""
    groups = {group for job in jobs if (group := group_of(job)) is not None}
    return tuple(sorted(group for group in groups if group.instance not in instances))


def abandoned_in(old: Mapping[str, str], new: Mapping[str, str], plan: Plan) -> tuple[Group, ...]:
    """As `abandoned`, for files that were replaced or removed (path -> text as it was) by those of a plan."""
    paths = [path for path in old if "/cronjob." in path and not _reports_the_same(old[path], new.get(path, ""))]
    jobs = (job_of(obj) for obj in read_objects(old, paths).values())
    return abandoned((job for job in jobs if job is not None), reporting(plan))


def _reports_the_same(old: str, new: str) -> bool:
    """Whether two versions of a CronJob certainly report to one group: most do, and to read all as YAML takes long."""
    reports = _REPORTS.findall(old)
    return bool(reports) and reports == _REPORTS.findall(new)
