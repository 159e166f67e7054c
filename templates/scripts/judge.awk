# judge.awk: may what restic's retention plans be done? docs/retention.md says what each rule is for.
#
# Files, each after an assignment of `part`, their fields separated by tabs:
#   groups     TAG HOST EVERY RAREST LASTS ATTEMPTS SHRINK FLAGS PATH...: a target's own snapshots, what its schedule makes
#   known      the Pushgateway's metrics of this job: what the last retention knew
#   released   TAG TIME: what somebody has looked at and released, all of the tag's snapshots up to that time
#   snapshots  what list.awk prints, sorted by tag and time
# Variables: now; gap, the longest time between two retentions in seconds: one may have failed; instance, the job's own; again, 1 once
# it has been judged and those are gone that hold nothing.
#
# Prints, separated by tabs:
#   remove TAG ID        may be removed
#   worthless TAG ID     backup.sh said so (65): to be removed first, so that it takes no good one's place
#   refuse TAG WHY       nothing of this tag may be removed
#   accepted TAG         a plan that was released
#   has TAG TIME ID      of a refused tag: what it has
#   foreign TAG HOST N   N snapshots that are not the target's own; TAG and HOST as list.awk has them
#   state TAG CUT N POLICY   for the next retention: N of its snapshots are from before CUT

function ceil(x) { return x > int(x) ? int(x) + 1 : int(x) }

# --- what restic's own retention would keep (internal/data/snapshot_policy.go) --------------------------------------------

# 6m21d4h: sets the four parts of span[RULE].
function read_span(rule, text,   amount) {
  while (match(text, /^[0-9]+[ymdh]/)) {
    amount = substr(text, 1, RLENGTH - 1) + 0
    span[rule, substr(text, RLENGTH, 1)] = amount
    text = substr(text, RLENGTH + 1)
  }
}

function read_policy(flags,   words, i, rule, amount) {
  rules = 0
  split("", span); split("", count); split("", within)
  words = split(flags, word, " ")
  for (i = 1; i <= words; i++) {
    if (word[i] !~ /^--keep-[a-z-]+=./) continue
    rule = substr(word[i], 8); amount = rule
    sub(/=.*/, "", rule); sub(/^[^=]*=/, "", amount)
    name[++rules] = rule
    if (rule ~ /^within/) { within[rules] = 1; read_span(rules, amount) }
    else count[rules] = amount + 0
    sub(/^within-?/, "", rule)
    bucket[rules] = rule
  }
}

function day_number(y, m, d) {
  if (m < 3) { y--; m += 12 }
  return 365 * y + int(y / 4) - int(y / 100) + int(y / 400) + int((153 * (m - 3) + 2) / 5) + d - 719469
}

function day_of(text) { return day_number(substr(text, 1, 4) + 0, substr(text, 6, 2) + 0, substr(text, 9, 2) + 0) }

# The instant before which `rule` lets go, seen from snapshot i. An hour earlier: where restic's own zone changes its clock, it
# may be so (Go's AddDate).
function border(rule, i,   y, m) {
  y = substr(wall[i], 1, 4) - span[rule, "y"]; m = substr(wall[i], 6, 2) - span[rule, "m"]
  while (m < 1) { m += 12; y-- }
  return (day_number(y, m, 1) + substr(wall[i], 9, 2) - 1 - span[rule, "d"]) * 86400 + substr(wall[i], 12, 2) * 3600 + \
    substr(wall[i], 15, 2) * 60 + substr(wall[i], 18, 2) - offset[i] - span[rule, "h"] * 3600 - 3600
}

function bucket_of(rule, i) {
  if (bucket[rule] == "hourly") return substr(wall[i], 1, 13)
  if (bucket[rule] == "daily") return substr(wall[i], 1, 10)
  if (bucket[rule] == "weekly") return int((day_of(wall[i]) + 3) / 7)
  if (bucket[rule] == "monthly") return substr(wall[i], 1, 7)
  if (bucket[rule] == "yearly") return substr(wall[i], 1, 4)
  return i
}

# unkept(M): how many of the snapshots 1 to M would go, if there were no others. Those that are worthless are left out.
function unkept(m,   i, r, kept, key, first, lost) {
  for (first = 1; first <= m && worthless[first]; first++) ;
  for (; m >= first && worthless[m]; m--) ;
  if (m < first) return 0
  for (r = 1; r <= rules; r++) {
    last[r] = "none"; left[r] = count[r]
    if (within[r]) from[r] = border(r, m)
  }
  for (i = m; i >= first; i--) {
    if (worthless[i]) continue
    kept = 0
    for (r = 1; r <= rules; r++) {
      if (within[r] ? at[i] <= from[r] : left[r] <= 0) continue
      key = bucket_of(r, i)
      if (key == last[r] && i != first) continue
      kept = 1; last[r] = key; left[r]--
    }
    if (!kept) lost++
  }
  return lost + 0
}

# --- what the schedule explains -------------------------------------------------------------------------------------------

# explain(FROM): of the snapshots from number FROM on, how many `runs` made them, how many `retries`, and how many are `extra`.
# A run's attempts lie within `lasts` of its first one, and the next run begins `every` later, if it is no later than it may be.
# Where a run may last longer than it is to the next one, the runs of that time cannot be told from attempts.
function explain(from,   i, begun, attempt, next_run, runs_at_most, since, together) {
  runs = retries = extra = 0
  together = 1 + int(lasts / every)
  next_run = every - lasts > lasts ? every - lasts : lasts
  begun = from > 1 ? at[from - 1] : -1
  since = begun < 0 ? at[from] : begun
  attempt = 1
  for (i = from; i <= n; i++) {
    if (begun >= 0 && at[i] - begun <= lasts) {
      if (++attempt > attempts * together) extra++
      else if (attempt <= together) runs++
      else if (!worthless[i]) retries++
    } else if (begun < 0 || at[i] - begun >= next_run) { runs++; begun = at[i]; attempt = 1 }
    else extra++
  }
  if (from > n) return
  runs_at_most = int((at[n] - since) / every) + 2
  if (runs > runs_at_most) extra += runs - runs_at_most
}

function first_after(time,   i) {
  for (i = n; i >= 1 && at[i] > time; i--) ;
  return i + 1
}

function said(seconds) {
  if (seconds >= 172800) return int(seconds / 86400) " days"
  return seconds >= 7200 ? int(seconds / 3600) " hours" : int(seconds / 60) " minutes"
}

function stamp(i) { return substr(id[i], 1, 8) " of " wall[i] }

# --- the judgement: each rule returns why not, or nothing -----------------------------------------------------------------

function from_the_future(   i) {
  for (i = n; i >= 1 && at[i] > now + 3600; i--) ;
  if (i == n) return ""
  return (n - i) " snapshots are from the future, such as " stamp(n) ". They cannot be released, only removed"
}

function too_many(time,   most) {
  explain(first_after(time))
  most = 30 * (1 + int((now - time) / 2592000))
  if (extra <= most) return ""
  return (n - first_after(time) + 1) " snapshots were made in " said(now - time) ": " runs " runs of its schedule and " \
    retries " retries explain that but for " extra ", and by hand it may be " most
}

function backdated(time,   before) {
  before = first_after(time) - 1
  if (tag in known_count && before > known_count[tag] && !(tag in released))
    return (before - known_count[tag]) " snapshots dated before " said(now - time) " ago were not there at the last retention"
  return ""
}

# What the last retention left is left by another one, unless somebody has added to it since.
function unexplained(time,   lost, low, high, middle, since, empty) {
  if (tag in released || (tag in known_policy && known_policy[tag] != policy)) return ""
  high = first_after(time) - 1
  lost = unkept(high)
  for (empty = 1; empty <= high && !worthless[empty]; empty++) ;
  if (!lost && (empty > high || tag in known_cut)) return ""
  if (tag in known_cut)
    return lost " snapshots from before the last retention would go that it had kept: some were added since, and dated back"
  # Nothing is known of the last one. Was it a longer time ago, or is this the first? Then nothing is missing since.
  # What holds nothing would not be there either, had it run.
  low = 0
  if (high >= empty) high = empty - 1
  while (low < high) {
    middle = int((low + high + 1) / 2)
    if (unkept(middle)) high = middle - 1
    else low = middle
  }
  explain(low + 1)
  since = at[low + 1]
  if (extra + retries <= 3 + int(runs / 10) && runs >= int((at[n] - since) / rarest) / 2) return ""
  return gone " of " n " snapshots would go, more than one retention explains, and it is not known when the last one was. In the " \
    said(now - since) " since " wall[low + 1] " there are " runs " runs of its schedule and " (retries + extra) " further snapshots"
}

function other_source(time,   i, own) {
  i = first_after(time)
  own = i > 1 ? of_source[i - 1] : 0
  for (; i <= n; i++) {
    if (of_source[i]) own = 1
    else if (own) return "snapshot " stamp(i) " is of another source than the target's"
  }
  return ""
}

# Of those that are much larger than the newest one that stays, the last but one would go, or the last.
function shrunk(   i, big, stay, newest, reach_stay, reach_go, limit) {
  big = -1; newest = -1
  for (i = 1; i <= n; i++) {
    if (worthless[i] || bytes[i] < 0) continue
    if (goes[i]) { if (bytes[i] > big) big = bytes[i] }
    else { stay++; newest = bytes[i] }
  }
  limit = big * (100 - shrink) / 100
  if (big < 0 || !stay || newest >= limit || tag in released) return ""
  for (i = 1; i <= n; i++) if (!worthless[i] && bytes[i] >= limit) { if (goes[i]) reach_go++; else reach_stay++ }
  if (reach_stay > 1 || (reach_stay + reach_go < 2 && stay > 2)) return ""
  return "of the snapshots that hold much more than the newest (" sprintf("%.0f", newest) " bytes, against up to " \
    sprintf("%.0f", big) "), " reach_go + 0 " would go and " reach_stay + 0 " stay"
}

function judge(   time, why, i, good, empty, cut, before) {
  time = tag in released ? released[tag] : tag in known_cut ? known_cut[tag] : now - 2 * gap - lasts
  for (i = 1; i <= n; i++) { gone += goes[i]; good += !worthless[i] }
  empty = good ? n - good : 0
  why = ""
  if (!again) why = from_the_future()
  if (why == "" && !again) why = backdated(time)
  if (why == "" && !again) why = too_many(time)
  if (why == "" && !again) why = unexplained(time)
  if (why == "" && !again) why = other_source(time)
  # What stays is known once those are gone that hold nothing.
  if (why == "" && !empty) why = shrunk()
  if (why != "") {
    print "refuse\t" tag "\t" why
    for (i = 1; i <= n; i++) print "has\t" tag "\t" sprintf("%.9f", at[i]) "\t" id[i]
    if (tag in known_cut) print "state\t" tag "\t" known_cut[tag] "\t" known_count[tag] "\t" known_policy[tag]
    return
  }
  if (tag in released) print "accepted\t" tag
  cut = now - lasts
  for (i = 1; i <= n; i++) {
    if (worthless[i] && empty) print "worthless\t" tag "\t" id[i]
    else if (goes[i]) print "remove\t" tag "\t" id[i]
    else if (at[i] <= cut) before++
  }
  print "state\t" tag "\t" cut "\t" before + 0 "\t" policy
}

# A number for the flags, for a metric.
function digest(text,   i, sum) {
  for (i = 1; i <= length(text); i++) sum = (sum * 31 + index(letters, substr(text, i, 1))) % 2147483647
  return sum
}

function quoted(text,   i, c, out) {
  for (i = 1; i <= length(text); i++) {
    c = substr(text, i, 1)
    if (c == "\"" || c == "\\") c = "\\" c
    else if (c == "<") c = "\\u003c"
    else if (c == ">") c = "\\u003e"
    else if (c == "&") c = "\\u0026"
    out = out c
  }
  return "\"" out "\""
}

function begin(wanted,   part, parts, i) {
  begun = wanted; n = 0; gone = 0
  parts = split(group[wanted], part, "\t")
  tag = part[1]
  every = part[3]; rarest = part[4]; lasts = part[5]; attempts = part[6]; shrink = part[7]
  read_policy(part[8])
  policy = digest(part[8])
  split("", source)
  for (i = 9; i <= parts; i++) source[quoted(part[i])] = 1
}

function label(line, key,   text) {
  if (!match(line, key "=\"[^\"\\\\]*\"")) return ""
  text = substr(line, RSTART, RLENGTH)
  return substr(text, length(key) + 3, length(text) - length(key) - 3)
}

BEGIN { FS = "\t"; letters = "-=0123456789abcdefghijklmnopqrstuvwxyz " }
part == "groups" { group[quoted($1)] = $0; owner[quoted($1)] = quoted($2); order[++groups] = quoted($1); next }
part == "known" && label($0, "instance") == instance && label($0, "job") == "backup" {
  value = $0
  sub(/^.*[ ]/, "", value)
  if ($0 ~ /^backup_retention_cut_timestamp_seconds[{]/) known_cut[label($0, "tag")] = value + 0
  if ($0 ~ /^backup_retention_known_snapshots[{]/) known_count[label($0, "tag")] = value + 0
  if ($0 ~ /^backup_retention_policy[{]/) known_policy[label($0, "tag")] = value + 0
}
part == "released" { released[$1] = $2 }
part != "snapshots" { next }
!($1 in group) || $9 != owner[$1] { foreign[$1 "\t" $9]++; next }
$1 != begun {
  if (begun) judge()
  begin($1)
}
{
  n++
  at[n] = $2 + 0; wall[n] = $3; offset[n] = $4; goes[n] = $5 == "remove"; bytes[n] = $6; id[n] = $8
  worthless[n] = $7 == 0 || $6 == 0
  of_source[n] = 1
  for (i = 10; i <= NF; i++) if (!($i in source)) of_source[n] = 0
  seen[$1] = 1
}
END {
  if (begun) judge()
  for (key in foreign) print "foreign\t" key "\t" foreign[key]
  for (i = 1; i <= groups; i++)
    if (!(order[i] in seen)) { begin(order[i]); print "state\t" tag "\t" now - lasts "\t0\t" policy }
}
