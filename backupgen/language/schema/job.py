"""How a job runs: the keys that every operation has, below a target, an operation on a repository, or `defaults`."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, StrictInt, model_validator

from backupgen.language import scalars as s
from backupgen.language.refusals import refuse
from backupgen.language.schema.model import Fragment, Model, has, optional, required, short_form


class ResourceList(Model):
    """An amount of each kind of resource."""

    cpu: s.Quantity | None = optional(examples=["100m", 1])
    """CPU, such as `100m`."""
    memory: s.Quantity | None = optional(examples=["256Mi", "1Gi"])
    """Memory, such as `256Mi`."""
    ephemeral_storage: s.Quantity | None = optional(alias="ephemeral-storage", examples=["4Gi"])
    """Space on the node's disk, such as `4Gi`."""


class Resources(Model):
    """What the job's containers may use."""

    requests: ResourceList | None = optional(default={"cpu": "50m", "memory": "256Mi"})
    """What the scheduler sets aside. Given fields replace the default ones."""
    limits: ResourceList | None = optional(follows="none, as a job that is killed for its memory leaves a lock behind")
    """What the kernel enforces."""


class Cache(Model):
    """restic's cache, an emptyDir."""

    size: s.Size | None = optional(follows="no limit on disk", examples=["512Mi", "10Gi"])
    """Its size limit, at which kubelet evicts the pod; needed in memory."""
    medium: Literal["disk", "memory"] | None = optional(default="disk")
    """Where it lies."""


class History(Model):
    """How many finished Jobs Kubernetes keeps."""

    success: s.Count | None = optional(default=1, examples=[1])
    """Succeeded Jobs (`successfulJobsHistoryLimit`)."""
    failure: s.Count | None = optional(default=3, examples=[3])
    """Failed Jobs (`failedJobsHistoryLimit`)."""


class Toleration(Model):
    """A toleration, in Kubernetes' own words."""

    key: s.LabelKey | None = optional(examples=["dedicated"])
    """The taint's key; every taint, if it is left out and the operator is `Exists`."""
    operator: Literal["Exists", "Equal"] | None = optional(default="Equal")
    """How the key relates to the value."""
    value: s.LabelValue | None = optional(examples=["storage"])
    """The taint's value."""
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = None
    """The taint's effect; every effect, if it is left out."""

    constraints = (
        {"if": has("operator", {"const": "Exists"}), "then": {"not": {"required": ["value"]}}},
        {"anyOf": [{"required": ["key"]}, has("operator", {"const": "Exists"})]},
    )

    @model_validator(mode="after")
    def _as_kubernetes_takes_it(self) -> "Toleration":
        if self.operator == "Exists" and self.value is not None:
            raise refuse("`operator: Exists` takes no `value`")
        if self.key is None and self.operator != "Exists":
            raise refuse("a toleration without a `key` needs `operator: Exists`")
        return self


class RunAsMapping(Model):
    """The user that a job's containers run as."""

    uid: Annotated[StrictInt, Field(ge=0, le=2**31 - 1)] = required(examples=[1000])
    """The user id."""
    gid: Annotated[StrictInt, Field(ge=0, le=2**31 - 1)] | None = optional(follows="the uid", examples=[1000])
    """The group id."""
    fs_group: Annotated[StrictInt, Field(ge=0, le=2**31 - 1)] | None = optional(
        follows="the gid where all volumes are the job's own, none elsewhere", examples=[2000]
    )
    """The group that kubelet gives the volumes to, which changes the owner of the app's files."""
    reason: s.Line | None = optional(examples=["the server writes its files as root with mode 0600"])
    """Why it has to be root; needed with uid 0, which then may read every file (CAP_DAC_READ_SEARCH)."""

    constraints = ({"if": has("uid", {"const": 0}), "then": {"required": ["reason"]}},)
    short: ClassVar[Fragment] = {"type": "integer", "minimum": 1, "maximum": 2**31 - 1, "description": "The user id."}

    @model_validator(mode="after")
    def _reason_for_root(self) -> "RunAsMapping":
        if self.uid == 0 and self.reason is None:
            raise refuse(
                "uid 0 is root, expected a `reason` beside it", "name the app's own user, or say why it must be root"
            )
        return self


RunAs = Annotated[RunAsMapping, short_form("uid", int, "a uid or a mapping")]


class NtfyOverride(Model):
    """What a target says differently from the fleet's `ntfy`."""

    enabled: s.Bool | None = optional(default=True)
    """Whether failures are sent at all."""
    topic: s.Topic | None = optional(examples=["wiki-backup"])
    """Another topic."""
    priority: Annotated[StrictInt, Field(ge=1, le=5)] | None = optional(examples=[5])
    """Another priority."""
    tags: tuple[s.Tag, ...] | None = optional(examples=[["rotating_light"]])
    """Other tags."""
    title: s.Line | None = optional(examples=["the wiki has no backup"])
    """Another title."""


class JobSettings(Model):
    """How a job runs: the fields that every operation has."""

    timezone: s.Timezone | None = optional(follows="the fleet's")
    """The zone that the slot is meant in."""
    deadline: s.Deadline | None = optional(examples=["9m", "2h"])
    """After how long a run is ended (`activeDeadlineSeconds`), retries included."""
    start_within: s.StartWindow | None = optional(default="2m", examples=["2m"])
    """How late a run may start (`startingDeadlineSeconds`). Part of the window that the proof uses."""
    retries: s.Count | None = optional(default=2, examples=[2])
    """How often a failed run is tried again within its deadline (`backoffLimit`)."""
    needs: s.Duration | None = optional(examples=["8m"])
    """How long a run takes at most once it has its lock. With it, the rest of the deadline is time to wait for a lock,
    up to `lock_wait`, and a meeting that such a wait provably covers is no conflict."""
    grace: s.Grace | None = optional(default="2m", examples=["2m", "5m"])
    """How long a run gets to remove its lock when it is ended (`terminationGracePeriodSeconds`)."""
    history: History | None = None
    """How many finished Jobs Kubernetes keeps."""
    suspend: s.Bool | None = optional(default=False)
    """Whether the schedule rests. A suspended target raises no alert."""
    missed_slots: Annotated[StrictInt, Field(ge=0, le=24)] | None = optional(default=1, examples=[2])
    """How many runs in a row may be missed before an alert says so."""
    image: s.Image | None = optional(follows="`images.restic`")
    """Another image than `images.restic`."""
    resources: Resources | None = None
    """What the job's containers may use."""
    cache: Cache | None = None
    """restic's cache."""
    node_selector: s.Labels | None = optional(examples=[{"kubernetes.io/hostname": "node-7"}])
    """The labels of the nodes that it may run on."""
    tolerations: tuple[Toleration, ...] | None = None
    """The taints that it tolerates."""
    run_as: RunAs | None = None
    """The user that it runs as: a uid, or a mapping."""
    labels: s.Labels | None = optional(examples=[{"team": "platform"}])
    """Further labels of its objects and pods."""
    annotations: s.Annotations | None = optional(examples=[{"argocd.argoproj.io/sync-wave": "7"}])
    """Further annotations of its objects."""
    ntfy: NtfyOverride | None = None
    """What it says differently from the fleet's `ntfy`."""
