# shellcheck shell=sh disable=SC2154 # set by lib.sh and snapshots.sh
# locks.sh: whose locks are there, and which of them may go. Sourced by lib.sh.
#
# `restic unlock` takes a lock for stale when the time in it is half an hour old. On a node whose clock is slow that is the
# lock of a process that lives, and what a prune then removes, a backup that ends well needs. So it is called only when
# each lock that looks old is proved to be a dead process':
#   - its file is still the same after BACKUP_LOCK_PATIENCE: a process that lives writes it anew every five minutes; or
#   - its host is the pod of a CronJob, whose name has the minute of its slot, and BACKUP_LONGEST_RUN is over since.
# `unlock --remove-all` is never called.

: "${BACKUP_LONGEST_RUN:=86400}"
locks_doubtful=false
locked_out=false
finishing=false

# ask SECONDS COMMAND...: as run; when the job ends, as bounded, within what is left for all of the locks.
ask() {
  [ "$finishing" = true ] || { run "$@"; return; }
  shift
  ask_left=$((finishing_until - $(date +%s)))
  [ "$ask_left" -gt 0 ] || return "$EX_LATE"
  bounded "$ask_left" "$@"
}

# list_locks: writes the ids of all locks to $work/locks, and when each was seen first to $work/locks.seen.
list_locks() {
  ask 60 restic list locks --no-lock >"$work/locks.out" || return
  grep -E '^[0-9a-f]{64}$' "$work/locks.out" >"$work/locks"
  [ -e "$work/locks.seen" ] || : >"$work/locks.seen"
  now=$(date +%s) awk 'FILENAME == ARGV[1] { seen[$1]; next } !($1 in seen) { print $1, ENVIRON["now"] }' \
    "$work/locks.seen" "$work/locks" >"$work/locks.new"
  cat "$work/locks.new" >>"$work/locks.seen"
}

# read_lock ID: sets lock_state to gone, unreadable, young, old (it looks stale) or dead; lock_of says whose it is.
read_lock() {
  ask 60 restic cat lock "$1" --no-lock >"$work/lock" 2>/dev/null || {
    lock_state=old lock_of='somebody, in a lock that could not be read'
    ask 60 restic list locks --no-lock >"$work/locks.out" || return
    lock_state=unreadable lock_of="unreadable lock file $(printf '%.10s' "$1")"
    grep -q "$1" "$work/locks.out" || lock_state=gone
    return
  }
  lock_of=$(lock_holder "$work/lock")
  lock_age "$work/lock" >"$work/lock.age"
  read -r lock_state lock_written <"$work/lock.age" || :
  # Not written down: as if it looked old.
  [ -n "$lock_state" ] || lock_state=old
  [ "${lock_written:-0}" -eq 0 ] || printf '%s %s\n' "$1" "$lock_written" >>"$work/locks.times"
}

# lock_holder FILE: prints whose lock it is, from restic's JSON.
lock_holder() {
  lock_kind=shared
  ! grep -q '"exclusive": *true' "$1" || lock_kind=exclusive
  printf '%s@%s, process %s, %s' "$(lock_field username "$1")" "$(lock_field hostname "$1")" \
    "$(lock_pid "$1")" "$lock_kind"
}

lock_pid() { sed -n 's/.*"pid": *\([0-9]*\).*/\1/p' "$1"; }

lock_field() { sed -n "s/.*\"$1\": *\"\([^\"\\\\]*\)\".*/\\1/p" "$2"; }

# lock_age FILE: prints young, old or dead, and when it was written; 0: that does not matter. Within two minutes of
# restic's half an hour it is old already.
lock_age() {
  if [ "$(lock_field hostname "$1")" = "$(uname -n)" ]; then
    if [ -e "/proc/$(lock_pid "$1")" ]; then echo young 0; else echo dead 0; fi
    return
  fi
  own=$(uname -n) now=$(date +%s) longest=$BACKUP_LONGEST_RUN host=$(lock_field hostname "$1") awk "$snapshot_awk"'
      function slot(name) {
        if (!match(name, /-[0-9]+-[a-z0-9]+$/)) return 0
        split(substr(name, RSTART + 1), part, "-")
        # Minutes since 1970, from 2021 on: not a date such as 20261130.
        return length(part[1]) == 8 && part[1] > 27000000 && length(part[2]) == 5 ? part[1] * 60 : 0
      }
      /"time":/ { sub(/^.*"time": *"/, "{\"time\":\""); $0 = $0; written = epoch() }
      END {
        now = ENVIRON["now"]
        if (now - written < 1680) { printf "young %d\n", written; exit }
        # A clock that is fast would make every run look over, this one as well.
        mine = slot(ENVIRON["own"]); theirs = slot(ENVIRON["host"])
        trusted = !mine || now - mine <= ENVIRON["longest"]
        over = theirs && trusted && now - theirs > ENVIRON["longest"]
        printf "%s %d\n", (over ? "dead" : "old"), written
      }' "$1"
}

# judge_locks: what are the locks? Reads those that have not been there for long enough to be dead, ten at most: each costs
# a restic. Sets locks_dead, and locks_doubtful when one of them looks stale and may live.
judge_locks() {
  locks_dead=false locks_doubtful=false
  touch "$work/locks.times"
  now=$(date +%s) patience=$lock_patience awk 'FILENAME == ARGV[1] { seen[$1] = $2; next }
    FILENAME == ARGV[2] { written[$1] = $2; next }
    {
      known = $1 in seen && $1 in written && ENVIRON["now"] - seen[$1] >= ENVIRON["patience"]
      print (known ? (ENVIRON["now"] - written[$1] > 1800 ? "dead" : "young") : "new"), $1
    }' "$work/locks.seen" "$work/locks.times" "$work/locks" | sort | head -n 1000 >"$work/locks.sorted"
  : >"$work/locks.held"
  locks_read=0
  while read -r lock_state lock_id <&6; do
    lock_of=
    if [ "$lock_state" = new ]; then
      locks_read=$((locks_read + 1))
      [ "$locks_read" -le 10 ] || { locks_doubtful=true; break; }
      read_lock "$lock_id"
    fi
    case $lock_state in
      gone) continue ;;
      old) locks_doubtful=true ;;
      dead) locks_dead=true ;;
    esac
    printf '%s %s\n' "$lock_state" "$lock_of" >>"$work/locks.held"
  done 6<"$work/locks.sorted"
}

# remove_dead_locks: after judge_locks; true when it did. Not being able to is no failure of what follows: plain restic
# does not need it either.
remove_dead_locks() {
  [ "$locks_dead" = true ] || return 1
  [ "$locks_doubtful" = false ] || {
    say 'a lock that looks old may be that of a process that lives: none is removed'
    return 1
  }
  ask 300 restic unlock
  unlock_code=$?
  note unlock "$unlock_code"
  [ "$unlock_code" -eq 0 ]
}

# look_at_locks: removes the locks of dead processes, and reports whose the others are. A lock does not tell since when it
# is held: restic writes it anew every five minutes.
look_at_locks() {
  metric backup_repository_lock gauge 0 holder ''
  list_locks && [ -s "$work/locks" ] || return 0
  judge_locks
  note unlock 0
  remove_dead_locks && removed='^dead ' || removed='^$'
  # Five of them say enough.
  grep -v "$removed" "$work/locks.held" | sort -u | head -n 5 >"$work/locks.left"
  while read -r lock_state lock_of; do
    say "locked by $lock_of"
    [ "$lock_state" != unreadable ] \
      || say 'restic refuses to work beside a lock file that it cannot read; the runbook says how to remove it'
    metric backup_repository_lock gauge 1 holder "$lock_of"
  done <"$work/locks.left"
}

# locked COMMAND [ARG...]: a restic command that waits for the repository's lock. When it is refused, the locks are looked
# at again: one may have become stale since, or has proved to be dead. What is refused after that is refused for good in
# this run; the Job tries again.
locked() {
  locked_command=$1
  shift
  if [ "${RESTIC_WITHOUT_LOCK:-false}" = true ]; then
    run "$UNBOUNDED" restic "$locked_command" --no-lock "$@"
    return
  fi
  [ "$locked_out" = false ] || return 11
  locked_for=$lock_wait
  [ "$locks_doubtful" = false ] || locked_for=${lock_patience}s
  run "$UNBOUNDED" restic "$locked_command" --retry-lock="$locked_for" "$@"
  locked_code=$?
  [ "$locked_code" -eq 11 ] || return "$locked_code"
  # What it says is no output of the command.
  unlock_later >&2 && {
    run "$UNBOUNDED" restic "$locked_command" --retry-lock="$lock_wait" "$@"
    locked_code=$?
  }
  [ "$locked_code" -ne 11 ] || locked_out=true
  return "$locked_code"
}

# unlock_later: true when what refused the command is gone by now. Waits until a lock that looks old is known to be dead,
# once: where there is another one after that, somebody lives.
unlock_later() {
  unlock_now && return
  [ "$locks_doubtful" = true ] || return
  doubt_left=$(($(sed 's/.* //' "$work/locks.seen" | sort -n | tail -n 1) + lock_patience - $(date +%s)))
  [ "$doubt_left" -gt 0 ] || return
  say "waiting for $doubt_left s: a lock that looks old may be that of a process that lives"
  run "$UNBOUNDED" sleep "$doubt_left" && unlock_now
}

unlock_now() {
  list_locks || return
  [ -s "$work/locks" ] || return 0
  judge_locks
  remove_dead_locks
}

# A restic that was ended while it made its lock, or that had to be killed, leaves the lock. It names this host and a
# process that is gone, so unlock knows it as stale.
release_locks() {
  [ "$restic_ended" = true ] && [ "$takes_locks" = true ] || return 0
  finishing=true
  release_at_place
  [ -n "${RESTIC_FROM_REPOSITORY:-}" ] || return 0
  export RESTIC_REPOSITORY="$RESTIC_FROM_REPOSITORY" RESTIC_PASSWORD="$RESTIC_FROM_PASSWORD"
  release_at_place
}

release_at_place() {
  finishing_until=$(($(date +%s) + 15))
  rm -f "$work/locks.seen"
  list_locks && [ -s "$work/locks" ] || return 0
  judge_locks
  [ "$locks_doubtful" = false ] || return 0
  ask 15 restic unlock
}
