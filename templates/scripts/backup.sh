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
#                             shell of their own, not in this script. BACKUP_HOOK_TIMEOUT: seconds for POST_HOOK (30)
#   BACKUP_MAX_SHRINK_PERCENT by how much a snapshot may be smaller than the one before it; default: not looked at
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
  printf '%s\n\n' "$BACKUP_SENTINELS" >"$work/sentinels"
  sentinels='' sentinel_found=false
  while IFS= read -r sentinel; do
    if [ -n "$sentinel" ]; then
      sentinels="$sentinels $sentinel"
      [ ! -e "$sentinel" ] || sentinel_found=true
    elif [ -n "$sentinels" ]; then
      [ "$sentinel_found" = true ] \
        || fail "$EX_SOURCE" "the volume is not mounted, or it is another one: there is none of$sentinels"
      sentinels='' sentinel_found=false
    fi
  done <"$work/sentinels"
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

# read_arguments ARG...: sets from_command and with_host from the flags, and runs check_source on each source.
read_arguments() {
  from_command=false with_host=false
  while [ $# -gt 0 ] && [ "$1" != -- ]; do
    case $1 in
      --stdin-from-command | --stdin-from-command=true) from_command=true ;;
      --host | --host=* | -H*) with_host=true ;;
    esac
    shift
  done
  [ $# -gt 1 ] || fail "$EX_USAGE" 'no source given: usage: backup.sh [FLAG...] -- SOURCE...'
  shift
  [ "$from_command" = false ] || return 0
  for source_path in "$@"; do "$check" "$source_path"; done
}

# measure_snapshot: reads the new snapshot back. Not being able to is no failure of the backup.
measure_snapshot() {
  snapshot=$(sed -n 's/^snapshot \([0-9a-f]*\) saved$/\1/p; s/.*"snapshot_id":"\([0-9a-f]*\)".*/\1/p' "$work/backup.out")
  [ -n "$snapshot" ] || return 0
  set --
  [ "$with_host" = true ] || set -- --host "$RESTIC_HOSTNAME"
  list_snapshots "$work/snapshots" "$@" || return 0
  measured=$(split_snapshots "$work/snapshots" | id=$snapshot awk "$snapshot_awk"'
    is_snapshot() && index(id(), ENVIRON["id"]) == 1 { printf "%.0f %.0f", bytes(), files(); exit }')
  bytes=${measured% *} files=${measured#* }
  is_number "$bytes" && is_number "$files" || return 0
  metric backup_snapshot_bytes gauge "$bytes"
  metric backup_snapshot_files gauge "$files"
  if [ "$files" -eq 0 ] || { [ "$from_command" = true ] && [ "$bytes" -eq 0 ]; }; then
    say "error: nothing was read; snapshot $snapshot is worthless"
    # Instead of restic's 3: nothing is worse than some of it.
    job_code=$EX_SOURCE
    return "$EX_SOURCE"
  fi
  [ -n "${BACKUP_MAX_SHRINK_PERCENT:-}" ] || return 0
  ! smaller_by "$work/snapshots" "$snapshot" "$BACKUP_MAX_SHRINK_PERCENT" || return "$EX_SHRANK"
}

hook_started=false

run_pre_hook() {
  [ -n "${PRE_HOOK:-}${POST_HOOK:-}" ] || return 0
  hook_started=true
  [ -n "${PRE_HOOK:-}" ] || return 0
  run "$UNBOUNDED" sh -c "$PRE_HOOK"
  hook_code=$?
  step pre_hook "$hook_code"
  case $hook_code in
    0) ;;
    "$EX_LATE" | 129 | 130 | 143) exit "$hook_code" ;;
    *) fail "$EX_HOOK" "the hook before the backup failed with exit code $hook_code" ;;
  esac
}

before_report() {
  [ "$hook_started" = true ] && [ -n "${POST_HOOK:-}" ] || return 0
  bounded "${BACKUP_HOOK_TIMEOUT:-30}" sh -c "$POST_HOOK"
  hook_code=$?
  metric backup_step_status gauge "$hook_code" step post_hook
  [ "$hook_code" -ne 0 ] || return 0
  say "error: the hook after the backup failed with exit code $hook_code"
  [ "$job_code" -ne 0 ] || job_code=$EX_HOOK
}

forget_own() {
  locked forget --host "$RESTIC_HOSTNAME" --group-by host,tags --prune --keep-last "${KEEP_LAST:-1}" \
    --keep-hourly "${KEEP_HOURLY:-24}" --keep-daily "${KEEP_DAILY:-7}" --keep-weekly "${KEEP_WEEKLY:-4}" \
    --keep-monthly "${KEEP_MONTHLY:-12}" --keep-yearly "${KEEP_YEARLY:-0}"
}

after_backup() {
  measure_snapshot
  step snapshot $?
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

main() {
  job_start 'Backup failed'
  if [ $# -eq 0 ]; then
    # No arguments: the variables are lists of words by definition. No globbing: a pattern is meant for restic.
    set -f
    # shellcheck disable=SC2086
    set -- ${RESTIC_ADDITIONAL_BACKUP_PARAMETERS:-} -- ${RESTIC_SOURCE:-}
    set +f
  fi
  check=:
  read_arguments "$@"
  need_restic
  open_repository
  run_pre_hook
  # After the hook, which may be what writes the source.
  check_sentinels
  check=check_source
  read_arguments "$@"
  [ "$with_host" = true ] || set -- --host="$RESTIC_HOSTNAME" "$@"
  run "$UNBOUNDED" restic backup --retry-lock="$lock_wait" "$@" >"$work/backup.out"
  backup_code=$?
  cat "$work/backup.out"
  [ "$backup_code" -ne 3 ] || say 'error: the snapshot is incomplete: some of the source could not be read'
  step backup "$backup_code"
  case $backup_code in 0 | 3) after_backup ;; esac
  exit "$job_code"
}

main "$@"
