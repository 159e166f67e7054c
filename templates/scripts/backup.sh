#!/bin/sh
# shellcheck disable=SC2329 # lib.sh calls functions of this file
# backup.sh: one snapshot of one target.
#
#   backup.sh [FLAG...] -- SOURCE...
#   backup.sh [FLAG...] --stdin-from-command --stdin-filename NAME -- COMMAND [ARG...]
#
# FLAG is a flag of `restic backup`; a value is attached with "=" (--tag=x), the first "--" ends the flags. Without
# arguments RESTIC_SOURCE and RESTIC_ADDITIONAL_BACKUP_PARAMETERS are split at white space.
#
# Environment, beside lib.sh's:
#   PRE_HOOK, POST_HOOK       shell commands before and after; POST_HOOK runs whenever PRE_HOOK was started. They run in a
#                             shell of their own, not in this script. POST_HOOK may take what is left of the deadline, and
#                             BACKUP_HOOK_TIMEOUT seconds (30) when nothing is, or when the pod has to go
#   BACKUP_MAX_SHRINK_PERCENT by how much a snapshot may be smaller than those before it, in bytes or in files; default:
#                             not looked at
#   BACKUP_SENTINELS          absolute paths, one a line; an empty line begins the next volume. One path of each volume has
#                             to exist, or the volume is not mounted, or is another one
#   RESTIC_RETENTION_POLICIES_ENABLED  "true": forget and prune after the backup, with KEEP_LAST (1), KEEP_HOURLY (24),
#                             KEEP_DAILY (7), KEEP_WEEKLY (4), KEEP_MONTHLY (12), KEEP_YEARLY (0). Default false: retention
#                             is one job for the whole fleet, and a forgotten variable must not prune every hour.
#   RESTIC_CHECK_AFTER_BACKUP "true": check the repository afterwards, without a lock: check's lock would keep the other
#                             backups out. Default: true if RESTIC_CACHE_DIR is set.

. "${0%/*}/lib.sh"

# What lies below a mount point on which nothing is mounted is not backed up.
check_sentinels() {
  [ -n "${BACKUP_SENTINELS:-}" ] || return 0
  sentinels='' sentinel_found=false
  printf '%s\n\n' "$BACKUP_SENTINELS" | while IFS= read -r sentinel; do
    if [ -n "$sentinel" ]; then
      sentinels="$sentinels $sentinel"
      [ ! -e "$sentinel" ] || sentinel_found=true
    elif [ -n "$sentinels" ]; then
      [ "$sentinel_found" = true ] \
        || fail "$EX_SOURCE" "the volume is not mounted, or it is another one: there is none of$sentinels"
      sentinels='' sentinel_found=false
    fi
  done
}

check_source() {
  if [ -d "$1" ]; then
    [ -r "$1" ] && [ -x "$1" ] || fail "$EX_SOURCE" "the source $1 cannot be read"
    [ -n "$(find "$1/." ! -name . -prune ! -name lost+found | head -n 1)" ] \
      || fail "$EX_SOURCE" "the source $1 is empty"
  elif [ -e "$1" ]; then
    [ -s "$1" ] || [ ! -f "$1" ] || fail "$EX_SOURCE" "the source $1 is an empty file"
  else
    fail "$EX_SOURCE" "the source $1 does not exist"
  fi
}

# check_sources SOURCE...: are they there? In a process of its own, since a dead mount lets nobody go.
check_sources() {
  check_sentinels || exit
  [ "$from_command" = false ] || exit 0
  for source_path in "$@"; do check_source "$source_path"; done
}

look_at_sources() {
  run 120 check_sources "$@"
  sources_code=$?
  [ "$sources_code" -ne "$EX_LATE" ] || complain 'the sources do not answer: does a mount hang?'
  return "$sources_code"
}

# read_arguments ARG...: sets from_command, with_host and dry_run from the flags; sources is how many words follow them.
read_arguments() {
  from_command=false with_host=false dry_run=false
  while [ $# -gt 0 ] && [ "$1" != -- ]; do
    case $1 in
      --stdin-from-command | --stdin-from-command=true) from_command=true ;;
      --host | --host=* | -H*) with_host=true ;;
      --dry-run | --dry-run=true | -n) dry_run=true ;;
    esac
    shift
  done
  [ $# -gt 1 ] || fail "$EX_USAGE" 'no source given: usage: backup.sh [FLAG...] -- SOURCE...'
  sources=$(($# - 1))
}

# list_host: the snapshots of this host; all of them where a flag names the host.
list_host() {
  set --
  [ "$with_host" = true ] || set -- --host "$RESTIC_HOSTNAME"
  list_snapshots "$work/snapshots" "$@"
}

# measure_snapshot: reads the new snapshot back. A success whose snapshot was not seen is none: some servers say 200 and
# lose the file. A server that needs a moment gets one.
measure_snapshot() {
  snapshot=$(sed -n 's/^snapshot \([0-9a-f]*\) saved$/\1/p; s/.*"snapshot_id":"\([0-9a-f]*\)".*/\1/p' "$work/backup.out")
  [ -n "$snapshot" ] || {
    complain 'restic said that it succeeded, and named no snapshot'
    return "$EX_SNAPSHOT"
  }
  find_snapshot || { run 60 sleep 5 && find_snapshot; } || {
    [ "$signal_code" -eq 0 ] || return "$signal_code"
    complain "snapshot $snapshot cannot be found in the repository"
    return "$EX_SNAPSHOT"
  }
  metric backup_snapshot_bytes gauge "$bytes"
  metric backup_snapshot_files gauge "$files"
  if [ "$files" -eq 0 ] || [ "$bytes" -eq 0 ]; then
    complain "nothing was read; snapshot $snapshot is worthless"
    return "$EX_SOURCE"
  fi
  [ -n "${BACKUP_MAX_SHRINK_PERCENT:-}" ] || return 0
  ! smaller_by "$work/snapshots" "$snapshot" "$BACKUP_MAX_SHRINK_PERCENT" || return "$EX_SHRANK"
}

# find_snapshot: sets bytes and files of the new snapshot; false when it is not in the list.
find_snapshot() {
  list_host || return
  measured=$(split_snapshots "$work/snapshots" | id=$snapshot awk "$snapshot_awk"'
    is_snapshot() && index(id(), ENVIRON["id"]) == 1 { printf "%.0f %.0f", bytes(), files(); exit }')
  bytes=${measured% *} files=${measured#* }
  is_number "$bytes" && is_number "$files"
}

# only_vanished: does restic complain of nothing but files that went away while it read? What is there is in the snapshot
# then, as it would be a moment later.
only_vanished() {
  tail -n 1 "$work/backup.err" | grep -q '^Warning: ' || return
  grep '^[Ee]rror: ' "$work/backup.err" >"$work/errors" || return
  ! grep -v ': no such file or directory$' "$work/errors" >/dev/null || return
  vanished=$(wc -l <"$work/errors")
}

hook_started=false

run_pre_hook() {
  [ -n "${PRE_HOOK:-}${POST_HOOK:-}" ] || return 0
  hook_started=true
  [ -n "${PRE_HOOK:-}" ] || return 0
  # -e: `save-off; save-all` must not pass because its last command did.
  run "$UNBOUNDED" sh -ec "$PRE_HOOK"
  hook_code=$?
  step pre_hook "$hook_code"
  [ "$hook_code" -ne 0 ] || return 0
  [ "$signal_code" -eq 0 ] || exit "$signal_code"
  [ "$ended_late" = false ] || exit "$EX_LATE"
  fail "$EX_HOOK" "the hook before the backup failed with exit code $hook_code"
}

# What is left of the deadline is the hook's, but for the locks and the reports.
before_report() {
  [ "$hook_started" = true ] && [ -n "${POST_HOOK:-}" ] || return 0
  hook_left=$hook_limit
  if [ "$signal_code" -eq 0 ]; then
    hook_left=3600
    [ "${BACKUP_DEADLINE:-0}" -eq 0 ] || hook_left=$((job_started + BACKUP_DEADLINE - 60 - $(date +%s)))
    [ "$hook_left" -ge "$hook_limit" ] || hook_left=$hook_limit
  fi
  bounded "$hook_left" sh -c "$POST_HOOK"
  hook_code=$?
  note post_hook "$hook_code"
  [ "$hook_code" -ne 0 ] || return 0
  [ "$ended_late" = false ] || complain "the hook after the backup was ended after $hook_left s"
  complain "the hook after the backup failed with exit code $hook_code"
  [ "$job_code" -ne 0 ] || job_code=$EX_HOOK
}

forget_own() {
  locked forget --host "$RESTIC_HOSTNAME" --group-by host,tags --prune --keep-last "${KEEP_LAST:-1}" \
    --keep-hourly "${KEEP_HOURLY:-24}" --keep-daily "${KEEP_DAILY:-7}" --keep-weekly "${KEEP_WEEKLY:-4}" \
    --keep-monthly "${KEEP_MONTHLY:-12}" --keep-yearly "${KEEP_YEARLY:-0}"
}

after_backup() {
  if [ "$dry_run" = false ]; then
    measure_snapshot
    measure_code=$?
    step snapshot "$measure_code"
    # Instead of restic's 3: nothing is worse than some of it, and the next snapshot is compared with this one, so now is
    # when it has to be said.
    [ "$measure_code" -eq 0 ] || job_code=$measure_code
  fi
  if [ "${RESTIC_RETENTION_POLICIES_ENABLED:-false}" = true ]; then
    forget_own
    step retention $?
  fi
  [ -z "${RESTIC_CACHE_DIR:-}" ] || : "${RESTIC_CHECK_AFTER_BACKUP:=true}"
  if [ "${RESTIC_CHECK_AFTER_BACKUP:-false}" = true ]; then
    run "$UNBOUNDED" restic check --no-lock --with-cache
    step check $?
  fi
}

# judge_backup SOURCE...: after restic's 3, is the snapshot incomplete? Not when files only vanished, and the sources are
# still there: a volume that was taken away vanishes as well.
judge_backup() {
  metric backup_vanished_files gauge 0
  [ "$backup_code" -eq 3 ] || return 0
  if [ "$from_command" = false ] && only_vanished; then
    say "$vanished files went away while they were read; all else is in the snapshot"
    look_at_sources "$@"
    backup_code=$?
    metric backup_vanished_files gauge "$vanished"
  else
    complain 'the snapshot is incomplete: some of the source could not be read'
  fi
}

main() {
  job_start 'Backup failed'
  if [ $# -eq 0 ]; then
    # No arguments: the variables are lists of words by definition. No globbing: a pattern is meant for restic.
    set -f
    # shellcheck disable=SC2086
    set -- ${RESTIC_ADDITIONAL_BACKUP_PARAMETERS:-} -- ${RESTIC_SOURCE:-}
    set +f
  fi
  read_arguments "$@"
  need_restic
  open_repository
  run_pre_hook
  back_up "$@"
  exit "$job_code"
}

# back_up ARG...
back_up() {
  [ "$with_host" = true ] || set -- --host="$RESTIC_HOSTNAME" "$@"
  set -- --exclude="$snapshot_mark" "$@"
  # After the hook, which may be what writes the source.
  on_sources look_at_sources "$@" || exit
  locked backup "$@" >"$work/backup.out" 2>"$work/backup.err"
  backup_code=$?
  cat "$work/backup.out" "$work/backup.err"
  on_sources judge_backup "$@"
  step backup "$backup_code"
  case $backup_code in 0 | 3) after_backup ;; esac
}

# on_sources COMMAND ARG...: COMMAND with what follows the flags.
on_sources() {
  on_command=$1
  shift "$(($# - sources))"
  "$on_command" "$@"
}

main "$@"
