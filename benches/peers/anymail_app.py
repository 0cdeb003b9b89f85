"""What one would write with Django and django-anymail, behind gunicorn: one SendGrid account after the other."""

import json
import logging
import os
import secrets
import threading

from anymail.exceptions import AnymailError
from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.wsgi import get_wsgi_application
from django.http import JsonResponse
from django.urls import path

KEY, UPSTREAMS = os.environ["KEY"], os.environ["UPSTREAMS"].split(",")
TIMEOUT = int(os.environ.get("TIMEOUT_MS", "10000")) / 1000
settings.configure(
    ALLOWED_HOSTS=["*"],
    ANYMAIL={"SENDGRID_API_KEY": "k", "REQUESTS_TIMEOUT": (1, TIMEOUT)},
    INSTALLED_APPS=["anymail"],
    ROOT_URLCONF=__name__,
)
log = logging.getLogger(__name__)
local = threading.local()


def connections():
    """Open ones, each for one thread: a session of `requests` is for one at a time."""
    if not hasattr(local, "connections"):
        backend = "anymail.backends.sendgrid.EmailBackend"
        local.connections = [get_connection(backend, api_url=f"{upstream}/v3/") for upstream in UPSTREAMS]
        for connection in local.connections:
            connection.open()
    return local.connections


def email(request):
    if not secrets.compare_digest(request.headers.get("x-api-key", "").encode(), KEY.encode()):
        return JsonResponse({"sent": False}, status=401)
    mail = json.loads(request.body)
    for connection in connections():
        try:
            message = EmailMultiAlternatives(
                mail["subject"], mail.get("text"), mail["from"], [mail["to"]], connection=connection
            )
            if "html" in mail:
                message.attach_alternative(mail["html"], "text/html")
            message.send()
            return JsonResponse({"sent": True})
        except AnymailError as error:
            log.error("%s: %s", connection.api_url, error)
    return JsonResponse({"sent": False}, status=502)


urlpatterns = [path("email", email)]
application = get_wsgi_application()
