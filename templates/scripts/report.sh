# shellcheck shell=sh disable=SC2154 # set by lib.sh
# report.sh: metrics and notifications, best effort, each on its own. Sourced by lib.sh. Nothing here needs a file: the
# reports of a job whose /tmp is full are those that matter.

metrics=''
last_error=''
last_line=''
line_break='
'
# More than this is sent from a file: curl and the kernel limit a line and an argument.
readonly INLINE_BYTES=60000

escape_label() {
  case $1 in
    *[\\\"]* | *"$line_break"*) printf '%s' "$1" | sed 's/\\/\\\\/g; s/"/\\"/g' | tr '\n' ' ' ;;
    *) printf '%s' "$1" ;;
  esac
}

# Use: metric NAME TYPE VALUE [LABEL VALUE], in the job's own shell: what a pipe's part notes is lost.
metric() {
  metric_series=$1
  [ $# -le 3 ] || metric_series="$1{$4=\"$(escape_label "$5")\"}"
  metrics="$metrics$1 $2 $metric_series $3$line_break"
}

# The metrics in Prometheus' text format, each family in one piece; the same series once, the last value that it got: the
# Pushgateway refuses a push in which one comes twice.
metrics_text() {
  printf '%s' "$metrics" | awk '{
      name = $1; type = $2; sample = substr($0, length(name) + length(type) + 3)
      series = sample; sub(/ [^ ]*$/, "", series)
      if (!(name in first)) { first[name] = ++families; head[families] = "# TYPE " name " " type }
      if (!(series in place)) { place[series] = ++samples[name] }
      text[name, place[series]] = sample
      family[first[name]] = name
    }
    END {
      for (f = 1; f <= families; f++) {
        print head[f]
        for (s = 1; s <= samples[family[f]]; s++) print text[family[f], s]
      }
    }'
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
  push_method=POST
  [ "$result" -ne 0 ] || push_method=PUT
  body="$(metrics_text)$line_break"
  send "$push_method" "${PUSHGATEWAY_URL%/}/metrics/job/backup/$(group_path)" '' || say "metrics not pushed (exit code $?)"
}

one_line() { printf '%s' "$1" | tr -d '\000-\037\177'; }

# The end of the log; ntfy takes 4096 bytes. A first line that is cut could start within a character.
log_end() {
  if [ "$(wc -c <"$work/log")" -gt 4000 ]; then
    tail -c 4000 "$work/log" | sed 1d | grep . || tail -c 4000 "$work/log"
  else
    cat "$work/log"
  fi
}

notify() {
  [ "${NTFY_ENABLED:-false}" = true ] || return 0
  if [ -z "${NTFY_SERVER:-}" ]; then
    say 'no notification sent: NTFY_SERVER is not set'
    return 0
  fi
  body=''
  [ -z "$work" ] || body=$(log_end 2>/dev/null | tr -d '\000')
  case $body in
    *"$last_line"*) ;;
    *) body="$body$line_break$last_error$line_break$last_line$line_break(the log could not be kept: ${TMPDIR:-/tmp} is full)" ;;
  esac
  body=$body$line_break
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

# config_value TEXT: as curl's configuration quotes it, on one line.
config_value() {
  printf '"%s"' "$(printf '%s\n' "$1" | sed 's/\\/\\\\/g; s/"/\\"/g; $!s/$/\\n/' | tr -d '\n')"
}

# feed COMMAND [ARG...]: with what fd 5 reads as its standard input, which a command in the background does not get.
feed() { exec "$@" <&5 5<&-; }

# send METHOD URL USER:PASSWORD [HEADER...]: sends $body. Only an answer of 2xx is a delivery: behind a redirect nobody
# may have read it. curl reads all from its standard input, so no secret is in an argument list; wget has no such way.
send() {
  send_method=$1 send_url=$2 send_user=$3
  shift 3
  send_file=''
  if [ ${#body} -gt "$INLINE_BYTES" ]; then
    send_file=$work/body
    printf '%s' "$body" >"$send_file" || return "$EX_WORKSPACE"
  fi
  if command -v curl >/dev/null 2>&1; then
    send_by_curl "$@"
  elif command -v wget >/dev/null 2>&1; then
    send_by_wget "$@"
  else
    say 'neither curl nor wget was found'
    return "$EX_PROGRAM"
  fi
}

send_by_curl() {
  send_answer=$(
    {
      printf 'url = %s\nrequest = "%s"\n' "$(config_value "$send_url")" "$send_method"
      if [ -n "$send_file" ]; then
        printf 'data-binary = %s\n' "$(config_value "@$send_file")"
      else
        printf 'data-raw = %s\n' "$(config_value "$body")"
      fi
      [ -z "$send_user" ] || printf 'user = %s\n' "$(config_value "$send_user")"
      printf 'header = "Content-Type: text/plain; charset=utf-8"\n'
      for send_header in "$@"; do printf 'header = %s\n' "$(config_value "$send_header")"; done
      printf 'connect-timeout = 5\nmax-time = 10\nretry = 1\nfail\nsilent\nshow-error\noutput = "/dev/null"\n'
      printf 'write-out = "%%{http_code}"\n'
    } | {
      exec 5<&0
      bounded 15 feed curl -q -K -
    }
  )
  send_code=$?
  [ "$send_code" -eq 0 ] || return "$send_code"
  is_delivered "$send_answer"
}

is_delivered() {
  case $1 in 2[0-9][0-9]) return 0 ;; esac
  say "the answer was $1, not 2xx"
  return 1
}

send_by_wget() {
  [ -z "$send_user" ] || set -- "$@" "Authorization: Basic $(printf '%s' "$send_user" | base64 | tr -d '\n')"
  for send_header in "$@"; do
    shift
    set -- "$@" --header "$send_header"
  done
  if [ -n "$send_file" ]; then set -- --post-file "$send_file" "$@"; else set -- --post-data "$body" "$@"; fi
  # -S shows the answers: wget would follow a redirect and say nothing of it.
  send_answer=$(bounded 15 wget -q -S -O /dev/null "$@" "$send_url" 2>&1)
  send_code=$?
  [ "$send_code" -eq 0 ] || {
    printf '%s\n' "$send_answer" | grep -v '^  [A-Z]'
    return "$send_code"
  }
  is_delivered "$(printf '%s\n' "$send_answer" | sed -n 's/^ *HTTP[^ ]* \([0-9]*\).*/\1/p' | head -n 1)"
}
