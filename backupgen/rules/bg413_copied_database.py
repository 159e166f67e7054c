"""BG413: a database that is copied as files while the app may write to it."""

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from backupgen.diagnostics import CodeInfo, Finding, NodePath, Severity
from backupgen.integrations.dump_tools import DUMP_TOOLS
from backupgen.resolve.resolved import SourceVolume, Target
from backupgen.rules.base import Rule, RuleContext, finding

INFO = CodeInfo(
    code="BG413",
    slug="copied-database",
    severity=Severity.WARNING,
    summary="A database is copied as files, without a `dump` and without a `before` that makes the app hold still.",
    why="Its files are read one after the other while the app writes: most such copies open, some are torn or corrupt.",
    fix="Give it a `dump`, or a `before` that stops the app's writes, or waive it with the reason why a copy will do.",
    bad="volume: {pvc: mariadb}\nwith_pod: {app: mariadb}",
    good="images: {kubectl: …, …}\ndump: {in_pod: {app: mariadb}, tool: mariabackup}",
)

_COMMAND: Final = "`dump: {in_pod: …, command: …, file: …}`"
ENGINES: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        **{
            word: (tool.engine, f"`dump: {{in_pod: …, tool: {tool.name}}}`")
            for tool in DUMP_TOOLS.values()
            for word in tool.words
        },
        "mysql": ("MySQL", _COMMAND),
        "mongo": ("MongoDB", _COMMAND),
        "mongodb": ("MongoDB", _COMMAND),
        "influxdb": ("InfluxDB", _COMMAND),
        "elasticsearch": ("Elasticsearch", _COMMAND),
        "opensearch": ("OpenSearch", _COMMAND),
        "clickhouse": ("ClickHouse", _COMMAND),
        "cassandra": ("Cassandra", _COMMAND),
        "couchdb": ("CouchDB", _COMMAND),
        "etcd": ("etcd", _COMMAND),
        "neo4j": ("Neo4j", _COMMAND),
    }
)
"""A word in the name of a claim, a folder or a pod -> the engine, and the dump that it could have."""
_COPIES: Final = {"backup", "backups", "backupvolume", "dump", "dumps"}
"""Words of names of what holds dumps already."""
_SQLITE_SUFFIXES: Final = (".db", ".db3", ".sqlite", ".sqlite3")
_IDLE: Final = re.compile(
    r"(?:^|(?<=[;&|\s]))(?:true|:|sync|sleep +[0-9.]+[smh]?|echo(?: [^;&|]*)?|date|exit 0)(?=[;&|\s]|$)"
)
"""Commands that no app notices."""
_SQLITE: Final = "`dump: {in_pod: …, command: [sh, -c, \"sqlite3 DB '.backup /tmp/b' && cat /tmp/b\"], file: …}`"


def check(context: RuleContext) -> Iterator[Finding]:
    """Report each target once, at the verify rule that knows of the database, or at the volume that is named so."""
    for target in context.fleet.targets:
        if target.volumes and target.dump is None and not _holds_still(target.before):
            yield from _judge(target)


def _holds_still(hook: str) -> bool:
    """Whether a hook may make an app hold still: whether it does anything at all that another program could notice."""
    return bool(_IDLE.sub("", hook).strip(" ;&|\n"))


def _judge(target: Target) -> Iterator[Finding]:
    files = [
        (index, rule)
        for index, rule in enumerate(target.verify)
        if rule.kind == "sqlite" or (rule.kind == "file" and rule.file.lower().endswith(_SQLITE_SUFFIXES))
    ]
    if files:
        index, rule = files[0]
        known = all(rule.kind == "sqlite" for _, rule in files)
        many, verb = len(files) > 1, "are" if known else "seem to be"
        what = f"{verb} SQLite databases" if many else "is a SQLite database" if known else "seems to be a database"
        more = f" and {len(files) - 1} more" if many else ""
        path: NodePath = (*target.job.path, "verify", index)
        copied = "that are copied" if many else "that is copied"
        yield _finding(f"`{rule.file}`{more} {what} {copied} while the app may write", path, _SQLITE)
        return
    for volume in target.volumes:
        engine = _engine(target, volume)
        if engine is not None:
            name, remedy = engine
            message = f"`{volume.claim or volume.host_path}` seems to hold a {name} database, copied while it may write"
            yield _finding(message, volume.path, remedy)
            return


def _engine(target: Target, volume: SourceVolume) -> tuple[str, str] | None:
    """The engine that a volume's own names speak of, else the app's pod."""
    for text in (f"{volume.claim or volume.host_path} {volume.name}", " ".join(target.with_pod.values())):
        words = {word.rstrip("0123456789") for word in re.split("[^a-z0-9]+", text.lower())}
        if words & _COPIES:
            return None
        found = sorted(words & ENGINES.keys())
        if found:
            return ENGINES[found[0]]
    return None


def _finding(message: str, path: NodePath, remedy: str) -> Finding:
    return finding(INFO, message, path, f"write {remedy}, or a `before` that holds the app still, or waive it")


RULE = Rule(INFO, check)
