# shellcheck shell=sh
# lib.sh: what the jobs of the backup fleet share. POSIX sh; sourced by backup.sh, dump.sh, retention.sh, restore-test.sh,
# mirror.sh and bootstrap.sh as `. "${0%/*}/lib.sh"`. Needs restic, and curl or wget for the reports. It sources report.sh
# (metrics, notifications), locks.sh (restic's locks) and snapshots.sh (restic's lists).
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
#                          has to cover it, 45 s for the locks and the reports, and BACKUP_HOOK_TIMEOUT
#   BACKUP_HOOK_TIMEOUT    seconds that a hook after a backup gets at least (30); see backup.sh
#   BACKUP_LONGEST_RUN     after so many seconds each of the fleet's runs has ended, counted from its slot (86400)
#   BACKUP_LOCK_PATIENCE   seconds after which a lock that nobody has written anew is a dead process' (330)
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
#   65 source missing, empty, not mounted       71 what had to be removed is still there
#   66 another repository than the pinned one   72 a restored snapshot failed a verify rule
#   67 repository or mirror cannot be read      73 snapshot shrank past the limit
#   68 a hook failed                            74 the retention refuses its plan
#   69 a program is missing or too old          75 snapshot missing or too old
#                                               76 there is a repository already
#                                               77 no room to restore
#                                               78 a dump failed or is not complete
#                                               79 what was restored cannot be judged here
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
# metric backup_vanished_files gauge : backup.sh: files that went away while the source was read
# metric backup_repository_snapshots gauge tag: retention.sh: snapshots that a tag has after the run
# metric backup_repository_size_bytes gauge : retention.sh: size of what the repository's snapshots need
# metric backup_unowned_tag_snapshots gauge tag: retention.sh: snapshots of a tag that no target owns; tag="" has none
# metric backup_retention_refused gauge tag: retention.sh: 1 where the plan of a tag was refused, else 0
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

# PID 1 gets no signal that it has no handler for: what comes before the job has begun is remembered.
signal_code=0
trap 'signal_code=143' TERM
trap 'signal_code=130' INT
trap 'signal_code=129' HUP

# shellcheck disable=SC2034 # used by the scripts that source this file
readonly EX_USAGE=64 EX_SOURCE=65 EX_OTHER_REPOSITORY=66 EX_UNREACHABLE=67 EX_HOOK=68 EX_PROGRAM=69 EX_WORKSPACE=70
# shellcheck disable=SC2034 # used by the scripts that source this file
readonly EX_NOT_REMOVED=71 EX_VERIFY=72 EX_SHRANK=73 EX_REFUSED=74 EX_SNAPSHOT=75 EX_EXISTS=76 EX_ROOM=77
# shellcheck disable=SC2034 # used by the scripts that source this file
readonly EX_DUMP=78 EX_UNJUDGED=79
readonly EX_LATE=124 UNBOUNDED=2592000

child=''
job_code=0
restic_ended=false
takes_locks=true
work=''

# shellcheck source=report.sh
. "${0%/*}/report.sh"
# shellcheck source=locks.sh
. "${0%/*}/locks.sh"
# shellcheck source=snapshots.sh
. "${0%/*}/snapshots.sh"

say() { printf '%s\n' "$*"; }

is_number() { case $1 in '' | *[!0-9]*) return 1 ;; esac; }

# --- running commands ------------------------------------------------------------------------------------------------
# A shell that waits for a foreground command runs no trap; as PID 1 it would swallow SIGTERM. So each command runs in the
# background and is waited for, and a signal is handed on to it: restic then removes its lock. COMMAND may be a function:
# what looks at a source or at restored files is run this way too, since a mount may hang.

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
  give_up "$1"
}

# give_up PID: a process that waits for a dead disk does not even end by SIGKILL. USR1 ends the job's waiting for it.
give_up() {
  kill -s KILL "$1"
  nap 5
  : >"$work/stuck"
  kill -s USR1 $$
}

# watch PID SECONDS: asks PID to end after SECONDS, and makes it end when it does not.
watch() {
  nap "$2"
  : >"$work/late"
  kill -s TERM "$1"
  nap "$patience"
  give_up "$1"
}

stop_watching() {
  kill -s KILL "$1" 2>/dev/null
  wait "$1" 2>/dev/null
}

# await PID SECONDS: PID's exit code; 124 when it had to be ended after SECONDS, and ended_late is true then.
await() {
  rm -f "$work/late" "$work/stuck"
  watch "$1" "$2" </dev/null >/dev/null 2>&1 3>&- 4>&- &
  watcher=$!
  while :; do
    wait "$1"
    await_code=$?
    # A signal interrupts wait; the process then still exists, at least as a zombie that holds its code. What wait says then
    # is of no use: within the trap of EXIT dash says 0.
    [ "$await_code" -ne 127 ] && kill -0 "$1" 2>/dev/null && [ ! -e "$work/stuck" ] && continue
    break
  done
  stop_watching "$watcher"
  [ -z "$killer" ] || stop_watching "$killer"
  killer=''
  ended_late=false
  [ ! -e "$work/stuck" ] || say "process $1 does not end; it is left behind" >&2
  [ ! -e "$work/late" ] || [ "$await_code" -eq 0 ] || { ended_late=true; return "$EX_LATE"; }
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
  ended_late=true
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
  # With any other code than those that it documents, restic has not ended by itself, and its lock may be left.
  case $1$run_code in
    restic0 | restic1 | restic3 | restic10 | restic11 | restic12) ;;
    restic[0-9]*) restic_ended=true ;;
  esac
  [ "$ended_late" = false ] || say "ended after $run_limit s: $1" >&2
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
  hook_limit=${BACKUP_HOOK_TIMEOUT:-30}
  killer='' ended_late=false
  RESTIC_HOSTNAME=${RESTIC_HOSTNAME:-$(default_hostname)}
  lock_wait=${RESTIC_LOCK_WAIT:-10m}
  lock_patience=${BACKUP_LOCK_PATIENCE:-330}
  probe_limit=${RESTIC_PROBE_TIMEOUT:-60}
  trap 'on_signal 143' TERM
  trap 'on_signal 130' INT
  trap 'on_signal 129' HUP
  trap ':' USR1
  trap job_finish EXIT
  exec 3>&1 4>&2
  make_workspace || fail "$EX_WORKSPACE" "no folder can be made in ${TMPDIR:-/tmp}; it is full, or must not be written to"
  # Opened for both ways first: to open a pipe that nobody reads blocks, and a signal then ends the shell.
  exec 5<>"$work/pipe"
  tee -a "$work/log" <"$work/pipe" >&3 2>/dev/null 3>&- 4>&- 5>&- &
  log_writer=$!
  exec >"$work/pipe" 2>&1 5>&-
  for job_number in "$patience" "$probe_limit" "$hook_limit" "$lock_patience" "${BACKUP_DEADLINE:-0}"; do
    is_number "$job_number" || fail "$EX_USAGE" "not a number of seconds: $job_number"
  done
  job_limit=$((${BACKUP_DEADLINE:-0} * 9 / 10))
  [ "${BACKUP_DEADLINE:-0}" -lt 600 ] || job_limit=$((BACKUP_DEADLINE - 60))
  [ "$hook_limit" -le 30 ] || job_limit=$((job_limit - hook_limit + 30))
  [ "${BACKUP_DEADLINE:-0}" -eq 0 ] || job_end=$((job_started + job_limit))
  [ "$signal_code" -eq 0 ] || exit "$signal_code"
}

# Sets work: a folder of the job's own. What was written there proves that something can be.
make_workspace() {
  work_made=$(mktemp -d "${TMPDIR:-/tmp}/backup.XXXXXX" 2>/dev/null) || return
  mkfifo "$work_made/pipe" 2>/dev/null && echo begin 2>/dev/null >"$work_made/log" && [ -s "$work_made/log" ] || {
    rm -rf "$work_made"
    return 1
  }
  : >"$work_made/log"
  work=$work_made
}

# fail CODE WORD...: ends the job.
fail() {
  fail_code=$1
  shift
  complain "$@"
  exit "$fail_code"
}

# complain WORD...: says an error, and keeps it for a notification that has no log.
complain() {
  last_error="error: $*"
  say "$last_error"
}

# step NAME CODE: notes the result of a step; the first failure becomes the job's exit code.
step() {
  note "$1" "$2"
  [ "$job_code" -ne 0 ] || job_code=$2
}

# note NAME CODE: as step, of something without which the job is none the worse.
note() {
  metric backup_step_status gauge "$2" step "$1"
  [ "$2" -eq 0 ] || say "step $1 failed with exit code $2"
}

# Set by a script that has something to do, or metrics to add, before the report. Gets the exit code, may change job_code.
before_report() { :; }

# Which runs are reported: all, or failures (a job whose success another one reports).
report_runs=all

job_finish() {
  job_code=$?
  trap - EXIT
  # Not '': commands inherit an ignored signal, and then the reports could not be ended either.
  trap 'on_late_signal' TERM INT HUP
  before_report
  release_locks
  result=$job_code
  now=$(date +%s)
  if [ "$result" -eq 0 ]; then
    last_line="succeeded in $((now - job_started)) s"
    metric backup_status gauge 0 status success
    metric backup_last_success_timestamp_seconds gauge "$now"
  else
    last_line="failed with exit code $result after $((now - job_started)) s"
    metric backup_status gauge "$result" status failure
  fi
  say "$last_line"
  metric backup_duration_seconds gauge "$((now - job_started))"
  metric backup_start_timestamp gauge "$job_started"
  exec >&3 2>&4
  [ -z "$work" ] || await "$log_writer" 5 2>/dev/null
  if [ "$result" -ne 0 ] || [ "$report_runs" = all ]; then push_metrics; fi
  [ "$result" -eq 0 ] || notify
  [ -z "$work" ] || rm -rf "$work"
  exit "$result"
}

# A hook that takes its time has little of it left then. Everything else that runs now is short.
on_late_signal() {
  [ -n "$child" ] && [ -z "$killer" ] || return 0
  hurry "$child" </dev/null >/dev/null 2>&1 3>&- 4>&- &
  killer=$!
}

hurry() {
  nap "$hook_limit"
  kill -s TERM "$1"
  nap 5
  give_up "$1"
}

load_plan() {
  plan=${PLAN:-/plan/plan.sh}
  case $plan in */*) ;; *) plan=./$plan ;; esac
  [ -r "$plan" ] || fail "$EX_USAGE" "the plan $plan cannot be read"
  # shellcheck source=/dev/null
  . "$plan"
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
    10) complain 'there is no repository at this place; a recurring job never creates one' ;;
    12) complain 'the password does not open the repository' ;;
    129 | 130 | 143) ;;
    *)
      complain "the repository cannot be read (exit code $probe_code, at most $probe_limit s)"
      # It took no lock, and a server that does not answer would not let go of one either.
      restic_ended=false
      probe_code=$EX_UNREACHABLE
      ;;
  esac
  [ "$probe_code" -eq 0 ] || return "$probe_code"
  repository_id=$(sed -n 's/.*"id": *"\([0-9a-f]\{64\}\)".*/\1/p' "$work/probe.out")
  [ -n "$repository_id" ] || {
    complain "the repository's id could not be written down; ${TMPDIR:-/tmp} may be full"
    return "$EX_WORKSPACE"
  }
  [ -z "$pinned" ] || [ "$pinned" = "$repository_id" ] || {
    complain "this is the repository $repository_id, expected was $pinned"
    return "$EX_OTHER_REPOSITORY"
  }
}

# use_mirror: from here on restic opens the copy.
use_mirror() {
  export RESTIC_REPOSITORY="$MIRROR_RESTIC_REPOSITORY" RESTIC_PASSWORD="${MIRROR_RESTIC_PASSWORD:-${RESTIC_PASSWORD:-}}"
  [ -z "${MIRROR_AWS_ACCESS_KEY_ID:-}" ] || export AWS_ACCESS_KEY_ID="$MIRROR_AWS_ACCESS_KEY_ID" \
    AWS_SECRET_ACCESS_KEY="${MIRROR_AWS_SECRET_ACCESS_KEY:-}"
}

# open_repository: probes the repository and looks at its locks; or ends the job.
open_repository() {
  say "repository $(without_password "$RESTIC_REPOSITORY"), restic $restic_version"
  probe "${RESTIC_REPOSITORY_ID:-}"
  open_code=$?
  step probe "$open_code"
  [ "$open_code" -eq 0 ] || exit "$open_code"
  metric backup_repository_info gauge 1 id "$repository_id"
  [ "${RESTIC_WITHOUT_LOCK:-false}" = true ] || look_at_locks
}
