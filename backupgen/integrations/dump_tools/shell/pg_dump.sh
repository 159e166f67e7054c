#!/bin/sh
# shellcheck disable=SC2154 # set by postgres-access.sh, which goes before
exec pg_dump --format=custom --no-password --username="$user" --dbname="$database"
