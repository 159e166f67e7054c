#!/bin/sh
# bootstrap.sh: makes the repository, once, and prints its id. It changes nothing where there is one already.
#
# With MIRROR_RESTIC_REPOSITORY and the other variables of mirror.sh it makes the copy's repository instead, with the
# parameters by which the first one cuts files into chunks: otherwise a copy would share nothing with what is there.
#
# Environment, beside lib.sh's:
#   BOOTSTRAP_PLACE   where in fleet.yaml the id belongs

. "${0%/*}/lib.sh"

# A Secret that nobody has filled in would become the password for ever.
need_password() {
  case ${RESTIC_PASSWORD:-} in
    '') fail "$EX_USAGE" 'RESTIC_PASSWORD is not set' ;;
    '<backupgen '*) fail "$EX_USAGE" "RESTIC_PASSWORD is still the placeholder $RESTIC_PASSWORD: fill in the Secret" ;;
  esac
}

# need_empty_place: ends the job unless restic says that there is no repository.
need_empty_place() {
  run "$probe_limit" restic cat config --no-lock >"$work/probe.out" 2>"$work/probe.err"
  probe_code=$?
  case $probe_code in
    10) return 0 ;;
    0) fail "$EX_EXISTS" "there is a repository already, and it was left as it is. $(sed -n 's/.*"id": *"\([0-9a-f]*\)".*/Its id: \1/p' "$work/probe.out")" ;;
    12) fail "$EX_EXISTS" 'there is a repository already, which this password does not open; it was left as it is' ;;
    129 | 130 | 143) exit "$probe_code" ;;
  esac
  cat "$work/probe.out" "$work/probe.err"
  # It took no lock.
  # shellcheck disable=SC2034 # lib.sh reads it
  restic_ended=false
  fail "$EX_UNREACHABLE" "the place of the repository cannot be read (exit code $probe_code, at most $probe_limit s)"
}

# An init writes a key, then the config. One that was killed in between leaves the key; two at once leave two, and which of
# them belongs to the config is chance. Nothing can have been saved there by then, so the way out is to begin again.
readonly BEGIN_AGAIN='nothing was ever saved there: empty the place, and run this again'

make_repository() {
  run 600 restic init "$@" >"$work/init.out" 2>&1
  init_code=$?
  cat "$work/init.out"
  ! grep -q 'already contains keys' "$work/init.out" \
    || fail "$EX_EXISTS" "the place holds a key and no config, as an init leaves it that was interrupted; $BEGIN_AGAIN"
  [ "$init_code" -eq 0 ] || exit "$init_code"
  # Time for a second one to write what it is about to.
  run 60 sleep 3
  probe '' || {
    [ "$signal_code" -eq 0 ] || exit "$signal_code"
    fail "$EX_EXISTS" "the new repository does not open: was this run twice at once? If so, $BEGIN_AGAIN"
  }
  run 300 restic list keys --no-lock >"$work/keys" || exit $?
  [ "$(grep -c '^[0-9a-f]\{64\}$' "$work/keys")" -eq 1 ] \
    || fail "$EX_EXISTS" "the new repository has more than one key: this was run twice at once; $BEGIN_AGAIN"
}

main() {
  job_start 'Bootstrap failed'
  need_restic
  need_password
  set --
  if [ -n "${MIRROR_RESTIC_REPOSITORY:-}" ]; then
    probe "${RESTIC_REPOSITORY_ID:-}" || exit $?
    export RESTIC_FROM_REPOSITORY="$RESTIC_REPOSITORY" RESTIC_FROM_PASSWORD="$RESTIC_PASSWORD"
    use_mirror
    need_password
    set -- --copy-chunker-params
  fi
  need_empty_place
  make_repository "$@"
  say "The repository is made. Write its id into fleet.yaml, below \`${BOOTSTRAP_PLACE:-repository}\`, and render again:"
  say "  id: $repository_id"
}

main
