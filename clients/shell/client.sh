#!/usr/bin/env bash
# Command line around sunsweep.sh; the same in every language, see ../README.md.
# `listen` also needs socat.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=sunsweep.sh
source "$here/sunsweep.sh"

usage() {
  echo "client: $1; see clients/README.md" >&2
  exit 2
}

# Sets the array `given` from "--name value" pairs; ALLOWED is the list of names.
declare -A given
parse() {
  local allowed=$1 name
  shift
  given=([key]=${SUNSWEEP_API_KEY:-} [secret]=${SUNSWEEP_API_SECRET:-})
  while (($# > 0)); do
    name=${1#--}
    [[ " $allowed " == *" $name "* && $# -ge 2 ]] || usage "what is $1?"
    given[$name]=$2
    shift 2
  done
}

need() {
  local name
  for name in "$@"; do
    [[ -n ${given[$name]:-} ]] || usage "--$name is missing"
  done
}

collect() {
  parse 'url key secret receive to callback reference scene' "$@"
  need url key secret receive
  export SUNSWEEP_API_SECRET=${given[secret]}
  local body
  body=$(jq --null-input \
    --argjson scene "${given[scene]:-0}" --arg receive "${given[receive]}" \
    --arg to "${given[to]:-}" --arg callback "${given[callback]:-}" \
    --arg reference "${given[reference]:-}" \
    '{scene: $scene, receive_address: $receive, to_address: $to, callback_url: $callback,
      out_trade_no: $reference} | with_entries(select(.value != ""))')
  sunsweep_collect "${given[url]}" "${given[key]}" "$body"
}

query() {
  parse 'url key serial reference' "$@"
  need url key
  if [[ -n ${given[serial]:-} && -z ${given[reference]:-} ]]; then
    sunsweep_query "${given[url]}" "${given[key]}" serial "${given[serial]}"
  elif [[ -z ${given[serial]:-} && -n ${given[reference]:-} ]]; then
    sunsweep_query "${given[url]}" "${given[key]}" out_trade_no "${given[reference]}"
  else
    usage 'give --serial or --reference'
  fi
}

# socat starts callback.sh for every connection; the events come back through a named pipe. With
# nofork the script writes to the socket itself: an answer is out before its event is told, so that
# ending socat on the last event cuts nobody off.
listen() {
  parse 'port secret count max-seconds' "$@"
  need port secret count
  work=$(mktemp -d)
  mkfifo "$work/events" "$work/log"
  mkdir "$work/seen"
  export SUNSWEEP_API_SECRET=${given[secret]} SUNSWEEP_WORK=$work
  socat -d -d "TCP-LISTEN:${given[port]},bind=127.0.0.1,reuseaddr,fork,max-children=16" \
    "EXEC:bash '$here/callback.sh',nofork" 2>"$work/log" &
  server=$! drain=
  trap 'kill $server $drain 2>/dev/null || true; rm -rf "$work"' EXIT
  # Read and write, so that the pipe does not end when one handler has finished.
  exec 3<>"$work/events" 4<>"$work/log"
  follow "${given[count]}" "${given[max-seconds]:-300}"
}

follow() {
  local count=$1 max_seconds=$2 seen=0 line='' deadline left
  deadline=$((SECONDS + max_seconds))
  until [[ $line =~ listening\ on\ .*(127\.0\.0\.1:[0-9]+) ]]; do
    if ! read -r -t 10 line <&4; then
      echo 'listen: socat did not start' >&2
      return 1
    fi
  done
  echo "listening on ${BASH_REMATCH[1]}" >&2
  # The rest of socat's log would fill the pipe.
  cat <&4 >/dev/null &
  drain=$!
  while ((seen < count)); do
    left=$((deadline - SECONDS))
    if ((left <= 0)) || ! read -r -t "$left" line <&3; then
      echo "listen: only $seen of $count callbacks in $max_seconds s" >&2
      return 1
    fi
    if [[ $line == refused:* ]]; then
      echo "listen: ${line#refused: }" >&2
      return 1
    fi
    printf '%s\n' "$line"
    seen=$((seen + 1))
  done
}

verb=${1:-}
shift || true
case $verb in
  collect | query | listen) "$verb" "$@" ;;
  *) usage 'say collect, query or listen' ;;
esac
