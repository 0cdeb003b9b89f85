"""What one would write with FastAPI and httpx: offer the mail to one SendGrid account after the other."""

import logging
import os
import secrets

import httpx
from fastapi import FastAPI, Header, HTTPException
from pydantic import BaseModel, Field

KEY, UPSTREAMS = os.environ["KEY"], os.environ["UPSTREAMS"].split(",")
TIMEOUT = int(os.environ.get("TIMEOUT_MS", "10000")) / 1000

app = FastAPI()
log = logging.getLogger("uvicorn.error")
client = httpx.AsyncClient(
    headers={"authorization": "Bearer k"},
    timeout=httpx.Timeout(TIMEOUT, connect=1),
    limits=httpx.Limits(max_connections=512),
    trust_env=False,
)


class Mail(BaseModel):
    sender: str = Field(alias="from")
    to: str
    subject: str
    text: str | None = None
    html: str | None = None

    def sendgrid(self):
        parts = {"text/plain": self.text, "text/html": self.html}
        return {
            "personalizations": [{"to": [{"email": self.to}]}],
            "from": {"email": self.sender},
            "subject": self.subject,
            "content": [{"type": kind, "value": value} for kind, value in parts.items() if value],
        }


@app.post("/email")
async def email(mail: Mail, x_api_key: str = Header()):
    if not secrets.compare_digest(x_api_key.encode(), KEY.encode()):
        raise HTTPException(401)
    body = mail.sendgrid()
    for upstream in UPSTREAMS:
        try:
            response = await client.post(f"{upstream}/v3/mail/send", json=body)
            response.raise_for_status()
            return {"sent": True}
        except httpx.HTTPError as error:
            log.error("%s: %r", upstream, error)
    raise HTTPException(502)
