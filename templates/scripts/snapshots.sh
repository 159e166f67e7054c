# shellcheck shell=sh disable=SC2154 # set by lib.sh
# snapshots.sh: restic's lists of snapshots, read with awk. Sourced by lib.sh.

# rotating_part N [SCHEDULE [OFFSET]]: prints "k/N", another k at each run, so that N runs read everything. The number of a
# run is that of the times at which SCHEDULE (five fields of numbers; default: once a day) has fired, in a zone whose
# standard time is OFFSET seconds ahead of UTC: by days, a job of Mondays to Fridays would never read some parts.
rotating_part() {
  parts=$1 schedule=${2:-0 0 * * *} now=$((job_started + ${3:-0} + 3600)) awk '
    # Sets allowed[NAME, value]; "*" is a day that any may be.
    function field(name, text, low, high,   items, n, i, bounds, step) {
      star[name] = text == "*"
      n = split(text, items, ",")
      for (i = 1; i <= n; i++) {
        step = 1
        if (split(items[i], bounds, "/") == 2) step = bounds[2]
        if (split(bounds[1], bounds, "-") < 2) bounds[2] = items[i] ~ /\// ? high : bounds[1]
        if (bounds[1] == "*") { bounds[1] = low; bounds[2] = high }
        for (v = bounds[1] + 0; v <= bounds[2] + 0; v += step) allowed[name, v]
      }
    }
    function fires(day, month, weekday) {
      if (!(("month", month) in allowed)) return 0
      day = ("day", day) in allowed; weekday = ("weekday", weekday) in allowed
      return star["day"] || star["weekday"] ? day && weekday : day || weekday
    }
    function length_of(month, year) {
      if (month == 2) return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
      return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31
    }
    BEGIN {
      split(ENVIRON["schedule"], given, " ")
      field("minute", given[1], 0, 59); field("hour", given[2], 0, 23)
      field("day", given[3], 1, 31); field("month", given[4], 1, 12); field("weekday", given[5], 0, 6)
      for (h = 0; h < 24; h++) for (m = 0; m < 60; m++) if (("hour", h) in allowed && ("minute", m) in allowed) {
        times++
        if (h * 60 + m <= int(ENVIRON["now"] % 86400 / 60)) times_today++
      }
      today = int(ENVIRON["now"] / 86400)
      # From the first of January 2020, a Wednesday.
      year = 2020; month = 1; day = 1
      for (d = 18262; d <= today; d++) {
        if (fires(day, month, (d + 4) % 7)) runs += d < today ? times : times_today
        if (++day > length_of(month, year)) { day = 1; if (++month > 12) { month = 1; year++ } }
      }
      printf "%d/%d", runs % ENVIRON["parts"] + 1, ENVIRON["parts"]
    }'
}

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

# An exclude that excludes nothing. restic notes it in the snapshot, so one that backup.sh has made, and judged, is told from
# one that somebody made by hand.
readonly snapshot_mark=/dev/null/backup.sh

# Functions of awk for such a line: is_snapshot(), epoch(), id(), bytes() and files() (-1: not known), group() (its host and
# tags), judged() (whether backup.sh made it), and read_tags(), which sets tag[1] to tag[tags].
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
  function text_of(name,   from, text) {
    from = index($0, ",\"" name "\":")
    if (!from) return ""
    text = substr($0, from + length(name) + 5)
    return substr(text, 1, match(text, name == "tags" ? "\"[]]" : "\"[,}]"))
  }
  function group() { return text_of("hostname") "," text_of("tags") }
  function judged() { return index($0, "\"'"$snapshot_mark"'\"") }
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

# smaller_by LIST ID PERCENT: is the snapshot of that id, or of the one that begins so, more than PERCENT smaller than what
# its host and tags had before, in bytes or in files? Says so then; false when there is nothing to compare.
# What they had before is the largest since backup.sh last said so: a source that loses a third each night has lost half
# of it after the second. Snapshots by hand do not count, unless there are no others.
smaller_by() {
  smaller=$(split_snapshots "$1" | id=$2 percent=$3 awk "$snapshot_awk"'
    function shrank(size, count) {
      return size * 100 < high_size * kept || (high_count >= 20 && count * 100 < high_count * kept)
    }
    function look(size, count) {
      if (shrank(size, count)) { high_size = size; high_count = count; return }
      if (size > high_size) high_size = size
      if (count > high_count) high_count = count
    }
    BEGIN { kept = 100 - ENVIRON["percent"] }
    !is_snapshot() || bytes() < 0 { next }
    index(id(), ENVIRON["id"]) == 1 { mine = group(); new_size = bytes(); new_count = files(); exit }
    { n++; of[n] = group(); sizes[n] = bytes(); counts[n] = files(); by_job[n] = judged(); if (judged()) job_has[of[n]] }
    END {
      if (mine == "") exit
      for (i = 1; i <= n; i++) if (of[i] == mine && (by_job[i] || !(mine in job_has))) look(sizes[i], counts[i])
      if (shrank(new_size, new_count)) printf "%.0f %d %.0f %d", new_size, new_count, high_size, high_count
      else print "no"
    }')
  [ "$smaller" != no ] || return 1
  [ -n "$smaller" ] || {
    complain "snapshot $2 cannot be compared with those before it"
    return 0
  }
  # shellcheck disable=SC2086 # four numbers
  set -- "$2" "$3" $smaller
  complain "snapshot $1 holds $3 bytes in $4 files, the largest before it $5 in $6: more than $2 % less"
}

snapshot_ids() { split_snapshots "$1" | sed -n '/^{"time":"/s/.*[,{]"id":"\([0-9a-f]\{64\}\)".*/\1/p'; }
