"""A repository and the operations on the whole of it."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, StrictInt, model_validator

from backupgen.language import patterns
from backupgen.language import scalars as s
from backupgen.language.refusals import refuse
from backupgen.language.schema.job import JobSettings, Resources, RunAs, Toleration
from backupgen.language.schema.model import Fragment, Model, needs, optional, required, short_form, whole
from backupgen.language.schema.source import Volume
from backupgen.language.schema.waivers import Waivers


class Keep(Model):
    """Which snapshots stay, in the words of `restic forget --keep-…`."""

    last: Annotated[StrictInt, Field(ge=1, le=10**6)] | None = optional(examples=[1])
    """The last n snapshots."""
    hourly: Annotated[StrictInt, Field(ge=1, le=10**6)] | None = optional(examples=[24])
    """The last n hours that have a snapshot."""
    daily: Annotated[StrictInt, Field(ge=1, le=10**6)] | None = optional(examples=[7])
    """The last n days that have a snapshot."""
    weekly: Annotated[StrictInt, Field(ge=1, le=10**6)] | None = optional(examples=[4])
    """The last n weeks that have a snapshot."""
    monthly: Annotated[StrictInt, Field(ge=1, le=10**6)] | None = optional(examples=[12])
    """The last n months that have a snapshot."""
    yearly: Annotated[StrictInt, Field(ge=1, le=10**6)] | None = optional(examples=[2])
    """The last n years that have a snapshot."""
    within: s.KeepWithin | None = optional(examples=["90d", "1y6mo"])
    """Everything younger than this, counted from the latest snapshot."""

    constraints = ({"minProperties": 1},)

    @model_validator(mode="after")
    def _not_empty(self) -> "Keep":
        if not any(getattr(self, name) is not None for name in type(self).model_fields):
            raise refuse("an empty `keep` would remove every snapshot, expected at least one rule")
        return self


class Maintenance(JobSettings):
    """An operation on a whole repository."""

    namespace: s.DnsLabel | None = optional(follows="`home_namespace`", examples=["backup"])
    """Where it runs."""
    at: s.Slot = required(schema={"not": {"const": "auto"}}, examples=["03:05", "Sun 04:00"])
    """When it starts."""
    waive: Waivers | None = optional(examples=[{"missing-operation": "to read it back costs more than it is worth"}])
    """Findings that are known and accepted, each with its reason."""

    constraints = ({"required": ["deadline"]},)


class Retention(Maintenance):
    """`restic forget` for each target, then `prune` and `check`, in one job that owns the repository."""

    keep: Keep
    """Which snapshots stay."""
    read_data: s.CheckPart | None = optional(examples=["1/20"])
    """Which part of the data each run of `restic check` reads: `1/20` reads all of it in 20 runs. Left out: none."""
    legacy: dict[s.Tag, s.Days] | None = optional(examples=[{"old-name": "180d"}])
    """Tags that no target has any more, and how old their snapshots get before they are forgotten, such as `90d`."""


class ScratchMapping(Model):
    """Where the restore test restores to."""

    size: s.Size = required(examples=["20Gi"])
    """Its size: that of the largest target, restored."""
    storage_class: s.DnsSubdomain | None = optional(examples=["longhorn"])
    """The storage class of a volume made for each run. Left out: an emptyDir on the node's disk."""

    short: ClassVar[Fragment] = {"type": "string", **whole(patterns.SIZE), "description": "The size."}


Scratch = Annotated[ScratchMapping, short_form("size", str, "a size such as `20Gi` or a mapping")]


class RestoreTest(Maintenance):
    """Restores the latest snapshot of every target and applies its verify rules."""

    scratch: Scratch
    """Where it restores to: a size, or a mapping."""


Credentials = dict[s.CredentialName, s.ValueName]


class Mirror(Maintenance):
    """A second copy of the repository somewhere else."""

    to: s.Line = required(
        schema=whole(patterns.REPOSITORY_URL), examples=["s3:s3.example.com/bucket/restic", "b2:bucket:restic"]
    )
    """The copy's place, as restic writes it: `s3:host/bucket/path`, `rest:https://host/path`."""
    method: Literal["rclone", "restic_copy"] | None = optional(follows="`rclone` where it can, else `restic_copy`")
    """`rclone` copies the files of a repository to S3, where the fleet owns its server or it lies in S3 itself;
    `restic_copy` copies snapshots into a repository of its own."""
    id: s.RepositoryId | None = optional(examples=["0f1e2d3c4b5a6978" * 4, "c4b5a69787960f1e" * 4])
    """The id of the copy's own repository, with `restic_copy`: its jobs refuse another one."""
    read_data: s.CheckPart | None = optional(examples=["1/60"])
    """Which part of the copy's data each run reads back: `1/60` reads all of it in 60 runs. Left out: none."""
    restore_test: RestoreTest | None = None
    """When it is proved that every target can be restored from the copy."""
    credentials: Credentials | None = optional(
        follows="what the place in `to` needs", examples=[{"AWS_ACCESS_KEY_ID": "mirror-key-id"}]
    )
    """Environment variables of the copy's place, and the names of their values."""


class Server(Model):
    """The REST server, where the fleet runs it. Its name, namespace and port are those of the repository's URL."""

    volume: Volume
    """Where the repository lies."""
    run_as: RunAs | None = optional(default=65532)
    """The user that owns the repository's files."""
    image: s.Image | None = None
    """Another image than `images.rest_server`."""
    resources: Resources | None = None
    """What the server may use."""
    node_selector: s.Labels | None = optional(examples=[{"kubernetes.io/hostname": "node-4"}])
    """The labels of the node that holds the volume."""
    tolerations: tuple[Toleration, ...] | None = None
    """The taints that it tolerates."""
    labels: s.Labels | None = optional(examples=[{"team": "storage"}])
    """Further labels of its objects and pods."""
    annotations: s.Annotations | None = optional(examples=[{"example.com/owner": "storage"}])
    """Further annotations of its objects."""


class Repository(Model):
    """A restic repository and what is done to the whole of it."""

    url: s.Line = required(
        schema=whole(patterns.REPOSITORY_URL),
        examples=["s3:s3.example.com/bucket/home", "rest:http://rest-server.backup.svc.cluster.local:8000/"],
    )
    """The URL, as restic writes it and without a password: `rest:http://host:8000/`, `s3:host/bucket/path`."""
    id: s.RepositoryId | None = optional(examples=["44775e1cd5de347f" * 4, "0f1e2d3c4b5a6978" * 4])
    """The repository's id. Every job refuses another repository, also an empty one in its place."""
    lock_wait: s.Duration | None = optional(default="10m", examples=["10m"])
    """How long a command waits for a lock (`--retry-lock`)."""
    parallel: Annotated[StrictInt, Field(ge=1)] | None = optional(default=1, examples=[1, 3])
    """How many backups may run at once."""
    quota: s.Size | None = optional(examples=["200Gi"])
    """How much room there is for it. Each retention then measures what the snapshots need; an alert comes at 80%."""
    credentials: Credentials | None = optional(
        follows="what the URL needs", examples=[{"RESTIC_PASSWORD": "cloud-password"}]
    )
    """Environment variables of the repository, and the names of their values."""
    server: Server | None = None
    """The REST server, where the fleet runs it."""
    retention: Retention | None = None
    """What is removed, and when."""
    restore_test: RestoreTest | None = None
    """When it is proved that every target can be restored."""
    mirrors: dict[s.DnsLabel, Mirror] | None = None
    """Copies somewhere else, by name."""
    waive: Waivers | None = optional(examples=[{"missing-operation": "the provider keeps a copy of its own"}])
    """Findings that are known and accepted, each with its reason."""

    constraints = (needs(quota="retention"),)
