#!/usr/bin/env bash
# Handles one HTTP request of one callback on standard input and output; socat starts it.
# Environment:
#   SUNSWEEP_API_SECRET  the secret of the key that placed the orders
#   SUNSWEEP_WORK        directory with `seen/` (a file per serial) and the named pipe `events`,
#                        which gets one line: the callback's JSON, or "refused: why"
set -uo pipefail
# shellcheck source=sunsweep.sh
source "$(dirname "${BASH_SOURCE[0]}")/sunsweep.sh"

max_body_bytes=65536
read_timeout_secs=10

answer() { # STATUS
  printf 'HTTP/1.1 %s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n' "$1"
}

timestamp='' signature='' length=0
read -r -t "$read_timeout_secs" _request_line || exit 1
while IFS= read -r -t "$read_timeout_secs" header; do
  header=${header%$'\r'}
  [[ -n $header ]] || break
  value=${header#*:}
  value=${value# }
  case ${header%%:*} in
    [Tt][Ii][Mm][Ee][Ss][Tt][Aa][Mm][Pp]) timestamp=$value ;;
    [Ss][Ii][Gg][Nn][Aa][Tt][Uu][Rr][Ee]) signature=$value ;;
    [Cc][Oo][Nn][Tt][Ee][Nn][Tt]-[Ll][Ee][Nn][Gg][Tt][Hh]) length=$value ;;
  esac
done
if ! [[ $length =~ ^[0-9]{1,6}$ ]] || ((10#$length > max_body_bytes)); then
  answer '413 Content Too Large'
  exit
fi

if callback=$(timeout "$read_timeout_secs" head -c "$length" |
  sunsweep_verify_callback "$timestamp" "$signature" 2>&1); then
  # mkdir fails if it exists, so of two equal callbacks at once only one is new. The same serial
  # again means that our 200 got lost: it was dealt with already.
  serial=$(jq --raw-output .serial <<<"$callback" | sha256sum | cut -d ' ' -f 1)
  mkdir "$SUNSWEEP_WORK/seen/$serial" 2>/dev/null && is_new=1 || is_new=0
  answer '200 OK'
  ((is_new)) && printf '%s\n' "$callback" >"$SUNSWEEP_WORK/events"
else
  answer '401 Unauthorized'
  printf 'refused: %s\n' "$callback" >"$SUNSWEEP_WORK/events"
fi
