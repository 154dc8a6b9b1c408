# A merchant's view of sunsweep for bash: source this file. Needs curl, jq, openssl and xxd.
#
# Secrets are read from SUNSWEEP_API_SECRET, never taken as an argument of these functions.
# openssl still gets it as one of *its* arguments, so it is visible in `ps` for an instant: on a
# machine shared with others use another language's client.

# How far a callback's TIMESTAMP may lie from our clock, in either direction.
sunsweep_window_secs=300

# Sorted, compact, ASCII JSON of standard input: the one form that is signed. -e turns null and
# false, which are not objects, into a failure.
sunsweep_canonical() {
  jq --exit-status --compact-output --sort-keys --ascii-output 'select(type == "object")'
}

# sunsweep_sign MESSAGE: lower-case hex HMAC-SHA256.
#
# `xxd -p` alone breaks its output after 60 digits, and a signature has 64: the header would hold a
# line feed and the server would refuse it. `-c 64` (bytes a line) keeps it in one piece; without
# xxd, `openssl dgst -sha256 -hmac SECRET | awk '{print $NF}'` does the same.
sunsweep_sign() {
  printf '%s' "$1" |
    openssl dgst -sha256 -hmac "$SUNSWEEP_API_SECRET" -binary |
    xxd -p -c 64
}

# sunsweep_collect URL KEY BODY: places a collect order; BODY is its JSON, in any order.
# Prints the answer; fails unless it is a yes.
sunsweep_collect() {
  local url=$1 key=$2 body timestamp signature
  body=$(sunsweep_canonical <<<"$3") || return 1
  timestamp=$(date +%s)
  signature=$(sunsweep_sign "$timestamp&$body")
  curl --silent --show-error --max-time 30 --request POST \
    --header "API-KEY: $key" \
    --header "TIMESTAMP: $timestamp" \
    --header "SIGNATURE: $signature" \
    --header 'Content-Type: application/json' \
    --data-raw "$body" \
    --write-out '\n%{http_code}\n' \
    "${url%/}/api/v1/frontend/order/collect-manual" | sunsweep_accepted
}

# sunsweep_query URL KEY FIELD VALUE: one order by serial, or the newest one by out_trade_no.
# Prints the answer; fails unless it is a yes.
sunsweep_query() {
  curl --silent --show-error --max-time 30 --get \
    --header "API-KEY: $2" \
    --data-urlencode "$3=$4" \
    --write-out '\n%{http_code}\n' \
    "${1%/}/api/v1/frontend/order/query" | sunsweep_accepted
}

# Prints the answer on standard input, whose last line is the HTTP status, and fails unless it is a
# yes. A yes is HTTP 200 *and* errno 0.
sunsweep_accepted() {
  local answer status
  answer=$(cat)
  status=${answer##*$'\n'}
  if ! answer=$(jq --exit-status --compact-output 'select(type == "object")' \
    <<<"${answer%$'\n'*}" 2>/dev/null); then
    echo "no answer, or not a JSON object (HTTP $status)" >&2
    return 1
  fi
  printf '%s\n' "$answer"
  [[ $status == 200 ]] && jq --exit-status '.errno == 0' <<<"$answer" >/dev/null && return
  echo "refused with HTTP $status" >&2
  return 1
}

# sunsweep_verify_callback TIMESTAMP SIGNATURE < BODY: prints the callback's JSON if it is genuine
# and fresh; otherwise says why not on standard error and fails. Remember the serial of what this
# prints: the same callback comes again if our HTTP 200 got lost.
sunsweep_verify_callback() {
  local timestamp=$1 signature=$2 body skew wanted
  if ! [[ $timestamp =~ ^[0-9]{1,10}$ ]]; then
    echo 'TIMESTAMP is not a number of seconds' >&2
    return 1
  fi
  skew=$(($(date +%s) - 10#$timestamp))
  if ((skew > sunsweep_window_secs || skew < -sunsweep_window_secs)); then
    echo 'TIMESTAMP is too far from our clock' >&2
    return 1
  fi
  if ! body=$(sunsweep_canonical 2>/dev/null) ||
    ! jq --exit-status '.serial | type == "string"' <<<"$body" >/dev/null; then
    echo 'the body is not a callback' >&2
    return 1
  fi
  wanted=$(sunsweep_sign "$timestamp&$body")
  # bash cannot compare in constant time. Comparing the MACs of both instead makes the time depend
  # on digits that nobody without the secret can foresee.
  if [[ $(sunsweep_sign "$wanted") != "$(sunsweep_sign "${signature,,}")" ]]; then
    echo 'SIGNATURE does not match' >&2
    return 1
  fi
  printf '%s\n' "$body"
}
