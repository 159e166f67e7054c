# shellcheck shell=sh disable=SC2154 # set by lib.sh
# dumps.sh: what a complete dump looks like, as far as it is cheap to see. Sourced by dump.sh and restore-test.sh.

# ends_with_line FILE PATTERN: in the last lines; newer versions of pg_dump end with \unrestrict.
ends_with_line() { tail -n 20 "$1" | grep -q "$2"; }

# is_whole FILE: false when its head is that of a SQL dump, and its end is not. Says what is missing.
is_whole() {
  whole_end=''
  head -n 20 "$1" | tr -d '\000' >"$work/head"
  if grep -q '^-- PostgreSQL database cluster dump$' "$work/head"; then
    whole_end='-- PostgreSQL database cluster dump complete'
  elif grep -q '^-- PostgreSQL database dump$' "$work/head"; then
    whole_end='-- PostgreSQL database dump complete'
  elif grep -q '^-- \(MySQL\|MariaDB\) dump ' "$work/head"; then
    whole_end='-- Dump completed'
  fi
  [ -z "$whole_end" ] || ends_with_line "$1" "^$whole_end" || {
    complain "$1 is cut off: its end, \"$whole_end\", is missing"
    return 1
  }
}

# is_kind FILE KIND: does it begin as a dump of KIND does? xbstream, pgdump, or any other, of which nothing is known.
is_kind() {
  kind_head=$(head -c 2000 "$1" | tr -d '\000')
  case $2 in
    xbstream) case $kind_head in XBSTCK01*) return 0 ;; esac ;;
    pgdump) case $kind_head in PGDMP* | *'-- PostgreSQL database '*dump*) return 0 ;; esac ;;
    *) return 0 ;;
  esac
  complain "$1 is no $2; it begins with: $(printf '%.200s' "$kind_head" | tr -c '[:print:]' ' ')"
  return 1
}
