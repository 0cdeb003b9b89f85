#!/usr/bin/env python3
"""Sends one message and acts on `delivery` and `retryable`. Needs Python 3.10 or newer, no package.

Usage: SMSP_URL=http://localhost:8080 SMSP_API_KEY=... ./send.py message.json
Exit status: 0 accepted, 3 not sent, 2 unknown (look the message up before you send it again).
Any other status is a crash, and means unknown too.
"""

import json
import os
import re
import sys
import time
import uuid
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from urllib.error import HTTPError
from urllib.request import HTTPRedirectHandler, Request, build_opener

REPEATS = 3
LONGEST_PAUSE = 60  # seconds; a mail that is to be repeated later is given up
TIMEOUT = float(os.environ.get("SMSP_TIMEOUT", "25"))  # seconds, above SMSP_REQUEST_DEADLINE and a store's times


class NoRedirects(HTTPRedirectHandler):
    """A redirect is no answer of smsp, and its target must not get the API key."""

    def redirect_request(self, *_):
        return None


def write(stream, text):
    """Never fails, whatever the characters and the stream: what became of the mail is decided already."""
    with suppress(OSError):
        os.write(stream, f"{text}\n".encode(errors="backslashreplace"))


def exchange(request):
    """The answer and its Retry-After; an empty answer where smsp gave none."""
    try:
        try:
            response = build_opener(NoRedirects).open(request, timeout=TIMEOUT)
        except HTTPError as error:
            response = error  # a status of 300 and above
        with response:
            return json.load(response), response.headers.get("Retry-After", "")
    except Exception as error:  # of whatever kind: nothing is known then
        write(2, f"no answer from smsp: {error}")
        return {}, ""


def post(request):
    """As above, in TIMEOUT for the whole exchange: urlopen's own time-out begins anew with every byte."""
    answers = SimpleQueue()
    Thread(target=lambda: answers.put(exchange(request)), daemon=True).start()
    try:
        return answers.get(timeout=TIMEOUT)
    except Empty:
        write(2, "no answer from smsp in time")
        return {}, ""


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
    pause = float(retry_after) if re.fullmatch("[0-9]+", retry_after) else 1  # also for a date
    match answer:
        case {"delivery": "accepted" | "queued" as delivery}:
            write(1, f"{delivery} {answer.get('id')}")
            sys.exit(0)
        case {"delivery": "none", "retryable": True} if repeats_left > 0 and pause <= LONGEST_PAUSE:
            time.sleep(pause)
        case {"delivery": "none"}:
            errors = json.dumps(answer.get("errors") or [])
            write(2, f"not sent: {answer.get('title')}: {answer.get('detail')} {errors}")
            sys.exit(3)
        case _:  # Also every answer that is not from smsp, such as a gateway's page.
            write(2, f"unknown: request {request_id}: {json.dumps(answer)}")
            sys.exit(2)
