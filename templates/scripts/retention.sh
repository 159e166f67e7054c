#!/bin/sh
# shellcheck disable=SC2329 # the plan calls functions of this file
# retention.sh: forgets, prunes and checks, for the whole repository. lib.sh documents the environment.
#
# Functions of the plan, in any order; a step that fails does not keep the next ones from running:
#   retain TAG HOST WORD...        a target; TAG is owned then (thin.sh)
#   thin GAP NAMESPACE NAME        forgets what the targets' rules do not keep, unless something is wrong with it (thin.sh)
#   expire TAG DAYS                forgets the snapshots of TAG that are older than DAYS and have no owned tag: TAG is one
#                                  that no target has any more. It comes after every `retain` and `own`.
#   own TAG                        TAG belongs to someone, and is left as it is
#   prune [FLAG...]                restic prune; not while a plan is refused, so that nothing is lost for good
#   check                          restic check, of the structure only
#   check_rotating N [SCHEDULE [OFFSET]]
#                                  restic check, reading another Nth of the data at each run; see rotating_part
#   measure                        reports the repository's size; it reads the trees of all snapshots
# After the plan it is proved that what was forgotten is gone: a server that only appends makes restic 0.18 say 0.

. "${0%/*}/lib.sh"
# shellcheck source=thin.sh
. "${0%/*}/thin.sh"

own() { printf '%s\n' "$1" >>"$work/owned"; }

prune() {
  if [ "$refused" = true ]; then
    say 'nothing is pruned, since a plan was refused'
    return 0
  fi
  locked prune "$@"
  step prune $?
}

check() {
  locked check
  step check $?
}

check_rotating() {
  check_part=$(rotating_part "$@")
  say "check: reading part $check_part"
  locked check --read-data-subset "$check_part"
  step check $?
}

# Not being able to is no failure of the retention.
measure() {
  run "$UNBOUNDED" restic stats --mode raw-data --json --no-lock >"$work/stats" || {
    say "the repository's size is not known (exit code $?)"
    return 0
  }
  size=$(sed -n 's/.*"total_size":\([0-9]*\).*/\1/p' "$work/stats")
  is_number "$size" || return 0
  say "the repository's snapshots need $size bytes"
  metric backup_repository_size_bytes gauge "$size"
}

# expire lists what it forgets by age, since `--keep-within` counts from the newest snapshot of the tag, which for a tag
# that gets no new one would keep it for ever. A thousand at once; the next run takes the rest.
expire() {
  printf '%s\n' "$1" >>"$work/legacy"
  list_snapshots "$work/snapshots" --tag "$1"
  expire_code=$?
  if [ "$expire_code" -eq 0 ]; then
    split_snapshots "$work/snapshots" | before=$((job_started - $2 * 86400)) awk "$snapshot_awk"'
      FILENAME != "-" { owned[$0]; next }
      is_snapshot() && epoch() < ENVIRON["before"] + 0 {
        read_tags()
        for (i = 1; i <= tags; i++) if (tag[i] in owned) next
        print id()
      }' "$work/owned" - | head -n 1000 >"$work/ids"
    say "tag $1: $(wc -l <"$work/ids") snapshots are older than $2 days"
    # shellcheck disable=SC2046 # words of hex digits
    [ ! -s "$work/ids" ] || locked forget $(cat "$work/ids") || expire_code=$?
    cat "$work/ids" >>"$work/removed"
  fi
  step "expire $1" "$expire_code"
}

# Prints for each snapshot one line: "O TAG" for every owned tag, or "U TAG" for every tag when none of them is owned.
classify_tags() {
  split_snapshots "$work/snapshots" | awk "$snapshot_awk"'
    FILENAME != "-" { owned[$0]; next }
    is_snapshot() {
      read_tags()
      found = 0
      for (i = 1; i <= tags; i++) if (tag[i] in owned) { print "O " tag[i]; found = 1 }
      if (found) next
      for (i = 1; i <= tags; i++) print "U " tag[i]
      if (!tags) print "U "
    }' "$work/owned" - | sort | uniq -c >"$work/tags"
}

report_tags() {
  untagged=0
  while read -r tag_count tag_kind tag_name; do
    [ "$tag_kind" = U ] || continue
    if [ -z "$tag_name" ]; then
      untagged=$tag_count
    else
      metric backup_unowned_tag_snapshots gauge "$tag_count" tag "$tag_name"
    fi
    say "warning: $tag_count snapshots with the tag '$tag_name' belong to no target"
  done <"$work/tags"
  metric backup_unowned_tag_snapshots gauge "$untagged" tag ''
  sort -u "$work/owned" >"$work/names"
  while IFS= read -r tag_name; do
    tag_count=$(tag=$tag_name awk '{ n = $1; sub(/^ *[0-9]+ O /, "") } $0 == ENVIRON["tag"] { print n }' "$work/tags")
    metric backup_repository_snapshots gauge "${tag_count:-0}" tag "$tag_name"
  done <"$work/names"
}

audit() {
  list_snapshots "$work/snapshots"
  audit_code=$?
  step list "$audit_code"
  [ "$audit_code" -eq 0 ] || return 0
  cat "$work/legacy" >>"$work/owned"
  classify_tags
  report_tags
  if [ ! -s "$work/removed" ]; then
    remember
    return 0
  fi
  snapshot_ids "$work/snapshots" | grep -Fx -f "$work/removed" >"$work/left" || {
    say "removed $(wc -l <"$work/removed") snapshots"
    step removed 0
    remember
    return 0
  }
  say "error: $(wc -l <"$work/left") forgotten snapshots are still there; the server may only append"
  step removed "$EX_NOT_REMOVED"
}

main() {
  job_start 'Retention failed'
  need_restic
  : >"$work/owned"
  : >"$work/legacy"
  : >"$work/removed"
  : >"$work/groups"
  : >"$work/verdict.state"
  open_repository
  load_plan
  audit
  exit "$job_code"
}

main
