#!/bin/sh
# mariabackup.sh USER: prints a dump of all of MariaDB, as an xbstream. Runs in the pod of the database.
# The password goes through a file that only its owner reads: an argument would show in the process list.
set -eu
umask 077
password="${MARIADB_ROOT_PASSWORD-${MYSQL_ROOT_PASSWORD-}}"
file="${MARIADB_ROOT_PASSWORD_FILE-${MYSQL_ROOT_PASSWORD_FILE-}}"
[ -z "$file" ] || password=$(cat "$file")
options=$(mktemp)
trap 'rm -f "$options"' EXIT
quoted() { printf '"%s"\n' "$(printf %s "$1" | sed 's/[\\"]/\\&/g')"; }
{
  echo '[client]'
  printf 'user='; quoted "$1"
  printf 'password='; quoted "$password"
} > "$options"
tool=$(command -v mariadb-backup || command -v mariabackup)
"$tool" --defaults-extra-file="$options" --backup --stream=xbstream
