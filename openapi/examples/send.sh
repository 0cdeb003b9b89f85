#!/usr/bin/env bash
# Sends one message and acts on `delivery` and `retryable`. Needs curl (7.84 or newer) and jq.
#
# Usage: SMSP_URL=http://localhost:8080 SMSP_API_KEY=... ./send.sh message.json
# Exit status: 0 accepted, 1 not sent, 2 unknown (look the message up before you send it again).

set -euo pipefail

random_id() { od -An -N16 -tx1 /dev/urandom | tr -d ' \n'; }
message=$1
[[ -r $message ]] || { echo "cannot read $message" >&2 && exit 1; } # curl would send nothing instead
key=$(random_id)        # Every message has its own; a repeat has that of its first call.
request_id=$(random_id) # finds the call in smsp's log
answer=$(mktemp)
trap 'rm -f "$answer"' EXIT

# Prints Retry-After. Without --retry: curl would also repeat what is unknown. Everybody can read the arguments of a
# process, so the API key is none of them.
post() {
  curl --silent --show-error --max-time "${SMSP_TIMEOUT:-20}" --output "$answer" --write-out '%header{retry-after}' \
    --header "Content-Type: application/json" --header @<(printf 'X-API-KEY: %s\n' "$SMSP_API_KEY") \
    --header "Idempotency-Key: $key" --header "X-Request-Id: $request_id" \
    --data-binary "@$message" "$SMSP_URL/email" || : >"$answer"
}

for repeats_left in 3 2 1 0; do
  retry_after=$(post)
  case $(jq -r '"\(.delivery) \(.retryable)"' "$answer" 2>/dev/null) in
    "accepted "* | "queued "*) jq -r '"\(.delivery) \(.id)"' "$answer" && exit ;;
    "none true") ((repeats_left == 0)) || sleep "${retry_after:-1}" ;;
    "none "*) break ;;
    *) # Also every answer that is not from smsp, such as a gateway's page.
      echo "unknown: request $request_id: $(jq -c '{id, lookup}' "$answer" 2>/dev/null)" >&2
      exit 2
      ;;
  esac
done
jq -r '"not sent: \(.title): \(.detail)", (.errors // [] | .[] | "  \(.field): \(.reason)")' "$answer" >&2
exit 1
