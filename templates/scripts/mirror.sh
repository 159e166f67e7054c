#!/bin/sh
# shellcheck disable=SC2329 # the plan and lib.sh call functions of this file
# mirror.sh: copies the repository to a second place, and checks the copy.
#
# Environment, beside lib.sh's:
#   MIRROR_METHOD             files (rclone, pack by pack) or snapshots (restic copy, into a repository of its own)
#   MIRROR_RESTIC_REPOSITORY  the copy, as restic opens it
#   MIRROR_READ_DATA_SUBSET   how much of the copy's data check reads (restic's --read-data-subset); default: none
#  files:
#   MIRROR_SOURCE             folder of the repository
#   MIRROR_DESTINATION        rclone's name of the copy (remote:bucket/path); RCLONE_CONFIG_* describe the remote
#  snapshots:
#   MIRROR_RESTIC_PASSWORD    default: RESTIC_PASSWORD
#   MIRROR_REPOSITORY_ID      pinned id of the copy; default: any
# The plan is optional; it may set these variables.
#
# Files: restic writes data, then index, then snapshots. The lists are taken the other way round, so each listed snapshot
# has its index and its data in them, also when a backup runs; they are copied in restic's order, so the copy is usable at
# each stage. Nothing protects the copy against a prune that runs at the same time: the schedule has to.

. "${0%/*}/lib.sh"

# --- files -----------------------------------------------------------------------------------------------------------

# list_folder NAME: restic's own files only: no lock, no temporary file of a server.
list_folder() {
  run 3600 rclone lsf --files-only --recursive "$MIRROR_SOURCE/$1" >"$work/all.$1" || return
  grep -E '^([0-9a-f]{2}/)?[0-9a-f]{64}$' "$work/all.$1" >"$work/list.$1"
  [ -s "$work/list.$1" ] || {
    say "error: $MIRROR_SOURCE/$1 holds nothing; an empty repository is not mirrored"
    return "$EX_SOURCE"
  }
}

freeze_lists() {
  for folder in snapshots index data keys; do list_folder "$folder" || return; done
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
  run 300 rclone cat "$MIRROR_DESTINATION/config" >"$work/config" || return
  cmp -s "$work/config" "$MIRROR_SOURCE/config" || {
    say 'error: the destination holds another repository'
    return "$EX_OTHER_REPOSITORY"
  }
}

# Names are hashes of the contents: equal names and sizes are equal files, and an existing one never changes.
transfer() {
  run "$UNBOUNDED" rclone copy --files-from-raw "$work/list.$1" --immutable --size-only --stats 0 \
    "$MIRROR_SOURCE/$1" "$MIRROR_DESTINATION/$1"
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

mirror_files() {
  # shellcheck disable=SC2034 # lib.sh reads it
  takes_locks=false
  need_program rclone
  need_variable MIRROR_SOURCE "${MIRROR_SOURCE:-}"
  need_variable MIRROR_DESTINATION "${MIRROR_DESTINATION:-}"
  MIRROR_SOURCE=${MIRROR_SOURCE%/} MIRROR_DESTINATION=${MIRROR_DESTINATION%/}
  attempt probe probe "${RESTIC_REPOSITORY_ID:-}" --repo "$MIRROR_SOURCE"
  source_id=$repository_id
  attempt compare compare_config
  attempt list freeze_lists
  attempt copy_config transfer_config
  for folder in keys data index snapshots; do attempt "copy_$folder" transfer "$folder"; done
  attempt probe_mirror probe "$source_id" --repo "$MIRROR_RESTIC_REPOSITORY"
}

# --- snapshots -------------------------------------------------------------------------------------------------------

use_mirror() {
  RESTIC_REPOSITORY=$MIRROR_RESTIC_REPOSITORY RESTIC_PASSWORD=${MIRROR_RESTIC_PASSWORD:-$RESTIC_PASSWORD}
}

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
  # -v -f with an empty file: everything is missing, as it should be.
  origins "$work/snapshots" | grep -vFx -f "$work/have" >"$work/missing" || return 0
  say "error: $(wc -l <"$work/missing") snapshots are missing in the copy"
  return "$EX_VERIFY"
}

mirror_snapshots() {
  need_variable RESTIC_PASSWORD "${RESTIC_PASSWORD:-}"
  open_repository
  attempt list list_snapshots "$work/snapshots"
  metric backup_mirror_snapshots gauge "$(snapshot_ids "$work/snapshots" | wc -l)"
  [ -n "$(snapshot_ids "$work/snapshots")" ] || fail "$EX_SOURCE" 'the repository has no snapshot; an empty one is not mirrored'
  export RESTIC_FROM_REPOSITORY="$RESTIC_REPOSITORY" RESTIC_FROM_PASSWORD="$RESTIC_PASSWORD"
  use_mirror
  export RESTIC_REPOSITORY RESTIC_PASSWORD
  attempt probe_mirror probe "${MIRROR_REPOSITORY_ID:-}"
  attempt copy locked copy
  attempt compare all_copied
}

# --- both ------------------------------------------------------------------------------------------------------------

need_variable() { [ -n "$2" ] || fail "$EX_USAGE" "$1 is not set"; }

check_mirror() {
  set -- --no-lock
  [ -z "${MIRROR_READ_DATA_SUBSET:-}" ] || set -- "$@" --read-data-subset "$MIRROR_READ_DATA_SUBSET"
  run "$UNBOUNDED" restic --repo "$MIRROR_RESTIC_REPOSITORY" check "$@"
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
