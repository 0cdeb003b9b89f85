"""Gives a call of Schemathesis a fresh key, where it would call again with a key that it has used.

It has few keys and many mails: nearly all would be answered with `idempotency_key_reused`, which tells nothing of them.
A key that the document forbids stays as it is. The request is changed on its way out, as what changes the case itself
makes Schemathesis forget why it made the case.
"""

import re
import uuid

import schemathesis

HEADER = "Idempotency-Key"
ALLOWED = re.compile(r"[!-~]{1,256}")
used = set()


def with_fresh_key(request):
    key = request.headers.get(HEADER)
    if isinstance(key, bytes):
        key = key.decode("latin-1")
    if key is not None and ALLOWED.fullmatch(key):
        if key in used:
            request.headers[HEADER] = str(uuid.uuid4())
        used.add(key)
    return request


@schemathesis.hook
def before_call(context, case, kwargs):
    kwargs["auth"] = with_fresh_key
