"""fleet.yaml as it is written: one pydantic model for each mapping of the language.

Input: the plain data of a document. Output: a `Fleet` in which a field is None where the user left it out. Never: a
default (that is `resolve`'s work), or a judgement that needs two places of the file (those are rules).

The docstring under a field is its documentation: the JSON schema, the reference in docs/ and `explain` show it.
"""

from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    StrictInt,
    WithJsonSchema,
    model_validator,
)

from backupgen.conventions.alert_names import ALERT_NAMES
from backupgen.language import scalars as s


class Model(BaseModel):
    """What all mappings of the language share: no unknown key, no change after reading."""

    # Built once, as part of Fleet, and not each for itself: that costs half of the start-up.
    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=(), defer_build=True)


def _exactly_one(*names: str) -> Any:
    """A validator: exactly one of the named fields is given."""

    def validate(self: Any) -> Any:
        given = [name for name in names if getattr(self, name) is not None]
        if len(given) != 1:
            choice = ", ".join(f"`{name}`" for name in names)
            found = " and ".join(f"`{name}`" for name in given) or "none of them"
            raise s.refuse(f"expected exactly one of {choice}, found {found}")
        return self

    return model_validator(mode="after")(validate)


def _short_form(field: str, short: type, expected: str) -> BeforeValidator:
    """A validator: a lone value of the type stands for a mapping that holds only `field`."""

    def expand(value: object) -> object:
        if isinstance(value, dict):
            return value
        if isinstance(value, short) and not isinstance(value, bool):
            return {field: value}
        raise s.refuse(f"expected {expected}, found {s.described(value)}")

    return BeforeValidator(expand)


class Images(Model):
    """The container images, by digest."""

    restic: s.Image
    """Runs every job: restic 0.17.1 or later, curl or busybox wget, rclone for mirrors, what verify rules need."""
    rest_server: s.Image | None = None
    """Runs the REST server; needed when `repository.server` is given."""
    kubectl: s.Image | None = None
    """Runs the dumps in an app's pod (`dump.in_pod`): kubectl and a POSIX shell."""


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


RunAs = Annotated[RunAsMapping, _short_form("uid", int, "a uid or a mapping")]


class Ntfy(Model):
    """The ntfy topic that failures are sent to."""

    server: s.Line
    """The server's URL."""
    topic: s.Topic
    """The topic. On a public server it is a password: choose one that cannot be guessed."""
    auth: s.Bool | None = None
    """Whether the server wants credentials; they are the value `ntfy-credentials`, as `user:password` or a token."""
    priority: Annotated[StrictInt, Field(ge=1, le=5)] | None = None
    """The priority, 1 to 5; 4 by default."""
    tags: tuple[s.Tag, ...] | None = None
    """Tags, shown as emoji; `bangbang` by default."""
    title: s.Line | None = None
    """The title; `<hostname> - Backup failed` by default."""
    pod_labels: s.Labels | None = None
    """The labels of the server's pods, where it runs in this cluster."""


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


class Volume(Model):
    """A source: a claim or a folder of the node, mounted read-only at `/backup/<name>`."""

    pvc: s.DnsSubdomain | None = None
    """The PersistentVolumeClaim's name."""
    access: Literal["ReadWriteOnce", "ReadWriteOncePod", "ReadWriteMany", "ReadOnlyMany"] | None = None
    """The claim's access mode; `ReadWriteOnce` by default, which needs `with_pod` or a `node_selector`."""
    host_path: s.AbsolutePath | None = None
    """A folder of the node."""
    reason: s.Line | None = None
    """Why it has to be a folder of the node, which no restricted namespace allows; needed with `host_path`."""
    paths: Annotated[tuple[s.RelativePath, ...], Field(min_length=1)] | None = None
    """Only these folders of it."""
    sentinel: s.RelativePath | None = None
    """A file or folder of it that has to be there before anything is backed up: it proves that the volume is mounted.
    For a `host_path`, by default any of the paths under `verify` that lie in it."""

    _one = _exactly_one("pvc", "host_path")

    @model_validator(mode="after")
    def _fits_its_kind(self) -> "Volume":
        if self.host_path is not None and self.reason is None:
            raise s.refuse("a `host_path` breaks the restricted Pod Security Standard, expected a `reason` beside it")
        if self.host_path is not None and self.access is not None:
            raise s.refuse("`access` is the access mode of a claim, a `host_path` has none")
        if self.sentinel == ".":
            raise s.refuse("a `sentinel` lies in the volume, `.` is the volume itself and always there")
        if self.pvc is not None and self.reason is not None:
            raise s.refuse("a `reason` belongs to a `host_path`, a claim needs none")
        return self

    @model_validator(mode="after")
    def _paths_of_their_own(self) -> "Volume":
        paths = self.paths or ()
        if len(set(paths)) < len(paths):
            twice = next(path for path in paths if paths.count(path) > 1)
            raise s.refuse(f"`paths` names `{s.shown(twice)}` twice")
        if "." in paths and len(paths) > 1:
            raise s.refuse("`paths` names `.`, which is all of the volume, beside others")
        return self


class Staging(Model):
    """Where a dump lies until it is backed up."""

    pvc: s.DnsSubdomain | None = None
    """A claim that only this job uses."""
    size: s.Size | None = None
    """The size limit of an emptyDir."""

    _one = _exactly_one("pvc", "size")


class Dump(Model):
    """What a command writes, backed up as the file `/backup/<file>`."""

    in_pod: s.Labels | None = None
    """The labels of the app's pod: the command runs there (`kubectl exec`). Left out: in the job's own container."""
    container: s.DnsLabel | None = None
    """The container of the app's pod; its default container, if left out."""
    tool: Literal["mariabackup", "pg_dump"] | None = None
    """A ready-made command that takes its password from the app's own environment."""
    database: s.Line | None = None
    """The database of `pg_dump`; the pod's `$POSTGRES_DB` by default."""
    user: s.Line | None = None
    """The user of the tool; `root` for mariabackup, the pod's `$POSTGRES_USER` for pg_dump."""
    command: Annotated[tuple[s.Text, ...], Field(min_length=1)] | None = None
    """A command of your own that writes the dump to its standard output."""
    file: s.FileName | None = None
    """The dump's name; `<target>.xb` or `<target>.pgdump` for the tools, needed with `command`."""
    staging: Staging | None = None
    """Where the dump of an app's pod lies until it is backed up; an emptyDir of 10Gi by default."""

    _one = _exactly_one("tool", "command")

    @model_validator(mode="after")
    def _fits_its_place(self) -> "Dump":
        if self.tool is not None and self.in_pod is None:
            raise s.refuse(f"`tool: {self.tool}` runs in the app's pod, expected `in_pod` beside it")
        if self.command is not None and self.file is None:
            raise s.refuse("a `command` needs a `file`, the name of the dump in the snapshot")
        if self.in_pod is None and (self.container is not None or self.staging is not None):
            raise s.refuse("`container` and `staging` belong to a dump in the app's pod, expected `in_pod` beside them")
        if self.tool != "pg_dump" and self.database is not None:
            raise s.refuse("`database` belongs to `tool: pg_dump`")
        if self.tool is None and self.user is not None:
            raise s.refuse("`user` belongs to a `tool`")
        return self


class Verify(Model):
    """What the restore test looks for: one of `file`, `dir`, `sqlite`, `xbstream`, `pgdump`, a path below `/backup`."""

    file: s.RelativePath | None = None
    """A file that is not empty."""
    dir: s.RelativePath | None = None
    """A folder that holds files."""
    sqlite: s.RelativePath | None = None
    """A SQLite database that passes its integrity check."""
    xbstream: s.RelativePath | None = None
    """A stream of mariabackup that can be extracted."""
    pgdump: s.RelativePath | None = None
    """An archive of pg_dump that `pg_restore --list` reads."""
    min_size: s.Size | None = None
    """The least size; one byte by default."""
    min_files: Annotated[StrictInt, Field(ge=0)] | None = None
    """The least number of files in a `dir`; 1 by default."""

    _one = _exactly_one("file", "dir", "sqlite", "xbstream", "pgdump")

    @model_validator(mode="after")
    def _files_of_a_dir(self) -> "Verify":
        if self.min_files is not None and self.dir is None:
            raise s.refuse("`min_files` counts the files of a `dir`")
        if self.sqlite is not None and self.min_size is not None:
            raise s.refuse("`sqlite` proves more than a size does, leave `min_size` out")
        return self


class Peer(Model):
    """Somebody that the job talks to, for the network policies: exactly one of `pod`, `host`, `cidr`."""

    pod: s.Labels | None = None
    """The labels of the pods."""
    namespace: s.DnsLabel | None = None
    """The pods' namespace; the target's own by default."""
    host: s.DnsSubdomain | None = None
    """A host name. Kubernetes' own policies know none: they then allow the port to every address."""
    cidr: s.Cidr | None = None
    """A range of addresses."""
    port: Annotated[StrictInt, Field(ge=1, le=65535)]
    """The TCP port."""

    _one = _exactly_one("pod", "host", "cidr")

    @model_validator(mode="after")
    def _namespace_of_pods(self) -> "Peer":
        if self.namespace is not None and self.pod is None:
            raise s.refuse("`namespace` belongs to `pod`")
        return self


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
    waive: "Waivers | None" = None
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


Scratch = Annotated[ScratchMapping, _short_form("size", str, "a size such as `20Gi` or a mapping")]


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
    waive: "Waivers | None" = None
    """Findings that are known and accepted, each with its reason."""


class Target(JobSettings):
    """One thing that is backed up."""

    namespace: s.DnsLabel
    """Where the app lives and the backup runs."""
    at: s.Slot
    """When it starts."""
    every: s.Duration | None = None
    """How often it runs, with `at: auto`; 1h by default."""
    skip: tuple[s.HourRange, ...] | None = None
    """Hours in which it does not start: `12:00-14:00` leaves out 12 and 13."""
    yields: s.Bool | None = None
    """Whether hours in which a run could meet the retention are left out; yes by default. With `false` they are
    an error."""
    repository: s.DnsLabel | None = None
    """The repository's name; `main` by default."""
    volume: Volume | None = None
    """The source, mounted at `/backup/<target>`."""
    volumes: Annotated[dict[s.VolumeName, Volume], Field(min_length=1)] | None = None
    """Several sources by name, each mounted at `/backup/<name>`."""
    dump: Dump | None = None
    """What a command writes, instead of or beside the volumes."""
    with_pod: s.Labels | None = None
    """The labels of the app's pod: the backup runs on its node."""
    exclude: tuple[s.Text, ...] | None = None
    """Patterns of restic. One that begins with `/` is meant below `/backup`, any other matches anywhere."""
    backup_args: tuple[s.Text, ...] | None = None
    """Further flags of `restic backup`."""
    tag: s.Tag | None = None
    """The snapshots' tag; the target's name by default."""
    hostname: s.Tag | None = None
    """The snapshots' host and the Pushgateway's instance; the target's name by default."""
    keep: Keep | None = None
    """Which of its snapshots stay, instead of the repository's rule."""
    verify: tuple[Verify, ...] | None = None
    """What the restore test looks for; files in every source, if left out."""
    max_age: s.Duration | None = None
    """How old its newest snapshot may be in the restore test; by default one more run than `missed_slots` may be
    missed, and any age while it is suspended."""
    max_shrink: s.Percent | None = None
    """By how much a snapshot may be smaller than the one before it, else the run fails; `50%` by default."""
    before: s.Line | None = None
    """A shell command before the backup, in its container. If it fails, nothing is backed up."""
    after: s.Line | None = None
    """A shell command after the backup, whatever happened, once `before` was begun."""
    credentials: Credentials | None = None
    """Further environment variables from values, for a dump's command and hooks."""
    connects_to: tuple[Peer, ...] | None = None
    """Whom a dump's command or a hook talks to."""
    waive: "Waivers | None" = None
    """Findings that are known and accepted, each with its reason."""


class Node(Model):
    """A node, or a group of them, that takes only so many jobs at once."""

    labels: Annotated[s.Labels, Field(min_length=1)]
    """Its labels: every job whose `node_selector` has all of them runs here, a mirror beside its server."""
    parallel: Annotated[StrictInt, Field(ge=1)]
    """How many jobs may run here at once, whatever their repository."""


class Pushgateway(Model):
    """The Prometheus Pushgateway that the jobs report to."""

    url: s.Line
    """Its URL."""
    pod_labels: s.Labels | None = None
    """The labels of its pods; needed for network policies, where it runs in this cluster."""


def _alert_name(value: object) -> str:
    if isinstance(value, str) and value in ALERT_NAMES:
        return value
    from difflib import get_close_matches

    near = get_close_matches(str(value), ALERT_NAMES, 1)
    hint = f"did you mean `{near[0]}`?" if near else f"they are {', '.join(f'`{name}`' for name in ALERT_NAMES)}"
    raise s.refuse(f"`{s.shown(value)}` is none of the compiler's alerts", hint)


AlertName = Annotated[str, PlainValidator(_alert_name), WithJsonSchema({"type": "string", "enum": [*ALERT_NAMES]})]
AlertLabels = dict[s.LabelName, s.Text]


class AlertChange(Model):
    """What is different about one of the compiler's alerts."""

    enabled: s.Bool | None = None
    """Whether it is rendered; yes by default."""
    severity: s.LabelName | None = None
    """Another severity."""
    for_: s.Duration | None = Field(default=None, alias="for")
    """How long its condition holds before it fires."""
    threshold: s.Percent | None = None
    """From which share on: of the deadline for `BackupNearDeadline`, of the quota for `BackupRepositoryNearQuota`;
    80% by default. The others' thresholds follow from schedules."""
    labels: AlertLabels | None = None
    """Further labels of it, for Alertmanager's routes."""


class OwnAlert(Model):
    """An alert of your own, rendered beside the compiler's."""

    expr: s.Text
    """Its condition, in PromQL."""
    for_: s.Duration | None = Field(default=None, alias="for")
    """How long the condition holds before it fires; 5m by default."""
    severity: s.LabelName | None = None
    """Its severity; `warning` by default."""
    summary: s.Text
    """What happened, in one line."""
    description: s.Text | None = None
    """What it means, and what to do."""
    labels: AlertLabels | None = None
    """Further labels of it."""


class Prometheus(Model):
    """The pods of Prometheus, which the network policies let in to scrape."""

    namespace: s.DnsLabel | None = None
    """Their namespace; that of the alerts by default."""
    pod_labels: Annotated[s.Labels, Field(min_length=1)] | None = None
    """Their labels; `app.kubernetes.io/name: prometheus` by default, as Prometheus Operator sets it."""


class Alerts(Model):
    """The PrometheusRule, and the ServiceMonitor of the fleet's own REST servers."""

    namespace: s.DnsLabel
    """Where it lies."""
    labels: s.Labels | None = None
    """The labels by which Prometheus finds it."""
    annotations: s.Annotations | None = None
    """Further annotations."""
    runbooks: s.Line | None = None
    """The URL of out/_runbooks for people, such as `https://git.example.org/home/src/branch/main/out/_runbooks`. Each
    alert's `runbook_url` begins with it; without it, alerts name the page's path only."""
    alert_labels: AlertLabels | None = None
    """Labels of every alert, for Alertmanager's routes."""
    kube_state_metrics: s.Bool | None = None
    """Whether kube-state-metrics is scraped, with its own labels honoured (as kube-prometheus-stack does it). With it,
    alerts also tell of jobs that were killed or never started, and of CronJobs that are gone; no by default."""
    prometheus: Prometheus | None = None
    """The pods of Prometheus, where they are not those of a Prometheus Operator beside the alerts."""
    rules: dict[AlertName, AlertChange] | None = None
    """What is different about the compiler's alerts, by name."""
    own: dict[s.LabelName, OwnAlert] | None = None
    """Alerts of your own, by name."""


class Dashboard(Model):
    """The Grafana dashboard, a ConfigMap for Grafana's sidecar."""

    namespace: s.DnsLabel
    """Where it lies."""
    labels: s.Labels | None = None
    """The labels by which Grafana's sidecar finds it."""
    annotations: s.Annotations | None = None
    """Further annotations, such as the folder."""


class FluxSource(Model):
    """The Flux source that holds the rendered files."""

    kind: Literal["GitRepository", "OCIRepository", "Bucket"] | None = None
    """Its kind; `GitRepository` by default."""
    name: s.DnsSubdomain
    """Its name."""
    namespace: s.DnsLabel | None = None
    """Its namespace; `flux-system` by default."""


class Flux(Model):
    """A Flux Kustomization for each namespace."""

    path: s.Line
    """The path of out/ in the source, such as `./clusters/home/backup`."""
    source: FluxSource
    """The source."""
    namespace: s.DnsLabel | None = None
    """Where the Kustomizations lie; `flux-system` by default."""
    interval: s.Duration | None = None
    """How often Flux compares; 1h by default."""
    decryption_secret: s.DnsSubdomain | None = None
    """The Secret with the sops key; `sops-age` by default."""


class ArgoCd(Model):
    """Argo CD with KSOPS: each namespace's kustomization decrypts its Secrets through a generator."""

    sync_wave: StrictInt | None = None
    """The sync wave of every object."""
    repo: s.Line | None = None
    """The Git repository's URL. With it, an Application for each namespace is rendered."""
    path: s.RelativePath | None = None
    """The path of out/ in the Git repository."""
    revision: s.Line | None = None
    """The revision; `HEAD` by default."""
    namespace: s.DnsLabel | None = None
    """Where the Applications lie; `argocd` by default."""
    project: s.DnsSubdomain | None = None
    """Their project; `default` by default."""


class Gitops(Model):
    """How the cluster takes the files. Left out: plain kustomizations."""

    flux: Flux | None = None
    """Flux."""
    argocd: ArgoCd | None = None
    """Argo CD with KSOPS."""

    _one = _exactly_one("flux", "argocd")


Recipients = Annotated[tuple[s.Line, ...], Field(min_length=1)]


class Sops(Model):
    """Whom the Secrets are sealed for; written to out/.sops.yaml. Left out: your own .sops.yaml says it."""

    age: Annotated[tuple[s.AgeRecipient, ...], Field(min_length=1)] | None = None
    """age recipients."""
    pgp: Recipients | None = None
    """Fingerprints of GnuPG keys."""
    kms: Recipients | None = None
    """ARNs of AWS KMS keys."""
    gcp_kms: Recipients | None = None
    """Resource ids of Google Cloud KMS keys."""
    azure_keyvault: Recipients | None = None
    """URLs of Azure Key Vault keys."""
    hc_vault_transit_uri: Recipients | None = None
    """URLs of HashiCorp Vault transit keys."""


class WaiverMapping(Model):
    """A finding that is known and accepted."""

    reason: s.Line
    """Why it is accepted."""
    until: s.Day | None = None
    """The last day on which it is, in the fleet's time zone; then it is reported again. Without it, for good."""


Waiver = Annotated[WaiverMapping, _short_form("reason", str, "a reason or a mapping")]
Waivers = dict[s.DnsLabel, Waiver]
"""The slug of a finding -> the reason why it is accepted."""


class Fleet(Model):
    """fleet.yaml."""

    fleet: s.DnsLabel
    """The fleet's name."""
    home_namespace: s.DnsLabel
    """Where the fleet's own jobs run and the scripts come from."""
    timezone: s.Timezone
    """The zone that slots are meant in."""
    kubernetes: s.KubernetesVersion | None = None
    """The cluster's version, or the oldest of several: what is rendered is then proved to be known there."""
    images: Images
    """The container images."""
    image_pull_secrets: tuple[s.DnsSubdomain, ...] | None = None
    """Secrets of private registries, present in every namespace."""
    repository: Repository
    """The repository that targets use; its name is `main`."""
    repositories: dict[s.DnsLabel, Repository] | None = None
    """Further repositories by name."""
    nodes: dict[s.DnsLabel, Node] | None = None
    """Nodes that take only so many jobs at once, by a name of your own."""
    scripts: Literal["per_namespace", "reflector"] | None = None
    """How the scripts reach each namespace: a ConfigMap in each (the default), or one that Reflector copies."""
    network_policies: Literal["none", "kubernetes", "cilium"] | None = None
    """The kind of the network policies; none by default."""
    pushgateway: Pushgateway | None = None
    """The Pushgateway; without it there are no metrics."""
    ntfy: Ntfy | None = None
    """Where failures are sent."""
    alerts: Alerts | None = None
    """The alerts; needs `pushgateway`."""
    dashboard: Dashboard | None = None
    """The dashboard; needs `pushgateway`."""
    gitops: Gitops | None = None
    """How the cluster takes the files."""
    sops: Sops | None = None
    """Whom the Secrets are sealed for."""
    labels: s.Labels | None = None
    """Labels of every object."""
    annotations: s.Annotations | None = None
    """Annotations of every object."""
    defaults: JobSettings | None = None
    """What holds for every target that does not say otherwise. Mappings are merged, lists and values replaced."""
    targets: Annotated[dict[s.DnsLabel, Target], Field(min_length=1)]
    """What is backed up, by name."""
    unprotected: dict[s.VolumePattern, s.Line] | None = None
    """Volumes that are not backed up, and why: a claim as `namespace/name` or a folder of a node, `*` in it stands for
    any characters. `check --repo` reports every other volume that no target holds."""
    waive: Waivers | None = None
    """Findings about the whole fleet that are known and accepted, each with its reason."""
