"""What else in the tree works on the fleet's repositories, or raises its alerts: the proof knows nothing of it.

Input: a fleet, and the objects of a tree. Output: findings at those objects. Never: a judgement about repositories that
the fleet does not use.
"""

import re
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from backupgen.audit import codes
from backupgen.audit.cluster import MONITORING, Cluster
from backupgen.audit.instance import Instance
from backupgen.conventions import naming
from backupgen.conventions.alert_names import ALERT_NAMES
from backupgen.diagnostics import Finding, NodePath, Related, Spot
from backupgen.integrations.identity import names_of
from backupgen.integrations.location import LocationError, parse_repository
from backupgen.resolve.resolved import ResolvedFleet
from backupgen.source.untyped import get_path, mapping, numbered_mappings

_URL: Final = re.compile(r"(?<![\w-])(?:rest:https?://|s3:(?:https?://)?|b2:|azure:)[^\s\"'`\\;|&<>(){},]+")
_USER: Final = re.compile(r"(?<=://)[^/@\s]*@")
_DEEPEST: Final = 40
_LONGEST: Final = 200_000
"""Characters of one string that are read: a script, not an archive."""


class _Known(NamedTuple):
    """What belongs to the fleet -> where fleet.yaml has it."""

    places: Mapping[str, NodePath]
    """By the names of repositories' places."""
    jobs: Mapping[tuple[str, str], NodePath]
    """By namespace and name of the CronJob."""
    secrets: Mapping[tuple[str, str], NodePath]
    """By namespace and name."""


def rivals(fleet: ResolvedFleet, instances: tuple[Instance, ...], cluster: Cluster) -> Iterator[Finding]:
    """Report each object that names a repository of the fleet, reads its Secrets, or has the name of a job."""
    known = _known(fleet)
    for instance in instances:
        own = get_path(instance.resource.data, "metadata", "labels", naming.MANAGED_BY_LABEL) == naming.TOOL
        # fleet.yaml, which has neither kind nor name, often lies in the tree.
        found = _rival(instance, known) if instance.resource.kind and instance.name and not own else None
        if found is not None:
            what, path = found
            message = f"{instance.resource.kind} `{instance.name}` {what}: its runs are in no slot of the schedule"
            related = (Related("the fleet's own", Spot(path=path)),)
            help_ = "remove it in the commit that adds the fleet, or say under `waive` why the two never meet"
            yield Finding(codes.FOREIGN_JOB, message, instance.resource.name_spot, help_, related=related)
    yield from _alerts(fleet, cluster)


def _known(fleet: ResolvedFleet) -> _Known:
    places: dict[str, NodePath] = {}
    for repository in fleet.repositories:
        places |= dict.fromkeys(names_of(repository.location), (*repository.path, "url"))
        for mirror in repository.mirrors:
            places |= dict.fromkeys(names_of(mirror.to), (*mirror.job.path, "to"))
    jobs = {(job.namespace, job.name): job.path for job in fleet.jobs()}
    targets = fleet.targets
    secrets = {(target.job.namespace, naming.secret(target.name)): target.job.path for target in targets}
    return _Known(places, jobs, secrets)


def _rival(instance: Instance, known: _Known) -> tuple[str, NodePath] | None:
    """What an object has in common with the fleet, and where fleet.yaml has that."""
    key = (str(instance.namespace), instance.name)
    if instance.resource.kind == "CronJob" and key in known.jobs:
        return "has the name of a rendered one", known.jobs[key]
    path = next((path for text in _texts(instance.resource.data, instance, 0) for path in _named(text, known)), None)
    if path is not None:
        return f"names the repository of `{'.'.join(map(str, path[:-1]))}`", path
    for name in _secrets_of(instance.resource.data, 0):
        owner = known.secrets.get((str(instance.namespace), name))
        if owner is not None:
            return f"reads the fleet's Secret `{name}`", owner
    return None


def _named(text: str, known: _Known) -> Iterator[NodePath]:
    """Yield where fleet.yaml has the repositories that a text names."""
    for url in _URL.findall(text):
        try:
            location = parse_repository(_USER.sub("", url).rstrip(".:"))
        except LocationError:
            continue
        yield from (known.places[name] for name in sorted(names_of(location)) if name in known.places)


def _texts(data: object, instance: Instance, depth: int) -> Iterator[str]:
    """Every string of an object as it reaches the cluster, a Secret's `data` decoded."""
    if isinstance(data, str):
        yield instance.text(data) or data[:_LONGEST]
    elif depth > _DEEPEST:
        return
    elif isinstance(data, Mapping):
        for key, value in data.items():
            if key == "data" and instance.resource.kind == "Secret":
                yield from map(_decoded, value.values() if isinstance(value, Mapping) else ())
            else:
                yield from _texts(value, instance, depth + 1)
    elif isinstance(data, list):
        for value in data:
            yield from _texts(value, instance, depth + 1)


def _decoded(value: object) -> str:
    try:
        return b64decode(str(value)[:_LONGEST], validate=True).decode()
    except (Base64Error, UnicodeDecodeError, ValueError):
        return ""


def _secrets_of(data: object, depth: int) -> Iterator[str]:
    """The names of the Secrets that an object reads variables from."""
    if depth > _DEEPEST:
        return
    if isinstance(data, Mapping):
        for key, value in data.items():
            if key in {"secretRef", "secretKeyRef"} and isinstance(get_path(value, "name"), str):
                yield get_path(value, "name")
            else:
                yield from _secrets_of(value, depth + 1)
    elif isinstance(data, list):
        for value in data:
            yield from _secrets_of(value, depth + 1)


def _alerts(fleet: ResolvedFleet, cluster: Cluster) -> Iterator[Finding]:
    """Report each rule of another object that raises an alert under the name of one of the fleet's."""
    if fleet.alerts is None:
        return
    enabled = {name for name in ALERT_NAMES if fleet.alerts.change(name).enabled}
    names = enabled | {alert.name for alert in fleet.alerts.own}
    for rules in cluster.of(MONITORING, "PrometheusRule"):
        spec = mapping(rules.resource.data, "spec")
        for group, entry in numbered_mappings(spec.get("groups")):
            for index, rule in numbered_mappings(entry.get("rules")):
                if rule.get("alert") in names:
                    spot = rules.resource.spot("spec", "groups", group, "rules", index, "alert")
                    message = (
                        f"PrometheusRule `{rules.name}` raises `{rule['alert']}` as well, by an expression of its own"
                    )
                    help_ = "remove it: one fault is then one alert, with the thresholds of the fleet"
                    related = (Related("the fleet's alerts", Spot(path=("alerts",), on_key=True)),)
                    yield Finding(codes.DUPLICATE_ALERT, message, spot, help_, related=related)
