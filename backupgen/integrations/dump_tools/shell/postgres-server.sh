#!/bin/sh
# Starts a PostgreSQL with sample rows, for a rehearsal. Runs in a pod of its own; /tmp/init.sql has the statements.
set -eu
printf %s "$POSTGRES_PASSWORD" >/tmp/password
initdb --pgdata=/var/lib/postgresql/data --username="$POSTGRES_USER" --pwfile=/tmp/password --auth=scram-sha-256 \
  --no-sync --encoding=UTF8 --locale=C >/tmp/log 2>&1 || { cat /tmp/log; exit 1; }
postgres -D /var/lib/postgresql/data -k /var/run/postgresql -c listen_addresses= >/tmp/log 2>&1 &
export PGPASSWORD="$POSTGRES_PASSWORD" PGHOST=/var/run/postgresql PGUSER="$POSTGRES_USER"
until psql --dbname=postgres --command='SELECT 1' >/dev/null 2>&1; do
  kill -0 $! || { cat /tmp/log; exit 1; }
  sleep 0.1
done
[ "$POSTGRES_DB" = postgres ] || createdb "$POSTGRES_DB" || exit 1
psql --quiet --dbname="$POSTGRES_DB" --file=/tmp/init.sql
