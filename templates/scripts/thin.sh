# shellcheck shell=sh disable=SC2034,SC2154 # variables of retention.sh and of lib.sh
# thin.sh: retention.sh's own way to forget snapshots: restic plans, judge.awk judges, and what it lets pass is removed, by id.
#
# Functions of the plan:
#   retain TAG HOST WORD...   a target: its own snapshots have TAG alone, and HOST. WORD is a flag (--keep-daily=7 ...), one that
#                             the compiler has added (also=--keep-within-daily=7d), or says what its schedule makes: every=S, rarest=S (the shortest and the longest time between two runs),
#                             lasts=S (from a slot to the end of the last attempt), attempts=N; shrink=PERCENT; path=PATH for each
#                             source
#   thin GAP NAMESPACE NAME   does it, for all of them. GAP is the longest time between two retentions, in seconds;
#                             NAMESPACE and NAME are those of the CronJob, for the command that releases a refused plan
#
# Environment: BACKUP_RELEASE, words TIME-HASH: the snapshots up to TIME have been looked at. HASH is that of what a tag had then,
# so that it releases nothing that somebody has added since. BACKUP_FORGET, words of 8 or more hex digits: snapshots that somebody
# has found to be forged, and that are forgotten first.

tab=$(printf '\t')
refused=false

retain() {
  retain_tag=$1 retain_host=$2
  shift 2
  [ -n "$retain_host" ] || fail "$EX_USAGE" "the plan does not say which host the tag $retain_tag has"
  own "$retain_tag"
  every=86400 rarest=86400 lasts=3600 attempts=3 shrink=50 flags='' sources=''
  for word in "$@"; do
    case $word in
      every=*) every=${word#*=} ;;
      rarest=*) rarest=${word#*=} ;;
      lasts=*) lasts=${word#*=} ;;
      attempts=*) attempts=${word#*=} ;;
      shrink=*) shrink=${word#*=} ;;
      path=*) sources=$sources$tab${word#*=} ;;
      --keep-* | also=--keep-*) flags="$flags ${word#also=}" ;;
      *) fail "$EX_USAGE" "the plan has a word that retain does not know: $word" ;;
    esac
  done
  printf '%s\t' "$retain_tag" "$retain_host" "$every" "$rarest" "$lasts" "$attempts" "$shrink" >>"$work/groups"
  printf '%s%s\n' "${flags# }" "$sources" >>"$work/groups"
}

thin() {
  thin_gap=$1 thin_namespace=$2 thin_name=$3
  forget_named
  recall >"$work/known"
  : >"$work/released"
  plan_all
  judge 0
  release_refused
  if grep -q "^worthless$tab" "$work/verdict"; then
    cut -f 3 "$work/verdict.worthless" >"$work/ids"
    cut -f 2 "$work/verdict.worthless" | sort | uniq -c | while read -r count tag; do
      say "tag $tag: $count snapshots hold nothing and go first"
    done
    if forget_ids; then
      plan_all
      judge 1
    else
      step "forget what holds nothing" "$forget_code"
      : >"$work/verdict.remove"
    fi
  fi
  refuse_all
  remove_all
}

forget_named() {
  for word in ${BACKUP_FORGET:-}; do
    case $word in
      ????????*) ;;
      *) fail "$EX_USAGE" "BACKUP_FORGET has a word that is too short for an id: $word" ;;
    esac
    case $word in *[!0-9a-f]*) fail "$EX_USAGE" "BACKUP_FORGET has a word that is no id: $word" ;; esac
  done
  [ -n "${BACKUP_FORGET:-}" ] || return 0
  # shellcheck disable=SC2086 # words of hex digits
  locked forget $BACKUP_FORGET
  step 'forget by hand' $?
}

# recall: prints what the Pushgateway knows of the last retention; nothing where there is none, or it does not answer.
recall() {
  [ "${PUSHGATEWAY_ENABLED:-false}" = true ] && [ -n "${PUSHGATEWAY_URL:-}" ] || return 0
  if command -v curl >/dev/null 2>&1; then
    printf 'url = %s\nconnect-timeout = 5\nmax-time = 10\nfail\nsilent\n' \
      "$(config_value "${PUSHGATEWAY_URL%/}/metrics")" >"$work/curl"
    bounded 15 curl -q -K "$work/curl" >"$work/metrics.now"
  else
    bounded 15 wget -q -O "$work/metrics.now" "${PUSHGATEWAY_URL%/}/metrics"
  fi || say 'the Pushgateway does not answer: what the last retention left is not known' >&2
  sed -n '/^backup_retention_/p' "$work/metrics.now" 2>/dev/null
}

# Each snapshot and each list of restic's plan on a line of its own. Within a JSON string the quotes would be escaped, so the
# searched text cannot be part of a value.
split_plan() {
  sed 's/{"time":"/\
&/g; s/"remove":/\
&/g; s/"reasons":/\
&/g; s/"keep":/\
&/g' "$1"
}

# plan_all: restic's plan for every tag, one restic for all tags with the same flags, into $work/snapshots. It needs no lock:
# what it has not seen is not removed.
plan_all() {
  : >"$work/listing"
  : >"$work/unplanned"
  cut -f 8 "$work/groups" | sort -u >"$work/policies"
  while IFS= read -r policy; do
    set --
    while IFS=$tab read -r tag _ _ _ _ _ _ flags _; do
      [ "$flags" != "$policy" ] || set -- "$@" --tag "$tag"
    done <"$work/groups"
    # shellcheck disable=SC2086 # the flags of a policy are words without spaces
    run "$UNBOUNDED" restic forget --dry-run --json --no-lock --group-by host,tags $policy "$@" >"$work/plan.json"
    plan_code=$?
    if [ "$plan_code" -eq 0 ]; then
      split_plan "$work/plan.json" | LC_ALL=C awk -f "${0%/*}/list.awk" >"$work/listed" || plan_code=$EX_REFUSED
      cat "$work/listed" >>"$work/listing"
    fi
    [ "$plan_code" -ne 0 ] || continue
    while [ $# -gt 0 ]; do
      printf '%s\t%s\n' "$plan_code" "$2" >>"$work/unplanned"
      shift 2
    done
  done <"$work/policies"
  LC_ALL=C sort -t "$tab" -k 1,1 -k 2,2 "$work/listing" >"$work/snapshots"
}

# judge AGAIN: splits what judge.awk says into $work/verdict.remove, .worthless and so on.
judge() {
  LC_ALL=C awk -v now="$job_started" -v gap="$thin_gap" -v instance="$RESTIC_HOSTNAME" -v again="$1" \
    -f "${0%/*}/judge.awk" \
    part=groups "$work/groups" part=known "$work/known" part=released "$work/released" part=snapshots "$work/snapshots" \
    >"$work/verdict" || fail "$EX_REFUSED" "the retention's plan cannot be judged"
  for verdict in remove worthless refuse has foreign state accepted; do
    sed -n "/^$verdict$tab/p" "$work/verdict" >"$work/verdict.$verdict"
  done
}

# state_of TAG TIME: a hash of the snapshots that the refused TAG has, up to TIME, and of the flags that would thin them out.
state_of() {
  {
    printf '%s\n' "$repository_id"
    tag=$1 LC_ALL=C awk -F "$tab" '$1 == ENVIRON["tag"] { print $1, $2, $8 }' "$work/groups"
    tag=$1 before=$2 LC_ALL=C awk -F "$tab" '$2 == ENVIRON["tag"] && $3 + 0 <= ENVIRON["before"] + 0 { print $4 }' \
      "$work/verdict.has" | LC_ALL=C sort
  } | sha256sum | cut -c 1-32
}

# release_refused: which of the refused plans has somebody released?
release_refused() {
  [ -n "${BACKUP_RELEASE:-}" ] || return 0
  while IFS=$tab read -r _ tag _; do
    for word in $BACKUP_RELEASE; do
      is_number "${word%%-*}" && [ "${word#*-}" = "$(state_of "$tag" "${word%%-*}")" ] || continue
      printf '%s\t%s\n' "$tag" "${word%%-*}" >>"$work/released"
    done
  done <"$work/verdict.refuse"
  judge 0
  while IFS=$tab read -r _ tag; do say "tag $tag: its plan was released"; done <"$work/verdict.accepted"
}

refuse_all() {
  releases=''
  while IFS=$tab read -r plan_code tag; do
    step "forget $tag" "$plan_code"
    [ "$plan_code" -ne "$EX_REFUSED" ] || refused=true
  done <"$work/unplanned"
  while IFS=$tab read -r _ tag why; do
    refused=true
    say "error: tag $tag: nothing is removed: $why"
    metric backup_retention_refused gauge 1 tag "$tag"
    step "forget $tag" "$EX_REFUSED"
    releases="$releases $job_started-$(state_of "$tag" "$job_started")"
  done <"$work/verdict.refuse"
  foreign=0
  while IFS=$tab read -r _ tag host count; do
    say "warning: $count snapshots with the tag '$tag' and the host '$host' are no target's own: they are left as they are"
    foreign=$((foreign + count))
  done <"$work/verdict.foreign"
  metric backup_retention_foreign_snapshots gauge "$foreign"
  [ -n "$releases" ] || return 0
  say 'Somebody may be writing snapshots in the name of these targets. Look at them first:'
  say "  restic snapshots --tag $(cut -f 2 "$work/verdict.refuse" | head -n 1)"
  say "Forged ones are removed by this command, with BACKUP_FORGET='ID ID ...' instead. When all are right, release the plan:"
  say "  kubectl -n $thin_namespace create job --from=cronjob/$thin_name retention-release-$job_started --dry-run=client -o yaml |"
  say "    kubectl set env --local -f - BACKUP_RELEASE='${releases# }' -o yaml | kubectl create -f -"
}

# forget_ids: forgets the snapshots of $work/ids, some thousands at once, and notes them in $work/removed.
forget_ids() {
  cat "$work/ids" >>"$work/removed"
  while [ -s "$work/ids" ]; do
    head -n 5000 "$work/ids" >"$work/some"
    sed 1,5000d "$work/ids" >"$work/others"
    # shellcheck disable=SC2046 # words of hex digits
    locked forget $(cat "$work/some")
    forget_code=$?
    [ "$forget_code" -eq 0 ] || return "$forget_code"
    mv "$work/others" "$work/ids"
  done
}

remove_all() {
  cut -f 3 "$work/verdict.remove" >"$work/ids"
  forget_ids
  remove_code=$?
  LC_ALL=C awk -F "$tab" '
    part == "unplanned" || part == "refuse" { left_alone[$2]; next }
    part == "remove" { removed[$2]++; next }
    !($1 in left_alone) { print $1 "\t" removed[$1] + 0 }' \
    part=unplanned "$work/unplanned" part=refuse "$work/verdict.refuse" part=remove "$work/verdict.remove" \
    part=groups "$work/groups" >"$work/thinned"
  while IFS=$tab read -r tag count; do
    say "tag $tag: $count snapshots to remove"
    metric backup_retention_refused gauge 0 tag "$tag"
    step "forget $tag" "$remove_code"
  done <"$work/thinned"
}

# remember: tells the Pushgateway what the next retention needs to know. Only once it is proved that what was to go is gone.
remember() {
  while IFS=$tab read -r _ tag cut known policy; do
    metric backup_retention_cut_timestamp_seconds gauge "$cut" tag "$tag"
    metric backup_retention_known_snapshots gauge "$known" tag "$tag"
    metric backup_retention_policy gauge "$policy" tag "$tag"
  done <"$work/verdict.state"
}
