#!/bin/sh
# shellcheck disable=SC2329 # lib.sh calls functions of this file
# dump.sh: writes what a command in a running pod prints to a file, for the backup that follows.
#
#   dump.sh NAMESPACE SELECTOR CONTAINER FILE -- COMMAND [ARG...]
#
# CONTAINER may be empty (the pod's default one). Exactly one running, ready pod has to match SELECTOR. FILE is replaced
# only by a complete dump. Needs kubectl; lib.sh documents the environment. Reports failures only: the backup that follows
# reports the success.

. "${0%/*}/lib.sh"

pod_list='{range .items[*]}{.metadata.name}{" "}{.status.phase}{" "}{.status.conditions[?(@.type=="Ready")].status}{" "}{.metadata.deletionTimestamp}{"\n"}{end}'

# find_pod NAMESPACE SELECTOR: sets pod.
find_pod() {
  run 60 kubectl --namespace "$1" get pods --selector "$2" --output "jsonpath=$pod_list" >"$work/pods"
  find_code=$?
  [ "$find_code" -eq 0 ] || fail "$find_code" "the pods of $1 could not be listed"
  pod=$(sed -n 's/^\([^ ]*\) Running True *$/\1/p' "$work/pods")
  case $pod in
    '') fail "$EX_SOURCE" "no running, ready pod in $1 matches $2" ;;
    *'
'*) fail "$EX_SOURCE" "more than one running, ready pod in $1 matches $2:" "$(printf '%s' "$pod" | tr '\n' ' ')" ;;
  esac
}

before_report() { [ -z "${new_file:-}" ] || rm -f "$new_file"; }

main() {
  job_start 'Dump failed'
  # shellcheck disable=SC2034 # lib.sh reads it
  report_runs=failures
  [ $# -ge 6 ] && [ "$5" = -- ] \
    || fail "$EX_USAGE" 'usage: dump.sh NAMESPACE SELECTOR CONTAINER FILE -- COMMAND [ARG...]'
  need_program kubectl
  namespace=$1 selector=$2 container=$3 file=$4
  shift 5
  find_pod "$namespace" "$selector"
  [ -z "$container" ] || set -- --container "$container" -- "$@"
  [ -n "$container" ] || set -- -- "$@"
  new_file=$file.new
  run "$UNBOUNDED" kubectl --namespace "$namespace" exec "$pod" "$@" >"$new_file"
  dump_code=$?
  step dump "$dump_code"
  [ "$dump_code" -eq 0 ] || exit "$dump_code"
  [ -s "$new_file" ] || fail "$EX_SOURCE" 'the command printed nothing; the dump before it is kept'
  mv -f "$new_file" "$file" || fail "$EX_SOURCE" "the dump could not be moved to $file"
  say "dumped $(wc -c <"$file") bytes from $pod to $file"
  exit "$job_code"
}

main "$@"
