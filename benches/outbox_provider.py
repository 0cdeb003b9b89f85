"""A provider that can be out of order for a while: it refuses every connection, every mail, or says nothing."""

import asyncio
import json
import socket
import time
from dataclasses import dataclass

from wire import head_and_body


# What it says then, instead of taking mail.
SILENCE = "silence"


@dataclass
class Arrival:
    """A mail that the provider took: who sent it, and when the provider had it in hand."""

    node: str
    upstream: str
    subject: str
    id: str
    begun: float
    ended: float = float("inf")


class Provider:
    """A SendGrid account as one node sees it, which takes every mail, so late: each node has an address of its own."""

    def __init__(self, node, upstream, delay):
        self.node, self.upstream, self.delay, self.arrivals = node, upstream, delay, []
        self.tasks, self.listener, self.port, self.is_leaving = set(), None, 0, False
        # A status or silence, for every mail and probe; nothing: it takes them.
        self.fault, self.heals = None, None

    def listen(self):
        """At the port of before, if there was one."""
        self.listener = socket.create_server(("127.0.0.1", self.port), backlog=1024)
        self.listener.setblocking(False)
        self.port, self.is_leaving = self.listener.getsockname()[1], False
        asyncio.get_running_loop().add_reader(self.listener, self.accept)

    def url(self):
        return f"http://127.0.0.1:{self.port}"

    async def refuse(self):
        """Connections from now on. It closes those that it has answered for a second before, so that no mail is cut off."""
        self.is_leaving = True
        await asyncio.sleep(1)
        self.accept()
        asyncio.get_running_loop().remove_reader(self.listener)
        self.listener.close()

    def fails(self, fault):
        """From now on, without taking a mail: it answers with this status, or not at all."""
        self.fault, self.heals = fault, asyncio.Event()

    def heal(self):
        if self.fault is None:
            return self.listen()
        self.fault = None
        self.heals.set()

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except BlockingIOError:
                return
            task = asyncio.create_task(self.serve(connection))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)

    async def serve(self, connection):
        reader, writer = await asyncio.open_connection(sock=connection)
        is_open = True
        while is_open and (request := await head_and_body(reader)):
            mail = json.loads(request[2])
            # A probe asks for the sandbox, and sends nothing.
            is_probe = "mail_settings" in mail
            fault = self.fault
            if fault == SILENCE:
                await self.heals.wait()
                break
            if not is_probe and fault is None:
                await self.take(mail)
            is_open = not self.is_leaving
            last = "" if is_open else "connection: close\r\n"
            status = fault or ("200 OK" if is_probe else "202 Accepted")
            try:
                writer.write(f"HTTP/1.1 {status}\r\n{last}content-length: 0\r\n\r\n".encode())
                await writer.drain()
            except ConnectionError:
                break
        writer.close()

    async def take(self, mail):
        arguments = mail["personalizations"][0]["custom_args"]
        arrival = Arrival(self.node, self.upstream, mail["subject"], arguments["smsp_id"], time.time())
        self.arrivals.append(arrival)
        await asyncio.sleep(self.delay)
        arrival.ended = time.time()
