#!/usr/bin/env bash
# Sends one message and acts on `delivery` and `retryable`. Needs curl (7.84 or newer) and jq (1.6 or newer).
#
# Usage: SMSP_URL=http://localhost:8080 SMSP_API_KEY=... ./send.sh message.json
# Exit status: 0 accepted, 3 not sent, 2 unknown (look the message up before you send it again).
# Any other status is a crash, and means unknown too.

set -euo pipefail

random_id() { od -An -N16 -tx1 /dev/urandom | tr -d ' \n'; }
message=$1
[[ -r $message ]] || { echo "cannot read $message" >&2 || true; exit 1; } # curl would send nothing instead
key=$(random_id)        # Every message has its own; a repeat has that of its first call.
request_id=$(random_id) # finds the call in smsp's log
answer=$(mktemp)
trap 'rm -f "$answer"' EXIT

# The time is above SMSP_REQUEST_DEADLINE and the times of a store.
# Prints Retry-After. Without --retry: curl would also repeat what is unknown. Without --location: a redirect is no
# answer of smsp. Everybody can read the arguments of a process, so the API key is none of them.
post() {
  curl --silent --show-error --max-time "${SMSP_TIMEOUT:-25}" --output "$answer" --write-out '%header{retry-after}' \
    --header "Content-Type: application/json" --header @<(printf 'X-API-KEY: %s\n' "$SMSP_API_KEY") \
    --header "Idempotency-Key: $key" --header "X-Request-Id: $request_id" \
    --data-binary "@$message" "$SMSP_URL/email" || : >"$answer"
}

# Prints accepted, repeat, none or unknown, the latter also for all that is not one JSON object with a `delivery`.
# A mail that is to be repeated later than in a minute is given up.
verdict() {
  jq --raw-output --slurp --arg pause "$1" '
    if length == 1 and (.[0] | type) == "object" then .[0] else {} end |
    if .delivery == "accepted" or .delivery == "queued" then "accepted"
    elif .delivery != "none" then "unknown"
    elif .retryable == true and ($pause | tonumber) <= 60 then "repeat"
    else "none" end' "$answer" 2>/dev/null || echo unknown
}

for repeats_left in 3 2 1 0; do
  pause=$(post)
  [[ $pause =~ ^[0-9]+$ ]] || pause=1 # also a date
  case $(verdict "$pause") in
    accepted) # Whether this can be printed or not: the mail is not sent again.
      jq --raw-output '"\(.delivery) \(.id)"' "$answer" || true
      exit 0
      ;;
    repeat) ((repeats_left == 0)) || sleep "$pause" ;;
    none) break ;;
    *) # Also every answer that is not from smsp, such as a gateway's page.
      echo "unknown: request $request_id: $(jq -c '{id, lookup}' "$answer" 2>/dev/null)" >&2 || true
      exit 2
      ;;
  esac
done
jq --raw-output '"not sent: \(.title): \(.detail) \(.errors // [])"' "$answer" >&2 || true
exit 3
