#!/bin/sh
# Reads an xbstream, and puts it in the place of the data of a server that is stopped. Runs in a copy of the pod of the database.
# What lay there stays, in a folder on the same volume, and a second run refuses to write over it. The owner of the folder is
# kept, as root would change it.
set -eu
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
[ "$(id -u)" != 0 ] || chown -R "$owner" "$data"
