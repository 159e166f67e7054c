# shellcheck shell=sh
# lib.sh: what the jobs of the backup fleet share. POSIX sh; sourced by backup.sh, dump.sh, retention.sh, restore-test.sh,
# mirror.sh and bootstrap.sh as `. "${0%/*}/lib.sh"`. Needs restic, and curl or wget for the reports.
#
# Environment, beside restic's own (RESTIC_REPOSITORY, RESTIC_PASSWORD, RESTIC_REST_USERNAME, AWS_ACCESS_KEY_ID, ...):
#   RESTIC_HOSTNAME        host of the snapshots and instance of the Pushgateway group; default: the pod's name without
#                          "backup-" and without the Job's suffixes, so that two targets never share one
#   RESTIC_REPOSITORY_ID   64 hex digits: the only repository that this job accepts; default: any
#   RESTIC_LOCK_WAIT       how long restic waits for a lock (10m)
#   RESTIC_PROBE_TIMEOUT   seconds within which the repository has to answer (60)
#   RESTIC_WITHOUT_LOCK    "true": no lock is taken nor removed, as it is right for reading a copy from which nothing is
#                          removed; its credentials need not be able to write then (false)
#   BACKUP_DEADLINE        the Job's activeDeadlineSeconds; the job ends itself 60 s earlier (short ones: at 90 %), counted
#                          from its own start: after a long dump, or when it is tried again, the Job's deadline is first
#   BACKUP_TERM_PATIENCE   seconds that a command gets to end after SIGTERM, before SIGKILL (40). The pod's grace period
#                          has to cover it, and 75 s for a hook, the locks and the reports
#   PLAN                   the job's plan, a file of function calls (/plan/plan.sh)
#   PUSHGATEWAY_ENABLED (false), PUSHGATEWAY_URL
#   NTFY_ENABLED (false), NTFY_TITLE ("$RESTIC_HOSTNAME - ... failed"), NTFY_CREDS ("-u user:password" or a token),
#   NTFY_PRIO (4), NTFY_TAG (bangbang), NTFY_SERVER, NTFY_TOPIC (backup)
#                          Without NTFY_SERVER nothing is sent: a forgotten variable must not publish a log on ntfy.sh.
#                          NTFY_TITLE is text; it is never run as a command.
#
# Exit codes. restic's own are kept: 1 failed, 3 snapshot made but incomplete, 10 no repository, 11 locked, 12 wrong
# password. 130 and 143: ended by SIGINT or SIGTERM. Those of the jobs:
#   64 wrong usage or configuration             70 no workspace
#   65 source missing, empty, not mounted       71 snapshots that had to be removed are still there
#   66 another repository than the pinned one   72 a restored snapshot failed a verify rule
#   67 repository or mirror cannot be read      73 snapshot shrank past the limit
#   68 a hook failed                            74 the retention refuses its plan
#   69 a program is missing or too old          75 snapshot missing or too old
#                                               76 there is a repository already
#                                               77 no room to restore
#   124 the inner time limit was reached
#
# Metrics, in the Pushgateway group job="backup", instance="$RESTIC_HOSTNAME":
# metric backup_duration_seconds gauge : run time of the job, in seconds
# metric backup_start_timestamp gauge : Unix time at which the run started
# metric backup_status gauge status: exit code of the run; status is success or failure
# metric backup_last_success_timestamp_seconds gauge : Unix time at which the last successful run ended; outlives failures
# metric backup_step_status gauge step: exit code of each step of the last run
# metric backup_repository_info gauge id: 1; id is the id of the repository that the run opened
# metric backup_repository_lock gauge holder: 1 for each lock that others held when the run began; holder="" is 0
# metric backup_snapshot_bytes gauge : backup.sh: size of the source in the last snapshot made
# metric backup_snapshot_files gauge : backup.sh: files of the source in the last snapshot made
# metric backup_repository_snapshots gauge tag: retention.sh: snapshots that a tag has after the run
# metric backup_repository_size_bytes gauge : retention.sh: size of what the repository's snapshots need
# metric backup_unowned_tag_snapshots gauge tag: retention.sh: snapshots of a tag that no target owns; tag="" has none
# metric backup_retention_refused gauge tag: retention.sh: 1 for each tag whose plan was refused
# metric backup_retention_foreign_snapshots gauge : retention.sh: snapshots with a target's tag, but another host or further tags; they are left as they are
# metric backup_retention_cut_timestamp_seconds gauge tag: retention.sh: Unix time up to which the last retention knew all snapshots of a tag
# metric backup_retention_known_snapshots gauge tag: retention.sh: snapshots of a tag from before that time that it left
# metric backup_retention_policy gauge tag: retention.sh: a number for the rules by which it thinned out a tag
# metric backup_restore_status gauge tag: restore-test.sh: 0 when the tag was restored and verified, else an exit code
# metric backup_restore_size_bytes gauge tag: restore-test.sh: bytes of the restored snapshot; 0 when not restored
# metric backup_restore_snapshot_age_seconds gauge tag: restore-test.sh: age of the newest snapshot; -1 when there is none
# metric backup_restore_timestamp gauge : restore-test.sh: Unix time at which the drill ended
# metric backup_mirror_status gauge : mirror.sh: exit code of the mirror run
# metric backup_mirror_timestamp gauge : mirror.sh: Unix time at which the mirror run ended
# metric backup_mirror_snapshots gauge : mirror.sh: snapshots of the source in this run

set -u

# shellcheck disable=SC2034 # used by the scripts that source this file
readonly EX_USAGE=64 EX_SOURCE=65 EX_OTHER_REPOSITORY=66 EX_UNREACHABLE=67 EX_HOOK=68 EX_PROGRAM=69 EX_WORKSPACE=70
# shellcheck disable=SC2034 # used by the scripts that source this file
readonly EX_NOT_REMOVED=71 EX_VERIFY=72 EX_SHRANK=73 EX_REFUSED=74 EX_SNAPSHOT=75 EX_EXISTS=76 EX_ROOM=77
readonly EX_LATE=124 UNBOUNDED=2592000

child=''
signal_code=0
job_code=0
restic_ended=false
takes_locks=true
work=''

say() { printf '%s\n' "$*"; }

is_number() { case $1 in '' | *[!0-9]*) return 1 ;; esac; }

# --- running commands ------------------------------------------------------------------------------------------------
# A shell that waits for a foreground command runs no trap; as PID 1 it would swallow SIGTERM. So each command runs in the
# background and is waited for, and a signal is handed on to it: restic then removes its lock.

on_signal() {
  signal_code=$1
  [ -z "$child" ] || end_child "$child"
}

end_child() {
  kill -s TERM "$1" 2>/dev/null
  [ -z "$killer" ] || return 0
  kill_later "$1" "$patience" </dev/null >/dev/null 2>&1 3>&- 4>&- &
  killer=$!
}

# In short naps, and ended by SIGKILL: a shell that was just forked can lose a SIGTERM, and one that is killed leaves its
# sleep behind, which then ends by itself.
nap() {
  naps=0
  while [ "$naps" -lt "$1" ]; do
    sleep 1
    naps=$((naps + 1))
  done
}

# kill_later PID SECONDS: asks PID once more to end, since it may have been about to start when it was asked first.
kill_later() {
  nap 2
  kill -s TERM "$1"
  nap "$2"
  kill -s KILL "$1"
}

# watch PID SECONDS: asks PID to end after SECONDS, and makes it end when it does not.
watch() {
  nap "$2"
  : >"$work/late"
  kill -s TERM "$1"
  nap "$patience"
  kill -s KILL "$1"
}

stop_watching() {
  kill -s KILL "$1" 2>/dev/null
  wait "$1" 2>/dev/null
}

# await PID SECONDS: PID's exit code; 124 when it had to be ended after SECONDS.
await() {
  rm -f "$work/late"
  watch "$1" "$2" </dev/null >/dev/null 2>&1 3>&- 4>&- &
  watcher=$!
  while :; do
    wait "$1"
    await_code=$?
    # A signal interrupts wait; the process then still exists, at least as a zombie that holds its code.
    [ "$await_code" -gt 128 ] && kill -0 "$1" 2>/dev/null && continue
    break
  done
  stop_watching "$watcher"
  [ -z "$killer" ] || stop_watching "$killer"
  killer=''
  [ ! -e "$work/late" ] || [ "$await_code" -eq 0 ] || return "$EX_LATE"
  return "$await_code"
}

# bounded SECONDS COMMAND [ARG...]: runs COMMAND, also after a signal (reports, hooks that clean up).
bounded() {
  bound=$1
  shift
  "$@" 3>&- 4>&- &
  child=$!
  await "$child" "$bound"
  bounded_code=$?
  child=''
  return "$bounded_code"
}

# run SECONDS COMMAND [ARG...]: as bounded, but within what is left of the job's time, and not at all after a signal.
run() {
  [ "$signal_code" -eq 0 ] || return "$signal_code"
  run_limit=$1
  run_left=$((job_end - $(date +%s)))
  [ "$run_left" -gt 0 ] || return "$EX_LATE"
  [ "$run_left" -ge "$run_limit" ] || run_limit=$run_left
  shift
  "$@" 3>&- 4>&- &
  child=$!
  [ "$signal_code" -eq 0 ] || end_child "$child"
  await "$child" "$run_limit"
  run_code=$?
  child=''
  [ "$run_code" -eq 0 ] || [ "$signal_code" -eq 0 ] || run_code=$signal_code
  case $1$run_code in "restic$EX_LATE" | restic129 | restic13[07] | restic143) restic_ended=true ;; esac
  [ "$run_code" -ne "$EX_LATE" ] || say "ended after $run_limit s: $1" >&2
  return "$run_code"
}

# --- the job ---------------------------------------------------------------------------------------------------------

default_hostname() {
  # shellcheck disable=SC3028 # not the shell's variable: the container runtime sets it
  pod=${HOSTNAME:-$(uname -n)}
  pod=$(printf '%s' "$pod" | sed 's/-[0-9]\{6,\}-[a-z0-9]\{5\}$//')
  printf '%s' "${pod#backup-}"
}

# job_start TITLE: begins the job; TITLE ends the default title of a notification.
job_start() {
  job_title=$1
  job_started=$(date +%s)
  job_end=$((job_started + UNBOUNDED))
  patience=${BACKUP_TERM_PATIENCE:-40}
  killer=''
  RESTIC_HOSTNAME=${RESTIC_HOSTNAME:-$(default_hostname)}
  lock_wait=${RESTIC_LOCK_WAIT:-10m}
  probe_limit=${RESTIC_PROBE_TIMEOUT:-60}
  work=$(mktemp -d "${TMPDIR:-/tmp}/backup.XXXXXX") && mkdir "$work/metrics" && mkfifo "$work/pipe" || exit "$EX_WORKSPACE"
  : >"$work/log" || exit "$EX_WORKSPACE"
  trap 'on_signal 143' TERM
  trap 'on_signal 130' INT
  trap 'on_signal 129' HUP
  trap job_finish EXIT
  exec 3>&1 4>&2
  tee -a "$work/log" <"$work/pipe" >&3 2>/dev/null 3>&- 4>&- &
  log_writer=$!
  exec >"$work/pipe" 2>&1
  for job_number in "$patience" "$probe_limit" "${BACKUP_DEADLINE:-0}"; do
    is_number "$job_number" || fail "$EX_USAGE" "not a number of seconds: $job_number"
  done
  job_limit=$((${BACKUP_DEADLINE:-0} * 9 / 10))
  [ "${BACKUP_DEADLINE:-0}" -lt 600 ] || job_limit=$((BACKUP_DEADLINE - 60))
  [ "$job_limit" -eq 0 ] || job_end=$((job_started + job_limit))
}

# fail CODE WORD...: ends the job.
fail() {
  fail_code=$1
  shift
  say "error: $*"
  exit "$fail_code"
}

# step NAME CODE: notes the result of a step; the first failure becomes the job's exit code.
step() {
  metric backup_step_status gauge "$2" step "$1"
  [ "$2" -eq 0 ] || say "step $1 failed with exit code $2"
  [ "$job_code" -ne 0 ] || job_code=$2
}

# Set by a script that has something to do, or metrics to add, before the report. Gets the exit code, may change job_code.
before_report() { :; }

# Which runs are reported: all, or failures (a job whose success another one reports).
report_runs=all

job_finish() {
  job_code=$?
  trap - EXIT
  # Not '': commands inherit an ignored signal, and then the reports could not be ended either.
  trap ':' TERM INT HUP
  before_report
  release_locks
  result=$job_code
  now=$(date +%s)
  if [ "$result" -eq 0 ]; then
    say "succeeded in $((now - job_started)) s"
    metric backup_status gauge 0 status success
    metric backup_last_success_timestamp_seconds gauge "$now"
  else
    say "failed with exit code $result after $((now - job_started)) s"
    metric backup_status gauge "$result" status failure
  fi
  metric backup_duration_seconds gauge "$((now - job_started))"
  metric backup_start_timestamp gauge "$job_started"
  exec >&3 2>&4
  await "$log_writer" 5 2>/dev/null
  if [ "$result" -ne 0 ] || [ "$report_runs" = all ]; then push_metrics; fi
  [ "$result" -eq 0 ] || notify
  rm -rf "$work"
  exit "$result"
}

# A restic that was ended while it made its lock, or that had to be killed, leaves the lock. It names this host and a
# process that is gone, so unlock knows it as stale.
release_locks() {
  [ "$restic_ended" = true ] && [ "$takes_locks" = true ] || return 0
  bounded 15 restic unlock
  [ -n "${RESTIC_FROM_REPOSITORY:-}" ] || return 0
  export RESTIC_REPOSITORY="$RESTIC_FROM_REPOSITORY" RESTIC_PASSWORD="$RESTIC_FROM_PASSWORD"
  bounded 15 restic unlock
}

load_plan() {
  plan=${PLAN:-/plan/plan.sh}
  case $plan in */*) ;; *) plan=./$plan ;; esac
  [ -r "$plan" ] || fail "$EX_USAGE" "the plan $plan cannot be read"
  # shellcheck source=/dev/null
  . "$plan"
}

# --- metrics and notifications: best effort, each on its own ------------------------------------------------------------

escape_label() { printf '%s' "$1" | sed 's/\\/\\\\/g; s/"/\\"/g' | tr '\n' ' '; }

# Use: metric NAME TYPE VALUE [LABEL VALUE]
metric() {
  metric_file=$work/metrics/$1
  [ -e "$metric_file" ] || printf '# TYPE %s %s\n' "$1" "$2" >"$metric_file"
  if [ $# -gt 3 ]; then
    printf '%s{%s="%s"} %s\n' "$1" "$4" "$(escape_label "$5")" "$3" >>"$metric_file"
  else
    printf '%s %s\n' "$1" "$3" >>"$metric_file"
  fi
}

group_path() {
  case $RESTIC_HOSTNAME in
    *[!A-Za-z0-9._-]*) printf 'instance@base64/%s' "$(printf '%s' "$RESTIC_HOSTNAME" | base64 | tr -d '\n=' | tr '+/' '-_')" ;;
    *) printf 'instance/%s' "$RESTIC_HOSTNAME" ;;
  esac
}

# A success replaces the whole group (PUT), which clears what an earlier failure left. A failure replaces only the metrics
# that it brings (POST), so the time of the last success survives it. busybox wget knows only POST.
push_metrics() {
  [ "${PUSHGATEWAY_ENABLED:-false}" = true ] || return 0
  if [ -z "${PUSHGATEWAY_URL:-}" ]; then
    say 'metrics not pushed: PUSHGATEWAY_URL is not set'
    return 0
  fi
  cat "$work"/metrics/* >"$work/body"
  push_method=POST
  [ "$result" -ne 0 ] || push_method=PUT
  send "$push_method" "${PUSHGATEWAY_URL%/}/metrics/job/backup/$(group_path)" '' || say "metrics not pushed (exit code $?)"
}

one_line() { printf '%s' "$1" | tr -d '\000-\037\177'; }

notify() {
  [ "${NTFY_ENABLED:-false}" = true ] || return 0
  if [ -z "${NTFY_SERVER:-}" ]; then
    say 'no notification sent: NTFY_SERVER is not set'
    return 0
  fi
  # ntfy takes 4096 bytes; a first line that is cut could start within a character.
  if [ "$(wc -c <"$work/log")" -gt 4000 ]; then
    tail -c 4000 "$work/log" | sed 1d >"$work/body"
    [ -s "$work/body" ] || tail -c 4000 "$work/log" >"$work/body"
  else
    cat "$work/log" >"$work/body"
  fi
  case $NTFY_SERVER in *://*) ntfy_url=$NTFY_SERVER ;; *) ntfy_url=https://$NTFY_SERVER ;; esac
  ntfy_user=${NTFY_CREDS:-}
  ntfy_user=${ntfy_user#--user}
  ntfy_user=${ntfy_user#-u}
  ntfy_user=${ntfy_user#[ =]}
  case $ntfy_user in tk_*) ntfy_user=:$ntfy_user ;; esac
  send POST "${ntfy_url%/}/${NTFY_TOPIC:-backup}" "$ntfy_user" \
    "Title: $(one_line "${NTFY_TITLE:-$RESTIC_HOSTNAME - $job_title}")" \
    "Priority: $(one_line "${NTFY_PRIO:-4}")" "Tags: $(one_line "${NTFY_TAG:-bangbang}")" \
    || say "no notification sent (exit code $?)"
}

config_value() { printf '"%s"' "$(printf '%s' "$1" | sed 's/\\/\\\\/g; s/"/\\"/g')"; }

# send METHOD URL USER:PASSWORD [HEADER...]: sends $work/body. curl reads all of it from a file, so no secret is in an
# argument list; wget has no such way.
send() {
  send_method=$1 send_url=$2 send_user=$3
  shift 3
  if command -v curl >/dev/null 2>&1; then
    {
      printf 'url = %s\nrequest = "%s"\ndata-binary = "@%s"\n' "$(config_value "$send_url")" "$send_method" "$work/body"
      [ -z "$send_user" ] || printf 'user = %s\n' "$(config_value "$send_user")"
      printf 'header = "Content-Type: text/plain; charset=utf-8"\n'
      for send_header in "$@"; do printf 'header = %s\n' "$(config_value "$send_header")"; done
      printf 'connect-timeout = 5\nmax-time = 10\nretry = 1\nfail\nsilent\nshow-error\noutput = "/dev/null"\n'
    } >"$work/curl"
    bounded 15 curl -q -K "$work/curl"
  elif command -v wget >/dev/null 2>&1; then
    [ -z "$send_user" ] || set -- "$@" "Authorization: Basic $(printf '%s' "$send_user" | base64 | tr -d '\n')"
    for send_header in "$@"; do
      shift
      set -- "$@" --header "$send_header"
    done
    bounded 15 wget -q -O /dev/null --post-file "$work/body" "$@" "$send_url"
  else
    say 'neither curl nor wget was found'
    return "$EX_PROGRAM"
  fi
}

# --- restic ----------------------------------------------------------------------------------------------------------

need_program() { command -v "$1" >/dev/null 2>&1 || fail "$EX_PROGRAM" "$1 was not found on PATH"; }

# restic_at_least MAJOR MINOR PATCH
restic_at_least() {
  printf '%s\n' "$restic_version" | {
    IFS=. read -r have_major have_minor have_patch
    have_patch=${have_patch%%[!0-9]*}
    [ $((have_major * 1000000 + have_minor * 1000 + ${have_patch:-0})) -ge $(($1 * 1000000 + $2 * 1000 + $3)) ]
  }
}

need_restic() {
  need_program restic
  [ -n "${RESTIC_REPOSITORY:-}" ] || fail "$EX_USAGE" 'RESTIC_REPOSITORY is not set'
  restic_version=$(restic version 2>&1 | sed -n 's/^restic \([0-9][0-9]*\.[0-9][0-9]*\.[0-9][0-9]*\).*/\1/p')
  [ -n "$restic_version" ] || fail "$EX_PROGRAM" 'restic does not tell its version'
  restic_at_least 0 17 1 || fail "$EX_PROGRAM" "restic $restic_version is too old: 0.17.1 or newer is needed for its exit codes"
}

without_password() { printf '%s' "$1" | sed 's#//[^/@]*@#//***@#'; }

# probe PINNED_ID [OPTION...]: can the repository be opened, and is it the pinned one? Sets repository_id. Takes no lock.
probe() {
  pinned=$1
  shift
  run "$probe_limit" restic "$@" cat config --no-lock >"$work/probe.out" 2>"$work/probe.err"
  probe_code=$?
  [ "$probe_code" -eq 0 ] || cat "$work/probe.out" "$work/probe.err"
  case $probe_code in
    0) ;;
    10) say 'error: there is no repository at this place; a recurring job never creates one' ;;
    12) say 'error: the password does not open the repository' ;;
    129 | 130 | 143) ;;
    *)
      say "error: the repository cannot be read (exit code $probe_code, at most $probe_limit s)"
      # It took no lock, and a server that does not answer would not let go of one either.
      restic_ended=false
      probe_code=$EX_UNREACHABLE
      ;;
  esac
  [ "$probe_code" -eq 0 ] || return "$probe_code"
  repository_id=$(sed -n 's/.*"id": *"\([0-9a-f]\{64\}\)".*/\1/p' "$work/probe.out")
  [ -z "$pinned" ] || [ "$pinned" = "$repository_id" ] || {
    say "error: this is the repository $repository_id, expected was $pinned"
    return "$EX_OTHER_REPOSITORY"
  }
}

# use_mirror: from here on restic opens the copy.
use_mirror() {
  export RESTIC_REPOSITORY="$MIRROR_RESTIC_REPOSITORY" RESTIC_PASSWORD="${MIRROR_RESTIC_PASSWORD:-${RESTIC_PASSWORD:-}}"
  [ -z "${MIRROR_AWS_ACCESS_KEY_ID:-}" ] || export AWS_ACCESS_KEY_ID="$MIRROR_AWS_ACCESS_KEY_ID" \
    AWS_SECRET_ACCESS_KEY="${MIRROR_AWS_SECRET_ACCESS_KEY:-}"
}

# open_repository: probes the repository and removes stale locks (only stale ones: never --remove-all); or ends the job.
open_repository() {
  say "repository $(without_password "$RESTIC_REPOSITORY"), restic $restic_version"
  probe "${RESTIC_REPOSITORY_ID:-}"
  open_code=$?
  step probe "$open_code"
  [ "$open_code" -eq 0 ] || exit "$open_code"
  metric backup_repository_info gauge 1 id "$repository_id"
  [ "${RESTIC_WITHOUT_LOCK:-false}" = true ] || clear_locks
}

# clear_locks: removes stale locks, and reports whose the others are. A lock does not tell since when it is held: restic
# writes it anew every five minutes.
clear_locks() {
  metric backup_repository_lock gauge 0 holder ''
  ! list_locks || [ -s "$work/locks" ] || return 0
  run 300 restic unlock
  unlock_code=$?
  step unlock "$unlock_code"
  [ "$unlock_code" -eq 0 ] && list_locks || return 0
  while IFS= read -r lock_id; do
    # One that is gone by now is none.
    run 60 restic cat lock "$lock_id" --no-lock >"$work/lock" 2>/dev/null || continue
    lock_of=$(lock_holder "$work/lock")
    say "locked by $lock_of"
    metric backup_repository_lock gauge 1 holder "$lock_of"
  done <"$work/locks"
}

# Five of them say enough.
list_locks() {
  run 60 restic list locks --no-lock >"$work/locks.out" || return
  grep -E '^[0-9a-f]{64}$' "$work/locks.out" | head -n 5 >"$work/locks"
}

# lock_holder FILE: prints whose lock it is, from restic's JSON.
lock_holder() {
  lock_kind=shared
  ! grep -q '"exclusive": *true' "$1" || lock_kind=exclusive
  printf '%s@%s, process %s, %s' "$(lock_field username "$1")" "$(lock_field hostname "$1")" \
    "$(sed -n 's/.*"pid": *\([0-9]*\).*/\1/p' "$1")" "$lock_kind"
}

lock_field() { sed -n "s/.*\"$1\": *\"\([^\"\\\\]*\)\".*/\\1/p" "$2"; }

# locked COMMAND [ARG...]: a restic command that waits for the repository's lock.
locked() {
  if [ "${RESTIC_WITHOUT_LOCK:-false}" = true ]; then
    set -- "$@" --no-lock
  else
    set -- "$@" --retry-lock "$lock_wait"
  fi
  run "$UNBOUNDED" restic "$@"
}

# rotating_part N DAYS: prints "k/N", another k at each run of a job that runs every DAYS, so that N runs read everything.
rotating_part() { printf '%s/%s' "$((job_started / 86400 / $2 % $1 + 1))" "$1"; }

# list_snapshots FILE [OPTION...]: writes restic's JSON list to FILE.
list_snapshots() {
  list_file=$1
  shift
  run 600 restic snapshots --json --no-lock "$@" >"$list_file"
}

# Puts each snapshot of restic's one-line JSON on a line of its own. Within a JSON string the quotes would be escaped, so
# the searched text cannot be part of a value.
split_snapshots() {
  sed 's/{"time":"/\
&/g; s/"remove":/\
&/g; s/"reasons":/\
&/g; s/"keep":/\
&/g' "$1"
}

# Functions of awk for such a line: is_snapshot(), epoch(), id(), bytes() and files() (-1: not known), group() (its host,
# paths, tags and excludes), and read_tags(), which sets tag[1] to tag[tags].
# shellcheck disable=SC2016,SC2034 # awk's own `$`; used by the scripts that source this file
snapshot_awk='
  function is_snapshot() { return /^[{]"time":"/ }
  function id() { return match($0, /[,{]"id":"[0-9a-f]+"/) ? substr($0, RSTART + 7, RLENGTH - 8) : "" }
  function bytes() {
    return match($0, /"total_bytes_processed":[0-9]+/) ? substr($0, RSTART + 24, RLENGTH - 24) + 0 : -1
  }
  function files() {
    return match($0, /"total_files_processed":[0-9]+/) ? substr($0, RSTART + 24, RLENGTH - 24) + 0 : -1
  }
  function group(   from, to, text) {
    from = index($0, ",\"paths\":"); to = index($0, ",\"program_version\":")
    text = substr($0, from, to - from)
    sub(/,"original":"[0-9a-f]+"$/, "", text)
    return text
  }
  function epoch(   t, y, m, d, zone) {
    t = substr($0, 10); t = substr(t, 1, index(t, "\"") - 1)
    y = substr(t, 1, 4) + 0; m = substr(t, 6, 2) + 0; d = substr(t, 9, 2) + 0
    zone = 0
    if (t !~ /Z$/) {
      zone = substr(t, length(t) - 4, 2) * 3600 + substr(t, length(t) - 1, 2) * 60
      if (substr(t, length(t) - 5, 1) == "-") zone = -zone
    }
    if (m < 3) { y--; m += 12 }
    d += 365 * y + int(y / 4) - int(y / 100) + int(y / 400) + int((153 * (m - 3) + 2) / 5) - 719469
    return d * 86400 + substr(t, 12, 2) * 3600 + substr(t, 15, 2) * 60 + substr(t, 18, 2) - zone
  }
  function read_tags(   at, c, word, inside, escaped) {
    tags = 0
    at = index($0, "\"tags\":[")
    if (!at) return
    for (at += 8; at <= length($0); at++) {
      c = substr($0, at, 1)
      if (!inside) { if (c == "]") return; if (c == "\"") { inside = 1; word = "" } continue }
      if (c == "\"") { tag[++tags] = word; inside = 0; continue }
      if (c != "\\") { word = word c; continue }
      escaped = substr($0, ++at, 1)
      if (escaped == "u" && substr($0, at + 1, 4) in plain) { word = word plain[substr($0, at + 1, 4)]; at += 4 }
      else if (escaped == "\"" || escaped == "\\") word = word escaped
      else word = word "\\" escaped
    }
  }
  BEGIN { plain["003c"] = "<"; plain["003e"] = ">"; plain["0026"] = "&" }'

# smaller_by LIST ID PERCENT: is the snapshot of that id, or of the one that begins so, more than PERCENT smaller than the
# one before it? That is the newest other one of its group. Says so then; false when there is nothing to compare.
smaller_by() {
  smaller=$(split_snapshots "$1" | id=$2 percent=$3 awk "$snapshot_awk"'
    !is_snapshot() || bytes() < 0 { next }
    index(id(), ENVIRON["id"]) == 1 {
      if (bytes() * 100 < last[group()] * (100 - ENVIRON["percent"])) printf "%.0f %.0f", bytes(), last[group()]
      exit
    }
    { last[group()] = bytes() }')
  [ -n "$smaller" ] || return 1
  say "error: snapshot $2 holds ${smaller% *} bytes, the one before it ${smaller#* }: more than $3 % less"
}

snapshot_ids() { split_snapshots "$1" | sed -n '/^{"time":"/s/.*[,{]"id":"\([0-9a-f]\{64\}\)".*/\1/p'; }
