"""How a job runs: the keys that every operation has, below a target, an operation on a repository, or `defaults`."""

from typing import Annotated, Literal

from pydantic import Field, StrictInt, model_validator

from backupgen.language import scalars as s
from backupgen.language.schema.model import Model, short_form


class ResourceList(Model):
    """An amount of each kind of resource."""

    cpu: s.Quantity | None = None
    """CPU, such as `100m`."""
    memory: s.Quantity | None = None
    """Memory, such as `256Mi`."""
    ephemeral_storage: s.Quantity | None = Field(default=None, alias="ephemeral-storage")
    """Space on the node's disk, such as `4Gi`."""


class Resources(Model):
    """What the job's containers may use."""

    requests: ResourceList | None = None
    """What the scheduler sets aside. Given fields replace the default ones."""
    limits: ResourceList | None = None
    """What the kernel enforces. None by default: a job killed for its memory leaves a lock behind."""


class Cache(Model):
    """restic's cache, an emptyDir."""

    size: s.Size | None = None
    """Its size limit, at which kubelet evicts the pod: none by default on disk, needed in memory."""
    medium: Literal["disk", "memory"] | None = None
    """Where it lies; on the node's disk by default."""


class History(Model):
    """How many finished Jobs Kubernetes keeps."""

    success: s.Count | None = None
    """Succeeded Jobs (`successfulJobsHistoryLimit`); 1 by default."""
    failure: s.Count | None = None
    """Failed Jobs (`failedJobsHistoryLimit`); 3 by default."""


class Toleration(Model):
    """A toleration, in Kubernetes' own words."""

    key: s.LabelKey | None = None
    """The taint's key; every taint, if it is left out and the operator is `Exists`."""
    operator: Literal["Exists", "Equal"] | None = None
    """How the key relates to the value; `Equal` by default."""
    value: s.LabelValue | None = None
    """The taint's value."""
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = None
    """The taint's effect; every effect, if it is left out."""

    @model_validator(mode="after")
    def _as_kubernetes_takes_it(self) -> "Toleration":
        if self.operator == "Exists" and self.value is not None:
            raise s.refuse("`operator: Exists` takes no `value`")
        if self.key is None and self.operator != "Exists":
            raise s.refuse("a toleration without a `key` needs `operator: Exists`")
        return self


class RunAsMapping(Model):
    """The user that a job's containers run as."""

    uid: Annotated[StrictInt, Field(ge=0, le=2**31 - 1)]
    """The user id."""
    gid: Annotated[StrictInt, Field(ge=0, le=2**31 - 1)] | None = None
    """The group id; the user id by default."""
    fs_group: Annotated[StrictInt, Field(ge=0, le=2**31 - 1)] | None = None
    """The group that kubelet gives the volumes to; by default the group id where all of them are the job's own,
    and none elsewhere: it changes the owner of the app's files."""
    reason: s.Line | None = None
    """Why it has to be root; needed with uid 0, which then may read every file (CAP_DAC_READ_SEARCH)."""

    @model_validator(mode="after")
    def _reason_for_root(self) -> "RunAsMapping":
        if self.uid == 0 and self.reason is None:
            raise s.refuse(
                "uid 0 is root, expected a `reason` beside it", "name the app's own user, or say why it must be root"
            )
        return self


RunAs = Annotated[RunAsMapping, short_form("uid", int, "a uid or a mapping")]


class NtfyOverride(Model):
    """What a target says differently from the fleet's `ntfy`."""

    enabled: s.Bool | None = None
    """Whether failures are sent at all; yes by default."""
    topic: s.Topic | None = None
    """Another topic."""
    priority: Annotated[StrictInt, Field(ge=1, le=5)] | None = None
    """Another priority."""
    tags: tuple[s.Tag, ...] | None = None
    """Other tags."""
    title: s.Line | None = None
    """Another title."""


class JobSettings(Model):
    """How a job runs: the fields that every operation has."""

    timezone: s.Timezone | None = None
    """The zone that the slot is meant in; the fleet's by default."""
    deadline: s.Deadline | None = None
    """After how long a run is ended (`activeDeadlineSeconds`), retries included."""
    start_within: s.StartWindow | None = None
    """How late a run may start (`startingDeadlineSeconds`); 2m by default. Part of the window that the proof uses."""
    retries: s.Count | None = None
    """How often a failed run is tried again within its deadline (`backoffLimit`); 2 by default."""
    needs: s.Duration | None = None
    """How long a run takes at most once it has its lock. With it, the rest of the deadline is time to wait for a lock,
    up to `lock_wait`, and a meeting that such a wait provably covers is no conflict."""
    grace: s.Grace | None = None
    """How long a run gets to remove its lock when it is ended (`terminationGracePeriodSeconds`); 2m by default."""
    history: History | None = None
    """How many finished Jobs Kubernetes keeps."""
    suspend: s.Bool | None = None
    """Whether the schedule rests. A suspended target raises no alert."""
    missed_slots: Annotated[StrictInt, Field(ge=0, le=24)] | None = None
    """How many runs in a row may be missed before an alert says so; 1 by default."""
    image: s.Image | None = None
    """Another image than `images.restic`."""
    resources: Resources | None = None
    """What the job's containers may use."""
    cache: Cache | None = None
    """restic's cache."""
    node_selector: s.Labels | None = None
    """The labels of the nodes that it may run on."""
    tolerations: tuple[Toleration, ...] | None = None
    """The taints that it tolerates."""
    run_as: RunAs | None = None
    """The user that it runs as: a uid, or a mapping."""
    labels: s.Labels | None = None
    """Further labels of its objects and pods."""
    annotations: s.Annotations | None = None
    """Further annotations of its objects."""
    ntfy: NtfyOverride | None = None
    """What it says differently from the fleet's `ntfy`."""
