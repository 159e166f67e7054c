#!/bin/sh
# shellcheck disable=SC2329 # the plan calls functions of this file
# restore-test.sh: restores the newest snapshot of each tag and verifies what came back.
#
# Environment, beside lib.sh's:
#   RESTORE_DIR            workspace; each tag gets a folder of its own in it
#   RESTORE_ROOM_BYTES     the workspace's limit, where the file system shows more than the volume may hold
#
# Functions of the plan; PATH is absolute, as in the snapshot. One failure does not keep the rest from running:
#   target TAG HOST MAX_AGE_SECONDS [MAX_SHRINK_PERCENT]
#                                        begins a tag; HOST may be empty. At least one rule has to follow. The snapshot may
#                                        not be more than so much smaller than the one before it.
#   verify_file PATH MIN_BYTES           a file of at least that size that does not hold only zero bytes
#   verify_dir PATH MIN_FILES MIN_BYTES  a folder with so many files that are not empty, in all its subfolders
#   verify_sqlite PATH                   a database that passes its integrity check and has a table (sqlite3)
#   verify_xbstream PATH MIN_BYTES       a mariabackup stream that can be unpacked and holds a full backup (mbstream), and
#                                        that can be prepared, where mariadb-backup or mariabackup is there
#   verify_pgdump PATH MIN_BYTES         a complete pg_dump, plain text, or in its custom format (pg_restore)

. "${0%/*}/lib.sh"

target_tag='' targets=0

# --- targets ---------------------------------------------------------------------------------------------------------

# Prints "EPOCH ID" of the newest snapshot of a list.
newest_snapshot() {
  split_snapshots "$1" | awk "$snapshot_awk"'
    is_snapshot() && epoch() >= newest && id() != "" { newest = epoch(); found = id() }
    END { if (found) printf "%d %s\n", newest, found }'
}

clean_workspace() {
  for old_workspace in "$RESTORE_DIR"/drill.*; do
    [ -d "$old_workspace" ] || continue
    # Restored folders may be read-only. With one chmod each, find can then go into them.
    find "$old_workspace" -type d ! -perm -700 -exec chmod u+rwx {} \;
    rm -rf "$old_workspace"
  done
}

# room_for BYTES FILES: is there room in the workspace?
room_for() {
  room_needed=$(($1 + $2 * 4096 + 16777216))
  room=$(df -Pk "$RESTORE_DIR" | awk 'NR > 1 { for (i = 2; i <= NF; i++) if ($i ~ /^[0-9]+%$/) { printf "%.0f", $(i - 1) * 1024; exit } }')
  [ "${RESTORE_ROOM_BYTES:-$room}" -ge "$room" ] || room=$RESTORE_ROOM_BYTES
  [ "$room" -ge "$room_needed" ] || {
    say "error: $room_needed bytes needed in $RESTORE_DIR, there is room for $room"
    return "$EX_ROOM"
  }
}

# find_snapshot HOST MAX_AGE MAX_SHRINK: sets snapshot, and target_age.
find_snapshot() {
  max_age=$2 max_shrink=$3
  set -- ${1:+--host} ${1:+"$1"}
  list_snapshots "$work/snapshots" --tag "$target_tag" "$@" || return
  newest=$(newest_snapshot "$work/snapshots")
  [ -n "$newest" ] || {
    say "error: no snapshot has the tag $target_tag"
    return "$EX_SNAPSHOT"
  }
  snapshot=${newest#* }
  target_age=$(($(date +%s) - ${newest% *}))
  say "newest snapshot: $snapshot, $target_age s old"
  [ "$target_age" -le "$max_age" ] || {
    say "error: the newest snapshot is older than $max_age s"
    return "$EX_SNAPSHOT"
  }
}

# What shrank is restored all the same: what is left of it may be worth knowing.
compare_size() {
  [ -n "$max_shrink" ] && smaller_by "$work/snapshots" "$snapshot" "$max_shrink" || return 0
  target_code=$EX_SHRANK
}

restore_snapshot() {
  run 3600 restic stats --mode restore-size --json --no-lock "$snapshot" >"$work/stats" || return
  restore_bytes=$(sed -n 's/.*"total_size":\([0-9]*\).*/\1/p' "$work/stats")
  restore_files=$(sed -n 's/.*"total_file_count":\([0-9]*\).*/\1/p' "$work/stats")
  [ "${restore_bytes:-0}" -gt 0 ] || {
    say "error: snapshot $snapshot holds no data"
    return "$EX_VERIFY"
  }
  room_for "$restore_bytes" "${restore_files:-0}" || return
  workspace=$(mktemp -d "$RESTORE_DIR/drill.XXXXXX") || return "$EX_WORKSPACE"
  set -- "$snapshot" --target "$workspace"
  # Content is what is tested; a scratch volume often takes no extended attributes.
  ! restic_at_least 0 18 0 || set -- "$@" --exclude-xattr '*'
  locked restore "$@" || return
  target_bytes=$restore_bytes
}

target() {
  end_target
  is_number "$3" && [ "$3" -gt 0 ] || fail "$EX_USAGE" "not a number of seconds: $3"
  targets=$((targets + 1))
  target_tag=$1 target_rules=0 target_bytes=0 target_age=-1 workspace=''
  say "--- tag $target_tag"
  find_snapshot "$2" "$3" "${4:-}" && restore_snapshot
  target_code=$?
  [ "$target_code" -ne 0 ] || compare_size
}

end_target() {
  [ -n "$target_tag" ] || return 0
  [ "$target_rules" -gt 0 ] || rule_failed 'the plan has no verify rule for it'
  metric backup_restore_status gauge "$target_code" tag "$target_tag"
  metric backup_restore_size_bytes gauge "$target_bytes" tag "$target_tag"
  metric backup_restore_snapshot_age_seconds gauge "$target_age" tag "$target_tag"
  step "restore $target_tag" "$target_code"
  clean_workspace
  target_tag=''
}

# --- rules -----------------------------------------------------------------------------------------------------------

rule_failed() {
  say "error: tag $target_tag: $*"
  [ "$target_code" -ne 0 ] || target_code=$EX_VERIFY
}

# rule PATH: begins a rule; sets restored. False when there is nothing to verify.
rule() {
  [ -n "$target_tag" ] || fail "$EX_USAGE" 'the plan has a rule before its first target'
  target_rules=$((target_rules + 1))
  restored=$workspace$1
  if [ -z "$workspace" ] || [ "$target_bytes" -eq 0 ]; then
    say "$1: not verified, since it was not restored"
    return 1
  fi
}

# rule_file PATH MIN_BYTES: as rule, for a file.
rule_file() {
  rule "$1" || return
  [ -f "$restored" ] && [ ! -L "$restored" ] || { rule_failed "$1 is no file"; return 1; }
  restored_bytes=$(stat -c %s "$restored") || { rule_failed "the size of $1 cannot be read"; return 1; }
  [ "$restored_bytes" -gt 0 ] || { rule_failed "$1 is empty"; return 1; }
  [ "$restored_bytes" -ge "$2" ] || { rule_failed "$1 has $restored_bytes bytes, expected at least $2"; return 1; }
}

# rule_program NAME PATH: the rule needs a program.
rule_program() {
  command -v "$1" >/dev/null 2>&1 || { rule_failed "$2 cannot be verified: $1 was not found on PATH"; return 1; }
}

passed() { say "$1: verified, $2"; }

verify_file() {
  rule_file "$1" "$2" || return 0
  [ "$(tr -d '\000' <"$restored" | head -c 1 | wc -c)" -gt 0 ] || { rule_failed "$1 holds only zero bytes"; return 0; }
  passed "$1" "$restored_bytes bytes"
}

verify_dir() {
  rule "$1" || return 0
  [ -d "$restored" ] && [ ! -L "$restored" ] || { rule_failed "$1 is no folder"; return 0; }
  set -- "$@" "$(find "$restored" -name lost+found -prune -o -type f -size +0c -exec stat -c %s {} + \
    | awk '{ bytes += $1 } END { printf "%d %.0f", NR, bytes }')"
  dir_files=${4% *} dir_bytes=${4#* }
  [ "$dir_files" -gt 0 ] && [ "$dir_files" -ge "$2" ] \
    || { rule_failed "$1 has $dir_files files that are not empty, expected at least $2"; return 0; }
  [ "$dir_bytes" -ge "$3" ] || { rule_failed "$1 has $dir_bytes bytes, expected at least $3"; return 0; }
  passed "$1" "$dir_files files, $dir_bytes bytes"
}

verify_sqlite() {
  rule_file "$1" 1 || return 0
  rule_program sqlite3 "$1" || return 0
  [ "$(head -c 15 "$restored" | tr -d '\000')" = 'SQLite format 3' ] || { rule_failed "$1 is no SQLite database"; return 0; }
  run 3600 sqlite3 -batch -bail "$restored" 'PRAGMA integrity_check(20);' >"$work/sqlite" \
    && [ "$(head -n 1 "$work/sqlite")" = ok ] || {
    cat "$work/sqlite"
    rule_failed "$1 fails SQLite's integrity check"
    return 0
  }
  tables=$(sqlite3 -batch "$restored" "SELECT count(*) FROM sqlite_master WHERE type = 'table'")
  [ "${tables:-0}" -gt 0 ] || { rule_failed "$1 is a database without tables"; return 0; }
  passed "$1" "integrity check, $tables tables"
}

verify_xbstream() {
  rule_file "$1" "$2" || return 0
  rule_program mbstream "$1" || return 0
  [ "$(head -c 8 "$restored" | tr -d '\000')" = XBSTCK01 ] || { rule_failed "$1 is no xbstream"; return 0; }
  # Page compression aside, unpacked files are as large as the stream.
  room_for "$restored_bytes" 1000 || { rule_failed "no room to unpack $1"; return 0; }
  unpacked=$workspace/.unpacked
  rm -rf "$unpacked"
  mkdir "$unpacked" || { rule_failed "no folder to unpack $1 to"; return 0; }
  # In a shell of its own: a command in the background gets its standard input from /dev/null.
  # shellcheck disable=SC2016
  run 3600 sh -c 'exec mbstream -x -C "$1" <"$2"' sh "$unpacked" "$restored" \
    || { rule_failed "$1 cannot be unpacked"; return 0; }
  xb_found=$(cat "$unpacked"/xtrabackup_checkpoints "$unpacked"/mariadb_backup_checkpoints 2>/dev/null \
    | sed -n 's/^backup_type *= *full-.*/full/p')
  [ "$xb_found" = full ] && [ -s "$unpacked/ibdata1" ] || { rule_failed "$1 holds no full backup"; return 0; }
  prepare_xbstream "$1" || return 0
  rm -rf "$unpacked"
  passed "$1" "$restored_bytes bytes, unpacked, $prepared"
}

# As a restore would do it: InnoDB's log is applied to the data files.
prepare_xbstream() {
  prepared='not prepared (no mariadb-backup)'
  xb_tool=$(command -v mariadb-backup || command -v mariabackup) || return 0
  run 3600 "$xb_tool" --no-defaults --prepare --target-dir="$unpacked" >"$work/prepare" 2>&1 || {
    tail -n 20 "$work/prepare"
    rule_failed "$1 cannot be prepared"
    return 1
  }
  prepared=prepared
}

verify_pgdump() {
  rule_file "$1" "$2" || return 0
  case $(head -c 5 "$restored" | tr -d '\000') in
    PGDMP) verify_pgdump_custom "$1" ;;
    *) verify_pgdump_plain "$1" ;;
  esac
}

verify_pgdump_custom() {
  rule_program pg_restore "$1" || return 0
  run 3600 pg_restore --list "$restored" >"$work/pglist" || { rule_failed "$1 has no readable list of contents"; return 0; }
  pg_tables=$(grep -c ' TABLE DATA ' "$work/pglist")
  [ "$pg_tables" -gt 0 ] || { rule_failed "$1 holds the data of no table"; return 0; }
  # Reads and unpacks all of it.
  run 3600 pg_restore --file /dev/null "$restored" || { rule_failed "$1 cannot be read to its end"; return 0; }
  passed "$1" "$restored_bytes bytes, $pg_tables tables"
}

verify_pgdump_plain() {
  head -n 20 "$restored" | grep -q '^-- PostgreSQL database \(cluster \)\{0,1\}dump$' \
    || { rule_failed "$1 is no PostgreSQL dump"; return 0; }
  # Not the last line: newer versions of pg_dump end with \unrestrict.
  tail -n 20 "$restored" | grep -q '^-- PostgreSQL database \(cluster \)\{0,1\}dump complete$' \
    || { rule_failed "$1 is cut off: its end is missing"; return 0; }
  grep -q '^\(COPY\|INSERT INTO\) ' "$restored" || { rule_failed "$1 holds no data"; return 0; }
  passed "$1" "$restored_bytes bytes, complete"
}

before_report() {
  metric backup_restore_timestamp gauge "$(date +%s)"
  [ ! -d "${RESTORE_DIR:-}" ] || clean_workspace
}

main() {
  job_start 'Restore test failed'
  need_restic
  [ -d "${RESTORE_DIR:-}" ] && [ -w "$RESTORE_DIR" ] || fail "$EX_WORKSPACE" 'RESTORE_DIR is no folder that can be written to'
  clean_workspace
  open_repository
  load_plan
  end_target
  [ "$targets" -gt 0 ] || fail "$EX_USAGE" 'the plan has no target'
  exit "$job_code"
}

main
