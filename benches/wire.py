"""HTTP/1.1 for callers and providers of a bench: as little as they need, in one thread."""

import asyncio
import json


async def head_and_body(reader):
    """The first line, the headers and the body of a request or an answer; none at the end of the connection."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in lines[1:] if ": " in line)
        return lines[0], headers, await reader.readexactly(int(headers.get("content-length", 0)))
    except (asyncio.IncompleteReadError, ConnectionError):
        return None


async def ask(connection, request):
    """The status, the headers and the JSON of the answer; none where the connection ended without one."""
    reader, writer = connection
    try:
        writer.write(request)
        await writer.drain()
    except ConnectionError:
        return None
    answer = await head_and_body(reader)
    if answer is None:
        return None
    line, headers, body = answer
    return int(line.split()[1]), headers, json.loads(body) if body.startswith((b"{", b"[")) else body.decode()


class Client:
    """Connections to one address, each for one call at a time. An answer is its status and its JSON."""

    def __init__(self, port, key):
        self.port, self.key, self.idle = port, key, []

    def request(self, method, path, body=None, headers=""):
        text = b"" if body is None else json.dumps(body).encode()
        head = f"{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nx-api-key: {self.key}\r\n{headers}"
        head += f"content-type: application/json\r\ncontent-length: {len(text)}\r\n\r\n"
        return head.encode() + text

    async def call(self, method, path, body=None, headers=""):
        request = self.request(method, path, body, headers)
        # One that was idle may be closed by now: only a new one says that nobody listens.
        while True:
            is_new = not self.idle
            connection = await asyncio.open_connection("127.0.0.1", self.port) if is_new else self.idle.pop()
            if answer := await ask(connection, request):
                self.idle.append(connection)
                return answer[0], answer[2]
            connection[1].close()
            if is_new:
                raise ConnectionError("cut off")

    async def call_once(self, seconds, *call):
        """Over a connection of its own: the status, the headers and the JSON; none where no answer came in time."""
        connection = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            async with asyncio.timeout(seconds):
                return await ask(connection, self.request(*call))
        except TimeoutError:
            return None
        finally:
            connection[1].close()


class Provider:
    """A SendGrid that takes every mail, so late, and counts them by subject."""

    def __init__(self, delay=0.0, status=202):
        self.delay, self.status = delay, status
        # How often each was taken, and when each came.
        self.taken, self.arrivals, self.server = {}, [], None

    async def start(self):
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        self.port = self.server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        return self

    async def serve(self, reader, writer):
        try:
            await self.take(reader, writer)
        except asyncio.CancelledError:
            # The bench has ended.
            writer.close()

    async def take(self, reader, writer):
        while request := await head_and_body(reader):
            subject = json.loads(request[2]).get("subject")
            if self.status == 202:
                self.taken[subject] = self.taken.get(subject, 0) + 1
                self.arrivals.append((asyncio.get_running_loop().time(), subject))
            await asyncio.sleep(self.delay)
            answer = f"HTTP/1.1 {self.status} x\r\nx-message-id: 1\r\ncontent-length: 0\r\n\r\n"
            try:
                writer.write(answer.encode())
                await writer.drain()
            except ConnectionError:
                return
