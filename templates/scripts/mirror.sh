#!/bin/sh
# shellcheck disable=SC2329 # the plan and lib.sh call functions of this file
# mirror.sh: copies the repository to a second place, and checks the copy.
#
# Environment, beside lib.sh's:
#   MIRROR_METHOD             files (rclone, pack by pack) or snapshots (restic copy, into a repository of its own)
#   MIRROR_RESTIC_REPOSITORY  the copy, as restic opens it
#   MIRROR_READ_PARTS         in how many runs check reads all of the copy's data; default: it reads none
#   MIRROR_READ_SCHEDULE, MIRROR_READ_OFFSET
#                             when the job runs, for rotating_part (lib.sh)
#  files:
#   MIRROR_SOURCE             the repository, as rclone opens it: a folder, or remote:bucket/path
#   MIRROR_DESTINATION        the copy, as rclone opens it; RCLONE_CONFIG_* describe the remotes
#   MIRROR_AWS_ACCESS_KEY_ID, MIRROR_AWS_SECRET_ACCESS_KEY
#                             keys of the copy, where both places are S3; those without MIRROR_ are the repository's then.
#                             rclone's remotes are called `source` and `mirror` in this case
#  snapshots:
#   MIRROR_RESTIC_PASSWORD    default: RESTIC_PASSWORD
#   MIRROR_REPOSITORY_ID      pinned id of the copy; default: any
# The plan is optional; it may set these variables.
#
# Files: restic writes data, then index, then snapshots. The lists are taken the other way round, so each listed snapshot
# has its index and its data in them, also when a backup runs; they are copied in restic's order, so the copy is usable at
# each stage, and a run that was interrupted is continued by the next one. Nothing protects the copy against a prune that
# runs at the same time: the schedule has to.

. "${0%/*}/lib.sh"

# --- files -----------------------------------------------------------------------------------------------------------

# missing HAVE WANTED: the lines of WANTED that HAVE does not have. To busybox's grep an empty list of patterns would match
# every line.
missing() { awk 'FILENAME == ARGV[1] { have[$0]; next } !($0 in have)' "$1" "$2"; }

# list_files FOLDER FILE: restic's own files and their sizes: no lock, no temporary file of a server.
list_files() {
  run 3600 rclone lsf --files-only --recursive --format ps --separator ' ' "$1" >"$work/all" 2>"$work/all.err"
  list_code=$?
  # 3: there is no such folder.
  case $list_code in
    0 | 3) ;;
    *)
      cat "$work/all.err"
      return "$list_code"
      ;;
  esac
  grep -E '^([0-9a-f]{2}/)?[0-9a-f]{64} [0-9]+$' "$work/all" >"$2"
  return 0
}

freeze_lists() {
  for folder in snapshots index data keys; do
    list_files "$MIRROR_SOURCE/$folder" "$work/list.$folder" || return
    [ -s "$work/list.$folder" ] || {
      say "error: $MIRROR_SOURCE/$folder holds nothing; an empty repository is not mirrored"
      return "$EX_SOURCE"
    }
  done
  say "frozen: $(wc -l <"$work/list.snapshots") snapshots, $(wc -l <"$work/list.data") packs"
  metric backup_mirror_snapshots gauge "$(wc -l <"$work/list.snapshots")"
}

# Refuses a destination that holds another repository: each would make the other unreadable.
compare_config() {
  run 300 rclone lsf --max-depth 1 "$MIRROR_DESTINATION" >"$work/destination" 2>"$work/destination.err"
  compare_code=$?
  # 3: the folder does not exist yet, 0 without names: it is empty.
  case $compare_code in
    0) [ -s "$work/destination" ] || return 0 ;;
    3) return 0 ;;
    *)
      cat "$work/destination.err"
      say 'error: the destination cannot be listed'
      return "$compare_code"
      ;;
  esac
  grep -qx config "$work/destination" || {
    say 'error: the destination is not empty, and is no repository'
    return "$EX_OTHER_REPOSITORY"
  }
  run 300 rclone cat "$MIRROR_DESTINATION/config" >"$work/config.mirror" || return
  run 300 rclone cat "$MIRROR_SOURCE/config" >"$work/config.source" || return
  cmp -s "$work/config.mirror" "$work/config.source" || {
    say 'error: the destination holds another repository'
    return "$EX_OTHER_REPOSITORY"
  }
}

# Names are hashes of the contents: equal names and sizes are equal files, and an existing one never changes.
transfer() {
  list_files "$MIRROR_DESTINATION/$1" "$work/have" || return
  missing "$work/have" "$work/list.$1" | cut -d ' ' -f 1 >"$work/missing"
  say "$1: $(wc -l <"$work/missing") of $(wc -l <"$work/list.$1") files to copy"
  [ -s "$work/missing" ] || return 0
  run "$UNBOUNDED" rclone copy --files-from-raw "$work/missing" --immutable --size-only --stats 0 \
    "$MIRROR_SOURCE/$1" "$MIRROR_DESTINATION/$1"
}

# drop_keys: a key that the repository has no more opens the copy for whoever knows its password. It goes once the copy has
# been opened with the password that holds.
drop_keys() {
  list_files "$MIRROR_DESTINATION/keys" "$work/have" || return
  missing "$work/list.keys" "$work/have" | cut -d ' ' -f 1 >"$work/dropped"
  [ -s "$work/dropped" ] || return 0
  say "keys: $(wc -l <"$work/dropped") that the repository no longer has are removed"
  while IFS= read -r dropped_key <&6; do
    run 300 rclone deletefile "$MIRROR_DESTINATION/keys/$dropped_key" || {
      complain "the key $dropped_key still opens the copy, with a password that was taken back; remove the file by hand"
      return "$EX_NOT_REMOVED"
    }
  done 6<"$work/dropped"
}

transfer_config() {
  run 300 rclone copyto --immutable --size-only --stats 0 "$MIRROR_SOURCE/config" "$MIRROR_DESTINATION/config"
}

# attempt NAME COMMAND...: a step; without it the following ones make no sense.
attempt() {
  attempt_name=$1
  shift
  "$@"
  attempt_code=$?
  step "$attempt_name" "$attempt_code"
  [ "$attempt_code" -eq 0 ] || exit "$job_code"
}

# Two places of S3, each with its own keys, which rclone takes by the remote's name.
name_keys() {
  export RCLONE_CONFIG_SOURCE_ACCESS_KEY_ID="${AWS_ACCESS_KEY_ID:-}" \
    RCLONE_CONFIG_SOURCE_SECRET_ACCESS_KEY="${AWS_SECRET_ACCESS_KEY:-}" \
    RCLONE_CONFIG_MIRROR_ACCESS_KEY_ID="$MIRROR_AWS_ACCESS_KEY_ID" \
    RCLONE_CONFIG_MIRROR_SECRET_ACCESS_KEY="${MIRROR_AWS_SECRET_ACCESS_KEY:-}"
}

mirror_files() {
  # shellcheck disable=SC2034 # lib.sh reads it
  takes_locks=false
  need_program rclone
  need_variable MIRROR_SOURCE "${MIRROR_SOURCE:-}"
  need_variable MIRROR_DESTINATION "${MIRROR_DESTINATION:-}"
  MIRROR_SOURCE=${MIRROR_SOURCE%/} MIRROR_DESTINATION=${MIRROR_DESTINATION%/}
  # What is proved to be the right repository is what is copied.
  case $MIRROR_SOURCE in *:*) ;; *) RESTIC_REPOSITORY=$MIRROR_SOURCE ;; esac
  [ -z "${MIRROR_AWS_ACCESS_KEY_ID:-}" ] || name_keys
  attempt probe probe "${RESTIC_REPOSITORY_ID:-}"
  source_id=$repository_id
  metric backup_repository_info gauge 1 id "$source_id"
  attempt compare compare_config
  attempt list freeze_lists
  attempt copy_config transfer_config
  for folder in keys data index snapshots; do attempt "copy_$folder" transfer "$folder"; done
  use_mirror
  attempt probe_mirror probe "$source_id"
  drop_keys
  step drop_keys $?
}

# --- snapshots -------------------------------------------------------------------------------------------------------

# A copied snapshot names the one it was made of; one that is a copy itself keeps that name.
origins() {
  split_snapshots "$1" | sed -n '/^{"time":"/{
    s/.*[,{]"original":"\([0-9a-f]\{64\}\)".*/\1/p
    t
    s/.*[,{]"id":"\([0-9a-f]\{64\}\)".*/\1/p
  }'
}

all_copied() {
  list_snapshots "$work/mirrored" || return
  origins "$work/mirrored" >"$work/have"
  origins "$work/snapshots" >"$work/wanted"
  missing "$work/have" "$work/wanted" >"$work/missing"
  [ -s "$work/missing" ] || return 0
  say "error: $(wc -l <"$work/missing") snapshots are missing in the copy"
  return "$EX_VERIFY"
}

mirror_snapshots() {
  need_variable RESTIC_PASSWORD "${RESTIC_PASSWORD:-}"
  open_repository
  source_id=$repository_id
  attempt list list_snapshots "$work/snapshots"
  metric backup_mirror_snapshots gauge "$(snapshot_ids "$work/snapshots" | wc -l)"
  [ -n "$(snapshot_ids "$work/snapshots")" ] || fail "$EX_SOURCE" 'the repository has no snapshot; an empty one is not mirrored'
  export RESTIC_FROM_REPOSITORY="$RESTIC_REPOSITORY" RESTIC_FROM_PASSWORD="$RESTIC_PASSWORD"
  use_mirror
  attempt probe_mirror probe "${MIRROR_REPOSITORY_ID:-}"
  [ "$repository_id" != "$source_id" ] || fail "$EX_OTHER_REPOSITORY" 'the copy is the repository itself, or a copy of its files'
  # A copy that was killed left its lock there.
  rm -f "$work/locks.seen"
  list_locks && judge_locks && remove_dead_locks
  attempt copy locked copy
  attempt compare all_copied
}

# --- both ------------------------------------------------------------------------------------------------------------

need_variable() { [ -n "$2" ] || fail "$EX_USAGE" "$1 is not set"; }

check_mirror() {
  set -- --no-lock
  if [ -n "${MIRROR_READ_PARTS:-}" ]; then
    check_part=$(rotating_part "$MIRROR_READ_PARTS" "${MIRROR_READ_SCHEDULE:-}" "${MIRROR_READ_OFFSET:-}")
    say "check: reading part $check_part of the copy"
    set -- "$@" --read-data-subset "$check_part"
  fi
  run "$UNBOUNDED" restic check "$@"
}

before_report() {
  metric backup_mirror_status gauge "$job_code"
  metric backup_mirror_timestamp gauge "$(date +%s)"
}

main() {
  job_start 'Mirror failed'
  [ -z "${PLAN:-}" ] && [ ! -r /plan/plan.sh ] || load_plan
  need_variable MIRROR_RESTIC_REPOSITORY "${MIRROR_RESTIC_REPOSITORY:-}"
  : "${RESTIC_REPOSITORY:=${MIRROR_SOURCE:-}}"
  need_restic
  case ${MIRROR_METHOD:-} in
    files) mirror_files ;;
    snapshots) mirror_snapshots ;;
    *) fail "$EX_USAGE" "MIRROR_METHOD is '${MIRROR_METHOD:-}', expected files or snapshots" ;;
  esac
  attempt check check_mirror
  exit "$job_code"
}

main
