"""A relay with TLS and logins, made of aiosmtpd: starttls or implicit, the file with its token, the mechanisms left out."""

import asyncio
import base64
import json
import pathlib
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult

mode, certificate, key, tokens, *left_out = sys.argv[1:]


class Handler:
    async def handle_MAIL(self, server, session, envelope, address, options):
        if getattr(session, "has_sent", False):
            return "421 4.7.0 one mail a connection"
        session.has_sent, envelope.mail_from = True, address
        return "250 2.1.0 ok"

    async def handle_DATA(self, server, session, envelope):
        encrypted = server.transport.get_extra_info("ssl_object") is not None
        said = {"tls": encrypted, "from": envelope.mail_from, "to": envelope.rcpt_tos, "login": session.auth_data is not None}
        print(json.dumps(said | {"mail": envelope.content.decode()}), flush=True)
        return "250 2.0.0 taken"

    async def auth_XOAUTH2(self, server, args):
        return await bearer(server, args, "user=user\1auth=Bearer {}\1\1", b"")

    async def auth_OAUTHBEARER(self, server, args):
        return await bearer(server, args, "n,a=user,\1host=localhost\1port={port}\1auth=Bearer {}\1\1", b"\1")


async def bearer(server, args, form, acknowledgement):
    shown = base64.b64decode(args[1]) if len(args) > 1 else await server.challenge_auth("")
    port = server.transport.get_extra_info("sockname")[1]
    wanted = form.format(pathlib.Path(tokens).read_text().strip(), port=port)
    print(json.dumps({"mechanism": args[0], "at_once": len(args) > 1}), flush=True)
    if shown.decode() == wanted:
        return AuthResult(success=True, auth_data=wanted)
    heard = await server.challenge_auth('{"status":"401","schemes":"bearer"}')
    return AuthResult(success=False, handled=False, message=None if heard == acknowledgement else "504 5.5.4 what")


class Relay(SMTP):
    # Of a response; that of a command stays 512 octets.
    line_length_limit = 12288


def authenticate(server, session, envelope, mechanism, data):
    return AuthResult(success=data.login == b"user" and data.password == b"pass", handled=False, auth_data=data)


def relay():
    context = None if mode == "implicit" else tls
    return Relay(
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
