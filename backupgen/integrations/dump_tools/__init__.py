"""The tools that dump databases: a record each, in a module of its own, and their shell as files."""

from backupgen.integrations.dump_tools.mariabackup import MARIABACKUP
from backupgen.integrations.dump_tools.noise import noise
from backupgen.integrations.dump_tools.pg_dump import PG_DUMP
from backupgen.integrations.dump_tools.record import (
    DumpTool,
    Program,
    Restore,
    RestoreMode,
    SampleServer,
    VerifyKind,
)
from backupgen.integrations.dump_tools.sql_dumps import sql_restore

DUMP_TOOLS = {tool.name: tool for tool in (MARIABACKUP, PG_DUMP)}
"""By `dump.tool`, in the order in which fleet.schema.json lists them."""

BY_VERIFY_KIND: dict[VerifyKind, DumpTool] = {
    tool.verify: tool for tool in DUMP_TOOLS.values() if tool.verify != "file"
}
"""The tool that prints what a verify rule of the kind looks for; what a rule `file` looks for, any tool may print."""

__all__ = [
    "BY_VERIFY_KIND",
    "DUMP_TOOLS",
    "DumpTool",
    "Program",
    "Restore",
    "RestoreMode",
    "SampleServer",
    "VerifyKind",
    "noise",
    "sql_restore",
]
