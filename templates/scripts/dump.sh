#!/bin/sh
# shellcheck disable=SC2329 # lib.sh calls functions of this file
# dump.sh: writes what a command in a running pod prints to a file, for the backup that follows.
#
#   dump.sh NAMESPACE SELECTOR CONTAINER FILE -- COMMAND [ARG...]
#
# CONTAINER may be empty (the pod's default one). Exactly one running, ready pod has to match SELECTOR. FILE is replaced
# only by a complete dump. Needs kubectl here and a shell in the pod; lib.sh documents the environment. Reports failures
# only: the backup that follows reports the success.
#
# Environment, beside lib.sh's:
#   DUMP_KIND   what the dump begins with: xbstream or pgdump; default: not looked at
#
# `kubectl exec` ends with 0 when its stream breaks off. So the shell in the pod prints a mark of this run after the command
# has succeeded, and a dump that does not end with it is not complete.

. "${0%/*}/lib.sh"
# shellcheck source=dumps.sh
. "${0%/*}/dumps.sh"

pod_list='{range .items[*]}{.metadata.name}{" "}{.status.phase}{" "}{.status.conditions[?(@.type=="Ready")].status}{" "}{.metadata.deletionTimestamp}{"\n"}{end}'

# find_pod NAMESPACE SELECTOR: sets pod.
find_pod() {
  run 60 kubectl --namespace "$1" get pods --selector "$2" --output "jsonpath=$pod_list" >"$work/pods"
  find_code=$?
  [ "$signal_code" -eq 0 ] || exit "$signal_code"
  [ "$find_code" -eq 0 ] || fail "$EX_DUMP" "the pods of $1 could not be listed (exit code $find_code)"
  pod=$(sed -n 's/^\([^ ]*\) Running True *$/\1/p' "$work/pods")
  case $pod in
    '') fail "$EX_SOURCE" "no running, ready pod in $1 matches $2" ;;
    *'
'*) fail "$EX_SOURCE" "more than one running, ready pod in $1 matches $2:" "$(printf '%s' "$pod" | tr '\n' ' ')" ;;
  esac
}

before_report() { [ -z "${new_file:-}" ] || rm -f "$new_file"; }

# make_new_file FILE: sets new_file: a file of this run's own beside FILE, since a second run may be under way. What a killed
# one has left is removed after two days.
make_new_file() {
  find "${1%/*}/." ! -name . -prune -type f -name "${1##*/}.new*" -mtime +1 -exec rm -f {} + 2>/dev/null
  umask 077
  new_file=$(mktemp "$1.new.XXXXXX") || fail "$EX_DUMP" "no file can be made beside $1"
}

# The command's own exit code goes through; it must not be taken for one of the job's.
# shellcheck disable=SC2016 # the shell in the pod expands them
in_pod='mark=$1
shift
"$@" || exit
printf "\n%s" "$mark"'

# take_mark: cuts the mark off new_file; false when it does not end with it.
take_mark() {
  [ "$(tail -c "$((${#mark} + 1))" "$new_file" | tr -d '\000')" = "$line_break$mark" ] || return
  dump_size=$(($(wc -c <"$new_file") - ${#mark} - 1))
  dd of="$new_file" bs=1 seek="$dump_size" count=0 </dev/null 2>/dev/null
  [ "$(wc -c <"$new_file")" -eq "$dump_size" ]
}

# exec_in_pod POD ARG...
exec_in_pod() { run "$UNBOUNDED" kubectl --namespace "$namespace" exec "$@" >"$new_file"; }

main() {
  job_start 'Dump failed'
  # shellcheck disable=SC2034 # lib.sh reads it
  report_runs=failures
  [ $# -ge 6 ] && [ "$5" = -- ] \
    || fail "$EX_USAGE" 'usage: dump.sh NAMESPACE SELECTOR CONTAINER FILE -- COMMAND [ARG...]'
  need_program kubectl
  namespace=$1 selector=$2 container=$3 file=$4
  case $file in */*) ;; *) file=./$file ;; esac
  shift 5
  find_pod "$namespace" "$selector"
  mark=$(head -c 16 /dev/urandom | od -An -v -tx1 | tr -cd '0-9a-f')
  [ ${#mark} -eq 32 ] || fail "$EX_WORKSPACE" 'no random mark could be made'
  set -- sh -c "$in_pod" sh "$mark" "$@"
  make_new_file "$file"
  if [ -n "$container" ]; then exec_in_pod "$pod" --container "$container" -- "$@"; else exec_in_pod "$pod" -- "$@"; fi
  dump_code=$?
  note dump "$dump_code"
  [ "$signal_code" -eq 0 ] || exit "$signal_code"
  [ "$ended_late" = false ] || exit "$EX_LATE"
  [ "$dump_code" -eq 0 ] || fail "$EX_DUMP" "the dump failed with exit code $dump_code; the one before it is kept"
  keep_dump
  say "dumped $dump_size bytes from $pod to $file"
  exit "$job_code"
}

keep_dump() {
  take_mark || fail "$EX_DUMP" 'the dump is not complete: the stream from the pod broke off; the one before it is kept'
  [ "$dump_size" -gt 0 ] || fail "$EX_SOURCE" 'the command printed nothing; the dump before it is kept'
  is_kind "$new_file" "${DUMP_KIND:-}" || fail "$EX_DUMP" 'the dump before it is kept'
  is_whole "$new_file" || fail "$EX_DUMP" 'the dump before it is kept'
  mv -f "$new_file" "$file" || fail "$EX_DUMP" "the dump could not be moved to $file"
  new_file=''
}

main "$@"
