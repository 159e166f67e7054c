#!/bin/sh
# shellcheck disable=SC2154 # set by postgres-access.sh, which goes before
exec pg_restore --clean --if-exists --single-transaction --no-password \
  --username="$user" --dbname="$database"
