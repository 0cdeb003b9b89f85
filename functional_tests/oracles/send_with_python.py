"""Sends three mails with the client that openapi-python-client generated: arguments are the URL and the API key.

What to do after an answer follows from `delivery` alone, and so it is printed.
"""

import sys
import uuid

import httpx
from smsp_client import AuthenticatedClient
from smsp_client.api.email import send_email
from smsp_client.models import Delivery, Email, Problem, Queued, Receipt


def advice(answer: Receipt | Queued | Problem) -> str:
    match answer.delivery:
        case Delivery.ACCEPTED:
            return "done"
        case Delivery.NONE:
            return "repeat" if answer.retryable else "correct it"
        case Delivery.UNKNOWN:
            return "look it up"
        case Delivery.QUEUED:
            return "wait"


url, key = sys.argv[1:]
mails = [
    Email(from_="ada@example.org", to=["charles@example.com"], subject="Note G", text="Hello."),
    Email(from_="nobody", to="charles@example.com"),
    Email(from_="ada@example.org", to="charles@example.com", subject="timeout"),
]
client = AuthenticatedClient(
    url,
    key,
    prefix="",
    auth_header_name="X-API-KEY",
    timeout=httpx.Timeout(20),  # above SMSP_REQUEST_DEADLINE; the default is 5 s
    httpx_args={"trust_env": False},
)
for mail in mails:
    try:
        answer = send_email.sync_detailed(client=client, body=mail, idempotency_key=str(uuid.uuid4()))
    except (httpx.HTTPError, KeyError, ValueError):  # no answer, or a gateway's
        print("no answer from smsp: look it up")
    else:
        print(answer.status_code.value, answer.parsed.delivery, advice(answer.parsed))
