#!/bin/sh
# Stands where kubectl would: the two calls that dump.sh makes, as kubectl takes them in a pod.
set -eu

server=http://$KUBERNETES_SERVICE_HOST:$KUBERNETES_SERVICE_PORT
token=$(cat /var/run/secrets/kubernetes.io/serviceaccount/token)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

namespace='' selector='' container=''
while [ $# -gt 0 ]; do
  case $1 in
    --namespace | --selector | --container | --output) ;;
    get | exec) verb=$1 noun=$2; shift 2; continue ;;
    --) shift; break ;;
    *) echo "kubectl: this stand-in does not know $1" >&2; exit 1 ;;
  esac
  case $1 in
    --namespace) namespace=$2 ;;
    --selector) selector=$2 ;;
    --container) container=$2 ;;
  esac
  shift 2
done

ask() { curl -sS --no-buffer --header "Authorization: Bearer $token" --dump-header "$work/head" "$@"; }
answered() { sed -n '1s/^[^ ]* \([0-9]*\).*/\1/p' "$work/head"; }

if [ "$verb" = get ]; then
  ask --get --data-urlencode "namespace=$namespace" --data-urlencode "selector=$selector" "$server/pods" >"$work/pods"
  [ "$(answered)" = 200 ] || { cat "$work/pods" >&2; exit 1; }
  cat "$work/pods"
  exit
fi

printf '%s\0' "$@" >"$work/words"
ask --fail --data-binary "@$work/words" "$server/exec?namespace=$namespace&pod=$noun&container=$container" || exit 1
ask "$server/exit?id=$(sed -n 's/^Exec: \([0-9]*\).*/\1/p' "$work/head")" >"$work/end"
sed 1d "$work/end" >&2
exit "$(sed -n 1p "$work/end")"
