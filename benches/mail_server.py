"""A mail server of a bench that does what a function says, and writes down who got which mail."""

import asyncio
import contextlib
import re
import socket


class HangUp(Exception):
    """The end of a connection."""


class MailServer:
    """`does` is a coroutine that is told of a connection, a command and the mail so far, and returns a reply, or none for
    the usual one; it may raise HangUp. The commands are CONNECT, and those of SMTP; `.` ends a mail."""

    def __init__(self, does):
        self.does, self.connections = does, 0
        # How often each recipient got a mail, by the sender of that, which is its number; and when first.
        self.taken, self.first = {}, {}

    async def start(self, everywhere=False, port=0):
        """At 127.0.0.1, or at every address of loopback, which takes root."""
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if everywhere:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"lo\0")
        listener.bind(("0.0.0.0" if everywhere else "127.0.0.1", port))
        self.server = await asyncio.start_server(self.serve, sock=listener, backlog=4096)
        self.port = listener.getsockname()[1]
        return self

    async def serve(self, reader, writer):
        self.connections += 1
        # A client that is killed, a bench that ends, or a fault.
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError, HangUp):
            await self.converse(reader, writer)
        writer.close()

    async def converse(self, reader, writer):
        here, mail, line = writer.get_extra_info("sockname")[0], {}, "CONNECT"
        while True:
            verb = line.split(" ", 1)[0].upper()
            if verb == "MAIL":
                mail = {"from": path(line), "to": []}
            said = await self.does(here, verb, line, mail) or usual(verb)
            if verb == "RCPT" and said.startswith("2"):
                mail["to"].append(path(line))
            writer.write(said.encode() + b"\r\n")
            if said.startswith("354"):
                await reader.readuntil(b"\r\n.\r\n")
                line = "."
                continue
            line = (await reader.readline()).decode("latin-1").rstrip("\r\n")
            if not line or verb == "QUIT":
                return

    def takes(self, mail):
        """It has the mail from now on, whatever it says."""
        for recipient in mail["to"]:
            key = mail["from"], recipient.lower()
            self.taken[key] = self.taken.get(key, 0) + 1
            self.first.setdefault(key, asyncio.get_running_loop().time())

    def stop(self):
        self.server.close()


def path(line):
    return re.search("<(.*?)>", line)[1]


def usual(verb):
    says = {"CONNECT": "220 mx ESMTP", "EHLO": "250-mx\r\n250-PIPELINING\r\n250 8BITMIME", "DATA": "354 go on"}
    return says.get(verb, "250 2.0.0 ok")
