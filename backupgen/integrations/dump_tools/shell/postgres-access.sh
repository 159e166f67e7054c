#!/bin/sh
# [USER [DATABASE]]: sets user, database and PGPASSWORD. Goes before the two others.
# shellcheck disable=SC2034 # they use user and database
set -eu
user=${1:-${POSTGRES_USER:-postgres}}
database=${2:-${POSTGRES_DB:-$user}}
file=${POSTGRES_PASSWORD_FILE-}
[ -z "$file" ] || POSTGRES_PASSWORD=$(cat "$file")
PGPASSWORD=${PGPASSWORD-${POSTGRES_PASSWORD-}}
export PGPASSWORD
