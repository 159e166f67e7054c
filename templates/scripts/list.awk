# list.awk: the snapshots of `restic forget --dry-run --json`, one a line, fields separated by tabs:
#   TAG INSTANT WALL OFFSET FATE BYTES FILES ID HOST PATH...
# INSTANT is the Unix time with nanoseconds, of a width that sorts as text; WALL is the time as the snapshot has it, with
# its OFFSET from UTC in seconds; FATE is keep or remove; BYTES and FILES are -1 where restic wrote no summary (before 0.17);
# TAG, HOST and PATHs are JSON strings, which have no tab in them. TAG is `?` where there is not exactly one.
# Its input has each snapshot and each list on a line of its own (split_plan in retention.sh). Within a JSON string a quote is
# escaped, so none of what is searched here can be part of a value. Exit code 1: this is not what restic writes.

function fail(text) { print "error: restic's plan cannot be read: " text > "/dev/stderr"; failed = 1; exit 1 }

function number(key,   text) {
  if (!match($0, "\"" key "\":[0-9]+")) return -1
  text = substr($0, RSTART, RLENGTH)
  return substr(text, length(key) + 4)
}

# The value of a key, as the JSON string that it is.
function string(key,   text) {
  if (!match($0, ",\"" key "\":\"([^\"\\\\]|\\\\.)*\"")) return "?"
  text = substr($0, RSTART, RLENGTH)
  return substr(text, length(key) + 5)
}

function only_tag(   text) {
  if (!match($0, /,"tags":\["([^"\\]|\\.)*"\]/)) return "?"
  text = substr($0, RSTART, RLENGTH)
  return substr(text, 10, length(text) - 10)
}

function paths(   at, rest, found) {
  at = index($0, "\"paths\":[")
  if (!at) return ""
  rest = substr($0, at + 9)
  while (match(rest, /^,?"([^"\\]|\\.)*"/)) {
    found = found "\t" substr(rest, RSTART, RLENGTH)
    rest = substr(rest, RSTART + RLENGTH)
  }
  gsub(/\t,/, "\t", found)
  return found
}

# Days since 1970-01-01.
function day_number(y, m, d) {
  if (m < 3) { y--; m += 12 }
  return 365 * y + int(y / 4) - int(y / 100) + int(y / 400) + int((153 * (m - 3) + 2) / 5) + d - 719469
}

function instant(   text, rest, nanos) {
  if (!match($0, /^[{]"time":"[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9]/)) fail("a time")
  text = substr($0, 10); text = substr(text, 1, index(text, "\"") - 1)
  wall = substr(text, 1, 19)
  rest = substr(text, 20)
  nanos = "000000000"
  if (match(rest, /^\.[0-9]+/)) { nanos = substr(substr(rest, 2, RLENGTH - 1) nanos, 1, 9); rest = substr(rest, RLENGTH + 1) }
  offset = 0
  if (rest != "Z") {
    if (rest !~ /^[-+][0-9][0-9]:[0-9][0-9]$/) fail("a time zone")
    offset = substr(rest, 2, 2) * 3600 + substr(rest, 5, 2) * 60
    if (substr(rest, 1, 1) == "-") offset = -offset
  }
  text = day_number(substr(wall, 1, 4) + 0, substr(wall, 6, 2) + 0, substr(wall, 9, 2) + 0) * 86400 - offset
  text += substr(wall, 12, 2) * 3600 + substr(wall, 15, 2) * 60 + substr(wall, 18, 2)
  # Nothing was backed up before 1970.
  if (text < 0) text = 0
  return sprintf("%012.0f.%s", text, nanos)
}

NR == 1 && !/^\[/ { fail("it is no list") }
/^"keep":/ { fate = "keep" }
/^"remove":/ { fate = "remove" }
/^"reasons":/ { fate = "" }
/^[{]"time":"/ {
  if (fate == "") next
  at = instant()
  if (!match($0, /[,{]"id":"[0-9a-f]+"/) || RLENGTH != 72) fail("an id")
  id = substr($0, RSTART + 7, 64)
  print only_tag() "\t" at "\t" wall "\t" offset "\t" fate "\t" number("total_bytes_processed") "\t" \
    number("total_files_processed") "\t" id "\t" string("hostname") paths()
  next
}
fate != "" && /"short_id":/ { fail("a snapshot") }
