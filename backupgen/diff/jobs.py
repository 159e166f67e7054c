"""A rendered CronJob of the fleet, read back: what it means for backups.

What is committed may be anything: a field that is missing or of another type is None or empty, never an error.
"""

import re
import shlex
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Final

from backupgen.conventions import naming
from backupgen.conventions.roles import PodRole
from backupgen.diff.objects import Object
from backupgen.source.untyped import get_path, mapping, mappings

_DIGEST: Final = re.compile(r"(@sha256:[0-9a-f]{12})[0-9a-f]+")


def images(pod: object) -> dict[str, str]:
    """Return the images of a pod template by their containers, digests shortened."""
    containers = (*mappings(pod, "spec", "initContainers"), *mappings(pod, "spec", "containers"))
    return {str(one.get("name")): _DIGEST.sub(r"\1…", str(one.get("image"))) for one in containers}


def volumes(pod: object) -> dict[str, str]:
    """Return, in words, what holds the data of a pod's volumes: claims and folders of the node."""
    found = {}
    for volume in mappings(pod, "spec", "volumes"):
        claim, folder = get_path(volume, "persistentVolumeClaim", "claimName"), get_path(volume, "hostPath", "path")
        if claim or folder:
            found[str(volume.get("name"))] = f"the claim `{claim}`" if claim else f"the folder `{folder}`"
    return found


class RenderedJob:
    """One CronJob."""

    def __init__(self, obj: Object) -> None:
        self._spec = mapping(obj, "spec")
        self._job = mapping(self._spec, "jobTemplate", "spec")
        self.pod: Final = mapping(self._job, "template")
        containers = mappings(self.pod, "spec", "containers")
        self._container = containers[0] if containers else {}
        self.name: Final = str(get_path(obj, "metadata", "name"))
        self.namespace: Final = str(get_path(obj, "metadata", "namespace") or "")
        labels = {**mapping(self.pod, "metadata", "labels"), **mapping(obj, "metadata", "labels")}
        self.role: Final = str(labels.get(naming.ROLE_LABEL, ""))
        """Empty for a CronJob that is none of the fleet's."""

    @property
    def subject(self) -> str:
        """The target, or the job of the fleet's own."""
        return self.name.removeprefix(naming.backup("")) if self.role == PodRole.BACKUP else self.name

    @property
    def schedule(self) -> str:
        """The cron expression."""
        return str(self._spec.get("schedule"))

    @property
    def timezone(self) -> str:
        """The zone in which the schedule is meant; empty: the controller's."""
        return str(self._spec.get("timeZone") or "")

    @property
    def suspended(self) -> bool:
        """Whether spec.suspend is set."""
        return bool(self._spec.get("suspend"))

    @property
    def start_within(self) -> int | None:
        """How late it may start, in seconds."""
        return _seconds(self._spec.get("startingDeadlineSeconds"))

    @property
    def deadline(self) -> int | None:
        """How long a run may take, in seconds; None: as long as it likes."""
        return _seconds(self._job.get("activeDeadlineSeconds"))

    @cached_property
    def environment(self) -> Mapping[str, str]:
        """The variables of its container whose values are written there."""
        return {
            str(one.get("name")): str(one["value"]) for one in mappings(self._container.get("env")) if "value" in one
        }

    @property
    def instance(self) -> str:
        """The host of its snapshots, and its instance at the Pushgateway (`job_start` in templates/scripts/lib.sh)."""
        return self.environment.get("RESTIC_HOSTNAME") or self.name.removeprefix(naming.backup(""))

    @property
    def pushgateway(self) -> str:
        """The URL that it reports to; empty: none."""
        enabled = self.environment.get("PUSHGATEWAY_ENABLED") == "true"
        return self.environment.get("PUSHGATEWAY_URL", "") if enabled else ""

    @property
    def repository(self) -> str:
        """The repository's URL; empty, if only the Secret knows it."""
        return self.environment.get("RESTIC_REPOSITORY", "")

    @property
    def repository_id(self) -> str:
        """The only repository that it accepts; empty: any."""
        return self.environment.get("RESTIC_REPOSITORY_ID", "")

    @property
    def copies_to(self) -> str:
        """Where a mirror copies to; empty for any other job."""
        return self.environment.get("MIRROR_RESTIC_REPOSITORY", "") if self.role == PodRole.MIRROR else ""

    @property
    def tag(self) -> str:
        """The tag of its snapshots; empty for a job that makes none."""
        return next(iter(self._flags("--tag=")), "")

    @property
    def excludes(self) -> tuple[str, ...]:
        """The patterns that it leaves out."""
        return tuple(self._flags("--exclude="))

    @property
    def commands(self) -> Mapping[str, str]:
        """The commands that a backup runs in the app's pod or its own: what for -> command, as a shell has it."""
        containers = mappings(self.pod, "spec", "initContainers")
        dumping = [one for one in containers if one.get("name") == "dump"]
        if "--stdin-from-command" in _texts(self._container.get("args")):
            dumping.append(self._container)
        found = [("dump", shlex.join(_split(_texts(one.get("args")))[1])) for one in dumping]
        hooks = (("command before it", "PRE_HOOK"), ("command after it", "POST_HOOK"))
        return dict(found) | {what: self.environment[name] for what, name in hooks if name in self.environment}

    def _flags(self, name: str) -> Iterator[str]:
        flags, _ = _split(_texts(self._container.get("args")))
        return (flag.removeprefix(name) for flag in flags if flag.startswith(name))

    @cached_property
    def sources(self) -> Mapping[str, str]:
        """What a backup reads: the path in the snapshot -> the claim or folder of the node, in words."""
        held = volumes(self.pod)
        return {
            str(mount.get("mountPath")): held[str(mount.get("name"))] + _below(mount.get("subPath"))
            for mount in mappings(self._container.get("volumeMounts"))
            if self.role == PodRole.BACKUP and str(mount.get("name")) in held
        }

    @property
    def node(self) -> tuple[tuple[str, str], ...]:
        """The labels of the nodes that it may run on."""
        return tuple(sorted((str(key), str(value)) for key, value in mapping(self.pod, "spec", "nodeSelector").items()))


def _texts(value: object) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _split(arguments: list[str]) -> tuple[list[str], list[str]]:
    """The arguments before and after `--`."""
    place = arguments.index("--") if "--" in arguments else len(arguments)
    return arguments[:place], arguments[place + 1 :]


def _below(sub_path: object) -> str:
    return f", `{sub_path}` in it" if sub_path else ""


def _seconds(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def job_of(obj: Object | None) -> RenderedJob | None:
    """Return the job, if the object is a CronJob of the fleet: it carries a role."""
    if obj is None or obj.get("kind") != "CronJob":
        return None
    job = RenderedJob(obj)
    return job if job.role else None
