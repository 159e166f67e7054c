"""One thing that is backed up."""

from typing import Annotated

from pydantic import Field, StrictInt, model_validator

from backupgen.language import patterns
from backupgen.language import scalars as s
from backupgen.language.refusals import refuse
from backupgen.language.schema.job import JobSettings
from backupgen.language.schema.model import Model, exactly_one, has, needs, one_of, optional, required, whole
from backupgen.language.schema.repository import Credentials, Keep
from backupgen.language.schema.source import Dump, Volume
from backupgen.language.schema.waivers import Waivers


class Verify(Model):
    """What the restore test looks for: one of `file`, `dir`, `sqlite`, `xbstream`, `pgdump`, a path below `/backup`."""

    file: s.RelativePath | None = optional(examples=["forge/VERSION"])
    """A file that is not empty."""
    dir: s.RelativePath | None = optional(examples=["photos/originals"])
    """A folder that holds files."""
    sqlite: s.RelativePath | None = optional(examples=["grafana/grafana.db"])
    """A SQLite database that passes its integrity check."""
    xbstream: s.RelativePath | None = optional(examples=["mariadb.xb"])
    """A stream of mariabackup that can be extracted."""
    pgdump: s.RelativePath | None = optional(examples=["forge.pgdump"])
    """An archive of pg_dump that `pg_restore --list` reads."""
    min_size: s.Size | None = optional(default="1", examples=["1Mi"])
    """The least size."""
    min_files: Annotated[StrictInt, Field(ge=0, le=10**9)] | None = optional(default=1, examples=[10])
    """The least number of files in a `dir`."""

    constraints = (
        one_of("file", "dir", "sqlite", "xbstream", "pgdump"),
        needs(min_files="dir"),
        {"not": {"required": ["sqlite", "min_size"]}},
    )
    _one = exactly_one("file", "dir", "sqlite", "xbstream", "pgdump")

    @model_validator(mode="after")
    def _files_of_a_dir(self) -> "Verify":
        if self.min_files is not None and self.dir is None:
            raise refuse("`min_files` counts the files of a `dir`")
        if self.sqlite is not None and self.min_size is not None:
            raise refuse("`sqlite` proves more than a size does, leave `min_size` out")
        return self


class Peer(Model):
    """Somebody that the job talks to, for the network policies: exactly one of `pod`, `host`, `cidr`."""

    pod: s.Selector | None = optional(examples=[{"app": "warehouse"}])
    """The labels of the pods."""
    namespace: s.DnsLabel | None = optional(follows="the target's own", examples=["databases"])
    """The pods' namespace."""
    host: s.DnsSubdomain | None = optional(examples=["api.example.com"])
    """A host name. Kubernetes' own policies know none: they then allow the port to every address."""
    cidr: s.Cidr | None = optional(examples=["192.0.2.0/24"])
    """A range of addresses."""
    port: Annotated[StrictInt, Field(ge=1, le=65535)] = required(examples=[443, 3306])
    """The TCP port."""

    constraints = (one_of("pod", "host", "cidr"), needs(namespace="pod"))
    _one = exactly_one("pod", "host", "cidr")

    @model_validator(mode="after")
    def _namespace_of_pods(self) -> "Peer":
        if self.namespace is not None and self.pod is None:
            raise refuse("`namespace` belongs to `pod`")
        return self


class Target(JobSettings):
    """One thing that is backed up."""

    namespace: s.DnsLabel = required(examples=["monitoring"])
    """Where the app lives and the backup runs."""
    at: s.Slot = required(examples=[":20", "03:05", "Sun 04:00", "*/30 * * * *", "auto"])
    """When it starts."""
    every: s.Duration | None = optional(default="1h", examples=["1h", "6h"])
    """How often it runs, with `at: auto`."""
    skip: tuple[s.HourRange, ...] | None = optional(examples=[["12:00-14:00"]])
    """Hours in which it does not start: `12:00-14:00` leaves out 12 and 13."""
    between: s.HourRange | None = optional(examples=["01:00-06:00"])
    """Hours in which it starts, with `at: auto`: `01:00-06:00` from 01:00 to 05:59, `22:00-04:00` across midnight."""
    yields: s.Bool | None = optional(default=True)
    """Whether hours in which a run could meet the retention are left out. With `false` they are
    an error."""
    repository: s.DnsLabel | None = optional(default="main", examples=["main"])
    """The repository's name."""
    volume: Volume | None = None
    """The source, mounted at `/backup/<target>`."""
    volumes: Annotated[dict[s.VolumeName, Volume], Field(min_length=1)] | None = None
    """Several sources by name, each mounted at `/backup/<name>`."""
    dump: Dump | None = None
    """What a command writes, instead of or beside the volumes."""
    with_pod: s.Selector | None = optional(examples=[{"app.kubernetes.io/name": "grafana"}])
    """The labels of the app's pod: the backup runs on its node."""
    exclude: tuple[s.Text, ...] | None = optional(examples=[["lost+found", "/grafana/cache"]])
    """Patterns of restic. One that begins with `/` is meant below `/backup`, any other matches anywhere."""
    backup_args: tuple[s.Text, ...] | None = optional(
        schema={"items": {"type": "string", **whole(patterns.FLAG)}}, examples=[["--one-file-system"]]
    )
    """Further flags of `restic backup`."""
    tag: s.Tag | None = optional(follows="the target's name", examples=["grafana"])
    """The snapshots' tag."""
    hostname: s.Tag | None = optional(follows="the target's name", examples=["grafana.example.com"])
    """The snapshots' host and the Pushgateway's instance."""
    keep: Keep | None = None
    """Which of its snapshots stay, instead of the repository's rule."""
    verify: tuple[Verify, ...] | None = optional(follows="files in every source")
    """What the restore test looks for."""
    max_age: s.Duration | None = optional(
        follows="one more run than `missed_slots` may be missed, and any age while it is suspended",
        examples=["3h", "2d"],
    )
    """How old its newest snapshot may be in the restore test."""
    max_shrink: s.Percent | None = optional(default="50%", examples=["50%"])
    """By how much a snapshot may be smaller than those before it, in bytes or in files, else the run fails."""
    before: s.Line | None = optional(examples=["rcon-cli save-off && rcon-cli save-all flush"])
    """A shell command before the backup, in its container. It ends at the first command that fails (`sh -e`), and then
    nothing is backed up."""
    after: s.Line | None = optional(examples=["rcon-cli save-on"])
    """A shell command after the backup, whatever happened, once `before` was begun."""
    hook_timeout: s.Duration | None = optional(default="30s", examples=["2m", "90s"])
    """How long `after` may take when the run was ended or is out of time; else it has what is left of the deadline. The
    run ends itself earlier for it, and the pod's `grace` has to hold it."""
    credentials: Credentials | None = optional(examples=[{"MYSQL_PWD": "warehouse-password"}])
    """Further environment variables from values, for a dump's command and hooks."""
    connects_to: tuple[Peer, ...] | None = None
    """Whom a dump's command or a hook talks to."""
    waive: Waivers | None = optional(examples=[{"slot-capacity": "only the first upload takes so long"}])
    """Findings that are known and accepted, each with its reason."""

    constraints = (
        {"anyOf": [{"required": [key]} for key in ("volume", "volumes", "dump")]},
        {"not": {"required": ["volume", "volumes"]}},
        {
            "if": has("dump", {"not": {"required": ["in_pod"]}}),
            "then": {"not": {"anyOf": [{"required": ["volume"]}, {"required": ["volumes"]}]}},
        },
        {"if": {"required": ["every"]}, "then": {"properties": {"at": {"const": "auto"}}}},
        needs(after="before"),
    )
