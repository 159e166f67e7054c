#!/bin/sh
# shellcheck disable=SC2329 # the plan calls functions of this file
# retention.sh: forgets, prunes and checks, for the whole repository. lib.sh documents the environment.
#
# Functions of the plan, in any order; a step that fails does not keep the next ones from running:
#   retain TAG HOST FLAG...        restic forget with FLAG (--keep-hourly 24 ...); HOST may be empty. TAG is owned then.
#   own TAG                        TAG belongs to someone, and is left as it is
#   prune [FLAG...]                restic prune
#   check                          restic check, of the structure only
#   check_rotating N [DAYS]        restic check, reading another Nth of the data at each run; the job runs every DAYS (1)
# After the plan it is proved that what was forgotten is gone: a server that only appends makes restic 0.18 say 0.

. "${0%/*}/lib.sh"

own() { printf '%s\n' "$1" >>"$work/owned"; }

retain() {
  retain_tag=$1 retain_host=$2
  shift 2
  own "$retain_tag"
  [ -z "$retain_host" ] || set -- --host "$retain_host" "$@"
  locked forget --tag "$retain_tag" --group-by host,tags --json "$@" >"$work/forget.json"
  retain_code=$?
  split_snapshots "$work/forget.json" | sed -n '/^"remove":/,/^"reasons":/p' >"$work/forget.removed"
  snapshot_ids "$work/forget.removed" >"$work/ids"
  cat "$work/ids" >>"$work/removed"
  say "tag $retain_tag: $(wc -l <"$work/ids") snapshots to remove"
  step "forget $retain_tag" "$retain_code"
}

prune() {
  locked prune "$@"
  step prune $?
}

check() {
  locked check
  step check $?
}

check_rotating() {
  check_day=$((job_started / 86400 / ${2:-1}))
  check_part=$((check_day % $1 + 1))
  say "check: reading part $check_part of $1"
  locked check --read-data-subset "$check_part/$1"
  step check $?
}

# Prints for each snapshot one line: "O TAG" for every owned tag, or "U TAG" for every tag when none of them is owned.
classify_tags() {
  split_snapshots "$work/snapshots" | awk '
    function tags_of(line,   at, c, word, escaped, inside) {
      count = 0
      at = index(line, "\"tags\":[")
      if (!at) return
      for (at += 8; at <= length(line); at++) {
        c = substr(line, at, 1)
        if (!inside) { if (c == "]") return; if (c == "\"") { inside = 1; word = "" } continue }
        if (c == "\"") { tags[++count] = word; inside = 0; continue }
        if (c != "\\") { word = word c; continue }
        escaped = substr(line, ++at, 1)
        if (escaped == "u" && substr(line, at + 1, 4) in plain) { word = word plain[substr(line, at + 1, 4)]; at += 4 }
        else if (escaped == "\"" || escaped == "\\") word = word escaped
        else word = word "\\" escaped
      }
    }
    BEGIN { plain["003c"] = "<"; plain["003e"] = ">"; plain["0026"] = "&" }
    FILENAME != "-" { owned[$0]; next }
    /^[{]"time":"/ {
      tags_of($0)
      found = 0
      for (i = 1; i <= count; i++) if (tags[i] in owned) { print "O " tags[i]; found = 1 }
      if (found) next
      for (i = 1; i <= count; i++) print "U " tags[i]
      if (!count) print "U "
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
  sort -u "$work/owned" | while IFS= read -r tag_name; do
    tag_count=$(tag=$tag_name awk '{ n = $1; sub(/^ *[0-9]+ O /, "") } $0 == ENVIRON["tag"] { print n }' "$work/tags")
    metric backup_repository_snapshots gauge "${tag_count:-0}" tag "$tag_name"
  done
}

audit() {
  list_snapshots "$work/snapshots"
  audit_code=$?
  step list "$audit_code"
  [ "$audit_code" -eq 0 ] || return 0
  classify_tags
  report_tags
  [ -s "$work/removed" ] || return 0
  snapshot_ids "$work/snapshots" | grep -Fx -f "$work/removed" >"$work/left" || {
    say "removed $(wc -l <"$work/removed") snapshots"
    step removed 0
    return 0
  }
  say "error: $(wc -l <"$work/left") forgotten snapshots are still there; the server may only append"
  step removed "$EX_NOT_REMOVED"
}

main() {
  job_start 'Retention failed'
  need_restic
  : >"$work/owned"
  : >"$work/removed"
  open_repository
  load_plan
  audit
  exit "$job_code"
}

main
