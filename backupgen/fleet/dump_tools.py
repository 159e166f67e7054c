"""The ready-made dumps, and which verify rule fits what they write."""

from typing import Literal

from backupgen.fleet import schema

RuleKind = Literal["file", "dir", "sqlite", "xbstream", "pgdump"]

# The password goes through a file that only its owner reads: an argument would show in the process list (D46).
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

_PG_DUMP = """set -eu
user=${1:-${POSTGRES_USER:-postgres}}
database=${2:-${POSTGRES_DB:-$user}}
file=${POSTGRES_PASSWORD_FILE-}
[ -z "$file" ] || POSTGRES_PASSWORD=$(cat "$file")
PGPASSWORD=${PGPASSWORD-${POSTGRES_PASSWORD-}}
export PGPASSWORD
exec pg_dump --format=custom --no-password --username="$user" --dbname="$database\""""

_SUFFIXES = {"mariabackup": "xb", "pg_dump": "pgdump"}


def command(dump: schema.Dump) -> tuple[str, ...]:
    """What runs in the app's pod: a POSIX shell program and its arguments."""
    if dump.tool == "mariabackup":
        return ("sh", "-c", _MARIABACKUP, "mariabackup", dump.user or "root")
    return ("sh", "-c", _PG_DUMP, "pg_dump", dump.user or "", dump.database or "")


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
