"""The ready-made dumps, and which verify rule fits what they write."""

import re
from typing import Literal

from backupgen.language import schema

RuleKind = Literal["file", "dir", "sqlite", "xbstream", "pgdump"]

# The password goes through a file that only its owner reads: an argument would show in the process list.
_MARIABACKUP = """set -eu
umask 077
password="${MARIADB_ROOT_PASSWORD-${MYSQL_ROOT_PASSWORD-}}"
file="${MARIADB_ROOT_PASSWORD_FILE-${MYSQL_ROOT_PASSWORD_FILE-}}"
[ -z "$file" ] || password=$(cat "$file")
options=$(mktemp)
trap 'rm -f "$options"' EXIT
quoted() { printf '"%s"\\n' "$(printf %s "$1" | sed 's/[\\\\"]/\\\\&/g')"; }
{
  echo '[client]'
  printf 'user='; quoted "$1"
  printf 'password='; quoted "$password"
} > "$options"
tool=$(command -v mariadb-backup || command -v mariabackup)
"$tool" --defaults-extra-file="$options" --backup --stream=xbstream"""

# Beside a server that is stopped. What lay there stays, in a folder on the same volume, and a second run refuses to
# write over it. The folder's owner is kept, as root would change it.
_MARIABACKUP_BACK = """set -eu
server=$(command -v mariadbd || command -v mysqld)
data=$("$server" --verbose --help 2>/dev/null | sed -n 's/^datadir  *//p')
owner=$(stat -c %u:%g "$data")
tool=$(command -v mariadb-backup || command -v mariabackup)
rm -rf "$data/.restore"
mkdir "$data/.restore"
mbstream -x -C "$data/.restore"
"$tool" --prepare --target-dir="$data/.restore"
mkdir "$data/.before-restore"
for one in "$data"/* "$data"/.[!.]*; do
  case ${one##*/} in
    .restore | .before-restore | lost+found) ;;
    *) [ ! -e "$one" ] || mv "$one" "$data/.before-restore/" ;;
  esac
done
"$tool" --move-back --force-non-empty-directories --datadir="$data" --target-dir="$data/.restore"
rm -rf "$data/.restore"
[ "$(id -u)" != 0 ] || chown -R "$owner" "$data\""""

_PG_ACCESS = """set -eu
user=${1:-${POSTGRES_USER:-postgres}}
database=${2:-${POSTGRES_DB:-$user}}
file=${POSTGRES_PASSWORD_FILE-}
[ -z "$file" ] || POSTGRES_PASSWORD=$(cat "$file")
PGPASSWORD=${PGPASSWORD-${POSTGRES_PASSWORD-}}
export PGPASSWORD
"""
_PG_DUMP = f"""{_PG_ACCESS}exec pg_dump --format=custom --no-password --username="$user" --dbname="$database\""""
_PG_RESTORE = f"""{_PG_ACCESS}exec pg_restore --clean --if-exists --single-transaction --no-password \\
  --username="$user" --dbname="$database\""""

_SQL_CLIENTS = {"mysqldump": "mysql", "mariadb-dump": "mariadb"}
_SQL_ACCESS = re.compile(
    r"--(host|port|user|password|protocol|socket|ssl|tls|defaults|no-defaults|default-character-set)\b.*|-[hPuS].+"
)
"""The options of a SQL dump that its client takes as well, with their values attached."""
_SEVERAL_DATABASES = {"--all-databases", "-A", "--databases", "-B"}
"""With these, a SQL dump names its databases itself."""

_SUFFIXES = {"mariabackup": "xb", "pg_dump": "pgdump"}


def command(dump: schema.Dump) -> tuple[str, ...]:
    """What runs in the app's pod: a POSIX shell program and its arguments."""
    if dump.tool == "mariabackup":
        return ("sh", "-c", _MARIABACKUP, "mariabackup", dump.user or "root")
    return ("sh", "-c", _PG_DUMP, "pg_dump", dump.user or "", dump.database or "")


Loading = Literal["stopped", "running", "client", ""]
"""Where a dump is read back in: beside the stopped database, in the app's pod, by a client; empty: nobody knows how."""


def loader(dump: schema.Dump) -> tuple[Loading, tuple[str, ...]]:
    """How a dump gets back into its database: the command that reads it from its standard input."""
    words = command(dump) if dump.command is None else dump.command
    if dump.tool == "mariabackup":
        return "stopped", ("sh", "-c", _MARIABACKUP_BACK)
    if dump.tool == "pg_dump":
        return "running", ("sh", "-c", _PG_RESTORE, "pg_restore", *words[4:])
    client = _SQL_CLIENTS.get(words[0].rpartition("/")[2])
    if client is None:
        return "", ()
    access = [word for word in words[1:] if _SQL_ACCESS.fullmatch(word)]
    if not _SEVERAL_DATABASES.intersection(words):
        access += [word for word in words[1:] if not word.startswith("-")][:1]
    return "running" if dump.in_pod else "client", (client, *access)


def file_name(target: str, dump: schema.Dump) -> str:
    """The dump's name in the snapshot, where the fleet gives none."""
    return f"{target}.{_SUFFIXES[dump.tool or 'pg_dump']}"


def kind_of_output(dump: schema.Dump) -> RuleKind:
    """The verify rule that fits what the dump writes."""
    match dump.tool:
        case "mariabackup":
            return "xbstream"
        case "pg_dump":
            return "pgdump"
        case None:
            return "file"


def verify_kind(rule: schema.Verify) -> tuple[RuleKind, str]:
    """Which of its five kinds a written rule is, and its path."""
    for kind in ("file", "dir", "sqlite", "xbstream", "pgdump"):
        path = getattr(rule, kind)
        if path is not None:
            return kind, path
    raise ValueError(rule)  # pragma: no cover - the model accepts exactly one
