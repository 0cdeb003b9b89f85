"""SMTP for callers and relays of a bench: as little as they need, in one thread."""

import asyncio


async def reply(reader):
    """The code of a reply, of one line or several; none at the end of the connection."""
    while True:
        line = await reader.readline()
        if not line.endswith(b"\n"):
            raise ConnectionError("cut off")
        if line[3:4] != b"-":
            return int(line[:3])


class SmtpClient:
    """Connections to one address, each for one mail at a time."""

    def __init__(self, port):
        self.port, self.idle = port, []

    async def post(self, mail):
        """Has it accepted; its subject, or none."""
        connection = self.idle.pop() if self.idle else await self.connect()
        reader, writer = connection
        text = f"From: {mail['from']}\r\nTo: {mail['to']}\r\nSubject: {mail['subject']}\r\n\r\n{mail['text']}\r\n"
        for command in [f"MAIL FROM:<{mail['from']}>", f"RCPT TO:<{mail['to']}>", "DATA", text + "."]:
            writer.write(command.encode() + b"\r\n")
            code = await reply(reader)
            if code not in (250, 354):
                writer.close()
                return None
        self.idle.append(connection)
        return mail["subject"]

    async def connect(self):
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        await reply(reader)
        writer.write(b"EHLO shop.example.com\r\n")
        await reply(reader)
        return reader, writer


class SmtpProvider:
    """A relay that takes every mail, so late, and counts them by subject."""

    def __init__(self, delay=0.0):
        self.delay, self.taken = delay, {}

    async def start(self):
        server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        self.server, self.port = server, server.sockets[0].getsockname()[1]
        return self

    async def serve(self, reader, writer):
        writer.write(b"220 relay.example.com\r\n")
        try:
            while line := await reader.readline():
                await self.answer(line.strip().upper(), reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            # Also when the bench has ended.
            writer.close()

    async def answer(self, command, reader, writer):
        if command != b"DATA":
            writer.write(b"221 bye\r\n" if command == b"QUIT" else b"250 relay.example.com\r\n")
            return
        writer.write(b"354 go on\r\n")
        text = (await reader.readuntil(b"\r\n.\r\n")).decode()
        subject = text.split("\r\nSubject: ", 1)[1].split("\r\n", 1)[0]
        self.taken[subject] = self.taken.get(subject, 0) + 1
        await asyncio.sleep(self.delay)
        writer.write(b"250 taken\r\n")
