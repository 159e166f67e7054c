"""What is backed up: volumes and dumps."""

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, model_validator

from backupgen.integrations.dump_tools import DUMP_TOOLS
from backupgen.language import scalars as s
from backupgen.language.refusals import refuse, shown
from backupgen.language.schema.model import Model, exactly_one, needs, one_of, optional

if TYPE_CHECKING:
    ToolName = str
else:
    ToolName = Literal[tuple(DUMP_TOOLS)]


class Volume(Model):
    """A source: a claim or a folder of the node, mounted read-only at `/backup/<name>`."""

    pvc: s.DnsSubdomain | None = optional(examples=["grafana", "data-postgres-0"])
    """The PersistentVolumeClaim's name."""
    access: Literal["ReadWriteOnce", "ReadWriteOncePod", "ReadWriteMany", "ReadOnlyMany"] | None = optional(
        default="ReadWriteOnce"
    )
    """The claim's access mode; `ReadWriteOnce` needs `with_pod` or a `node_selector`."""
    host_path: s.AbsolutePath | None = optional(examples=["/srv/photos"])
    """A folder of the node."""
    reason: s.Line | None = optional(examples=["the photos lie on the pool of node-4"])
    """Why it has to be a folder of the node, which no restricted namespace allows; needed with `host_path`."""
    paths: Annotated[tuple[s.RelativePath, ...], Field(min_length=1)] | None = optional(
        schema={"uniqueItems": True, "not": {"minItems": 2, "contains": {"const": "."}}},
        examples=[["config", "library"]],
    )
    """Only these folders of it."""
    sentinel: s.RelativePath | None = optional(
        schema={"not": {"const": "."}},
        follows="for a `host_path`, any of the paths under `verify` that lie in it",
        examples=["server.properties"],
    )
    """A file or folder of it that has to be there before anything is backed up: it proves that the volume is
    mounted."""

    constraints = (
        one_of("pvc", "host_path"),
        needs(host_path="reason", reason="host_path", access="pvc"),
    )
    _one = exactly_one("pvc", "host_path")

    @model_validator(mode="after")
    def _fits_its_kind(self) -> "Volume":
        if self.host_path is not None and self.reason is None:
            raise refuse("a `host_path` breaks the restricted Pod Security Standard, expected a `reason` beside it")
        if self.host_path is not None and self.access is not None:
            raise refuse("`access` is the access mode of a claim, a `host_path` has none")
        if self.sentinel == ".":
            raise refuse("a `sentinel` lies in the volume, `.` is the volume itself and always there")
        if self.pvc is not None and self.reason is not None:
            raise refuse("a `reason` belongs to a `host_path`, a claim needs none")
        return self

    @model_validator(mode="after")
    def _paths_of_their_own(self) -> "Volume":
        paths = self.paths or ()
        if len(set(paths)) < len(paths):
            twice = next(path for path in paths if paths.count(path) > 1)
            raise refuse(f"`paths` names `{shown(twice)}` twice")
        if "." in paths and len(paths) > 1:
            raise refuse("`paths` names `.`, which is all of the volume, beside others")
        return self


class Staging(Model):
    """Where a dump lies until it is backed up."""

    pvc: s.DnsSubdomain | None = optional(examples=["mariadb-backup"])
    """A claim that only this job uses."""
    size: s.Size | None = optional(examples=["10Gi"])
    """The size limit of an emptyDir."""

    constraints = (one_of("pvc", "size"),)
    _one = exactly_one("pvc", "size")


_DATABASE_TOOLS = [tool.name for tool in DUMP_TOOLS.values() if tool.takes_database]
_OF_A_DATABASE = {"const": _DATABASE_TOOLS[0]} if len(_DATABASE_TOOLS) == 1 else {"enum": _DATABASE_TOOLS}


_USERS = ", ".join(
    (f"the pod's `{tool.user_of_the_pod}`" if tool.user_of_the_pod else f"`{tool.user}`") + f" for {tool.name}"
    for tool in DUMP_TOOLS.values()
)
_FILES = " or ".join(f"`<target>.{tool.suffix}`" for tool in DUMP_TOOLS.values())


class Dump(Model):
    """What a command writes, backed up as the file `/backup/<file>`."""

    in_pod: s.Selector | None = optional(examples=[{"app.kubernetes.io/name": "mariadb"}])
    """The labels of the app's pod: the command runs there (`kubectl exec`). Left out: in the job's own container."""
    container: s.DnsLabel | None = optional(follows="the pod's default container", examples=["postgres"])
    """The container of the app's pod."""
    tool: ToolName | None = None
    """A ready-made command that takes its password from the app's own environment."""
    database: s.Line | None = optional(follows="the pod's `$POSTGRES_DB`", examples=["forge"])
    """The database of `pg_dump`."""
    user: s.Line | None = optional(follows=_USERS, examples=["forge"])
    """The user of the tool."""
    command: Annotated[tuple[s.Text, ...], Field(min_length=1)] | None = optional(
        examples=[["sh", "-c", "redis-cli --rdb - 2>/dev/null"]]
    )
    """A command of your own that writes the dump to its standard output."""
    file: s.FileName | None = optional(follows=f"{_FILES}, after the tool", examples=["dump.rdb"])
    """The dump's name; needed with `command`."""
    staging: Staging | None = optional(default={"size": "10Gi"})
    """Where the dump of an app's pod lies until it is backed up."""

    constraints = (
        one_of("tool", "command"),
        needs(tool="in_pod", command="file", container="in_pod", staging="in_pod", user="tool", database="tool"),
        {"if": {"required": ["database"]}, "then": {"properties": {"tool": _OF_A_DATABASE}}},
    )
    _one = exactly_one("tool", "command")

    @model_validator(mode="after")
    def _fits_its_place(self) -> "Dump":
        if self.tool is not None and self.in_pod is None:
            raise refuse(f"`tool: {self.tool}` runs in the app's pod, expected `in_pod` beside it")
        if self.command is not None and self.file is None:
            raise refuse("a `command` needs a `file`, the name of the dump in the snapshot")
        if self.in_pod is None and (self.container is not None or self.staging is not None):
            raise refuse("`container` and `staging` belong to a dump in the app's pod, expected `in_pod` beside them")
        tool = DUMP_TOOLS.get(self.tool or "")
        if (tool is None or not tool.takes_database) and self.database is not None:
            raise refuse(f"`database` belongs to {' or '.join(f'`tool: {name}`' for name in _DATABASE_TOOLS)}")
        if self.tool is None and self.user is not None:
            raise refuse("`user` belongs to a `tool`")
        return self
