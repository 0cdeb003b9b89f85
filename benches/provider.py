"""SendGrid as far as a mail needs it, with one fault, and a count of the mails that it may have sent."""

import socket
import threading

ACCEPTS = "accepts"
CLOSES = "disconnects"
SILENT = "is silent"
# What the first provider does once it has a whole mail: the rows of the table.
FAULTS = {
    CLOSES: None,
    "answers 500": b"HTTP/1.1 500 Internal Server Error\r\ncontent-length: 2\r\n\r\n{}",
    "answers 429": b"HTTP/1.1 429 Too Many Requests\r\ncontent-length: 2\r\n\r\n{}",
    "answers 400, no body": b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n",
    SILENT: None,
}
ACCEPTED = b"HTTP/1.1 202 Accepted\r\nx-message-id: 1\r\ncontent-length: 0\r\n\r\n"


def has_whole_request(stream):
    """Reads the next request; false at the end of the connection, and for one that is cut off or has no length."""
    length, line = 0, stream.readline()
    while line.strip():
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
        line = stream.readline()
    return line != b"" and len(stream.read(length)) == length > 0


class Provider:
    """Listens from the start; `mails` closes it."""

    def __init__(self, behaviour):
        self.behaviour, self.answer = behaviour, FAULTS.get(behaviour, ACCEPTED)
        self.taken, self.last, self.handlers = 0, None, []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = "http://127.0.0.1:{1}".format(*self.listener.getsockname())
        # A bench that fails must end although nobody closes its providers.
        self.acceptor = threading.Thread(target=self.accept, daemon=True)
        self.acceptor.start()

    def accept(self):
        while True:
            connection, address = self.listener.accept()
            if address == self.last:
                return
            self.handlers.append(threading.Thread(target=self.handle, args=(connection,), daemon=True))
            self.handlers[-1].start()

    def handle(self, connection):
        with connection, connection.makefile("rb") as stream:
            try:
                while has_whole_request(stream):
                    # Threads of one provider never run at the same time: its caller has one mail.
                    self.taken += 1
                    if self.behaviour == CLOSES:
                        return
                    if self.behaviour == SILENT:
                        stream.read()
                        return
                    connection.sendall(self.answer)
            except ConnectionError:
                return

    def mails(self):
        """Requests whose whole body it took and did not refuse; asked for when its caller has ended."""
        with socket.socket() as marker:
            marker.bind(("127.0.0.1", 0))
            # Connections are accepted in their order, so every one that came before this one is read to its end.
            self.last = marker.getsockname()
            marker.connect(self.listener.getsockname())
            self.acceptor.join()
        for handler in self.handlers:
            handler.join()
        self.listener.close()
        is_refusal = self.answer is not None and self.answer.startswith(b"HTTP/1.1 4")
        return 0 if is_refusal else self.taken
