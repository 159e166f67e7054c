"""A rendered CronJob of the fleet, read back: what it means for backups.

What is committed may be anything: a field that is missing or of another type is None or empty, never an error.
"""

import re
import shlex
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any, Final

from backupgen.conventions import naming
from backupgen.conventions.roles import PodRole
from backupgen.diff.objects import Object

_DIGEST: Final = re.compile(r"(@sha256:[0-9a-f]{12})[0-9a-f]+")


def at(value: object, *keys: str) -> object:
    """Return what lies under the keys of nested mappings; None, if nothing does."""
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def mapping(value: object) -> Mapping[str, Any]:
    """Return the value if it is a mapping, otherwise an empty one."""
    return value if isinstance(value, Mapping) else {}


def mappings(value: object) -> list[Mapping[str, Any]]:
    """Return the mappings among the items of a list; none, if it is no list."""
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def images(pod: object) -> dict[str, str]:
    """Return the images of a pod template by their containers, digests shortened."""
    containers = (*mappings(at(pod, "spec", "initContainers")), *mappings(at(pod, "spec", "containers")))
    return {str(one.get("name")): _DIGEST.sub(r"\1…", str(one.get("image"))) for one in containers}


def volumes(pod: object) -> dict[str, str]:
    """Return, in words, what holds the data of a pod's volumes: claims and folders of the node."""
    found = {}
    for volume in mappings(at(pod, "spec", "volumes")):
        claim, folder = at(volume, "persistentVolumeClaim", "claimName"), at(volume, "hostPath", "path")
        if claim or folder:
            found[str(volume.get("name"))] = f"the claim `{claim}`" if claim else f"the folder `{folder}`"
    return found


class RenderedJob:
    """One CronJob."""

    def __init__(self, obj: Object) -> None:
        self._spec = mapping(at(obj, "spec"))
        self._job = mapping(at(self._spec, "jobTemplate", "spec"))
        self.pod: Final = mapping(at(self._job, "template"))
        containers = mappings(at(self.pod, "spec", "containers"))
        self._container = containers[0] if containers else {}
        self.name: Final = str(at(obj, "metadata", "name"))
        self.namespace: Final = str(at(obj, "metadata", "namespace") or "")
        labels = {**mapping(at(self.pod, "metadata", "labels")), **mapping(at(obj, "metadata", "labels"))}
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
        """Whether it rests."""
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
        containers = mappings(at(self.pod, "spec", "initContainers"))
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
        return tuple(
            sorted((str(key), str(value)) for key, value in mapping(at(self.pod, "spec", "nodeSelector")).items())
        )


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
