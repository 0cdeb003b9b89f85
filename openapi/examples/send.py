#!/usr/bin/env python3
"""Sends one message and acts on `delivery` and `retryable`. Needs Python 3.10 or newer, no package.

Usage: SMSP_URL=http://localhost:8080 SMSP_API_KEY=... ./send.py message.json
Exit status: 0 accepted, 1 not sent, 2 unknown (look the message up before you send it again).
"""

import json
import os
import sys
import time
import uuid
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

REPEATS = 3
TIMEOUT = float(os.environ.get("SMSP_TIMEOUT", "20"))  # seconds, above SMSP_REQUEST_DEADLINE


def post(request):
    """The answer and its Retry-After; an empty answer where smsp gave none."""
    try:
        try:
            response = urlopen(request, timeout=TIMEOUT)
        except HTTPError as error:
            response = error  # a status of 400 and above
        with response:
            return json.load(response), int(response.headers.get("Retry-After", 1))
    except (OSError, HTTPException, ValueError) as error:
        print(f"no answer from smsp: {error}", file=sys.stderr)
        return {}, 0


request_id = str(uuid.uuid4())  # finds the call in smsp's log
headers = {
    "Content-Type": "application/json",
    "X-API-KEY": os.environ["SMSP_API_KEY"],
    "Idempotency-Key": str(uuid.uuid4()),  # Every message has its own; a repeat has that of its first call.
    "X-Request-Id": request_id,
}
request = Request(os.environ["SMSP_URL"] + "/email", Path(sys.argv[1]).read_bytes(), headers)

for repeats_left in range(REPEATS, -1, -1):
    answer, retry_after = post(request)
    match answer:
        case {"delivery": "accepted" | "queued" as delivery, "id": message_id}:
            print(delivery, message_id)
            sys.exit(0)
        case {"delivery": "none", "retryable": True} if repeats_left > 0:
            time.sleep(retry_after)
        case {"delivery": "none", "title": title, "detail": detail}:
            errors = [f"  {error['field']}: {error['reason']}" for error in answer.get("errors", [])]
            print(f"not sent: {title}: {detail}", *errors, sep="\n", file=sys.stderr)
            sys.exit(1)
        case _:  # Also every answer that is not from smsp, such as a gateway's page.
            print(f"unknown: request {request_id}: {json.dumps(answer)}", file=sys.stderr)
            sys.exit(2)
