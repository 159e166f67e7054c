#!/bin/sh
# Starts a MariaDB with sample rows, for a rehearsal. Runs in a pod of its own; /tmp/init.sql has the statements.
set -eu
umask 022
mariadb-install-db --no-defaults --datadir=/var/lib/mysql --auth-root-authentication-method=normal \
  --skip-test-db >/tmp/log 2>&1 || { cat /tmp/log; exit 1; }
mariadbd --no-defaults --datadir=/var/lib/mysql --socket=/run/mysqld/mysqld.sock --pid-file=/run/mysqld/pid \
  --skip-networking --init-file=/tmp/init.sql >/tmp/log 2>&1 &
until mariadb --no-defaults --socket=/run/mysqld/mysqld.sock --user=root --password="$MARIADB_ROOT_PASSWORD" \
  --execute='SELECT count(*) FROM sample.rows' >/dev/null 2>&1; do
  kill -0 $! || { cat /tmp/log; exit 1; }
  sleep 0.1
done
