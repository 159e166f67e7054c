"""A repository and the operations on the whole of it."""

from typing import Annotated, Literal

from pydantic import Field, StrictInt, model_validator

from backupgen.language import scalars as s
from backupgen.language.schema.job import JobSettings, Resources, RunAs, Toleration
from backupgen.language.schema.model import Model, short_form
from backupgen.language.schema.source import Volume
from backupgen.language.schema.waivers import Waivers


class Keep(Model):
    """Which snapshots stay, in the words of `restic forget --keep-…`."""

    last: Annotated[StrictInt, Field(ge=1)] | None = None
    """The last n snapshots."""
    hourly: Annotated[StrictInt, Field(ge=1)] | None = None
    """The last n hours that have a snapshot."""
    daily: Annotated[StrictInt, Field(ge=1)] | None = None
    """The last n days that have a snapshot."""
    weekly: Annotated[StrictInt, Field(ge=1)] | None = None
    """The last n weeks that have a snapshot."""
    monthly: Annotated[StrictInt, Field(ge=1)] | None = None
    """The last n months that have a snapshot."""
    yearly: Annotated[StrictInt, Field(ge=1)] | None = None
    """The last n years that have a snapshot."""
    within: s.KeepWithin | None = None
    """Everything younger than this, counted from the latest snapshot."""

    @model_validator(mode="after")
    def _not_empty(self) -> "Keep":
        if not any(getattr(self, name) is not None for name in type(self).model_fields):
            raise s.refuse("an empty `keep` would remove every snapshot, expected at least one rule")
        return self


class Maintenance(JobSettings):
    """An operation on a whole repository."""

    namespace: s.DnsLabel | None = None
    """Where it runs; `home_namespace` by default."""
    at: s.Slot
    """When it starts."""
    waive: Waivers | None = None
    """Findings that are known and accepted, each with its reason."""


class Retention(Maintenance):
    """`restic forget` for each target, then `prune` and `check`, in one job that owns the repository."""

    keep: Keep
    """Which snapshots stay."""
    read_data: s.CheckPart | None = None
    """Which part of the data each run of `restic check` reads: `1/20` reads all of it in 20 runs. Left out: none."""
    legacy: dict[s.Tag, s.Days] | None = None
    """Tags that no target has any more, and how old their snapshots get before they are forgotten, such as `90d`."""


class ScratchMapping(Model):
    """Where the restore test restores to."""

    size: s.Size
    """Its size: that of the largest target, restored."""
    storage_class: s.DnsSubdomain | None = None
    """The storage class of a volume made for each run. Left out: an emptyDir on the node's disk."""


Scratch = Annotated[ScratchMapping, short_form("size", str, "a size such as `20Gi` or a mapping")]


class RestoreTest(Maintenance):
    """Restores the latest snapshot of every target and applies its verify rules."""

    scratch: Scratch
    """Where it restores to: a size, or a mapping."""


Credentials = dict[s.CredentialName, s.ValueName]


class Mirror(Maintenance):
    """A second copy of the repository somewhere else."""

    to: s.Line
    """The copy's place, as restic writes it: `s3:host/bucket/path`, `rest:https://host/path`."""
    method: Literal["rclone", "restic_copy"] | None = None
    """`rclone` copies the files of a repository to S3, where the fleet owns its server or it lies in S3 itself (the
    default in both cases); `restic_copy` copies snapshots into a repository of its own."""
    id: s.RepositoryId | None = None
    """The id of the copy's own repository, with `restic_copy`: its jobs refuse another one."""
    read_data: s.CheckPart | None = None
    """Which part of the copy's data each run reads back: `1/60` reads all of it in 60 runs. Left out: none."""
    restore_test: RestoreTest | None = None
    """When it is proved that every target can be restored from the copy."""
    credentials: Credentials | None = None
    """Environment variables of the copy's place, and the names of their values; derived from `to` by default."""


class Server(Model):
    """The REST server, where the fleet runs it. Its name, namespace and port are those of the repository's URL."""

    volume: Volume
    """Where the repository lies."""
    run_as: RunAs | None = None
    """The user that owns the repository's files; 65532 by default."""
    image: s.Image | None = None
    """Another image than `images.rest_server`."""
    resources: Resources | None = None
    """What the server may use."""
    node_selector: s.Labels | None = None
    """The labels of the node that holds the volume."""
    tolerations: tuple[Toleration, ...] | None = None
    """The taints that it tolerates."""
    labels: s.Labels | None = None
    """Further labels of its objects and pods."""
    annotations: s.Annotations | None = None
    """Further annotations of its objects."""


class Repository(Model):
    """A restic repository and what is done to the whole of it."""

    url: s.Line
    """The URL, as restic writes it and without a password: `rest:http://host:8000/`, `s3:host/bucket/path`."""
    id: s.RepositoryId | None = None
    """The repository's id. Every job refuses another repository, also an empty one in its place."""
    lock_wait: s.Duration | None = None
    """How long a command waits for a lock (`--retry-lock`); 10m by default."""
    parallel: Annotated[StrictInt, Field(ge=1)] | None = None
    """How many backups may run at once; 1 by default."""
    quota: s.Size | None = None
    """How much room there is for it. Each retention then measures what the snapshots need; an alert comes at 80%."""
    credentials: Credentials | None = None
    """Environment variables of the repository, and the names of their values; derived from the URL by default."""
    server: Server | None = None
    """The REST server, where the fleet runs it."""
    retention: Retention | None = None
    """What is removed, and when."""
    restore_test: RestoreTest | None = None
    """When it is proved that every target can be restored."""
    mirrors: dict[s.DnsLabel, Mirror] | None = None
    """Copies somewhere else, by name."""
    waive: Waivers | None = None
    """Findings that are known and accepted, each with its reason."""
