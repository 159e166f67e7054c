"""One thing that is backed up."""

from typing import Annotated

from pydantic import Field, StrictInt, model_validator

from backupgen.language import scalars as s
from backupgen.language.schema.job import JobSettings
from backupgen.language.schema.model import Model, exactly_one
from backupgen.language.schema.repository import Credentials, Keep
from backupgen.language.schema.source import Dump, Volume
from backupgen.language.schema.waivers import Waivers


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

    _one = exactly_one("file", "dir", "sqlite", "xbstream", "pgdump")

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

    _one = exactly_one("pod", "host", "cidr")

    @model_validator(mode="after")
    def _namespace_of_pods(self) -> "Peer":
        if self.namespace is not None and self.pod is None:
            raise s.refuse("`namespace` belongs to `pod`")
        return self


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
    waive: Waivers | None = None
    """Findings that are known and accepted, each with its reason."""
