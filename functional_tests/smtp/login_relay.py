"""A relay with TLS and logins, made of aiosmtpd: starttls or implicit, and the mechanisms that it leaves out."""

import asyncio
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult

mode, certificate, key, *left_out = sys.argv[1:]


class Handler:
    async def handle_DATA(self, server, session, envelope):
        encrypted = server.transport.get_extra_info("ssl_object") is not None
        said = {"tls": encrypted, "from": envelope.mail_from, "to": envelope.rcpt_tos, "login": session.auth_data is not None}
        print(json.dumps(said | {"mail": envelope.content.decode()}), flush=True)
        return "250 2.0.0 taken"


def authenticate(server, session, envelope, mechanism, data):
    return AuthResult(success=data.login == b"user" and data.password == b"pass", handled=False, auth_data=data)


def relay():
    context = None if mode == "implicit" else tls
    return SMTP(
        Handler(), hostname="relay", tls_context=context, require_starttls=context is not None, auth_required=True,
        auth_require_tls=context is not None, authenticator=authenticate, auth_exclude_mechanism=left_out,
    )


async def serve():
    server = await asyncio.get_running_loop().create_server(
        relay, "127.0.0.1", 0, ssl=tls if mode == "implicit" else None
    )
    print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)
    await server.serve_forever()


tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
tls.load_cert_chain(certificate, key)
asyncio.run(serve())
