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
# shellcheck source=dumps.sh
. "${0%/*}/dumps.sh"

target_tag='' targets=0

# --- targets ---------------------------------------------------------------------------------------------------------

# Prints "EPOCH ID FUTURE": the newest snapshot of a list that does not lie in the future, and how many do: a node whose
# clock was wrong once must not stand for all that comes after.
newest_snapshot() {
  split_snapshots "$1" | now=$(($(date +%s) + 3600)) awk "$snapshot_awk"'
    !is_snapshot() { next }
    epoch() > ENVIRON["now"] + 0 { future++; next }
    epoch() >= newest && id() != "" { newest = epoch(); found = id() }
    END { if (found || future) printf "%d %s %d\n", newest, (found ? found : "none"), future }'
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
    complain "$room_needed bytes needed in $RESTORE_DIR, there is room for $room"
    return "$EX_ROOM"
  }
}

# find_snapshot HOST MAX_AGE MAX_SHRINK: sets snapshot, target_age and target_future.
find_snapshot() {
  max_age=$2 max_shrink=$3
  set -- ${1:+--host} ${1:+"$1"}
  list_snapshots "$work/snapshots" --tag "$target_tag" "$@" || return
  # shellcheck disable=SC2046 # three words
  set -- $(newest_snapshot "$work/snapshots")
  target_future=${3:-0}
  [ "${2:-none}" != none ] || {
    complain "no snapshot has the tag $target_tag"
    return "$EX_SNAPSHOT"
  }
  snapshot=$2
  target_age=$(($(date +%s) - $1))
  say "newest snapshot: $snapshot, $target_age s old"
  [ "$target_age" -le "$max_age" ] || {
    complain "the newest snapshot is older than $max_age s"
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
  restore_bytes=$(number_of total_size)
  restore_files=$(number_of total_file_count)
  [ "${restore_bytes:-0}" -gt 0 ] || {
    complain "snapshot $snapshot holds no data"
    return "$EX_VERIFY"
  }
  room_for "$restore_bytes" "${restore_files:-0}" || room_without_holes || return
  workspace=$(mktemp -d "$RESTORE_DIR/drill.XXXXXX") || return "$EX_WORKSPACE"
  set -- "$snapshot" --target "$workspace" --sparse
  # Content is what is tested; a scratch volume often takes no extended attributes.
  ! restic_at_least 0 18 0 || set -- "$@" --exclude-xattr '*'
  locked restore "$@" >"$work/restore.out" 2>"$work/restore.err"
  restore_code=$?
  cat "$work/restore.out" "$work/restore.err"
  [ "$restore_code" -eq 0 ] || only_devices || {
    ! grep -q 'no space left on device$' "$work/restore.err" || restore_code=$EX_ROOM
    return "$restore_code"
  }
  target_bytes=$restore_bytes
}

number_of() { sed -n "s/.*\"$1\":\([0-9]*\).*/\1/p" "$work/stats"; }

# The holes of sparse files take no room, and are no data of the repository's either.
room_without_holes() {
  run 3600 restic stats --mode raw-data --json --no-lock "$snapshot" >"$work/stats" || return
  room_bytes=$(number_of total_uncompressed_size)
  is_number "$room_bytes" && room_for "$room_bytes" "${restore_files:-0}"
}

# only_devices: did nothing fail but making device nodes, which only root may? The rest is there.
only_devices() {
  [ "$restore_code" -eq 1 ] || return
  devices=$(grep -c '^ignoring error for .*: mknod .*: operation not permitted$' "$work/restore.err")
  grep -qx "Fatal: There were $devices errors" "$work/restore.err" || return
  say "$devices device nodes could not be made here; all else was restored"
}

target() {
  end_target
  is_number "$3" && [ "$3" -gt 0 ] || fail "$EX_USAGE" "not a number of seconds: $3"
  targets=$((targets + 1))
  target_tag=$1 target_rules=0 target_bytes=0 target_age=-1 target_future=0 workspace=''
  say "--- tag $target_tag"
  find_snapshot "$2" "$3" "${4:-}" && restore_snapshot
  target_code=$?
  [ "$target_code" -ne 0 ] || compare_size
}

end_target() {
  [ -n "$target_tag" ] || return 0
  [ "$target_rules" -gt 0 ] || rule_failed 'the plan has no verify rule for it'
  [ "$target_future" -eq 0 ] || {
    complain "tag $target_tag: $target_future snapshots lie in the future; a restore of \`latest\` takes the last of them"
    [ "$target_code" -ne 0 ] || target_code=$EX_SNAPSHOT
  }
  metric backup_restore_status gauge "$target_code" tag "$target_tag"
  metric backup_restore_size_bytes gauge "$target_bytes" tag "$target_tag"
  metric backup_restore_snapshot_age_seconds gauge "$target_age" tag "$target_tag"
  step "restore $target_tag" "$target_code"
  run 600 clean_workspace
  target_tag=''
}

# --- rules -----------------------------------------------------------------------------------------------------------

rule_failed() {
  complain "tag $target_tag: $*"
  # What was found out is worse than what could not be.
  case $target_code in 0 | "$EX_PROGRAM" | "$EX_UNJUDGED") target_code=$EX_VERIFY ;; esac
}

# rule_silent CODE WORD...: the rule says neither yes nor no.
rule_silent() {
  silent_code=$1
  shift
  complain "tag $target_tag: $*"
  [ "$target_code" -ne 0 ] || target_code=$silent_code
}

# probing COMMAND ARG...: what looks at restored files; ends the job when its time is over.
probing() {
  run 3600 "$@"
  probing_code=$?
  [ "$signal_code" -eq 0 ] || exit "$signal_code"
  [ "$ended_late" = false ] || [ "$job_end" -gt "$(date +%s)" ] || exit "$EX_LATE"
  return "$probing_code"
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
  command -v "$1" >/dev/null 2>&1 \
    || { rule_silent "$EX_PROGRAM" "$2 cannot be verified: $1 was not found on PATH, in the image of the restore test"; return 1; }
}

passed() { say "$1: verified, $2"; }

has_data() { [ "$(tr -d '\000' <"$1" | head -c 1 | wc -c)" -gt 0 ]; }

verify_file() {
  rule_file "$1" "$2" || return 0
  probing has_data "$restored" || { rule_failed "$1 holds only zero bytes"; return 0; }
  probing is_whole "$restored" || { rule_failed "$1 is cut off"; return 0; }
  passed "$1" "$restored_bytes bytes"
}

# count_files FOLDER: prints how many files are not empty, their size, and "data" if one of them holds more than zero bytes.
count_files() {
  find "$1" -name lost+found -prune -o -type f -size +0c -exec stat -c %s {} + \
    | awk '{ bytes += $1 } END { printf "%d %.0f ", NR, bytes }'
  # shellcheck disable=SC2016 # that shell expands it
  find "$1" -name lost+found -prune -o -type f -size +0c -exec sh -c '
    for file do [ "$(tr -d "\000" <"$file" | head -c 1 | wc -c)" -eq 0 ] || { echo data; exit; }; done' sh {} + | head -n 1
}

verify_dir() {
  rule "$1" || return 0
  [ -d "$restored" ] && [ ! -L "$restored" ] || { rule_failed "$1 is no folder"; return 0; }
  probing count_files "$restored" >"$work/counted" || { rule_failed "the files of $1 cannot be counted"; return 0; }
  read -r dir_files dir_bytes dir_data <"$work/counted" || :
  [ "$dir_files" -gt 0 ] && [ "$dir_files" -ge "$2" ] \
    || { rule_failed "$1 has $dir_files files that are not empty, expected at least $2"; return 0; }
  [ "$dir_bytes" -ge "$3" ] || { rule_failed "$1 has $dir_bytes bytes, expected at least $3"; return 0; }
  [ "$dir_data" = data ] || { rule_failed "the files of $1 hold only zero bytes"; return 0; }
  passed "$1" "$dir_files files, $dir_bytes bytes"
}

# What SQLite needs from the app, and does not have here. That is no word about the data.
sqlite_needs='no such collation sequence|unknown function|no such function|no such module|no such tokenizer'
sqlite_needs="$sqlite_needs|unknown tokenizer|readonly database|unable to open database file"

verify_sqlite() {
  rule_file "$1" 1 || return 0
  rule_program sqlite3 "$1" || return 0
  [ "$(head -c 15 "$restored" | tr -d '\000')" = 'SQLite format 3' ] || { rule_failed "$1 is no SQLite database"; return 0; }
  # A journal is rolled back, and one of the write-ahead kind needs a file beside it: both write, whatever the modes say.
  chmod u+rwx "${restored%/*}"
  for sqlite_file in "$restored" "$restored"-*; do [ ! -f "$sqlite_file" ] || chmod u+rw "$sqlite_file"; done
  probing sqlite3 -batch -bail "$restored" 'PRAGMA integrity_check(20);' >"$work/sqlite" 2>&1
  sqlite_code=$?
  [ "$sqlite_code" -eq 0 ] && [ "$(head -n 1 "$work/sqlite")" = ok ] || {
    cat "$work/sqlite"
    if grep -Eq "$sqlite_needs" "$work/sqlite"; then
      rule_silent "$EX_UNJUDGED" "$1 cannot be judged here: it needs something that only its app brings"
    else
      rule_failed "$1 fails SQLite's integrity check"
    fi
    return 0
  }
  probing sqlite3 -batch "$restored" "SELECT count(*) FROM sqlite_master WHERE type = 'table'" >"$work/sqlite"
  tables=$(head -n 1 "$work/sqlite")
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
  probing sh -c 'exec mbstream -x -C "$1" <"$2"' sh "$unpacked" "$restored" \
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
  probing "$xb_tool" --no-defaults --prepare --target-dir="$unpacked" >"$work/prepare" 2>&1 || {
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
  probing pg_restore --list "$restored" >"$work/pglist" || { rule_failed "$1 has no readable list of contents"; return 0; }
  pg_tables=$(grep -c ' TABLE DATA ' "$work/pglist")
  [ "$pg_tables" -gt 0 ] || { rule_failed "$1 holds the data of no table"; return 0; }
  # Reads and unpacks all of it.
  probing pg_restore --file /dev/null "$restored" || { rule_failed "$1 cannot be read to its end"; return 0; }
  passed "$1" "$restored_bytes bytes, $pg_tables tables"
}

verify_pgdump_plain() {
  head -n 20 "$restored" | grep -q '^-- PostgreSQL database \(cluster \)\{0,1\}dump$' \
    || { rule_failed "$1 is no PostgreSQL dump"; return 0; }
  probing is_whole "$restored" || { rule_failed "$1 is cut off: its end is missing"; return 0; }
  probing grep -q '^\(COPY\|INSERT INTO\) ' "$restored" || { rule_failed "$1 holds no data"; return 0; }
  passed "$1" "$restored_bytes bytes, complete"
}

before_report() {
  metric backup_restore_timestamp gauge "$(date +%s)"
  [ ! -d "${RESTORE_DIR:-}" ] || bounded 30 clean_workspace
}

main() {
  job_start 'Restore test failed'
  need_restic
  [ -d "${RESTORE_DIR:-}" ] && [ -w "$RESTORE_DIR" ] || fail "$EX_WORKSPACE" 'RESTORE_DIR is no folder that can be written to'
  run 600 clean_workspace
  open_repository
  load_plan
  end_target
  [ "$targets" -gt 0 ] || fail "$EX_USAGE" 'the plan has no target'
  exit "$job_code"
}

main
