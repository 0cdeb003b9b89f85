"""Sends a mail as django-anymail does: arguments are the KIND of provider, the URL, and the mail as our API takes it.

The request is Anymail's own but for its host: it goes to URL, where the test listens.
"""

import base64
import json
import sys
from email.mime.image import MIMEImage
from urllib.parse import urlsplit

import django
import requests
from django.conf import settings

kind, url, mail = sys.argv[1:]
settings.configure(
    EMAIL_BACKEND=f"anymail.backends.{kind}.EmailBackend",
    ANYMAIL={
        f"{kind.upper()}_API_KEY": "account-key",
        "POSTMARK_SERVER_TOKEN": "account-key",
        "MAILJET_SECRET_KEY": "account-secret",
        "MAILGUN_SENDER_DOMAIN": "mg.example.com",
        # What Anymail leaves out is then a difference, and the test names it.
        "IGNORE_UNSUPPORTED_FEATURES": True,
    },
)
django.setup()

from anymail.message import AnymailMessage  # noqa: E402 - it wants the settings


def attach(message, file):
    content = base64.b64decode(file["content"])
    if "content_id" not in file:
        message.attach(file["filename"], content, file["content_type"])
        return
    image = MIMEImage(content, file["content_type"].removeprefix("image/"))
    image.add_header("Content-Disposition", "inline", filename=file["filename"])
    image.add_header("Content-ID", f"<{file['content_id']}>")
    message.attach(image)


def to_the_test(session, request, **options):
    request.url = url + urlsplit(request.url).path
    return unpatched(session, request, **options | {"proxies": {}})


unpatched, requests.Session.send = requests.Session.send, to_the_test
mail = json.loads(mail)
same = ("subject", "to", "cc", "bcc", "reply_to", "headers", "tags", "metadata")
fields = {name: mail[name] for name in same} | {"from_email": mail["from"], "body": mail["text"]}
message = AnymailMessage(**fields, track_clicks=False, track_opens=False)
message.attach_alternative(mail["html"], "text/html")
for file in mail["attachments"]:
    attach(message, file)
message.send()
